import DriftCore
internal import Redaction

/// Finds out from the output of `ssh` why a login failed.
///
/// The last of ssh's own lines says how it ended; the lines before it and the trace say why. People see both in ssh's own
/// words. A server can send text that looks like these lines, but only after its host key was accepted, so the worst it
/// can do is give a wrong reason for refusing us.
enum SSHDiagnosis {
    /// The one place that every word of ssh's and of a server's passes before it becomes a failure's detail.
    static func detail(_ text: String, limit: Int = 300) -> String {
        Masking.detail(text, limit: limit).trimmingSpaces
    }

    /// `lines` are standard error.
    static func failure(_ lines: [String], loggedIn: Bool) -> ProbeFailure {
        let trace = SSHTrace(lines)
        if loggedIn { return afterLogin(trace.lines) }
        let way = Way(trace)
        let failure = beforeLogin(trace, at: way.client)
        guard let name = way.jumpHost else { return failure }
        return ProbeFailure(
            failure.reason, detail: "jump host \(name): \(failure.detail)",
            remedy: failure.remedy ?? Remedy.atJumpHost(failure.reason, name), jumpHost: name,
            retryAfter: failure.retryAfter)
    }

    /// Why a session that a login shell ended by itself, with no answer, was the server's refusal; nil if it was not.
    static func refusal(_ lines: [String]) -> ProbeFailure? {
        let said = SSHTrace(lines).lines
        if let line = said.last(where: { $0.contains("Password change required but no TTY") }) {
            let words = said.filter { $0 != line } + [line]
            return ProbeFailure(.accountRefused, detail: detail(words.joined(separator: " ")), remedy: Remedy.password)
        }
        if let index = said.lastIndex(where: { $0.hasPrefix("User ") && $0.contains(" not allowed because ") }) {
            return ProbeFailure(.accountRefused, detail: detail(said[index...].joined(separator: ": ")))
        }
        return nil
    }

    /// What stands on standard error but for ssh's account of its work.
    static func words(of lines: [String]) -> [String] { SSHTrace(lines).lines }

    private static func afterLogin(_ said: [String]) -> ProbeFailure {
        if let line = said.last(where: { $0.contains("request failed on channel") || $0.contains(": open failed: ") }) {
            return ProbeFailure(.shellRefused, detail: line)
        }
        if let failure = refusal(said) { return failure }
        return ProbeFailure(.truncated, detail: said.last ?? "ssh ended without a word")
    }

    private static func beforeLogin(_ trace: SSHTrace, at client: SSHTrace.Client) -> ProbeFailure {
        let said = trace.lines
        return ownSettings(said, client) ?? hostKey(said) ?? beforeGreeting(client)
            ?? authentication(trace, client) ?? connection(said, client)
            ?? ProbeFailure(.unreachable, detail: said.last ?? "ssh ended without a word")
    }

    // MARK: What is wrong here

    private static func ownSettings(_ said: [String], _ client: SSHTrace.Client) -> ProbeFailure? {
        guard !client.isGreeted else { return nil }
        let line = said.first { line in
            ["command-line: line ", "Can't open user config file", "unknown key type", "Bad owner or permissions on"]
                .contains { line.hasPrefix($0) }
                || ["Bad configuration option", "terminating, "].contains { line.contains($0) }
        }
        return line.map { ProbeFailure(.misconfigured, detail: $0) }
    }

    // MARK: Host keys

