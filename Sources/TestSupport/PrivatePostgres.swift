import Foundation
import Glibc
package import Postgres
import Synchronization

/// A throw-away PostgreSQL server that a test may stop, restart and hurt.
///
/// It listens on a unix socket in a folder of its own under `/tmp`. As root it runs as the account
/// `postgres`, because the server refuses root.
package final class PrivatePostgres: Sendable {
    /// How `stop` treats those who are connected.
    package enum StopMode: Sendable {
        /// Ends their sessions in good order.
        case fast
        /// Drops everything, as a crash would.
        case immediate
    }

    private let folder: String
    private let programs: String
    private let running = Mutex<Child?>(nil)

    private init() throws {
        programs = try Self.findPrograms()
        // Short: a socket's path has room for 107 bytes.
        var template = Array("/tmp/dwpg-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw TestSetupError("no folder can be made in /tmp") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Lends a running server, and removes it when `body` is done.
    package static func withServer<R>(_ body: (PrivatePostgres) async throws -> R) async throws -> R {
        let server = try PrivatePostgres()
        let outcome: Result<R, any Error>
        do {
            try await server.create()
            outcome = .success(try await body(server))
        } catch {
            outcome = .failure(error)
        }
        try? await server.stop(.immediate)
        try? FileManager.default.removeItem(atPath: server.folder)
        return try outcome.get()
    }

    /// Where the server's socket is: libpq's `host`.
    package var socketFolder: String { folder }

    /// Reaches the server's `postgres` database as its superuser.
    package var conninfo: String { "host=\(folder) user=postgres dbname=postgres" }

    package func settings(_ change: (inout DatabaseSettings) -> Void = { _ in }) -> DatabaseSettings {
        var settings = DatabaseSettings(conninfo: conninfo, applicationName: "driftwatch-tests")
        change(&settings)
        return settings
    }

    /// Lends a pool on the server, and closes it when `body` is done.
    @discardableResult
    package func withDatabase<R>(
        _ change: (inout DatabaseSettings) -> Void = { _ in }, _ body: (Database) async throws -> R
    ) async throws -> R {
        let database = Database(settings(change), logger: .quiet)
        let outcome: Result<R, any Error>
        do { outcome = .success(try await body(database)) } catch { outcome = .failure(error) }
        await database.close()
        return try outcome.get()
    }

    // MARK: Life

    /// Suspends until the server takes connections.
    package func start() async throws {
        let child = try Child(command("postgres", ["-D", "\(folder)/data"]))
        running.withLock { $0 = child }
        try await waitUntilUp()
    }

    /// Suspends until the server takes connections, also after one of its processes was killed.
    package func waitUntilUp() async throws {
        let isUp = try await eventually(within: .seconds(60)) {
            try await withDatabase { database in (try? await database.execute("select 1")) != nil }
        }
        if !isUp { throw TestSetupError("the private server takes no connections") }
    }

    /// Suspends until all its processes have ended.
    package func stop(_ mode: StopMode = .fast) async throws {
        guard let child = running.withLock({ $0.take() }) else { return }
        kill(child.pid, mode == .fast ? SIGINT : SIGQUIT)
        await child.end()
    }

    package func restart(_ mode: StopMode = .fast) async throws {
        try await stop(mode)
        try await start()
    }

    /// The processes of the whole server: the postmaster first.
    package func processes() throws -> [Int32] {
        guard let postmaster = running.withLock({ $0?.pid }) else { throw TestSetupError("the server is not running") }
        let children = try String(
            contentsOfFile: "/proc/\(postmaster)/task/\(postmaster)/children", encoding: .utf8)
        return [postmaster] + children.split(separator: " ").compactMap { Int32($0) }
    }

    private func create() async throws {
        if geteuid() == 0 { try await run(["/usr/bin/chown", "postgres", folder]) }
        try await run(
            command(
                "initdb",
                [
                    "-D", "\(folder)/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                    "--no-sync",
                ]))
        let configuration = """
            listen_addresses = ''
            unix_socket_directories = '\(folder)'
            fsync = off
            max_connections = 40
            max_prepared_transactions = 2
            logging_collector = on

            """
        try configuration.write(toFile: "\(folder)/data/postgresql.auto.conf", atomically: false, encoding: .utf8)
        try await start()
    }

    /// One of the server's programs, as the account that the server runs as.
    private func command(_ program: String, _ arguments: [String]) -> [String] {
        // setpriv becomes the program, so that its process is the server's own.
        let account = ["/usr/bin/setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "--"]
        return (geteuid() == 0 ? account : []) + ["\(programs)/\(program)"] + arguments
    }

    private func run(_ command: [String]) async throws {
        let status = try await Child(command).end()
        guard status == 0 else {
            throw TestSetupError("\(command.joined(separator: " ")) ended with status \(status)")
        }
    }

    /// The newest server that the system's packages installed, or the one in the PATH.
    private static func findPrograms() throws -> String {
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        let folders = versions.compactMap(Int.init).sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        guard
            let found = (folders + path).first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") })
        else { throw TestSetupError("no PostgreSQL server is installed") }
        return found
    }
}

/// A child process whose end can be awaited.
private final class Child: Sendable {
    let pid: Int32
    private let ended: AsyncStream<Int32>

    init(_ command: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        // What is set for other servers must not lead this one astray.
        process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let (ended, signal) = AsyncStream.makeStream(of: Int32.self)
        self.ended = ended
        process.terminationHandler = {
            signal.yield($0.terminationStatus)
            signal.finish()
        }
        try process.run()
        pid = process.processIdentifier
    }

    /// Suspends until the process has ended; its exit status.
    @discardableResult
    func end() async -> Int32 { await ended.first { _ in true } ?? -1 }
}
