import Foundation

/// What standard error says of the way to a server: each ssh's own account of its work, and all other lines.
///
/// With `LogVerbose` (OpenSSH 8.5), ssh prints the messages of a few functions, with the process that prints them. They show
/// what the last line does not: on a jump host or on the server, before a key was accepted or after. An older ssh prints
/// none of them; then only the other lines are used.
struct SSHTrace {
    /// One ssh on the way, by its process.
    struct Client {
        let process: Int
        /// The command that carries its connection: the next ssh on the way, as a rule.
        var proxyCommand: String?
        /// Whether its server has greeted.
        var isGreeted = false
        /// What stood before that greeting, or in place of it.
        var beforeGreeting: [String] = []
        var offeredKeys: [String] = []
        var keyIsAccepted = false
        var hasSigned = false
        /// Whether the server answered the signature by wanting another, or something more.
        var signatureIsRefused = false
    }

    /// The outermost first: each starts the next.
    private(set) var clients: [Client] = []
    /// Lines that no function signs, in order and safe to show, without empty ones and the account of a good end.
    private(set) var lines: [String] = []
    /// Those of them that the server sent as its banner, or that PAM there had to say.
    private(set) var serverWords: [String] = []

    private static let functions = [
        "kex_exchange_identification", "ssh_proxy_connect", "userauth_pubkey", "input_userauth_pk_ok",
        "sign_and_send_pubkey", "input_userauth_failure", "input_userauth_banner",
    ]

    /// The value of `LogVerbose`.
    static let wanted = functions.map { "*:\($0)():*" }.joined(separator: ",")

    init(_ raw: [String]) {
        var isBanner = false
        for line in raw {
            guard let message = Message(line) else {
                let text = SSHDiagnosis.detail(line)
                guard !text.isEmpty, !Self.isAccount(text) else { continue }
                isBanner = isBanner && !Self.endsBanner(text)
                if isBanner { serverWords.append(text) }
                lines.append(text)
                continue
            }
            isBanner = message.function == "input_userauth_banner"
            note(message)
        }
    }

    private mutating func note(_ message: Message) {
        let index: Int
        if let known = clients.firstIndex(where: { $0.process == message.process }) {
            index = known
        } else {
            index = clients.count
            clients.append(Client(process: message.process))
        }
        let text = message.text
        switch message.function {
        case "ssh_proxy_connect":
            if let start = text.range(of: "Executing proxy command: ") {
                clients[index].proxyCommand = String(text[start.upperBound...])
            }
        case "kex_exchange_identification":
            if text.hasPrefix("Remote protocol version ") {
                clients[index].isGreeted = true
            } else if text.hasPrefix("banner line "), let colon = text.range(of: ": ") {
                clients[index].beforeGreeting.append(SSHDiagnosis.detail(String(text[colon.upperBound...])))
            } else if !message.isDebug {
                lines.append(SSHDiagnosis.detail("\(message.function): \(text)"))
            }
        case "userauth_pubkey":
            if let start = text.range(of: "Offering public key: ") ?? text.range(of: "Trying private key: ") {
                clients[index].offeredKeys.append(SSHDiagnosis.detail(String(text[start.upperBound...])))
            }
        case "input_userauth_pk_ok":
            if text.hasPrefix("Server accepts key") { clients[index].keyIsAccepted = true }
        case "sign_and_send_pubkey":
            if text.hasPrefix("signing using ") {
                clients[index].hasSigned = true
                clients[index].signatureIsRefused = false
            }
            if !message.isDebug { lines.append(SSHDiagnosis.detail("\(message.function): \(text)")) }
        case "input_userauth_failure":
            clients[index].signatureIsRefused = clients[index].hasSigned
            // Such as the one of a partial success.
            if !message.isDebug { lines.append(SSHDiagnosis.detail(text)) }
        default: break
        }
    }

    /// What ssh says of a session that went well.
    private static func isAccount(_ line: String) -> Bool {
        ["Authenticated to ", "Transferred: ", "Bytes per second: "].contains { line.hasPrefix($0) }
            || line.contains("Unsupported option \"")
    }

    private static func endsBanner(_ line: String) -> Bool {
        line.contains(": Permission denied (")
            || ["Connection closed by ", "Connection reset by ", "Received disconnect from ", "Authenticated using "]
                .contains { line.hasPrefix($0) }
    }

    // debug1: sshconnect2.c:input_userauth_pk_ok():840 (pid=22219): Server accepts key: …
    private struct Message {
        var process: Int
        var function: String
        var isDebug: Bool
        var text: String

        init?(_ line: String) {
            guard let call = line.range(of: "():"), let open = line.range(of: " (pid="),
                let close = line.range(of: "): ", range: open.upperBound..<line.endIndex),
                call.upperBound <= open.lowerBound, let process = Int(line[open.upperBound..<close.lowerBound])
            else { return nil }
            let head = line[..<call.lowerBound]
            guard let colon = head.lastIndex(of: ":") else { return nil }
            function = String(head[head.index(after: colon)...])
            guard SSHTrace.functions.contains(function) else { return nil }
            self.process = process
            isDebug = line.hasPrefix("debug")
            text = String(line[close.upperBound...])
        }
    }
}
