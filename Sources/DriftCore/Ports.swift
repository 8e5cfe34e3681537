internal import Redaction

/// Looks at one server.
///
/// `Remote` answers it over ssh, tests with a script.
package protocol Prober: Sendable {
    /// Asks all `questions` in one session.
    ///
    /// - Throws: ``ProbeFailure`` when the session did not finish; what a finished session could not see is
    ///   unreadable in the facts instead. Cancelling the task ends the session and all its processes.
    func probe(_ target: ProbeTarget, asking questions: ProbeQuestions) async throws(ProbeFailure) -> Facts
}

/// Where to look.
package struct ProbeTarget: Hashable, Sendable {
    package var serverID: ServerID
    package var connection: Server.Transport
    package var address: String
    package var port: Int?
    package var user: String?
    package var configUser: String?

    package init(
        serverID: ServerID, connection: Server.Transport = .ssh, address: String, port: Int? = nil,
        user: String? = nil, configUser: String? = nil
    ) {
        self.serverID = serverID
        self.connection = connection
        self.address = address
        self.port = port
        self.user = user
        self.configUser = configUser
    }

    package init(_ server: Server) {
        self.init(
            serverID: server.id, connection: server.connection, address: server.address, port: server.port,
            user: server.user, configUser: server.configUser)
    }
}

/// What to look at: all that a server's packs ask, each thing once.
package struct ProbeQuestions: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package var path: String
        /// The contents that packs expect; empty where none asks for content.
        package var expectedHashes: Set<SHA256Digest>
        /// Which text may come back.
        package var show: FileExpectation.Show

        package init(
            path: String, expectedHashes: Set<SHA256Digest> = [], show: FileExpectation.Show = .worldReadable
        ) {
            self.path = path
            self.expectedHashes = expectedHashes
            self.show = show
        }
    }

    /// In the order of their paths.
    package var files: [File]
    package var packages: Bool
    /// Names of environment variables, in order.
    package var environment: [String]

    package init(files: [File] = [], packages: Bool = false, environment: [String] = []) {
        self.files = files
        self.packages = packages
        self.environment = environment
    }
}

/// Why a probe did not finish.
///
/// Raw values are stored as a check's reason.
package struct ProbeFailure: Error, Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
        /// The name does not resolve, the port refuses, the network is silent.
        case unreachable
        /// sshd closed the connection before login: too many logins at once, most likely.
        case loginThrottled = "login_throttled"
        case loginTimeout = "login_timeout"
        case authenticationRefused = "authentication_refused"
        case hostKeyChanged = "host_key_changed"
        case hostKeyUnknown = "host_key_unknown"
        /// The login shell runs no commands: nologin, a locked account.
        case shellRefused = "shell_refused"
        /// The script ran past its budget.
        case probeTimeout = "probe_timeout"
        /// The answer passed its cap.
        case tooMuchOutput = "too_much_output"
        /// The session ended without the end marker.
        case truncated
        /// The answer was complete but not in the protocol.
        case malformedAnswer = "malformed_answer"
        /// The server pins a probe that is older than this worker can speak to.
        case probeOutdated = "probe_outdated"
        /// `ssh` or the shell could not be started here, or its settings are wrong.
        case misconfigured
        /// The task was cancelled: shutdown, a lost lease, a cancel request.
        case cancelled
        /// No place was free for a login at this address: not an attempt, the job goes back for some seconds.
        case noPlace = "no_place"
    }

    package var reason: Reason
    /// One line for people, made of visible characters, masked: what ssh and servers say is not to be trusted.
    package let detail: String

    /// `detail` may hold a server's words as they came: see `Masking.detail`.
    package init(_ reason: Reason, detail: String = "") {
        self.reason = reason
        self.detail = Masking.detail(detail)
    }

    /// Whether trying again within the minute can help.
    ///
    /// Refused keys and changed host keys never are tried again: fail2ban watches.
    package var isTransient: Bool {
        switch reason {
        case .unreachable, .loginThrottled, .loginTimeout, .probeTimeout, .truncated, .cancelled, .noPlace: true
        case .authenticationRefused, .hostKeyChanged, .hostKeyUnknown, .shellRefused, .tooMuchOutput, .malformedAnswer,
            .probeOutdated, .misconfigured:
            false
        }
    }
}

/// Hands one notification to its destination.
///
/// `Slack` and the console answer it; tests record.
package protocol NotificationSender: Sendable {
    /// Sends once, without retries; never throws, as every failure is a reply that a decision is made from.
    func send(_ notification: OutboundNotification) async -> DeliveryReply
}

/// What a sender is given.
package struct OutboundNotification: Hashable, Sendable {
    package enum Form: String, Hashable, Sendable {
        case rich
        /// Only text: the one retry after a destination refused the rich form.
        case plain
    }

    package var outboxID: Int64
    package var facts: NotificationFacts
    package var form: Form

    package init(outboxID: Int64, facts: NotificationFacts, form: Form = .rich) {
        self.outboxID = outboxID
        self.facts = facts
        self.form = form
    }
}

/// What a destination answered, classified.
package enum DeliveryReply: Hashable, Sendable {
    /// With the destination's own id of the message, where it gives one.
    case sent(remoteID: String?)
    /// Too fast; to be asked again after this long. Spends no attempt.
    case pace(Duration)
    /// The message itself is refused.
    case badMessage(String)
    /// The destination is gone, or the secret is wrong.
    case badDestination(String)
    /// No answer: DNS, refused, TLS, deadline. May have been delivered.
    case unreachable(String)
    /// The destination is in trouble.
    case serverError(String)
}