    private static func hostKey(_ said: [String]) -> ProbeFailure? {
        guard let end = said.lastIndex(of: "Host key verification failed."),
            said[(end + 1)...].allSatisfy(isFarewell)
        else { return nil }
        let said = said[..<end]
        func line(_ parts: String...) -> String? { said.last { line in parts.contains { line.contains($0) } } }

        if let line = line(" in revoked keys file ") { return ProbeFailure(.misconfigured, detail: line) }
        if let line = line(" was revoked and you have requested", " revoked by file ", "REVOKED HOST KEY DETECTED") {
            return ProbeFailure(.hostKeyRevoked, detail: line)
        }
        if line("REMOTE HOST IDENTIFICATION HAS CHANGED") != nil {
            let words = line("has changed and you have requested") ?? "the host key is not the one in known_hosts"
            let sent = said.last { $0.hasPrefix("SHA256:") }.map { "; it sent \($0)" } ?? ""
            return ProbeFailure(.hostKeyChanged, detail: detail(words + sent))
        }
        if let line = said.last(where: { $0.hasPrefix("Certificate ") }) {
            return ProbeFailure(.hostCertificateInvalid, detail: line)
        }
        let words = line("host key is known for") ?? "the server's host key is not in known_hosts"
        return ProbeFailure(.hostKeyUnknown, detail: words)
    }

    // MARK: Before sshd talks to us

    private static func beforeGreeting(_ client: SSHTrace.Client) -> ProbeFailure? {
        guard !client.isGreeted else { return nil }
        if let line = client.beforeGreeting.first(where: { $0.hasPrefix("Not allowed at this time") }) {
            return ProbeFailure(.loginPenalized, detail: line)
        }
        return client.beforeGreeting.first { $0.hasPrefix("Exceeded MaxStartups") }.map {
            ProbeFailure(.loginThrottled, detail: $0)
        }
    }

    // MARK: Logging in

    private static func authentication(_ trace: SSHTrace, _ client: SSHTrace.Client) -> ProbeFailure? {
        let said = trace.lines
        // Of a jump host's ssh, what those further out say of it is left out.
        let outer = ["kex_exchange_identification: ", "ssh_exchange_identification: ", "Disconnected from "]
        let end = said.last { line in
            !line.hasSuffix(" UNKNOWN port 65535") && !outer.contains { line.hasPrefix($0) }
        }
        guard let end else { return nil }
        let isRefused = [
            ": Permission denied (", "Too many authentication failures", "No supported authentication methods",
        ].contains { end.contains($0) }
        let serverWords = trace.serverWords.isEmpty ? nil : detail(trace.serverWords.joined(separator: " "))

        guard isRefused else {
            // sshd says nothing where PAM refuses the account; PAM itself may.
            let isClosed = end.hasPrefix("Connection closed by ") || end.hasPrefix("Received disconnect from ")
            guard client.hasSigned, isClosed else { return nil }
            let silence = "the server accepted the key and closed the connection"
            return ProbeFailure(.accountRefused, detail: serverWords ?? silence)
        }
        if said.contains(where: { $0.hasPrefix("Authenticated using ") && $0.hasSuffix(" with partial success.") }) {
            return ProbeFailure(.moreAuthenticationNeeded, detail: "the server accepted the key and wants more: \(end)")
        }
        if let failure = identity(said, client) { return failure }
        if client.hasSigned { return ProbeFailure(.accountRefused, detail: serverWords ?? end) }
        let offered = client.offeredKeys.isEmpty ? "" : "; offered: \(client.offeredKeys.joined(separator: ", "))"
        return ProbeFailure(.authenticationRefused, detail: detail(end + offered))
    }

    private static func identity(_ said: [String], _ client: SSHTrace.Client) -> ProbeFailure? {
        if let line = said.last(where: { $0.contains("bad permissions") || $0.hasPrefix("Permissions 0") }) {
            return ProbeFailure(.identityUnusable, detail: line, remedy: Remedy.keyMode)
        }
        if let line = said.last(where: { $0.hasPrefix("Load key ") }) {
            return ProbeFailure(.identityUnusable, detail: line)
        }
        if let line = said.last(where: { $0.contains("signing failed for ") }) {
            return ProbeFailure(.identityUnusable, detail: line, remedy: Remedy.agent)
        }
        // ssh could not sign, and went on as if it had no key.
        guard client.keyIsAccepted, !client.signatureIsRefused else { return nil }
        let key = client.offeredKeys.last ?? "it"
        return ProbeFailure(
            .identityUnusable, detail: detail("the server accepts the key, but it has a passphrase: \(key)"),
            remedy: Remedy.passphrase)
    }

