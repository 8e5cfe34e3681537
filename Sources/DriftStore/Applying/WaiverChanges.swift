import DriftCore
import Postgres

/// A waiver of the inventory as `apply_waivers` takes it.
private struct WantedWaiver: Codable, Sendable {
    var server: ServerID?
    var labels: [String: String]?
    var pack: PackName
    var item: String
    var reason: String
    var author: String
    var until: String?

    enum CodingKeys: String, CodingKey {
        case labels, item, reason, author, until
        case server = "server_id"
        case pack = "pack_name"
    }

    init(_ waiver: DeclaredWaiver) {
        switch waiver.target {
        case .server(let server): self.server = server
        case .labels(let labels): self.labels = labels
        }
        pack = waiver.pack
        item = waiver.item
        reason = waiver.reason
        author = waiver.author
        until = waiver.until?.text
    }
}

extension ApplyReport.WaiverLine {
    /// Makes the waivers of the inventory exactly `wanted`, and returns what changed.
    ///
    /// - Throws: `DatabaseError`, also where one names several items.
    static func applying(
        _ wanted: [DeclaredWaiver], as actor: String, in transaction: borrowing Transaction
    ) throws -> [Self] {
        try transaction.rows(
            """
            select change, server_id, labels, pack_name, item, servers
            from driftwatch.apply_waivers(\(JSON(wanted.map(WantedWaiver.init))), \(actor))
            """, as: (Change, ServerID?, JSON<[String: String]>?, PackName, String, [ServerID]).self
        ).map { change, server, labels, pack, item, servers in
            Self(change: change, server: server, labels: labels?.value, pack: pack, item: item, servers: servers)
        }
    }
}

extension ApplyReport.WaiverLine.Change: ColumnDecodable {}
