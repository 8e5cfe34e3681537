import Foundation
import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// The queue's verbs in the database, called as workers call them.
@Suite(.timeLimit(.minutes(2)))
struct QueueVerbTests {
    @Test
    func aJobIsClaimedByOneWorkerOnly() async throws {
        try await withMigratedDatabase { database in
            let servers = 40
            for number in 0..<servers { try await database.makeServer("s\(number)") }
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claimed = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for worker in 0..<8 {
                    group.addTask { try await store.claimSome(5, for: "w\(worker)").map(\.job.id) }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == servers)
            #expect(Set(claimed).count == servers)
        }
    }

    @Test
    func aClaimTakesNoMoreThanAskedUnderAHostilePlan() async throws {
        try await withMigratedDatabase { database in
            for number in 0..<30 { try await database.makeServer("s\(number)") }
            try await database.enqueueAll()
            let taken = try await database.withTransaction { transaction in
                try transaction.executeScript("set local enable_hashjoin = off; set local enable_mergejoin = off")
                return try transaction.rows(
                    "select job_id from driftwatch.claim_jobs('w', '{default}', 3, 1, '60 s', '2 min')",
                    as: Int64.self)
            }
            #expect(taken.count == 3)
            #expect(try await database.count("jobs where state = 'running'") == 3)
        }
    }

    @Test(arguments: [Duration.seconds(61), .seconds(3600)])
    func aWorkerThatLostItsLeaseCannotSettle(late: Duration) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let stale = try #require(try await store.claimSome(1, for: "stale").first)
            try await database.advanceClock(by: late)
            #expect(try await store.rescue().map(\.jobID) == [stale.job.id])
            let fresh = try #require(try await store.claimSome(1, for: "fresh").first)
            #expect(fresh.job.id == stale.job.id)

