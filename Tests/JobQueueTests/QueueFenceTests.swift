import Foundation
import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// What each verb of the queue leaves alone: other queues, other workers' jobs, jobs that are over, rows that are held.
@Suite(.timeLimit(.minutes(2)))
struct QueueFenceTests {
    // MARK: Claim

    @Test
    func aPauseStopsNoOtherQueue() async throws {
        try await withJobs { database, store in
            try await database.execute("insert into driftwatch.queues (queue, paused_at) values ('dmz', now())")
            #expect(try await store.claimSome(5).count == 2)
        }
    }

    @Test
    func aRescuedJobIsClaimedOnlyByWorkersOfItsQueue() async throws {
        try await withJobs(["a"]) { database, store in
            try await database.execute("update driftwatch.jobs set rescues = 1, queue = 'dmz'")
            #expect(try await store.claimSome(5).isEmpty)
        }
    }

    @Test
    func aRescuedJobThatIsHeldIsPassedBy() async throws {
        try await withJobs { database, store in
            try await database.execute("update driftwatch.jobs set rescues = 1")
            try await database.holding("select from driftwatch.jobs where server_id = 'a' for update") {
                let claimed = try await store.claimSome(5).map(\.job.serverID)
                #expect(claimed == ["b"])
            }
        }
    }

    @Test
    func aClaimCancelsNoJobThatItHasNotTaken() async throws {
        try await withJobs { database, store in
            let running = try #require(try await store.claimSome(1).first)
            let server = try #require(running.job.serverID)
            try await database.execute("select driftwatch.disable_drift_detection(\(server), 'moving house')")
            #expect(try await store.claimSome(1).count == 1)
            #expect(try await database.state(of: running.job.id) == "running")
        }
    }

    // MARK: Promote

    @Test
    func aJobIsPromotedWhenItIsDueAndNotBefore() async throws {
        try await withJobs { database, store in
            try await database.stopClock()
            try await database.execute(
                """
                update driftwatch.jobs
                set state = 'scheduled', run_at = driftwatch.clock() + case server_id when 'a' then interval '5 s' else '6 s' end
                """)
            #expect(try await store.promote() == 0)
            try await database.advanceClock(by: .seconds(5))
            #expect(try await store.promote() == 1)
            #expect(try await database.count("jobs where server_id = 'b' and state = 'scheduled'") == 1)
        }
    }

    @Test
    func aDueJobThatIsHeldDelaysNoOther() async throws {
        try await withJobs { database, store in
            try await database.execute("update driftwatch.jobs set state = 'scheduled'")
            try await database.holding("select from driftwatch.jobs where server_id = 'a' for update") {
                let promoted = try await store.promote()
                #expect(promoted == 1)
            }
            #expect(try await store.promote() == 1)
        }
    }

    // MARK: Renew

