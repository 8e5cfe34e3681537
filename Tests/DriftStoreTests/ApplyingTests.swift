import Dispatch
import DriftCore
import DriftStore
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct ApplyingTests {
    private static func pack(_ name: String, _ paths: [String] = ["/a"]) -> Pack {
        Pack(
            name: PackName(rawValue: name),
            expectations: paths.map { Expectation(.file(FileExpectation(path: $0))) })
    }

    private static func server(_ id: String, packs: [String] = ["base"], driftDetection: Bool = true) -> Server {
        Server(
            id: ServerID(rawValue: id), packs: packs.map(PackName.init(rawValue:)), driftDetection: driftDetection)
    }

    private static func request(
        _ servers: [Server]?, _ packs: [Pack], prune: Bool = false, confirmed: Bool = false, dryRun: Bool = false,
        namesAllPacks: Bool = true, schedule: ScheduleSetting? = nil
    ) -> Applier.Request {
        let configuration = LoadedConfiguration(
            inventory: servers.map { Inventory(schedule: schedule, servers: $0) },
            packs: Dictionary(uniqueKeysWithValues: packs.map { ($0.name, $0) }))
        return Applier.Request(
            configuration: configuration, namesAllPacks: namesAllPacks, prune: prune, confirmed: confirmed,
            dryRun: dryRun, actor: .named("tester"))
    }

    /// Everything that an apply may touch, as text; audit and jobs left out.
    private static func contents(_ database: Database) async throws -> [String] {
        try await database.rows(
            """
            select 'server ' || server_id || coalesce(' removed ' || (removed_at is not null), '')
                   || ' ' || drift_detection_enabled from driftwatch.servers
            union all select 'pack ' || pack_name || ' ' || digest from driftwatch.packs
            union all select 'assignment ' || server_id || ' ' || pack_name from driftwatch.assignments
            union all select 'schedule ' || cron || ' ' || time_zone from driftwatch.schedules
            order by 1
            """, as: String.self)
    }

    /// Workers settle the jobs of all other servers meanwhile.
    @Test
    func anApplyWaitsForNoServerThatItLeavesAsItIs() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            let packs = [Self.pack("base"), Self.pack("web")]
            _ = try await applier.apply(Self.request([Self.server("a"), Self.server("b")], packs))
            let (locked, isLocked) = AsyncStream<Void>.makeStream()
            let unlock = DispatchSemaphore(value: 0)
            async let worker: Void = database.withTransaction { transaction in
                try transaction.execute("select from driftwatch.servers where server_id = 'a' for no key update")
                isLocked.yield()
                unlock.wait()
            }
            for await _ in locked { break }
            defer { unlock.signal() }
            let none = try await applier.apply(Self.request([Self.server("a"), Self.server("b")], packs))
            #expect(!none.changesSomething)
            let some = try await applier.apply(
                Self.request([Self.server("a"), Self.server("b", packs: ["base", "web"])], packs))
            #expect(some.servers.map(\.change) == [.unchanged, .changed])
            unlock.signal()
            try await worker
        }
    }

    @Test
    func whatIsCreatedChangedAndUnchangedIsTold() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            let first = try await applier.apply(
                Self.request([Self.server("a"), Self.server("b")], [Self.pack("base")]))
            #expect(first.count(ofServers: .created) == 2)
            #expect(first.count(ofPacks: .created) == 1)
            #expect(first.checks.map(\.rawValue) == ["a", "b"])
            let again = try await applier.apply(
                Self.request([Self.server("a"), Self.server("b")], [Self.pack("base")]))
            #expect(!again.changesSomething)
            #expect(again.checks == [])
            let third = try await applier.apply(
                Self.request(
                    [Self.server("a", packs: ["base", "web"]), Self.server("b", packs: [])],
                    [Self.pack("base", ["/a", "/b"]), Self.pack("web")]))
            #expect(third.packs.map(\.change) == [.changed, .created])
            #expect(third.servers.map(\.change) == [.changed, .changed])
            #expect(third.servers[0].assigned.map(\.rawValue) == ["web"])
            #expect(third.servers[1].unassigned.map(\.rawValue) == ["base"])
            #expect(third.checks.map(\.rawValue) == ["a"])
            let audit = try await database.rows(
                "select actor from driftwatch.audit_log where action = 'apply'", as: String.self)
            #expect(audit == ["tester", "tester"], "one row for each apply that changed something")
        }
    }

    @Test
    func aDryRunTellsTheSameAndChangesNothing() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            _ = try await applier.apply(Self.request([Self.server("a")], [Self.pack("base")]))
            let before = try await Self.contents(database)
            let jobs = try await database.rows("select count(*) from driftwatch.jobs", as: Int.self)
            let schedule = ScheduleSetting(cron: "0 1 * * *")
            let wanted = { (dryRun: Bool) in
                Self.request(
                    [Self.server("c", packs: ["web"])], [Self.pack("web")], prune: true, confirmed: true,
                    dryRun: dryRun, schedule: schedule)
            }
            let dry = try await applier.apply(wanted(true))
            #expect(try await Self.contents(database) == before)
            #expect(try await database.rows("select count(*) from driftwatch.jobs", as: Int.self) == jobs)
            let real = try await applier.apply(wanted(false))
            #expect(dry == real)
            #expect(try await Self.contents(database) != before)
            #expect(real.schedule == schedule)
        }
    }

    @Test
    func withoutPruneWhatIsNotListedIsKept() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            _ = try await applier.apply(
                Self.request([Self.server("a"), Self.server("b")], [Self.pack("base"), Self.pack("web")]))
            let report = try await applier.apply(Self.request([Self.server("a")], [Self.pack("base")]))
            #expect(report.keptServers.map(\.rawValue) == ["b"])
            #expect(report.keptPacks.map(\.rawValue) == ["web"])
            #expect(try await Self.contents(database).contains("assignment b base"))
        }
    }

    @Test
    func pruneRemovesServersAndPacks() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            let servers = (1...10).map { Self.server("s\($0)") }
            _ = try await applier.apply(Self.request(servers, [Self.pack("base"), Self.pack("web")]))
            let report = try await applier.apply(
                Self.request(Array(servers.dropLast(2)), [Self.pack("base")], prune: true))
            #expect(report.count(ofServers: .removed) == 2)
            #expect(report.count(ofPacks: .removed) == 1)
            let contents = try await Self.contents(database)
            #expect(!contents.contains { $0.hasPrefix("assignment s9") || $0.hasPrefix("pack web") })
        }
    }

    @Test
    func pruneOfMoreThanAFifthWantsToBeConfirmed() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            let servers = (1...10).map { Self.server("s\($0)") }
            _ = try await applier.apply(Self.request(servers, [Self.pack("base")]))
            let before = try await Self.contents(database)
            let fewer = Array(servers.dropLast(3))
            let refusal = await #expect(throws: ApplyRefusal.self) {
                _ = try await applier.apply(Self.request(fewer, [Self.pack("base")], prune: true))
            }
            guard case .pruneTooLarge(let removing, 10)? = refusal else {
                Issue.record("refused for another reason: \(String(describing: refusal))")
                return
            }
            #expect(removing.count == 3)
            #expect(try await Self.contents(database) == before)
            let report = try await applier.apply(
                Self.request(fewer, [Self.pack("base")], prune: true, confirmed: true))
            #expect(report.count(ofServers: .removed) == 3)
        }
    }

    @Test
    func pruneWithoutAnInventoryIsRefused() async throws {
        try await withMigratedDatabase { database in
            _ = await #expect(throws: ApplyRefusal.pruneWithoutInventory) {
                _ = try await Applier(database).apply(Self.request(nil, [Self.pack("base")], prune: true))
            }
        }
    }

    @Test
    func anInventoryAloneUsesThePacksOfTheDatabase() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            _ = try await applier.apply(Self.request(nil, [Self.pack("base")]))
            let report = try await applier.apply(
                Self.request([Self.server("a")], [], prune: true, namesAllPacks: false))
            #expect(report.servers.map(\.change) == [.created])
            #expect(try await Self.contents(database).contains("assignment a base"))
            await #expect(throws: ApplyRefusal.unknownPacks([PackName(rawValue: "none")])) {
                _ = try await applier.apply(
                    Self.request([Self.server("b", packs: ["none"])], [], namesAllPacks: false))
            }
        }
    }

    @Test
    func aServerThatIsOffGetsNoFirstCheck() async throws {
        try await withMigratedDatabase { database in
            let report = try await Applier(database).apply(
                Self.request([Self.server("a", driftDetection: false), Self.server("b")], [Self.pack("base")]))
            #expect(report.checks.map(\.rawValue) == ["b"])
            #expect(try await database.rows("select server_id from driftwatch.jobs", as: String.self) == ["b"])
        }
    }

    @Test
    func aRemovedServerThatComesBackIsNew() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            _ = try await applier.apply(Self.request([Self.server("a")], [Self.pack("base")]))
            _ = try await applier.apply(Self.request([], [Self.pack("base")], prune: true, confirmed: true))
            let report = try await applier.apply(Self.request([Self.server("a")], [Self.pack("base")]))
            #expect(report.servers.map(\.change) == [.created])
            #expect(report.checks.map(\.rawValue) == ["a"])
        }
    }

    @Test
    func aHoldEndsWithTheRemovalOfItsServer() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            let there = Self.request([Self.server("a")], [Self.pack("base")])
            _ = try await applier.apply(there)
            try await database.execute("select driftwatch.disable_drift_detection('a', 'moving house')")
            _ = try await applier.apply(Self.request([], [Self.pack("base")], prune: true, confirmed: true))
            let report = try await applier.apply(there)
            #expect(report.checks.map(\.rawValue) == ["a"])
        }
    }

    @Test
    func anApplyWaitsForNoJob() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            _ = try await applier.apply(Self.request([Self.server("a")], [Self.pack("base")]))
            let (job, token) = try await database.rows(
                """
                select job_id, lease_token
                from driftwatch.claim_jobs('w', '{default}', 1, 1, '60 s', '60 s')
                """, as: (Int64, UUID).self)[0]
            let settled = AsyncStream<Void>.makeStream()
            let isApplied = Mutex(false)
            // Job, then server: as whoever ends a check.
            async let ending: Void = database.withTransaction { transaction in
                try transaction.execute("select driftwatch.settle_job(\(job), \(token), 'succeeded')")
                settled.continuation.yield()
                while !isApplied.withLock(\.self) { try transaction.execute("select pg_sleep(0.005)") }
                try transaction.execute("set local lock_timeout = '200 ms'")
                try transaction.execute("select driftwatch.begin_effects('a', null, 'a', null, null, null, 'ssh')")
            }
            for await _ in settled.stream { break }
            let report = try await applier.apply(
                Self.request([Self.server("a", packs: ["base", "web"])], [Self.pack("base"), Self.pack("web")]))
            isApplied.withLock { $0 = true }
            try await ending
            try await database.execute("select driftwatch.enqueue_looks()")
            #expect(report.checks.map(\.rawValue) == ["a"])
            let states = try await database.rows("select state from driftwatch.jobs order by job_id", as: String.self)
            #expect(states == ["succeeded", "available"])
        }
    }

    @Test
    func jobsThatWaitFollowTheirServerToItsNewQueue() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            var server = Self.server("a")
            _ = try await applier.apply(Self.request([server], [Self.pack("base")]))
            server.queue = "dmz"
            _ = try await applier.apply(Self.request([server], [Self.pack("base")]))
            #expect(try await database.rows("select queue from driftwatch.jobs", as: String.self) == ["dmz"])
        }
    }

    @Test
    func appliesAtTheSameTimeWaitForEachOther() async throws {
        try await withMigratedDatabase { database in
            let applier = Applier(database)
            let servers = (1...20).map { Self.server("s\($0)") }
            try await withThrowingTaskGroup(of: ApplyReport.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await applier.apply(Self.request(servers, [Self.pack("base")])) }
                }
                var created = 0
                for try await report in group { created += report.count(ofServers: .created) }
                #expect(created == 20)
            }
        }
    }
}
