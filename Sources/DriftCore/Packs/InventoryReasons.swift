/// Why the servers of an inventory have the settings and packs that they have.
package struct InventoryReasons: Hashable, Sendable {
    /// What gave a server a setting, a label or a pack.
    package enum Origin: Hashable, Sendable {
        case defaults
        /// The `defaults` of an included file.
        case defaultsOf(file: String)
        case ansibleGroup(String)
        case ansibleHost
        case group(String)
        case server
        /// The server's `also`.
        case also
    }

    /// One server.
    package struct Server: Hashable, Sendable {
        /// Where the server is written, as the caller named the file.
        package var file: String
        package var line: Int
        /// By the keys of the inventory; without those that nobody sets.
        package var settings: [String: Origin]
        package var labels: [String: Origin]
        /// What asks for each pack, the weakest first.
        package var packs: [PackName: [Origin]]
        /// The groups that it matches, in their order.
        package var groups: [String]

        package init(
            file: String, line: Int, settings: [String: Origin] = [:], labels: [String: Origin] = [:],
            packs: [PackName: [Origin]] = [:], groups: [String] = []
        ) {
            self.file = file
            self.line = line
            self.settings = settings
            self.labels = labels
            self.packs = packs
            self.groups = groups
        }
    }

    /// One of `groups`.
    package struct Group: Hashable, Sendable {
        package var name: String
        /// One of the values, of each of the labels.
        package var match: [String: [String]]
        package var packs: [PackName]
        /// In the order of the inventory.
        package var servers: [ServerID]

        package init(name: String, match: [String: [String]], packs: [PackName], servers: [ServerID]) {
            self.name = name
            self.match = match
            self.packs = packs
            self.servers = servers
        }
    }

    package var servers: [ServerID: Server]
    /// In the order in which they are written.
    package var groups: [Group]

    package init(servers: [ServerID: Server] = [:], groups: [Group] = []) {
        self.servers = servers
        self.groups = groups
    }
}

extension InventoryReasons.Origin: CustomStringConvertible {
    /// Such as `group web`.
    package var description: String {
        switch self {
        case .defaults: "defaults"
        case .defaultsOf(let file): "defaults of \(file)"
        case .ansibleGroup(let name): "Ansible group \(name)"
        case .ansibleHost: "Ansible host"
        case .group(let name): "group \(name)"
        case .server: "server"
        case .also: "also"
        }
    }
}
