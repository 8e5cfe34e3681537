import DriftCore
import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

/// Checks that no slot and no person asks for: of what is new, changed, found elsewhere, or watched again.
@Suite(.timeLimit(.minutes(2)))
struct LookTests {
    private static let both = ["base": ["/a"], "web": ["/b"]]

    static func enqueue(_ database: Database) async throws -> Int {
        try await database.rows("select driftwatch.enqueue_looks()", as: Int.self)[0]
    }

    private static func claim(_ database: Database) async throws -> (Int64, UUID) {
        try await database.rows(
            """
            select job_id, lease_token from driftwatch.claim_jobs('w', '{default}', 1, 1, '60 s', '60 s')
            """, as: (Int64, UUID).self)[0]
    }

    /// Ends a claimed job with a check of each of the packs, whose attempt began when it is given, else now.
    private static func look(
        _ claim: (Int64, UUID), at packs: [String], since: Date? = nil, _ database: Database
    ) async throws {
        let (job, token) = claim
        try await database.withTransaction { transaction in
            try transaction.execute("select driftwatch.settle_job(\(job), \(token), 'succeeded')")
            try transaction.execute(
                """
                select driftwatch.record_check(
                    \(job), 'web-1', p.pack_name, p.digest, 'compliant', null, 1, 0, 0, null, null,
                    coalesce(\(since)::timestamptz, driftwatch.clock()), 1)
                from driftwatch.packs p where p.pack_name = any(\(packs))
                """)
        }
    }

    private static func now(_ database: Database) async throws -> Date {
        try await database.rows("select driftwatch.clock()", as: Date.self)[0]
    }