    @Test
    func aRenewalIsASignOfLifeOfItsOwnWorkerAlone() async throws {
        try await withJobs(["a"]) { database, store in
            for worker in ["v", "w"] {
                try await database.execute(
                    "select driftwatch.register_worker(\(worker), 'worker', 'here', 1, 'x', 1, '{default}')")
            }
            let claim = try #require(try await store.claimSome(1).first)
            try await database.advanceClock(by: .seconds(20))
            _ = try await store.renew([claim.token: claim.job.id], of: "w", for: .seconds(60))
            #expect(
                try await database.rows(
                    "select worker_id from driftwatch.workers order by last_seen_at desc", as: String.self) == [
                        "w", "v",
                    ])
            #expect(try await database.count("workers where last_seen_at > started_at + interval '10 s'") == 1)
        }
    }

    // MARK: Settle

    @Test(arguments: ["available", "scheduled", "done"])
    func aJobEndsInNoOtherWayThanThese(outcome: String) async throws {
        try await withJobs(["a"]) { database, store in
            let claim = try #require(try await store.claimSome(1).first)
            let error = await #expect(throws: DatabaseError.self) {
                try await database.execute(
                    "select driftwatch.settle_job(\(claim.job.id), \(claim.token), \(outcome))")
            }
            #expect(error?.sqlState?.rawValue == "22023")
        }
    }

    @Test
    func aSuccessEndsTheErrorOfTheAttemptBefore() async throws {
        try await withJobs(["a"]) { database, store in
            let first = try #require(try await store.claimSome(1).first)
            let fault = Ending(.retry, note: FailureNote(label: "x", message: "it broke"))
            _ = try await store.end(first.job.id, under: first.token, as: fault)
            #expect(try await database.count("jobs where last_error = 'it broke'") == 1)
            try await database.advanceClock(by: .seconds(5))
            #expect(try await store.promote() == 1)
            try await store.end(try #require(try await store.claimSome(1).first), .succeeded)
            #expect(try await database.count("jobs where last_error is null") == 1)
        }
    }

    @Test
    func aSuccessWithANoteKeepsItsAttemptAndAPlainOneDoesNot() async throws {
        try await withJobs { database, store in
            for claim in try await store.claimSome(2) {
                let note = claim.job.serverID == "a" ? FailureNote(label: "unreachable", message: "no route") : nil
                _ = try await store.end(claim.job.id, under: claim.token, as: Ending(.succeeded, note: note))
            }
            let kept = try await database.rows(
                "select j.server_id, a.error_class from driftwatch.job_attempts a join driftwatch.jobs j using (job_id)",
                as: (String, String).self)
            #expect(kept.map(\.0) == ["a"])
            #expect(kept.map(\.1) == ["unreachable"])
        }
    }

    @Test(arguments: [Ending.Outcome.succeeded, .retry, .noPlace(retryAfter: .seconds(60)), .interrupted])
    func aJobThatSucceededOrGoesOnGetsNoFailedCheck(outcome: Ending.Outcome) async throws {
        try await withJobs(["a"]) { database, store in
            try await store.end(try #require(try await store.claimSome(1).first), outcome)
            #expect(try await database.count("checks") == 0)
            #expect(try await database.count("servers where failing_streak > 0") == 0)
        }
    }

    @Test
    func aJobThatFailsForGoodKeepsTheTimeItWasDue() async throws {
        try await withJobs(["a"]) { database, store in
            try await database.execute("update driftwatch.jobs set max_attempts = 1")
            let due = try await database.rows("select run_at from driftwatch.jobs", as: Date.self)
            try await store.end(try #require(try await store.claimSome(1).first), .retry)
            #expect(try await database.count("jobs where state = 'failed'") == 1)
            #expect(try await database.rows("select run_at from driftwatch.jobs", as: Date.self) == due)
        }
    }

    // MARK: Release

    @Test
    func aJobWithoutAPlaceWaitsAsLongAsItWasTold() async throws {
        try await withJobs(["a"]) { database, store in
            try await database.stopClock()
            try await store.end(try #require(try await store.claimSome(1).first), .noPlace(retryAfter: .seconds(7)))
            #expect(
                try await database.count(
                    "jobs where state = 'scheduled' and run_at = driftwatch.clock() + interval '7 s'") == 1)
        }
    }

    @Test
    func aJobThatIsOverIsNotHandedBack() async throws {
        try await withJobs(["a"]) { database, store in
            let claim = try #require(try await store.claimSome(1).first)
            try await store.end(claim, .succeeded)
            let error = await #expect(throws: DatabaseError.self) { try await store.end(claim, .interrupted) }
            #expect(error?.sqlState == .leaseLost)
            #expect(try await database.count("jobs where state = 'succeeded' and attempt = 1") == 1)
        }
    }

    // MARK: Afterwards

    @Test
    func eachTokenIsToldTheEndOfItsOwnAttempt() async throws {
        try await withJobs { database, store in
            var ended: [(Claim, String)] = []
            for (outcome, word) in [
                (Ending.Outcome.retry, "retry"), (.interrupted, "interrupted"), (.failed, "failed"),
            ] {
                try await database.execute(
                    "update driftwatch.jobs set state = 'available' where state = 'retryable'")
                for claim in try await store.claimSome(2) {
                    try await store.end(claim, outcome)
                    ended.append((claim, word))
                }
            }
            #expect(ended.count == 6)
            for (claim, word) in ended {
                #expect(try await store.state(under: claim.token, of: claim.job.id) == word)
            }
        }
    }

    // MARK: Rescue

    @Test
    func aLostJobThatIsHeldKeepsNoOtherFromRescue() async throws {
        try await withJobs { database, store in
            #expect(try await store.claimSome(2).count == 2)
            try await database.advanceClock(by: .seconds(61))
            try await database.holding("select from driftwatch.jobs where server_id = 'a' for update") {
                let rescued = try await store.rescue().map(\.serverID)
                #expect(rescued == ["b"])
            }
            #expect(try await store.rescue().map(\.serverID) == ["a"])
        }
    }

    @Test
    func theSecondRescueWaitsForABackoff() async throws {
        try await withJobs(["a"]) { database, store in
            try await database.stopClock()
            for state in ["available", "retryable"] {
                #expect(try await store.claimSome(1).count == 1)
                try await database.advanceClock(by: .seconds(61))
                #expect(try await store.rescue().map(\.state) == [state])
            }
            #expect(
                try await database.count(
                    """
                    jobs where run_at >= driftwatch.clock() and run_at <= driftwatch.clock() + interval '10 s'
                    """) == 1)
        }
    }

    @Test
    func aJobThatIsStuckForAnotherReasonIsNotCalledHeld() async throws {
        try await withJobs { database, store in
            try await database.advanceClock(by: .seconds(61))
            #expect(try await database.count("queue_stuck") == 2, "no worker serves the queue")
            #expect(try await store.heldJobs().isEmpty)
        }
    }
}
