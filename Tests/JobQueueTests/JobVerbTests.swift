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
            try await database.makeServer("bare", packs: [:])
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
                ("enqueue_check('bare')", "bare has no packs to check it against", "assign packs"),
                ("pause_queue('defualt', 'x')", "there is no queue defualt", "queue list"),
                ("pause_queue('default', ' ')", "a pause needs a reason", "reason"),
                ("pause_schedule('default', ' ')", "a pause needs a reason", "reason"),
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

    @Test
    func whatSettingAScheduleChangesIsReturnedAndWrittenDown() async throws {
        try await withMigratedDatabase { database in
            let calls: [(arguments: SQL, changes: Bool)] = [
                ("'0 6 * * *', 'UTC'", true), ("'0 6 * * *', 'UTC'", false), ("'0 7 * * *', 'UTC'", true),
                ("null, null, '5 min'", true), ("null, null", false), ("null, 'Europe/Berlin'", true),
            ]
            for (arguments, changes) in calls {
                let changed = try await database.rows(
                    "select driftwatch.set_schedule('default', \(arguments))", as: Bool.self)
                #expect(changed == [changes])
            }
            let audit = try await database.rows(
                """
                select concat_ws(' ', detail ->> 'cron', detail ->> 'time_zone', detail ->> 'spread') from driftwatch.audit_log
                where action = 'set_schedule' order by audit_id
                """, as: String.self)
            #expect(
                audit == [
                    "0 6 * * * UTC 00:00:00", "0 7 * * * UTC 00:00:00", "0 7 * * * UTC 00:05:00",
                    "0 7 * * * Europe/Berlin 00:05:00",
                ])
        }
    }

    @Test
    func aPauseBeginsAndEndsForItsQueueAlone() async throws {
        try await withMigratedDatabase { database in
            for queue in ["default", "dmz"] {
                try await database.makeServer(queue)
                try await database.execute("update driftwatch.servers set queue = \(queue) where server_id = \(queue)")
            }
            for server in ["default", "dmz"] { _ = try await database.ask(server) }
            #expect(try await database.count("jobs where queue = server_id") == 2)
            func act(_ verb: SQL) async throws -> [String] {
                try await database.execute("select driftwatch.\(verb)")
                return try await database.rows(
                    "select queue || ' ' || paused_reason from driftwatch.queues where paused_at is not null order by 1",
                    as: String.self)
            }
            #expect(try await act("pause_queue('default', 'new switch')") == ["default new switch"])
            #expect(try await act("pause_queue('dmz', 'new router')") == ["default new switch", "dmz new router"])
            #expect(try await act("resume_queue('dmz')") == ["default new switch"])
            #expect(try await act("pause_queue('dmz', 'again')") == ["default new switch", "dmz again"])
            #expect(try await act("resume_queue('default')") == ["dmz again"])
            let refusal = await #expect(throws: DatabaseError.self) {
                try await database.execute("select driftwatch.resume_queue('default')")
            }
            #expect(refusal?.serverMessage == "the queue default is not paused")
        }
    }

    @Test
    func aJobThatIsCancelledTakesNoOtherWithIt() async throws {
        try await withMigratedDatabase { database in
            for server in ["a", "b", "c", "d"] { try await database.makeServer(server) }
            let jobs = [
                try await database.ask("a"), try await database.ask("b"), try await database.ask("c"),
                try await database.ask("d"),
            ]
            #expect(try await QueueStore(database: database).claimSome(2).map(\.job.id) == Array(jobs[..<2]))
            #expect(try await database.verb("cancel_job(\(jobs[1]), 'ann')") == "running")
            #expect(try await database.verb("cancel_job(\(jobs[3]), 'ann')") == "cancelled")
            let states = try await database.rows(
                """
                select concat_ws(' ', server_id, state, 'asked ' || (cancel_requested_at is not null)) from driftwatch.jobs
                order by 1
                """, as: String.self)
            #expect(
                states == [
                    "a running asked false", "b running asked true", "c available asked false",
                    "d cancelled asked true",
                ])
        }
    }

    @Test
    func aRetryRepeatsTheJobThatIsNamed() async throws {
        try await withJobs { database, store in
            for claim in try await store.claimSome(2) { try await store.end(claim, .failed) }
            for server in ["b", "a"] {
                let ended = try await database.rows(
                    "select job_id from driftwatch.jobs where server_id = \(server)", as: Int64.self)[0]
                let retry = try await database.rows("select driftwatch.retry_job(\(ended))", as: Int64.self)[0]
                let made = try await database.rows(
                    "select server_id from driftwatch.jobs where job_id = \(retry)", as: String.self)
                #expect(made == [server])
            }
        }
    }
}

/// Of two who act at the same time, the second acts on what the first has done.
@Suite(.timeLimit(.minutes(2)))
struct VerbRaceTests {
    /// Runs `second` while `first` is not committed, and returns what refuses it.
    private static func refusal(
        of second: SQL, while first: SQL, on database: Database
    ) async throws -> String? {
        var message: String?
        try await database.whileUncommitted(first) {
            let refusal = await #expect(throws: DatabaseError.self) { try await database.execute(second) }
            message = refusal?.serverMessage
        }
        return message
    }

    @Test
    func aJobThatItsWorkerIsSettlingIsNotCancelled() async throws {
        try await withJobs(["a"]) { database, store in
            let claim = try #require(try await store.claimSome(1).first)
            let refusal = try await Self.refusal(
                of: "select driftwatch.cancel_job(\(claim.job.id), 'ann')",
                while: "select driftwatch.settle_job(\(claim.job.id), \(claim.token), 'succeeded')", on: database)
            #expect(refusal == "job \(claim.job.id) has ended already: it is succeeded")
            #expect(try await database.count("jobs where cancel_requested_at is null") == 1)
        }
    }

    @Test(arguments: ["queue", "schedule"])
    func theSecondPauseIsRefusedAndTheFirstReasonStays(what: String) async throws {
        try await withJobs(["a"]) { database, _ in
            // It was paused before.
            try await database.execute("insert into driftwatch.queues (queue) values ('default')")
            let pause = { (reason: String) in
                "select driftwatch.\(SQL(trusted: what == "queue" ? "pause_queue" : "pause_schedule"))('default', \(reason))"
                    as SQL
            }
            let refusal = try await Self.refusal(of: pause("second"), while: pause("first"), on: database)
            #expect(refusal?.contains(": first") == true, "\(refusal ?? "")")
            let reasons = try await database.rows(
                "select paused_reason from driftwatch.queues union all select paused_reason from driftwatch.schedules",
                as: String?.self)
            #expect(reasons.compactMap(\.self) == ["first"])
        }
    }

    @Test
    func ofTwoWhoSetTheFirstScheduleTheLastOneCounts() async throws {
        try await withMigratedDatabase { database in
            try await database.whileUncommitted("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')") {
                let changed = try await database.rows(
                    "select driftwatch.set_schedule('default', '0 7 * * *', 'UTC')", as: Bool.self)
                #expect(changed == [true])
            }
            #expect(try await database.rows("select cron from driftwatch.schedules", as: String.self) == ["0 7 * * *"])
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
