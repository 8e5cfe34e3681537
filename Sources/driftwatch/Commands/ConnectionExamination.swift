import DriftStore
import Postgres

/// The part of `doctor` that compares the connections that processes may take with the limits.
struct ConnectionExamination {
    private let database: Database
    private let report: DoctorReport

    init(_ database: Database, _ report: DoctorReport) {
        self.database = database
        self.report = report
    }

    /// `alive` are the processes that run now, those of `run` each by itself.
    func run(_ alive: [WorkerLine]) async throws {
        let roles = Dictionary(grouping: alive) { "\($0.host) \($0.pid)" }.values.map { $0.map(\.process) }
        let wanted = roles.map { ConnectionShare(ofProcess: $0).most }.reduce(0, +)
        guard wanted > 0 else { return }
        for limit in try await limits() where limit.allowed < wanted {
            report.add(
                "connections", limit.allowed < roles.count ? .wrong : .note,
                "the processes that are alive take up to \(wanted), and \(limit.name) allows \(limit.allowed)",
                hint: limit.remedy)
        }
    }

    private struct Limit: Sendable {
        var name: String
        var allowed: Int
        var remedy: String
    }

    /// Of the server, the database and this role.
    private func limits() async throws -> [Limit] {
        let (server, database, databaseLimit, role, roleLimit) = try await database.read { transaction in
            try transaction.one(
                """
                select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
                       d.datname::text, d.datconnlimit, r.rolname::text, r.rolconnlimit
                from pg_database d, pg_roles r
                where d.datname = current_database() and r.rolname = current_user
                """, as: (Int, String, Int, String, Int).self)
        }
        let all = [
            Limit(name: "the server", allowed: server, remedy: "raise max_connections, or use a pooler"),
            Limit(
                name: "the database \(database)", allowed: databaseLimit,
                remedy: "alter database … connection limit -1"),
            Limit(name: "the role \(role)", allowed: roleLimit, remedy: "alter role … connection limit -1"),
        ]
        // -1: no limit.
        return all.filter { $0.allowed >= 0 }
    }
}
