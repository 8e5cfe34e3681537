import Postgres
import Runtime
import TestSupport
import Testing

@testable import JobQueue

/// Rows that a forgotten transaction of another session holds: everybody else skips them.
@Suite(.timeLimit(.minutes(2)))
struct HeldRowTests {
    @Test(arguments: ["for update", "for share", "for no key update"] as [SQL])
    func aDueJobThatIsHeldIsShownWithItsHolder(strength: SQL) async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            try await database.execute(
                "select driftwatch.register_worker('w', 'worker', 'here', 1, 'x', 1, '{default}')")
            let held: SQL = "select job_id from driftwatch.jobs where server_id = 'a' \(strength)"
            try await database.holding(held) {
                try await database.advanceClock(by: .seconds(61))
                try await database.execute("update driftwatch.workers set last_seen_at = driftwatch.clock()")
                #expect(try await QueueStore(database: database).claimSome(2).map(\.job.serverID) == ["b"])
                let stuck = try await database.rows(
                    """
                    select server_id, why like 'its row is held by the session with pid ' || blocker_pid || ' of '
                        || current_user || '%, which ran: select job_id from driftwatch.jobs%'
                    from driftwatch.queue_stuck
                    """, as: (String, Bool).self)
                #expect(stuck.map(\.0) == ["a"])
                #expect(stuck.map(\.1) == [true])
                #expect(try await QueueStore(database: database).heldJobs().count == 1)
            }
            #expect(try await database.count("queue_stuck") == 0)
        }
    }

    /// As by a worker that claims what has been due since before it began.
    @Test
    func aRowThatIsHeldForAMomentIsNotStuck() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("a")
            try await database.enqueueAll()
            try await database.execute(
                "select driftwatch.register_worker('w', 'worker', 'here', 1, 'x', 1, '{default}')")
            try await database.execute("update driftwatch.jobs set run_at = run_at - interval '2 minutes'")
            try await database.holding("select job_id from driftwatch.jobs for update") {
                #expect(try await database.count("queue_stuck") == 0)
                try await database.advanceClock(by: .seconds(11))
                #expect(try await database.count("queue_stuck") == 1)
            }
        }
    }

    @Test
    func severalHoldersOfOneRowAreShown() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("a")
            try await database.enqueueAll()
            let shared: SQL = "select from driftwatch.jobs for share"
            try await database.holding(shared) {
                try await database.holding(shared) {
                    try await database.advanceClock(by: .seconds(61))
                    let why = try await database.rows("select why from driftwatch.queue_stuck", as: String.self)
                    #expect(why.count == 1)
                    #expect(why.first?.contains("its row is held by") == true)
                }
            }
        }
    }

    /// The session that holds the jobs looks, while another one waits for them.
    @Test
    func whoWaitsForARowIsNotCalledItsHolder() async throws {
        try await withJobs(["a"]) { database, _ in
            let (locked, isLocked) = AsyncStream<Void>.makeStream()
            async let holders: [Bool] = database.withTransaction { transaction in
                defer { isLocked.finish() }
                try transaction.execute("select from driftwatch.jobs for update")
                isLocked.finish()
                try transaction.waitUntilSomebodyWaits()
                return try transaction.rows(
                    """
                    select h.pid = pg_backend_pid() from driftwatch.lock_holders h
                    where exists (select from driftwatch.jobs j where driftwatch.is_held_by(j.xmax, h.holder))
                    """, as: Bool.self)
            }
            for await _ in locked {}
            try await database.execute("update driftwatch.jobs set priority = 1")
            #expect(try await holders == [true])
            // Each session always holds a lock that names no row, its own.
            #expect(try await database.count("lock_holders where holder is null") == 0)
        }
    }

    @Test
    func aHeldRowEndsNoOtherLease() async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claims = try await store.claimSome(2)
            let leases = Dictionary(uniqueKeysWithValues: claims.map { ($0.token, $0.job.id) })
            let held = claims[0].job.id
            try await database.holding("select from driftwatch.jobs where job_id = \(held) for update") {
                let survivors = try await store.renew(leases, of: "w", for: .seconds(120))
                #expect(
                    survivors == [
                        claims[0].token: .init(cancelRequested: false, isExtended: false),
                        claims[1].token: .init(cancelRequested: false, isExtended: true),
                    ])
            }
            try await database.advanceClock(by: .seconds(61))
            #expect(try await store.rescue().map(\.jobID) == [held])
        }
    }

    @Test
    func aHeldRowOfAWorkerEndsNoLease() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("a")
            try await database.enqueueAll()
            try await database.execute(
                "select driftwatch.register_worker('w', 'worker', 'here', 1, 'x', 1, '{default}')")
            let store = QueueStore(database: database)
            let claim = try #require(try await store.claimSome(1).first)
            try await database.holding("update driftwatch.workers set pid = 2") {
                let survivors = try await store.renew([claim.token: claim.job.id], of: "w", for: .seconds(60))
                #expect(survivors[claim.token]?.isExtended == true)
            }
        }
    }

    @Test
    func aScheduleAndADestinationThatAreHeldAreShownWithTheirHolders() async throws {
        try await withMigratedDatabase { database in
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            try await database.holding("select from driftwatch.schedules for update") {
                let held = try await database.rows("select held_by from driftwatch.upcoming_slots", as: String?.self)
                #expect(held.first??.contains("which ran: select from driftwatch.schedules") == true)
            }
            try await database.holding("select from driftwatch.destinations for update") {
                let held = try await database.rows("select held_by from driftwatch.upcoming_slots", as: String?.self)
                #expect(held == [nil], "another row is held")
            }
            try await database.execute(
                """
                insert into driftwatch.outbox (alert_id, seq, destination, kind, payload, not_before, created_at)
                select 1, 1, 'default', 'drift_detected', '{}', driftwatch.clock(), driftwatch.clock()
                """)
            try await database.holding("select from driftwatch.destinations for update") {
                try await database.advanceClock(by: .seconds(121))
                for text: SQL in [
                    "select why from driftwatch.outbox_backlog", "select problem from driftwatch.delivery_health",
                ] {
                    let why = try await database.rows(text, as: String?.self)
                    #expect(why.first??.contains("which ran: select from driftwatch.destinations") == true)
                }
            }
        }
    }

    /// Runs a worker's maintenance, whose three loops begin a round each time that `body` calls its argument; that
    /// returns when the rounds are over.
    private static func maintaining(
        _ database: Database, _ log: RecordedLog, _ body: (_ round: () async throws -> Void) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        let maintenance = Maintenance(
            store: QueueStore(database: database), every: .seconds(10), wake: WakeSignal(), clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await maintenance.run(logger: log.logger) }
            func sleeps() async throws { for _ in 0..<3 { _ = try await clock.nextSleep() } }
            try await sleeps()
            try await body {
                clock.advance(by: .seconds(60))
                try await sleeps()
            }
            group.cancelAll()
        }
    }

    @Test
    func aDueJobThatIsSkippedForAMinuteIsLoggedOncePerHolder() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("a")
            try await database.enqueueAll()
            let log = RecordedLog()
            let message = "a due job is skipped: another session holds its row"
            let held: SQL = "select job_id from driftwatch.jobs for update"
            try await Self.maintaining(database, log) { round in
                for holder in 1...2 {
                    try await database.holding(held) {
                        try await round()
                        #expect(log.lines(message).count == holder - 1 + (holder == 2 ? 1 : 0))
                        try await database.advanceClock(by: .seconds(61))
                        for _ in 0..<3 { try await round() }
                        #expect(log.lines(message).count == holder)
                    }
                    try await round()
                }
            }
            let facts = log.lines(message)[0].facts
            #expect(facts["server.id"] == "a" && facts["job.id"] != nil && facts["blocker.pid"] != nil, "\(facts)")
            #expect(facts["reason"]?.contains("which ran: select job_id from driftwatch.jobs") == true)
        }
    }

    @Test
    func anAbandonedJobIsLoggedWithWhatItIsAbout() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("a")
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            try await database.execute(
                "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')")
            let log = RecordedLog()
            let store = QueueStore(database: database)
            try await Self.maintaining(database, log) { round in
                for _ in 1...3 {
                    #expect(try await store.claimSome(1).count == 1)
                    try await database.advanceClock(by: .seconds(121))
                    // The second rescue has a backoff, which the next round ends.
                    try await round()
                    try await database.advanceClock(by: .seconds(61))
                    try await round()
                }
            }
            let lines = log.lines("job rescued")
            #expect(lines.map { $0.facts["job.state"] } == ["available", "retryable", "failed"])
            for line in lines {
                #expect(line.facts["server.id"] == "a" && line.facts["schedule.name"] == "default", "\(line)")
                #expect(line.facts["job.id"] != nil)
            }
        }
    }
}

/// A transaction that somebody prepared and forgot; no session belongs to it.
@Suite(.privatePostgres, .serialized, .timeLimit(.minutes(2)))
struct PreparedTransactionTests {
    @Test
    func aPreparedTransactionIsCalledWhatItIs() async throws {
        try await PrivatePostgres.current.withMigratedDatabase { database in
            try await database.makeServer("a")
            try await database.enqueueAll()
            try await database.executeScript(
                "begin; select from driftwatch.jobs for update; prepare transaction 'forgotten'")
            try await database.advanceClock(by: .seconds(61))
            let stuck = try await database.rows(
                "select why from driftwatch.queue_stuck where blocker_pid is null", as: String.self)
            #expect(stuck.count == 1)
            let why = "its row is held by the prepared transaction forgotten of postgres since "
            #expect(stuck.first?.hasPrefix(why) == true, "\(stuck)")
            try await database.holding("select from driftwatch.schedules for update") {
                let held = try await database.rows("select held_by from driftwatch.upcoming_slots", as: String.self)
                #expect(held.first?.hasPrefix("the session with pid ") == true, "\(held)")
            }
            try await database.execute("rollback prepared 'forgotten'")
        }
    }
}
