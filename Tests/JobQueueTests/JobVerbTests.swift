import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// What people do with jobs and queues: `sql/functions/f43_queue.sql`.
@Suite(.timeLimit(.minutes(2)))
struct JobVerbTests {
    @Test
    func aWaitingJobIsCancelledAtOnceWithItsCheck() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            let job = try await database.ask("web-1")
            #expect(try await database.verb("cancel_job(\(job), 'ann')") == "cancelled")
            let row = try await database.rows(
                """
                select state, last_error, cancel_requested_at = finished_at from driftwatch.jobs
                """, as: (String, String, Bool).self)[0]
            #expect(row == ("cancelled", "cancelled by ann", true))
            #expect(
                try await database.rows("select verdict || ' ' || reason from driftwatch.checks", as: String.self)
                    == ["failed cancelled"])
            #expect(try await database.count("servers where failing_streak > 0") == 0, "nobody looked")
            #expect(try await QueueStore(database: database).claimSome(1).isEmpty)
            #expect(try await database.audit() == ["cancel_job job \(job) by ann"])
        }
    }

    @Test
    func theWorkerOfARunningJobStopsItAtTheNextRenewal() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            let job = try await database.ask("web-1")
            let started = Recorder<Int64>()
            let handler = ClosureHandler { job in
                started.record(job.id)
                // Until it is cancelled.
                try await Task.sleep(for: .seconds(600))
                return Ending(.succeeded)
            }
            try await withPools(1, on: database, handler: handler, adjust: { $0.renewEvery = .milliseconds(50) }) { _ in
                await started.wait(for: 1)
                #expect(try await database.verb("cancel_job(\(job), 'ann')") == "running")
                try await database.wait(until: "jobs where state = 'cancelled'", counts: 1)
            }
            #expect(try await database.count("job_attempts where outcome = 'cancelled'") == 1)
            #expect(try await database.count("checks where verdict = 'failed' and reason = 'cancelled'") == 1)
            #expect(try await database.count("servers where failing_streak > 0") == 0)
        }
    }

    @Test
    func aRetryIsANewJobThatSaysWhatItRepeats() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claim = try #require(try await store.claimSome(1).first)
            try await store.end(claim, .failed)
            try await database.execute("update driftwatch.servers set queue = 'dmz'")
            let retry = try await database.rows("select driftwatch.retry_job(\(claim.job.id), 'ann')", as: Int64.self)[
                0]
            #expect(retry != claim.job.id)
            let row = try await database.rows(
                """
                select state, retry_of, requested_by, queue, slot_at is null from driftwatch.jobs where job_id = \(retry)
                """, as: (String, Int64, String, String, Bool).self)[0]
            #expect(row == ("available", claim.job.id, "ann", "dmz", true))
            #expect(try await database.state(of: claim.job.id) == "failed", "the old one stays as it ended")
            // A second retry, and a check that somebody asks for, are the same job.
            let verbs: [SQL] = ["retry_job(\(claim.job.id), 'bob')", "enqueue_check('web-1', 'bob')"]
            for verb in verbs {
                #expect(
                    try await database.rows("select driftwatch.\(verb)", as: Int64.self) == [retry])
            }
            #expect(try await database.count("jobs where finished_at is null") == 1)
            #expect(
                try await database.audit().prefix(2) == [
                    "retry_job job \(claim.job.id) by ann", "retry_job job \(claim.job.id) by bob",
                ])
        }
    }

    @Test
    func whatCannotBeDoneIsRefusedWithAReasonAndAHint() async throws {
        try await withMigratedDatabase { database in
            for server in ["done", "held", "live", "dying"] { try await database.makeServer(server) }
            let store = QueueStore(database: database)
            var jobs: [String: Int64] = [:]
            for server in ["done", "held", "dying", "live"] {
                jobs[server] = try await database.ask(server)
                if server == "live" { break }
                let claim = try #require(try await store.claimSome(1).first)
                if server != "dying" { try await store.end(claim, .succeeded) }
            }
            try await database.execute("select driftwatch.cancel_job(\(jobs["dying"]), 'ann')")
            try await database.execute("select driftwatch.disable_drift_detection('held', 'moving house')")
            let expected: [(verb: String, message: String, hint: String)] = [
                ("retry_job(999)", "there is no job 999", "jobs list"),
                ("cancel_job(999)", "there is no job 999", "jobs list"),
                ("retry_job({live})", "job {live} has not ended: it is available", "jobs show {live}"),
                ("retry_job({dying})", "job {dying} has not ended: it is running", "jobs show {dying}"),
                (
                    "retry_job({held})", "job {held} cannot be repeated: drift detection of held is disabled",
                    "servers enable"
                ),
                ("cancel_job({done})", "job {done} has ended already: it is succeeded", "jobs show {done}"),
                ("cancel_job({dying})", "job {dying} is being cancelled already, since ", "within 20 s"),
                ("enqueue_check('dying')", "job {dying}, is being cancelled", "in a moment"),
                ("pause_queue('defualt', 'x')", "there is no queue defualt", "queue list"),
                ("pause_queue('default', ' ')", "a pause needs a reason", "reason"),
                ("resume_queue('default')", "the queue default is not paused", "queue list"),
                ("pause_schedule('default', 'x')", "there is no schedule yet", "schedule set"),
                ("set_schedule('default', null, 'UTC')", "there is no schedule yet", "schedule set"),
                ("set_schedule('default', '0 6 * * *', 'UTC', interval '-1 s')", "a spread cannot be negative", "span"),
            ]
            for (verb, message, hint) in expected {
                let named = { (text: String) in
                    jobs.reduce(text) { $0.replacing("{\($1.key)}", with: "\($1.value)") }
                }
                let refusal = await #expect(throws: DatabaseError.self, "\(verb)") {
                    try await database.executeScript("select driftwatch.\(named(verb))")
                }
                #expect(refusal?.sqlState == "DW001", "\(verb)")
                #expect(refusal?.serverMessage?.contains(named(message)) == true, "\(refusal?.serverMessage ?? "")")
                #expect(refusal?.serverHint?.contains(named(hint)) == true, "\(refusal?.serverHint ?? "")")
            }
        }
    }

    @Test
    func aPausedQueueKeepsItsJobsUntilItIsResumed() async throws {
        try await withMigratedDatabase { database in
            for server in ["web-1", "web-2"] { try await database.makeServer(server) }
            let store = QueueStore(database: database)
            _ = try await database.ask("web-1")
            let running = try #require(try await store.claimSome(1).first)
            _ = try await database.ask("web-2")
            try await database.execute("select driftwatch.pause_queue('default', 'new switch', 'ann')")
            #expect(try await store.claimSome(8).isEmpty)
            #expect(try await store.end(running, .succeeded) == "succeeded", "what runs goes on")
            let refusal = await #expect(throws: DatabaseError.self) {
                try await database.execute("select driftwatch.pause_queue('default', 'again')")
            }
            #expect(refusal?.serverMessage?.contains("by ann: new switch") == true)
            try await database.advanceClock(by: .seconds(61))
            #expect(
                try await database.rows("select why from driftwatch.queue_stuck", as: String.self)
                    == ["its queue is paused: new switch"])
            try await database.execute("select driftwatch.resume_queue('default', 'bob')")
            #expect(try await store.claimSome(8).map(\.job.serverID) == ["web-2"])
            #expect(
                try await database.audit() == ["pause_queue queue default by ann", "resume_queue queue default by bob"])
        }
    }
}

extension Database {
    fileprivate func ask(_ server: String) async throws -> Int64 {
        let job = try await rows("select driftwatch.enqueue_check(\(server), 'test')", as: Int64.self)[0]
        try await execute("delete from driftwatch.audit_log")
        return job
    }

    fileprivate func verb(_ call: SQL) async throws -> String {
        try await rows("select driftwatch.\(call)", as: String.self)[0]
    }

    fileprivate func audit() async throws -> [String] {
        try await rows(
            "select action || ' ' || subject || ' by ' || actor from driftwatch.audit_log where action not in ('enqueue_check', 'set_schedule') order by audit_id",
            as: String.self)
    }
}
