import DriftCore
import Postgres

/// Finds out how the alerts of some servers changed within a transaction that has locked these servers, so that only
/// operators could also have changed them.
struct AlertChanges {
    private struct Live: Hashable {
        var id: Int64
        var type: AlertType
        var server: ServerID
        var pack: PackName?
        var itemCount: Int
    }

    private let servers: [ServerID]
    private let before: [Int64: Live]

    init(of servers: Set<ServerID>, in transaction: borrowing Transaction) throws {
        self.servers = servers.sorted()
        before = try Self.live(of: self.servers, in: transaction)
    }

    private static func live(
        of servers: [ServerID], in transaction: borrowing Transaction
    ) throws -> [Int64: Live] {
        let rows = try transaction.rows(
            """
            select alert_id, alert_type, server_id, pack_name, mismatch_count from driftwatch.all_alerts
            where status <> 'resolved' and server_id = any(\(servers.map(\.rawValue)))
            """, as: (Int64, AlertType, ServerID, PackName?, Int).self)
        return Dictionary(
            rows.map { ($0.0, Live(id: $0.0, type: $0.1, server: $0.2, pack: $0.3, itemCount: $0.4)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The changes, by server, then by pack.
    func since(in transaction: borrowing Transaction) throws -> [ApplyReport.AlertLine] {
        let now = try Self.live(of: servers, in: transaction)
        let gone = before.keys.filter { now[$0] == nil }.sorted()
        let closed =
            gone.isEmpty
            ? []
            : try transaction.rows(
                """
                select alert_id, resolution from driftwatch.all_alerts
                where alert_id = any(\(gone)) and resolution in ('unassigned', 'removed', 'disabled', 'settings')
                """, as: (Int64, String).self)
        var lines = closed.compactMap { id, resolution in
            before[id].map { Self.line($0, id: id, .closes(resolution)) }
        }
        for (id, alert) in now {
            guard let former = before[id] else {
                lines.append(Self.line(alert, id: nil, .opens))
                continue
            }
            if let pack = former.pack, pack != alert.pack {
                lines.append(Self.line(alert, id: id, .moves(from: pack)))
            } else if former.itemCount != alert.itemCount {
                lines.append(Self.line(alert, id: id, .recounts(from: former.itemCount)))
            }
        }
        return lines.sorted {
            ($0.server.rawValue, $0.pack?.rawValue ?? "", $0.id ?? .max)
                < ($1.server.rawValue, $1.pack?.rawValue ?? "", $1.id ?? .max)
        }
    }

    private static func line(_ alert: Live, id: Int64?, _ fate: ApplyReport.AlertLine.Fate) -> ApplyReport.AlertLine {
        ApplyReport.AlertLine(
            id: id, type: alert.type, server: alert.server, pack: alert.pack, itemCount: alert.itemCount, fate: fate)
    }
}