    /// A server that is owed nothing any more.
    private static func withSettledServer(_ body: (Database) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            #expect(try await enqueue(database) == 1)
            try await look(claim(database), at: ["base"], database)
            #expect(try await enqueue(database) == 0)
            let marks = try await database.rows(
                "select count(*) from driftwatch.drift_states where look_wanted_at is not null", as: Int.self)
            #expect(marks == [0], "what has happened is not asked about again")
            try await body(database)
        }
    }

    @Test
    func whatWasAssignedAndNeverLookedAtIsLookedAt() async throws {
        try await withMigratedDatabase { database in
            for server in ["web-1", "web-2", "held"] { try await database.makeServer(server) }
            try await database.execute("select driftwatch.disable_drift_detection('held', 'moving house')")
            let owed = try await database.rows("select s from driftwatch.servers_to_look_at() s", as: String.self)
            #expect(owed == ["web-1", "web-2"])
            #expect(try await Self.enqueue(database) == 2)
            #expect(try await Self.enqueue(database) == 0, "those are on their way")
            let jobs = try await database.rows(
                "select server_id || ' ' || priority from driftwatch.jobs order by 1", as: String.self)
            #expect(jobs == ["web-1 50", "web-2 50"])
        }
    }

    @Test
    func aPackThatIsAssignedWhileACheckRunsIsLookedAtAfterIt() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/a"]])
            #expect(try await Self.enqueue(database) == 1)
            let claim = try await Self.claim(database)
            try await database.makeServer("web-1", packs: Self.both)
            #expect(try await Self.enqueue(database) == 0, "one is under way")
            try await Self.look(claim, at: ["base"], database)
            #expect(try await Self.enqueue(database) == 1)
            try await Self.look(Self.claim(database), at: ["base", "web"], database)
            #expect(try await Self.enqueue(database) == 0)
        }
    }

    @Test
    func aPackThatChangesIsLookedAt() async throws {
        try await Self.withSettledServer { database in
            try await database.makeServer("web-1", packs: ["base": ["/etc/motd", "/etc/issue"]])
            #expect(try await Self.enqueue(database) == 1)
            try await Self.look(Self.claim(database), at: ["base"], database)
            #expect(try await Self.enqueue(database) == 0)
        }
    }

    @Test
    func aPackThatIsOnlyCalledOtherwiseIsNotLookedAt() async throws {
        try await Self.withSettledServer { database in
            let path = FileExpectation(path: "/etc/motd")
            try await database.apply(
                Pack(name: PackName(rawValue: "base"), displayName: "Base", expectations: [Expectation(.file(path))]))
            #expect(try await Self.enqueue(database) == 0)
        }
    }

    @Test
    func aCheckThatBeganBeforeTheServerWasToBeFoundElsewhereIsNoLook() async throws {
        try await Self.withSettledServer { database in
            try await database.execute("select driftwatch.enqueue_check('web-1', 'test')")
            let claim = try await Self.claim(database)
            let before = try await Self.now(database)
            try await database.advanceClock(by: .seconds(1))
            try await database.execute(
                """
                select driftwatch.apply_server('web-1', 'WEB-1', 'elsewhere', null, null, null, 'ssh', 'default',
                    '{}', true, '{base}', 'test')
                """)
            try await Self.look(claim, at: ["base"], since: before, database)
            #expect(try await Self.enqueue(database) == 1)
        }
    }

    @Test
    func aCheckOfTheVersionBeforeIsNoLookHoweverLateItBegan() async throws {
        try await Self.withSettledServer { database in
            let old = try await database.rows("select digest from driftwatch.packs", as: String.self)[0]
            try await database.makeServer("web-1", packs: ["base": ["/etc/motd", "/etc/issue"]])
            #expect(try await Self.enqueue(database) == 1)
            let (job, token) = try await Self.claim(database)
            try await database.withTransaction { transaction in
                try transaction.execute("select driftwatch.settle_job(\(job), \(token), 'succeeded')")
                try transaction.execute(
                    """
                    select driftwatch.record_check(
                        \(job), 'web-1', 'base', \(old), 'compliant', null, 1, 0, 0, null, null, driftwatch.clock(), 1)
                    """)
            }
            #expect(try await Self.enqueue(database) == 1)
        }
    }

    @Test
    func aServerWhoseJobOfASlotWaitsGetsNoSecondOne() async throws {
        try await Self.withSettledServer { database in
            try await database.execute("select driftwatch.seed_schedule('default', '0 6 * * *', 'UTC')")
            try await database.execute(
                "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')")
            try await database.makeServer("web-1", packs: ["base": ["/etc/motd", "/etc/issue"]])
            #expect(try await Self.enqueue(database) == 0)
            try await Self.look(Self.claim(database), at: ["base"], database)
            #expect(try await Self.enqueue(database) == 0, "that job has looked")
        }
    }

    @Test(arguments: ["scheduled", "available", "retryable", "running"])
    func aServerWhoseJobIsAliveIsNotAskedForAgain(state: String) async throws {
        try await Self.withSettledServer { database in
            try await database.execute("select driftwatch.seed_schedule('default', '0 6 * * *', 'UTC')")
            try await database.execute(
                "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')")
            if state == "running" {
                _ = try await Self.claim(database)
            } else {
                try await database.execute("update driftwatch.jobs set state = \(state) where finished_at is null")
            }
            try await database.makeServer("web-1", packs: ["base": ["/etc/motd", "/etc/issue"]])
            #expect(try await Self.enqueue(database) == 0)
        }
    }

    @Test
    func onlySoManyOfThoseThatAreNamedAreAskedFor() async throws {
        try await withMigratedDatabase { database in
            for server in ["a", "b", "c", "d"] { try await database.makeServer(server) }
            for looks: SQL in [
                "select driftwatch.enqueue_looks(array['c'])", "select driftwatch.enqueue_looks(null, 1)",
            ] {
                #expect(try await database.rows(looks, as: Int.self) == [1])
            }
            let asked = try await database.rows("select server_id from driftwatch.jobs order by 1", as: String.self)
            #expect(asked == ["a", "c"])
        }
    }

    @Test
    func aRowThatSomebodyHoldsKeepsNoneOfTheOthersWaiting() async throws {
        try await withMigratedDatabase { database in
            for server in ["a", "b"] {
                try await database.makeServer(server)
                try await database.execute(
                    """
                    select driftwatch.disable_drift_detection(\(server), 'x', driftwatch.clock() + interval '1 hour')
                    """)
            }
            try await database.advanceClock(by: .seconds(3601))
            let end: SQL = "select driftwatch.end_holds()"
            try await database.holding("select from driftwatch.servers where server_id = 'a' for update") {
                let done = try await database.rows(end, as: Int.self)
                #expect(done == [1])
            }
            #expect(try await database.rows(end, as: Int.self) == [1])

            #expect(try await Self.enqueue(database) == 2)
            try await database.holding("select from driftwatch.drift_states where server_id = 'a' for update") {
                for _ in 1...2 {
                    let (job, token) = try await Self.claim(database)
                    try await database.execute("select driftwatch.settle_job(\(job), \(token), 'failed')")
                }
            }
            let wanted = try await database.rows(
                "select server_id from driftwatch.drift_states where look_wanted_at is not null", as: String.self)
            #expect(wanted == ["a"], "its row was held, so it is looked at once more")
        }
    }

    @Test
    func onlySoManyHoldsEndAtOnce() async throws {
        try await withMigratedDatabase { database in
            for server in ["a", "b", "c"] {
                try await database.makeServer(server)
                try await database.execute(
                    """
                    select driftwatch.disable_drift_detection(\(server), 'x', driftwatch.clock() + interval '1 hour')
                    """)
            }
            try await database.advanceClock(by: .seconds(3601))
            #expect(try await database.rows("select driftwatch.end_holds(2)", as: Int.self) == [2])
            let held = try await database.rows(
                "select server_id from driftwatch.servers where disabled_at is not null", as: String.self)
            #expect(held == ["c"])
        }
    }

    @Test
    func theEndOfNoHoldAsksForNothing() async throws {
        try await Self.withSettledServer { database in
            try await database.execute("select driftwatch.lift_hold('web-1')")
            #expect(try await Self.enqueue(database) == 0)
        }
    }

    @Test
    func theEndOfAHoldEndsNoOtherAndAsksForNoOther() async throws {
        try await withMigratedDatabase { database in
            for server in ["a", "b", "c"] { try await database.makeServer(server) }
            try await database.execute("update driftwatch.drift_states set look_wanted_at = null")
            for server in ["a", "b"] {
                try await database.execute("select driftwatch.disable_drift_detection(\(server), 'moving house')")
            }
            try await database.execute("select driftwatch.lift_hold('a')")
            let held = try await database.rows(
                "select server_id from driftwatch.servers where disabled_at is not null", as: String.self)
            #expect(held == ["b"])
            let wanted = try await database.rows(
                "select server_id from driftwatch.drift_states where look_wanted_at is not null", as: String.self)
            #expect(wanted == ["a"])
        }
    }

    /// It may have read the address before the change was there for others to see.
    @Test
    func aCheckOfAnotherAddressIsNoLookHoweverLateItBegan() async throws {
        try await Self.withSettledServer { database in
            try await database.execute(
                """
                select driftwatch.apply_server('web-1', 'WEB-1', 'elsewhere', null, null, null, 'ssh', 'default',
                    '{}', true, '{base}', 'test')
                """)
            #expect(try await Self.enqueue(database) == 1)
            let (job, token) = try await Self.claim(database)
            let started = try await Self.now(database)
            try await database.withTransaction { transaction in
                try transaction.execute("select driftwatch.settle_job(\(job), \(token), 'succeeded')")
                let applies = try transaction.one(
                    "select driftwatch.begin_effects('web-1', null, 'web-1', null, null, null, 'ssh')", as: Bool.self)
                #expect(!applies)
                try transaction.execute(
                    """
                    select driftwatch.record_check(
                        \(job), 'web-1', 'base', p.digest, 'compliant', null, 1, 0, 0, null, null, \(started), 1)
                    from driftwatch.packs p
                    """)
            }
            #expect(try await Self.enqueue(database) == 1)
        }
    }

    @Test
    func aLookThatFailedCountsUntilThePackIsAnotherOrTheServerIsToBeFoundElsewhere() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            #expect(try await Self.enqueue(database) == 1)
            let (job, token) = try await Self.claim(database)
            try await database.execute("select driftwatch.settle_job(\(job), \(token), 'failed')")
            #expect(try await Self.enqueue(database) == 0)
            try await database.makeServer("web-1", packs: ["base": ["/etc/motd", "/etc/issue"]])
            #expect(try await Self.enqueue(database) == 1)
            let (second, itsToken) = try await Self.claim(database)
            try await database.execute("select driftwatch.settle_job(\(second), \(itsToken), 'failed')")
            #expect(try await Self.enqueue(database) == 0)
            try await database.advanceClock(by: .seconds(1))
            try await database.execute(
                """
                select driftwatch.apply_server('web-1', 'WEB-1', 'the-right-address', null, null, null, 'ssh', 'default',
                    '{}', true, '{base}', 'test')
                """)
            #expect(try await Self.enqueue(database) == 1)
        }
    }

    @Test
    func enablingAsksForACheckAtOnce() async throws {
        try await Self.withSettledServer { database in
            try await database.execute("select driftwatch.disable_drift_detection('web-1', 'moving house')")
            try await database.makeServer("web-1", packs: ["base": ["/new"]])
            #expect(try await Self.enqueue(database) == 0, "nobody looks at it now")
            try await database.execute("select driftwatch.enable_drift_detection('web-1', 'alice')")
            let jobs = try await database.rows(
                "select requested_by from driftwatch.jobs where finished_at is null", as: String.self)
            #expect(jobs == ["alice"])
            try await database.execute("select driftwatch.enable_drift_detection('web-1', 'alice')")
            #expect(try await Self.enqueue(database) == 0, "one is enough")
        }
    }

    @Test
    func theEndOfAHoldIsNoticedOnceAndAsksForACheck() async throws {
        try await Self.withSettledServer { database in
            try await database.execute(
                """
                select driftwatch.disable_drift_detection(
                    'web-1', 'moving house', driftwatch.clock() + interval '1 hour', 'alice')
                """)
            let end: SQL = "select driftwatch.end_holds()"
            #expect(try await database.rows(end, as: Int.self) == [0])
            #expect(try await Self.enqueue(database) == 0)
            try await database.advanceClock(by: .seconds(3601))
            #expect(try await database.rows(end, as: Int.self) == [1])
            #expect(try await database.rows(end, as: Int.self) == [0])
            #expect(try await Self.enqueue(database) == 1)
            let audit = try await database.rows(
                "select actor || ' ' || subject from driftwatch.audit_log where action = 'end_hold'", as: String.self)
            #expect(audit == ["driftwatch server web-1"])
        }
    }

    @Test
    func whatTheInventoryTurnsOnAgainIsLookedAt() async throws {
        try await Self.withSettledServer { database in
            for enabled in [false, true] {
                try await database.execute(
                    """
                    select driftwatch.apply_server('web-1', 'WEB-1', 'web-1', null, null, null, 'ssh', 'default',
                        '{}', \(enabled), '{base}', 'test')
                    """)
            }
            #expect(try await Self.enqueue(database) == 1)
        }
    }

    @Test
    func looksAreSpreadAsTheJobsOfASlotAre() async throws {
        try await withMigratedDatabase { database in
            try await database.execute("select driftwatch.seed_schedule('default', '0 6 * * *', 'UTC')")
            try await database.execute("update driftwatch.schedules set spread = '10 min'")
            try await database.execute("select driftwatch.set_schedule('other', '0 7 * * *', 'UTC')")
            for number in 1...20 { try await database.makeServer("s\(number)") }
            try await database.stopClock()
            #expect(try await Self.enqueue(database) == 20)
            let starts = try await database.rows(
                """
                select count(distinct run_at) > 15 and max(run_at) < driftwatch.clock() + interval '10 min'
                       and bool_and(state = 'scheduled') from driftwatch.jobs
                """, as: Bool.self)
            #expect(starts == [true])
        }
    }
}