            let error = await #expect(throws: DatabaseError.self) {
                let ending = Ending(.succeeded) { transaction in
                    try transaction.execute(
                        "insert into driftwatch.audit_log (at, actor, action, subject) values (now(), 'x', 'x', 'x')")
                }
                _ = try await store.end(stale.job.id, under: stale.token, as: ending)
            }
            #expect(error?.sqlState == .leaseLost)
            #expect(try await database.count("audit_log where actor = 'x'") == 0)
            #expect(try await database.state(of: fresh.job.id) == "running")
            #expect(try await store.end(fresh, .succeeded) == "succeeded")
        }
    }

    @Test
    func aSettledJobIsSettledForGood() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claim = try #require(try await store.claimSome(1).first)
            _ = try await store.end(claim, .succeeded)
            try await database.advanceClock(by: .seconds(600))
            #expect(try await store.rescue().isEmpty)
            await #expect(throws: DatabaseError.self) { try await store.end(claim, .failed) }
            #expect(try await database.state(of: claim.job.id) == "succeeded")
        }
    }

    @Test
    func renewingKeepsALeaseAndTellsOfLostAndCancelledJobs() async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b", "c"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claims = try await store.claimSome(3)
            _ = try await store.end(claims[0], .succeeded)
            try await database.execute(
                "update driftwatch.jobs set cancel_requested_at = now() where job_id = \(claims[1].job.id)")
            try await database.advanceClock(by: .seconds(50))
            let leases = Dictionary(uniqueKeysWithValues: claims.map { ($0.token, $0.job.id) })
            let survivors = try await store.renew(leases, of: "w", for: .seconds(60))
            #expect(
                survivors == [
                    claims[1].token: .init(cancelRequested: true, isExtended: true),
                    claims[2].token: .init(cancelRequested: false, isExtended: true),
                ])
            try await database.advanceClock(by: .seconds(50))
            #expect(try await store.rescue().isEmpty)
            try await database.advanceClock(by: .seconds(11))
            #expect(try await store.rescue().count == 2)
        }
    }

    /// The token of a lease that was lost, while the same worker holds the job under a new one.
    @Test
    func aTokenOfAnEarlierClaimNeitherRenewsNorEndsTheJob() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let stale = try #require(try await store.claimSome(1).first)
            try await database.advanceClock(by: .seconds(61))
            _ = try await store.rescue()
            let fresh = try #require(try await store.claimSome(1).first)
            #expect(fresh.job.id == stale.job.id)
            #expect(try await store.renew([stale.token: stale.job.id], of: "w", for: .seconds(600)) == [:])
            for outcome in [Ending.Outcome.succeeded, .interrupted, .noPlace(retryAfter: .seconds(1))] {
                let error = await #expect(throws: DatabaseError.self) { try await store.end(stale, outcome) }
                #expect(error?.sqlState == .leaseLost)
            }
            #expect(try await database.state(of: fresh.job.id) == "running")
            try await database.advanceClock(by: .seconds(61))
            #expect(try await store.rescue().count == 1, "the stale renewal did not extend the lease")
        }
    }

    @Test
    func theFirstRescueIsAtOnceAndTheThirdFailsWithAFailedCheckPerPack() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: ["base": ["/a"], "web": ["/b"]])
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            var states: [String] = []
            for _ in 1...3 {
                try await database.advanceClock(by: .seconds(61))
                _ = try await store.promote()
                let claim = try #require(try await store.claimSome(1).first)
                try await database.advanceClock(by: .seconds(61))
                states += try await store.rescue().map(\.state)
                #expect(try await database.outcome(of: claim.token) == "lease_expired")
            }
            #expect(states == ["available", "retryable", "failed"])
            let checks = try await database.rows(
                "select pack_name, verdict, reason from driftwatch.checks order by 1",
                as: (String, String, String).self)
            #expect(checks.map { "\($0) \($1) \($2)" } == ["base failed lease_expired", "web failed lease_expired"])
            #expect(try await database.count("servers where failing_streak = 1") == 1)
        }
    }

    @Test
    func aJobPastItsDeadlineIsTakenBackThoughItsLeaseIsRenewed() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claim = try #require(try await store.claimSome(1, timeLimit: .seconds(90)).first)
            for _ in 0..<2 {
                try await database.advanceClock(by: .seconds(50))
                _ = try await store.renew([claim.token: claim.job.id], of: "w", for: .seconds(60))
            }
            #expect(try await store.rescue().map(\.state) == ["available"])
            #expect(try await database.outcome(of: claim.token) == "deadline")
        }
    }

    @Test
    func onlyOneJobThatWasRescuedIsClaimedAtATime() async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b", "c"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            _ = try await store.claimSome(2)
            try await database.advanceClock(by: .seconds(61))
            #expect(try await store.rescue().count == 2)
            let next = try await store.claimSome(8)
            #expect(next.count { $0.job.rescues > 0 } == 1)
            #expect(next.count == 2)
            #expect(try await store.claimSome(8, rescued: 0).isEmpty)
        }
    }

    @Test
    func aRetryWaitsUpToItsBackoffAndTheLastOneFails() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            for attempt in 1...3 {
                let claim = try #require(try await store.claimSome(1).first)
                #expect(claim.job.attempt == attempt)
                let state = try await store.end(claim, .retry)
                #expect(state == (attempt < 3 ? "retryable" : "failed"))
                try await database.advanceClock(by: .seconds(61))
                #expect(try await store.promote() == (attempt < 3 ? 1 : 0))
            }
            #expect(try await database.count("job_attempts where outcome = 'retry'") == 3)
        }
    }

    @Test
    func backoffIsFullJitterFromFiveSecondsToAMinute() async throws {
        try await withMigratedDatabase { database in
            let bounds = try await database.rows(
                """
                select a, min(extract(epoch from driftwatch.backoff(a))), max(extract(epoch from driftwatch.backoff(a)))
                from generate_series(1, 8) a, generate_series(1, 400) group by a order by a
                """, as: (Int, Double, Double).self)
            for (attempt, least, most) in bounds {
                let bound = min(60, 5 * pow(2, Double(attempt - 1)))
                #expect(least >= 0 && least < bound / 10)
                #expect(most <= bound && most > bound * 0.9)
            }
        }
    }

    @Test
    func releasingRefundsTheAttempt() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            for _ in 1...5 {
                let claim = try #require(try await store.claimSome(1).first)
                #expect(claim.job.attempt == 1)
                try await store.end(claim, .interrupted)
            }
            let claim = try #require(try await store.claimSome(1).first)
            try await store.end(claim, .noPlace(retryAfter: .seconds(5)))
            #expect(try await database.state(of: claim.job.id) == "scheduled")
            #expect(try await store.claimSome(1).isEmpty)
            try await database.advanceClock(by: .seconds(6))
            #expect(try await store.promote() == 1)
        }
    }

    @Test
    func aCancelRequestEndsTheJobAtTheNextVerbWithFailedChecks() async throws {
        try await withMigratedDatabase { database in
            for id in ["a", "b", "c"] { try await database.makeServer(id) }
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claims = try await store.claimSome(3)
            try await database.execute("update driftwatch.jobs set cancel_requested_at = now()")
            #expect(try await store.end(claims[0], .retry) == "cancelled")
            try await store.end(claims[1], .interrupted)
            try await database.advanceClock(by: .seconds(61))
            #expect(try await store.rescue().map(\.state) == ["cancelled"])
            #expect(try await database.count("jobs where state = 'cancelled'") == 3)
            #expect(try await database.count("checks where verdict = 'failed'") == 3)
        }
    }

    @Test
    func aServerThatIsNotEligibleAnyMoreIsCancelledAtTheClaimWithoutACheck() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.makeServer("web-2")
            try await database.enqueueAll()
            try await database.execute("select driftwatch.disable_drift_detection('web-1', 'moving house')")
            let claims = try await QueueStore(database: database).claimSome(8)
            #expect(claims.map(\.job.serverID) == ["web-2"])
            #expect(try await database.count("jobs where state = 'cancelled' and server_id = 'web-1'") == 1)
            #expect(try await database.count("checks") == 0)
        }
    }

    @Test
    func aPausedQueueIsNotClaimedFrom() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            try await database.execute("insert into driftwatch.queues values ('default', now(), 'me', 'because')")
            #expect(try await store.claimSome(1).isEmpty)
            try await database.execute("update driftwatch.queues set paused_at = null")
            #expect(try await store.claimSome(1).count == 1)
        }
    }

    @Test
    func finishedJobsNeverComeBackWhateverTheOrderOfVerbs() async throws {
        try await withMigratedDatabase { database in
            try await database.executeScript(Self.revertTrap)
            for number in 0..<12 { try await database.makeServer("s\(number)") }
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            // Rescue, settle, release and claim meet at the very moment the leases run out.
            for _ in 0..<12 {
                let claims = try await store.claimSome(12)
                try await database.advanceClock(by: .seconds(60))
                await withTaskGroup { group in
                    for claim in claims {
                        group.addTask { _ = try? await store.end(claim, .succeeded) }
                        group.addTask { _ = try? await store.end(claim, .retry) }
                    }
                    for _ in 0..<4 { group.addTask { _ = try? await store.rescue() } }
                }
                _ = try await store.promote()
            }
            #expect(
                try await database.count(
                    "jobs where state not in ('succeeded', 'failed', 'cancelled', 'retryable', 'available')") == 0)
            #expect(try await database.count("attempts where ended_at is null") == 0)
        }
    }

    private static let revertTrap = """
        create function driftwatch.trap() returns trigger language plpgsql as $$
        begin
            if old.state in ('succeeded', 'failed', 'cancelled') then
                raise exception 'job % went back from % to %', old.job_id, old.state, new.state;
            end if;
            return new;
        end $$;
        create trigger trap before update of state on driftwatch.jobs for each row execute function driftwatch.trap();
        """
}
