package import DriftCore
package import HTTP
internal import Redaction

/// Where mails go, and through which server; its description and its mirror show no password.
package struct MailDestination: Hashable, Sendable {
    package let host: String
    package let port: Int
    package let security: SMTPRequest.Security
    /// Who logs in; nil if nobody does.
    package let user: String?
    private let password: String?
    package let from: String
    package let to: [String]

    package init(
        host: String, port: Int, security: SMTPRequest.Security, login: (user: String, password: String)? = nil,
        from: String, to: [String]
    ) {
        self.host = host
        self.port = port
        self.security = security
        user = login?.user
        password = login?.password
        self.from = from
        self.to = to
    }

    var login: (user: String, password: String)? {
        user.flatMap { user in password.map { (user, $0) } }
    }

    /// Recognises a changed destination without telling what it is.
    package func fingerprint(key: [UInt8]) -> SHA256Digest {
        let parts = [host, String(port), security.rawValue, user ?? "", password ?? "", from] + to
        return SHA256Digest(authenticating: Array(parts.joined(separator: "\0").utf8), key: key)
    }

    /// Addresses as this program writes them: one `@`, and no character that means something to a mail server.
    package static func isAddress(_ text: String) -> Bool {
        text.utf8.count <= 254
            && text.wholeMatch(of: #/[A-Za-z0-9_+=.~!#$%&'*\/?^`{|}-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?/#)
                != nil
    }

    /// The part of the sender's address that ids of messages end with.
    var domain: String { from.split(separator: "@").last.map(String.init) ?? host }

    /// One line of what the server wrote, without the password, plain or as it travels.
    func line(_ text: String) -> String {
        var result = VisibleText.message(text)
        for secret in secrets { result = result.replacing(secret, with: "[redacted]") }
        return result.count > 300 ? result.prefix(299) + "…" : result
    }

    private var secrets: [String] {
        guard let login, !login.password.isEmpty else { return [] }
        let travelling = [login.password, "\0\(login.user)\0\(login.password)"].map { base64(Array($0.utf8)) }
        return (travelling + [login.password]).sorted { $0.utf8.count > $1.utf8.count }
    }
}

extension MailDestination: CustomStringConvertible, CustomReflectable {
    package var description: String {
        let others = to.count > 1 ? " and \(to.count - 1) more" : ""
        return "mail to \(VisibleText.message(to.first ?? "nobody"))\(others)"
    }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
