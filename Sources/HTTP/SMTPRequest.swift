/// One mail on its way to a mail server.
///
/// Neither its description nor its mirror shows what is in it: it holds a password.
package struct SMTPRequest: Sendable {
    package enum Security: String, Hashable, Sendable, CaseIterable {
        /// The connection begins in the clear, and goes on only once it is encrypted.
        case startTLS = "starttls"
        /// Encrypted from the first byte.
        case implicit
        /// In the clear.
        case none
    }

    package var host: String
    package var port: Int
    package var security: Security
    package var login: (user: String, password: String)?
    /// Addresses without names, and without angle brackets.
    package var from: String
    package var to: [String]
    /// Headers and text, with CR and LF at the end of each line.
    package var message: [UInt8]
    /// From the call of `send` to the server's last answer.
    package var deadline: Duration

    package init(
        host: String, port: Int, security: Security, login: (user: String, password: String)? = nil, from: String,
        to: [String], message: [UInt8], deadline: Duration
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.login = login
        self.from = from
        self.to = to
        self.message = message
        self.deadline = deadline
    }
}

extension SMTPRequest: CustomStringConvertible, CustomReflectable {
    package var description: String { "SMTPRequest" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a mail server answered, whether it took the mail or not.
package struct SMTPReport: Hashable, Sendable {
    /// One answer: `250-…` lines count as one.
    package struct Answer: Hashable, Sendable {
        package var code: Int
        /// Its lines, without the code.
        package var text: String
    }

    package var answers: [Answer]
    /// Nil if the server took the mail.
    package var error: HTTPError?
    /// Whether the whole mail was handed to the network: then the server may have taken it.
    package var isSent: Bool
}
