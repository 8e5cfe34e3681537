package import DriftCore
import Foundation
package import Postgres

/// What counts for nothing on a server now.
package struct StoredExemptions: Sendable {
    private let waivers: [PackName: [ItemKey: Waiver]]
    private let now: Moment

    /// Two columns of a query over `driftwatch.all_servers s`: the day, and the waivers that are in force.
    static let columns: SQL = """
        driftwatch.schedule_day() as day, coalesce((
            select jsonb_agg(
                jsonb_build_object('pack', w.pack_name, 'key', w.item_key, 'reason', w.reason, 'author', w.author,
                                   'until', driftwatch.rfc3339(w.until_at))
                order by w.until_at desc nulls first, w.waiver_id)
            from driftwatch.waived_items w where w.server_id = s.server_id), '[]') as waivers
        """

    init(at instant: Date, day: String, waivers: [StoredWaiver]) {
        now = Moment(instant: instant, day: day)
        // Of several waivers of one item, the one that lasts longest is shown.
        self.waivers = Dictionary(grouping: waivers, by: \.pack).mapValues { waivers in
            Dictionary(
                waivers.map { ($0.key, Waiver(reason: $0.reason, author: $0.author, until: $0.until)) },
                uniquingKeysWith: { first, _ in first })
        }
    }

    package func of(_ pack: PackName) -> Exemptions { Exemptions(waivers: waivers[pack] ?? [:], at: now) }

    /// - Throws: `DatabaseError`
    package static func on(_ server: ServerID, in transaction: borrowing Transaction) throws -> StoredExemptions {
        let (instant, day, waivers) = try transaction.one(
            "select driftwatch.clock(), \(columns) from driftwatch.all_servers s where s.server_id = \(server)",
            as: (Date, String, JSON<[StoredWaiver]>).self)
        return StoredExemptions(at: instant, day: day, waivers: waivers.value)
    }
}

/// A waiver on its way from the database.
struct StoredWaiver: Codable, Sendable {
    var pack: PackName
    var key: ItemKey
    var reason: String
    var author: String
    /// In RFC 3339.
    var until: String?
}
