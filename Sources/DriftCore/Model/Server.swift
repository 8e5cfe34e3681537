/// A server as the inventory declares it.
package struct Server: Hashable, Sendable, Codable {
    /// How a worker reaches the server.
    package enum Transport: String, Sendable, Codable, CaseIterable {
        case ssh
        /// The worker's own machine; only a worker started with `--local ID` takes it.
        case local
    }

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

    package init(
        id: ServerID, displayName: String? = nil, address: String? = nil, port: Int? = nil, user: String? = nil,
        configUser: String? = nil, connection: Transport = .ssh, queue: String = "default", packs: [PackName] = [],
        labels: [String: String] = [:], driftDetection: Bool = true
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
    }
}

extension [String: String] {
    /// Labels as commands take them, `role=web`, by name.
    package var labelWords: [String] { sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } }
}
