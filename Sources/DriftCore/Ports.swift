internal import Redaction

/// Looks at one server.
///
/// `Remote` answers it over ssh, tests with a script.
package protocol Prober: Sendable {
    /// Asks all `questions` in one session, and perhaps some once more: see ``SecondLook``.
    ///
    /// - Throws: ``ProbeFailure`` when the first look did not finish; what a finished look could not see is
    ///   unreadable in the facts instead. Cancelling the task ends the session and all its processes.
    func probe(
        _ target: ProbeTarget, asking questions: ProbeQuestions, again: SecondLook?
    ) async throws(ProbeFailure) -> Looks
}

/// A second look in the session of the first, which the first one's answer may call for.
package struct SecondLook: Sendable {
    /// How long after the first look.
    package var delay: Duration
    /// What is asked then; nil if the first answer is enough.
    ///
    /// The server waits for it, so it waits for nothing itself. Not called where a session can have only one look.
    package var questions: @Sendable (_ first: Facts) async -> ProbeQuestions?

    package init(after delay: Duration, questions: @escaping @Sendable (Facts) async -> ProbeQuestions?) {
        self.delay = delay
        self.questions = questions
    }
}

/// What one session saw.
package struct Looks: Sendable {
    package var first: Facts
    /// Nil if there was only one look.
    package var second: Result<Facts, ProbeFailure>?

    package init(first: Facts, second: Result<Facts, ProbeFailure>? = nil) {
        self.first = first
        self.second = second
    }

    package func mapFacts(_ change: (Facts) -> Facts) -> Looks {
        Looks(first: change(first), second: second?.map(change))
    }
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

extension Server.Transport {
    /// The one that is stored under `word`.
    ///
    /// - Throws: ``ProbeFailure`` (`misconfigured`) for a word that this version does not know.
    package static func named(_ word: String) throws(ProbeFailure) -> Self {
        guard let transport = Self(rawValue: word) else {
            throw ProbeFailure(
                .misconfigured, detail: "this version does not know the connection \(VisibleText.line(word))")
        }
        return transport
    }
}

/// Why a probe did not finish.
///
/// Raw values are stored as a check's reason.
package struct ProbeFailure: Error, Hashable, Sendable {
    package enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
        /// The name does not resolve, the port refuses, the network is silent.
        case unreachable
        /// sshd closed the connection before it greeted: too many logins at once, most likely.
        case loginThrottled = "login_throttled"
        case loginTimeout = "login_timeout"
        /// sshd broke off in the middle of a login, without a reason that ssh could tell.
        case loginDropped = "login_dropped"
        /// sshd refuses this machine for a while, after earlier logins that failed (`PerSourcePenalties`).
        case loginPenalized = "login_penalized"
        /// The server takes none of our keys.
        case authenticationRefused = "authentication_refused"
        /// The server took the key, and wants something more: a password, a second factor.
        case moreAuthenticationNeeded = "more_authentication_needed"
        /// The server took the key and refuses the account: nologin, expired, a rule of PAM.
        case accountRefused = "account_refused"
        /// The worker's own key cannot be used: a passphrase, a mode that others can read, not a key.
        case identityUnusable = "identity_unusable"
        case hostKeyChanged = "host_key_changed"
        case hostKeyUnknown = "host_key_unknown"
        /// The host key is marked as revoked here.
        case hostKeyRevoked = "host_key_revoked"
        /// The host key's certificate has expired, or is for another name or purpose.
        case hostCertificateInvalid = "host_certificate_invalid"
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
    /// How to fix it, as one such line, where more is known than the reason says.
    package var remedy: String?
    /// The jump host where it came about, by its name in the ssh config; nil for the server itself.
    package var jumpHost: String?
    /// When to try again.
    ///
    /// This did not count as an attempt, because nothing was learned about the server.
    package var retryAfter: Duration?

    /// `detail` may hold a server's words as they came: see `Masking.detail`.
    package init(
        _ reason: Reason, detail: String = "", remedy: String? = nil, jumpHost: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.reason = reason
        self.detail = Masking.detail(detail)
        self.remedy = remedy
        self.jumpHost = jumpHost
        self.retryAfter = retryAfter
    }

    /// Whether trying again within the minute can help.
    ///
    /// Refused keys and changed host keys never are tried again: fail2ban watches.
    package var isTransient: Bool {
        switch reason {
        case .unreachable, .loginThrottled, .loginDropped, .loginTimeout, .probeTimeout, .truncated, .cancelled,
            .noPlace:
            true
        case .authenticationRefused, .moreAuthenticationNeeded, .accountRefused, .identityUnusable, .hostKeyChanged,
            .hostKeyUnknown, .hostKeyRevoked, .hostCertificateInvalid, .loginPenalized, .shellRefused, .tooMuchOutput,
            .malformedAnswer, .probeOutdated, .misconfigured:
            false
        }
    }
}

/// Hands one message to its destination.
///
/// `Slack` and the console answer it; tests record.
package protocol NotificationSender: Sendable {
    /// Sends once, without retries; never throws, as every failure is a reply that a decision is made from.
    func send(_ notification: OutboundNotification) async -> DeliveryReply
}

/// What a sender is given: one message, about one notification of the outbox or several of one kind.
package struct OutboundNotification: Hashable, Sendable {
    package enum Form: String, Hashable, Sendable {
        case rich
        /// Only text: the one retry after a destination refused the rich form.
        case plain
    }

    /// One row of the outbox.
    package struct Part: Hashable, Sendable {
        package var outboxID: Int64
        package var facts: NotificationFacts
        /// The message that shows the alert at the destination, if one is known.
        package var parent: ParentMessage?

        package init(outboxID: Int64, facts: NotificationFacts, parent: ParentMessage? = nil) {
            self.outboxID = outboxID
            self.facts = facts
            self.parent = parent
        }
    }

    /// The one that was written first.
    package var first: Part
    /// The rest, in order of writing.
    package var others: [Part]
    package var form: Form
    /// An earlier attempt had no reply: the sender waits longer for this one's.
    package var isRepeat: Bool
    /// Globally unique; a repetition has the same.
    package var messageID: String
    /// The message that opened the alert of the first part at this destination; its own id if it is the opening.
    package var threadID: String?

    package init(
        _ first: Part, _ others: [Part] = [], form: Form = .rich, isRepeat: Bool = false, messageID: String,
        threadID: String? = nil
    ) {
        self.first = first
        self.others = others
        self.form = form
        self.isRepeat = isRepeat
        self.messageID = messageID
        self.threadID = threadID
    }

    /// Of one notification, for a destination that shows no ids but the outbox's.
    package init(
        outboxID: Int64, facts: NotificationFacts, form: Form = .rich, isRepeat: Bool = false,
        parent: ParentMessage? = nil
    ) {
        self.init(
            Part(outboxID: outboxID, facts: facts, parent: parent), form: form, isRepeat: isRepeat,
            messageID: "00000000-0000-0000-0000-000000000000")
    }

    package var parts: [Part] { [first] + others }

    /// How long a sender waits for a reply: what answers late may answer a repeat in time.
    package func deadline(first: Duration) -> Duration { isRepeat ? first * 5 / 2 : first }

    /// Of the first; a repetition has the same.
    package var outboxID: Int64 { first.outboxID }
    /// Of the first.
    package var facts: NotificationFacts { first.facts }
    /// Of the first, if all have the same: the message that shows their alerts.
    package var parent: ParentMessage? { others.allSatisfy { $0.parent == first.parent } ? first.parent : nil }
}

/// What a destination answered, classified.
package enum DeliveryReply: Hashable, Sendable {
    /// With the destination's own id of the message, where it gives one, and how many calls it took.
    ///
    /// If the message is the one that shows its alert from now on, `parent` says where it is.
    case sent(remoteID: String?, parent: ParentMessage? = nil, calls: Int = 1)
    /// The destination has no use for such a message: nothing was sent.
    case notNeeded(String)
    /// Too fast; to be asked again after this long. Spends no attempt.
    case pace(Duration)
    /// The message itself is refused.
    case badMessage(String)
    /// The destination is gone, or the secret is wrong.
    case badDestination(String)
    /// The request never got there whole: DNS, refused, TLS. Not delivered.
    case unreachable(String)
    /// The request was sent, and no reply came: it may have been delivered.
    case noReply(String)
    /// Accepted, but not in the destination's words: it may have been delivered, to that destination or to another.
    case notUnderstood(String)
    /// The destination is in trouble.
    case serverError(String)

    /// Whether the destination, or something in its place, said anything.
    package var isReply: Bool {
        switch self {
        case .unreachable, .noReply, .notNeeded: false
        case .sent, .pace, .badMessage, .badDestination, .notUnderstood, .serverError: true
        }
    }

    /// Whether the message may have been delivered without our knowing.
    package var leavesDoubt: Bool {
        switch self {
        case .noReply, .notUnderstood: true
        case .sent, .notNeeded, .pace, .badMessage, .badDestination, .unreachable, .serverError: false
        }
    }
}