    // MARK: The connection

    private static func connection(_ said: [String], _ client: SSHTrace.Client) -> ProbeFailure? {
        for rule in rules {
            guard let line = said.last(where: rule.matches) else { continue }
            let remedy = line.contains("open failed: ") ? Remedy.forwarding : rule.remedy
            return ProbeFailure(rule.reason, detail: line, remedy: remedy)
        }
        guard let line = said.last(where: isFarewell) else { return nil }
        return ProbeFailure(client.isGreeted ? .loginDropped : .loginThrottled, detail: line)
    }

    private struct Rule {
        var reason: ProbeFailure.Reason
        var prefixes: [String] = []
        var parts: [String] = []
        var remedy: String?

        func matches(_ line: String) -> Bool {
            prefixes.contains { line.hasPrefix($0) } || parts.contains { line.contains($0) }
        }
    }

    /// The most specific first.
    private static let rules = [
        Rule(reason: .misconfigured, prefixes: ["Unable to negotiate with "], remedy: Remedy.algorithms),
        Rule(reason: .identityUnusable, prefixes: ["Load key "]),
        // An ssh that does not trace, and one that a `ProxyCommand` runs.
        Rule(reason: .authenticationRefused, parts: [": Permission denied ("]),
        Rule(
            reason: .unreachable,
            parts: ["open failed: connect failed", "open failed: administratively prohibited"]),
        Rule(
            reason: .unreachable, prefixes: ["ssh: Could not resolve hostname ", "ssh: connect to host "],
            parts: [
                "stdio forwarding failed", "banner line contains invalid", "invalid format", "No SSH identification",
                "command not found",
                ": not found",
            ]),
        Rule(
            reason: .loginTimeout, prefixes: ["Timeout, server ", "Connection to "],
            parts: ["timed out during banner exchange", "Connection timed out"]),
        Rule(reason: .loginThrottled, parts: ["Exceeded MaxStartups"]),
        Rule(reason: .loginPenalized, parts: ["Not allowed at this time"]),
    ]

    /// How ssh takes leave of a connection that the other side ended.
    private static func isFarewell(_ line: String) -> Bool {
        [
            "kex_exchange_identification: ", "ssh_exchange_identification: ", "banner exchange: ",
            "Connection closed by ", "Connection reset by ", "ssh_dispatch_run_fatal: ", "Received disconnect from ",
            "Disconnected from ",
        ].contains { line.hasPrefix($0) }
    }

    /// Where on the way to a server it ended.
    private struct Way {
        var client: SSHTrace.Client
        /// Nil for the server itself.
        var jumpHost: String?

        /// Finds the ssh that failed: the outermost that has been greeted, as those further in did their part.
        ///
        /// Where none was, it is the innermost, which nobody carries.
        init(_ trace: SSHTrace) {
            let clients = trace.clients
            let index = clients.firstIndex(where: \.isGreeted) ?? clients.indices.last
            guard let index else {
                client = SSHTrace.Client(process: 0)
                jumpHost = trace.lines.last?.hasSuffix("UNKNOWN port 65535") == true ? "on the way" : nil
                return
            }
            client = clients[index]
            if index > 0 {
                jumpHost = clients[index - 1].proxyCommand.map(Self.name)
            } else if !client.isGreeted, let command = client.proxyCommand {
                // What it runs does not trace: a `ProxyCommand` of the user's.
                jumpHost = "of ProxyCommand \(SSHDiagnosis.detail(String(command.trimmingPrefix("exec "))))"
            }
        }

        /// The last word of `exec ssh -F … -W '[server]:22' jump`.
        private static func name(_ command: String) -> String {
            SSHDiagnosis.detail(String(command.split(separator: " ").last ?? "on the way"))
        }
    }
}

extension String {
    var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
