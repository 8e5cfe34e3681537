/// A server as the inventory declares it.
package struct Server: Hashable, Sendable, Codable {
    /// How a worker reaches the server.
    package enum Transport: String, Sendable, Codable, CaseIterable {
        case ssh
        /// The worker's own machine; only a worker started with `--local ID` takes it.
        case local
    }

    /// Whether the server is to be there whenever a slot is due.
    package enum Presence: String, Sendable, Codable, CaseIterable {
        case always
        /// It is often off: that it cannot be looked at alerts nobody, until its last check is stale.
        case sometimes
    }

    package static let defaultFailingAfter = 3
    /// After how long a server that is often off is stale: 14 days.
    package static let defaultStaleAfterOfSometimes = 14 * 86_400

    package var id: ServerID
    /// What people are shown; the id where the inventory gives no name.
    package var displayName: String
    package var address: String
    /// Passed to `ssh` only where the inventory sets it, so that the user's ssh config keeps its say.
    package var port: Int?
    /// Who logs in; passed to `ssh` only where the inventory sets it.
    package var user: String?
    /// Whose home `~` is; the login user where absent.
    package var configUser: String?
    package var connection: Transport
    package var queue: String
    package var packs: [PackName]
    package var labels: [String: String]
    package var driftDetection: Bool
    package var expect: Presence
    /// After how many slots in a row that cannot look at it, or cannot read what could be read before, an alert opens; 0: never.
    package var failingAfter: Int
    /// How old its last finished check may be, in seconds; nil: two slots.
    package var staleAfter: Int?

    package init(
        id: ServerID, displayName: String? = nil, address: String? = nil, port: Int? = nil, user: String? = nil,
        configUser: String? = nil, connection: Transport = .ssh, queue: String = "default", packs: [PackName] = [],
        labels: [String: String] = [:], driftDetection: Bool = true, expect: Presence = .always,
        failingAfter: Int = defaultFailingAfter, staleAfter: Int? = nil
    ) {
        self.id = id
        self.displayName = displayName ?? id.rawValue
        self.address = address ?? id.rawValue
        self.port = port
        self.user = user
        self.configUser = configUser
        self.connection = connection
        self.queue = queue
        self.packs = packs
        self.labels = labels
        self.driftDetection = driftDetection
        self.expect = expect
        self.failingAfter = failingAfter
        self.staleAfter = staleAfter
    }
}

extension [String: String] {
    /// Labels as commands take them, `role=web`, by name.
    package var labelWords: [String] { sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } }
}
