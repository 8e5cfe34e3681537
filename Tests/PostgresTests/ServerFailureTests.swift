import Foundation
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing

/// What happens when the server goes away, comes back, or falls silent.
@Suite(.privatePostgres, .serialized, .timeLimit(.minutes(2)))
struct ServerFailureTests {
    private let server = PrivatePostgres.current

    @Test(arguments: [PrivatePostgres.StopMode.fast, .immediate])
    func aRestartNeedsNoNewDatabase(mode: PrivatePostgres.StopMode) async throws {
        try await server.withDatabase { database async throws in
            // Several idle connections, all of which the restart kills.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 { group.addTask { try await database.execute("select pg_sleep(0.05)") } }
                try await group.waitForAll()
            }
            try await server.restart(mode)
            #expect(try await database.rows("select 1", as: Int.self) == [1])
            try await server.restart(mode)
            let one = try await database.withTransaction { transaction in
                try transaction.one("select 1", as: Int.self)
            }
            #expect(one == 1)
            try await server.stop(mode)
            let error = await #expect(throws: DatabaseError.self) { try await database.execute("select 1") }
            #expect(error?.kind == .connection)
            #expect(error?.isTransient == true)
            #expect(error?.mayHaveCommitted == false)
            #expect(error?.description.contains("cannot connect to") == true)
            try await server.start()
            #expect(try await database.rows("select 1", as: Int.self) == [1])
        }
    }

    @Test func aRestartInMidTransactionIsToldAndUndone() async throws {
        try await server.withDatabase { database async throws in
            try await database.execute("create table half_done ()")
            let error = await #expect(throws: DatabaseError.self) {
                try await database.withTransaction { transaction in
                    try transaction.execute("insert into half_done default values")
                    let pid = try transaction.one("select pg_backend_pid()", as: Int32.self)
                    kill(pid, SIGTERM)
                    try transaction.execute("select pg_sleep(30)")
                }
            }
            #expect(error?.sqlState == .adminShutdown)
            #expect(error?.isTransient == true)
            #expect(try await database.rows("select count(*) from half_done", as: Int.self) == [0])
        }
    }

    @Test func aSilentServerCannotHangACaller() async throws {
        try await server.withDatabase {
            $0.callDeadline = .milliseconds(300)
        } _: { database async throws in
            let stopped = Mutex<Int32>(0)
            let start = ContinuousClock.now
            let error = await #expect(throws: DatabaseError.self) {
                try await database.withTransaction { transaction in
                    let pid = try transaction.one("select pg_backend_pid()", as: Int32.self)
                    stopped.withLock { $0 = pid }
                    kill(pid, SIGSTOP)
                    try transaction.execute("select 1")
                }
            }
            #expect(error?.kind == .deadline)
            #expect(ContinuousClock.now - start < .seconds(5))
            #expect(try await database.rows("select 1", as: Int.self) == [1])
            kill(stopped.withLock { $0 }, SIGCONT)
        }
    }

    @Test func cancellingReachesACallerWhoseServerIsSilent() async throws {
        try await server.withDatabase { database async throws in
            let (stopped, signal) = AsyncStream.makeStream(of: Int32.self)
            let task = Task {
                try await database.withTransaction { transaction in
                    let pid = try transaction.one("select pg_backend_pid()", as: Int32.self)
                    kill(pid, SIGSTOP)
                    signal.yield(pid)
                    try transaction.execute("select 1")
                }
            }
            let pid = try #require(await stopped.first { _ in true })
            let start = ContinuousClock.now
            task.cancel()
            let error = await #expect(throws: DatabaseError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
            #expect(ContinuousClock.now - start < .seconds(8))
            kill(pid, SIGCONT)
        }
    }

    @Test func aServerThatIsFrozenWholeBoundsEveryCall() async throws {
        try await server.withDatabase {
            $0.callDeadline = .milliseconds(300)
            $0.connectTimeout = .seconds(2)
            $0.leaseTimeout = .seconds(1)
        } _: { database async throws in
            try await database.execute("select 1")
            let processes = try server.processes()
            for process in processes { kill(process, SIGSTOP) }
            defer { for process in processes { kill(process, SIGCONT) } }
            let start = ContinuousClock.now
            let warm = await #expect(throws: DatabaseError.self) { try await database.execute("select 1") }
            #expect(warm?.kind == .deadline)
            #expect(warm?.mayHaveCommitted == true)
            // No connection can be made now: the caller waits for the pool, and no longer than it said.
            let cold = await #expect(throws: DatabaseError.self) { try await database.execute("select 1") }
            #expect(cold?.kind == .poolTimeout)
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func aCommitWithoutAnswerIsUnknown() async throws {
        try await server.withDatabase {
            // Of the reads below too, which come while everything else runs.
            $0.callDeadline = .seconds(2)
        } _: { database async throws in
            try await database.execute("create table doubtful (id int)")
            let stopped = Mutex<Int32>(0)
            let error = await #expect(throws: DatabaseError.self) {
                try await database.withTransaction { transaction in
                    try transaction.execute("insert into doubtful values (1)")
                    let pid = try transaction.one("select pg_backend_pid()", as: Int32.self)
                    stopped.withLock { $0 = pid }
                    kill(pid, SIGSTOP)
                }
            }
            #expect(error?.kind == .commitUnknown)
            #expect(error?.mayHaveCommitted == true)
            #expect(try await database.rows("select count(*) from doubtful", as: Int.self) == [0])
            // The COMMIT lies in the socket: here the doubt turns out well, which is why nobody may repeat.
            kill(stopped.withLock { $0 }, SIGCONT)
            #expect(
                try await eventually {
                    try await database.rows("select count(*) from doubtful", as: Int.self) == [1]
                })
        }
    }

    @Test func aConnectionLostInCommitIsUnknownButNotInARead() async throws {
        try await server.withDatabase { database async throws in
            @Sendable func vanish(_ transaction: borrowing Transaction) throws {
                let pid = try transaction.one("select pg_backend_pid()", as: Int32.self)
                kill(pid, SIGKILL)
                while kill(pid, 0) == 0 { sched_yield() }
            }
            let write = await #expect(throws: DatabaseError.self) {
                try await database.withTransaction { try vanish($0) }
            }
            #expect(write?.kind == .commitUnknown)
            #expect(try await eventually { (try? await database.execute("select 1")) != nil })
            let read = await #expect(throws: DatabaseError.self) { try await database.read { try vanish($0) } }
            #expect(read?.mayHaveCommitted == false)
        }
        // The server recovers from the crash of a process, and the next test wants it whole.
        try await server.waitUntilUp()
    }

    @Test func brokenConnectionsLeaveNoThreadAndNoDescriptorBehind() async throws {
        func count(_ folder: String) throws -> Int { try FileManager.default.contentsOfDirectory(atPath: folder).count }
        try await server.withDatabase { database async throws in
            func breakOne() async throws {
                _ = try? await database.withTransaction { transaction in
                    try transaction.execute("select pg_terminate_backend(pg_backend_pid())")
                }
            }
            for _ in 0..<5 { try await breakOne() }
            let before = try count("/proc/self/fd")
            for _ in 0..<60 { try await breakOne() }
            // Other suites open and close theirs meanwhile, but not sixty.
            #expect(try await eventually { try count("/proc/self/fd") < before + 30 })
            #expect(try await eventually { try count("/proc/self/task") < 90 })
        }
    }

    @Test func aServerThatBecameReadOnlyIsLeft() async throws {
        try await server.withDatabase {
            $0.poolSize = 1
        } _: { database async throws in
            try await database.execute("create table writable ()")
            let pid = try await database.rows("select pg_backend_pid()", as: Int.self)
            let error = await #expect(throws: DatabaseError.self) {
                try await database.withTransaction { transaction in
                    try transaction.execute("set transaction read only")
                    try transaction.execute("insert into writable default values")
                }
            }
            #expect(error?.sqlState == .readOnlySQLTransaction)
            #expect(error?.isTransient == true)
            #expect(try await database.rows("select pg_backend_pid()", as: Int.self) != pid)
        }
    }

    @Test func ofSeveralHostsTheOneThatCanWriteIsTaken() async throws {
        try await PrivatePostgres.withServer { standby in
            try await standby.withDatabase { database async throws in
                try await database.execute("alter database postgres set default_transaction_read_only = on")
            }
            let hosts = ["/nonexistent", standby.socketFolder, server.socketFolder].joined(separator: ",")
            let settings = DatabaseSettings(
                conninfo: "host=\(hosts) user=postgres dbname=postgres target_session_attrs=read-write")
            let database = Database(settings, logger: .quiet)
            try await database.execute("create table found ()")
            await database.close()
            try await server.withDatabase { database async throws in
                #expect(try await database.rows("select count(*) from found", as: Int.self) == [0])
            }
        }
    }
}
