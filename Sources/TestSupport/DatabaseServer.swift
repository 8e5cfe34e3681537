import Foundation
import Glibc
package import Logging
import Postgres
import Synchronization

/// The server that tests make their databases on.
struct TestServer: Sendable {
    /// Names a maintenance database and a role that may create others.
    static let variable = "DRIFTWATCH_TEST_DATABASE_URL"

    let conninfo: String
    let logger: Logger

    /// The server named by the environment.
    static func current() throws -> TestServer {
        guard let conninfo = ProcessInfo.processInfo.environment[variable], !conninfo.isEmpty else {
            throw TestSetupError("no test database: run make test, or set \(variable)")
        }
        return TestServer(conninfo: conninfo, logger: .quiet)
    }

    /// Settings for the database `name` on this server.
    func settings(_ name: String) -> DatabaseSettings {
        DatabaseSettings(
            conninfo: conninfoNaming(name), applicationName: "driftwatch-tests", connectTimeout: .seconds(60))
    }

    /// The connection string with another database in it: the last one given counts.
    func conninfoNaming(_ name: String) -> String {
        guard conninfo.contains("://") else { return "\(conninfo) dbname=\(name)" }
        return "\(conninfo)\(conninfo.contains("?") ? "&" : "?")dbname=\(name)"
    }

    func create(_ name: String, template: String?) async throws {
        await Self.sweep.once { try? await dropLeftovers() }
        let from: SQL = template.map { "template \(identifier: $0)" } ?? ""
        try await administer { try await $0.execute("create database \(identifier: name) \(from)") }
    }

    func drop(_ name: String) async throws {
        // Shielded: a cancelled test must not leave its database behind.
        try await administer { database in
            do {
                try await database.execute(
                    "drop database if exists \(identifier: name) with (force)", cancellation: .shielded)
            } catch let error as DatabaseError where error.sqlState == .insufficientPrivilege {
                // Autovacuum is at work in it, which only a superuser may end. The next sweep drops it.
            }
        }
    }

    private func administer(_ work: (Database) async throws -> Void) async throws {
        let database = Database(DatabaseSettings(conninfo: conninfo, poolSize: 1), logger: logger)
        do { try await work(database) } catch {
            await database.close()
            throw error
        }
        await database.close()
    }

    // MARK: Names

    private static let databasesNamed = Mutex(0)
    private static let sweep = Once()

    /// Unique on the server; tells which process on which host made it.
    func newDatabaseName(_ purpose: String) -> String {
        let number = Self.databasesNamed.withLock { count in
            count += 1
            return count
        }
        return "\(Self.prefix)\(getpid())_\(number)_\(purpose.prefix(20))"
    }

    /// `dwtest_<host>_`: the host's name as a short number, the same in every process.
    private static var prefix: String {
        let hash = ProcessInfo.processInfo.hostName.utf8.reduce(UInt32(5381)) { $0 &* 33 &+ UInt32($1) }
        return "dwtest_\(String(hash, radix: 36))_"
    }

    /// Drops what test processes of this host left behind that are no longer alive.
    private func dropLeftovers() async throws {
        try await administer { database in
            let pattern = "\(Self.prefix)%"
            let names = try await database.rows(
                "select datname from pg_database where datname like \(pattern)", as: String.self)
            for name in names {
                guard let pid = name.dropFirst(Self.prefix.count).split(separator: "_").first.flatMap({ pid_t($0) }),
                    kill(pid, 0) != 0, errno == ESRCH
                else { continue }
                _ = try? await database.execute("drop database if exists \(identifier: name)")
            }
        }
    }
}

/// Runs something at most once; those who come later wait for it.
private actor Once {
    private var work: Task<Void, Never>?

    func once(_ body: @escaping @Sendable () async -> Void) async {
        let running = work ?? Task { await body() }
        work = running
        await running.value
    }
}

/// Why a test cannot run at all.
package struct TestSetupError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

extension Logger {
    /// Says nothing.
    package static var quiet: Logger { Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() } }
}
