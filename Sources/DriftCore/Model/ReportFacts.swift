/// What a message about no single alert says: a reminder, or the digest.
package struct ReportSection: Hashable, Sendable, Codable {
    package struct Entry: Hashable, Sendable, Codable {
        package var serverID: String
        package var serverName: String
        /// Nil: about the server as a whole.
        package var packName: String?
        /// How many items it is about.
        package var items: Int?
        /// RFC 3339, UTC, whole seconds.
        package var since: String?

        enum CodingKeys: String, CodingKey {
            case serverID = "server_id"
            case serverName = "server_name"
            case packName = "pack_name"
            case items, since
        }

        package init(
            serverID: String, serverName: String, packName: String? = nil, items: Int? = nil, since: String? = nil
        ) {
            self.serverID = serverID
            self.serverName = serverName
            self.packName = packName
            self.items = items
            self.since = since
        }
    }

    /// As in the view `digest_entries`.
    package var section: String
    package var count: Int
    /// The first of them.
    package var entries: [Entry]

    package init(section: String, count: Int, entries: [Entry]) {
        self.section = section
        self.count = count
        self.entries = entries
    }
}
