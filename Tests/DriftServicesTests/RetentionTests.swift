import DriftCore
import DriftServices
import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3)))
struct RetentionTests {
    private static let day = Duration.seconds(86_400)

    /// One round, with small batches.
    private func forget(_ fleet: Fleet, batch: Int = 2, _ change: (inout RetentionPolicy) -> Void = { _ in })
        async throws
    {
        var policy = RetentionPolicy()
        change(&policy)
        try await Retention(database: fleet.database, policy: policy, logger: .quiet).forgetHistory(batch: batch)
    }

    private func checks(_ fleet: Fleet) async throws -> [Int64] {
        try await fleet.database.rows("select check_id from driftwatch.checks order by check_id", as: Int64.self)
    }

    private func count(_ table: SQL, _ fleet: Fleet) async throws -> Int {
        try await fleet.database.rows("select count(*) from driftwatch.\(table)", as: Int.self)[0]
    }

    // MARK: Checks

    @Test func checksGoByAgeButForTheOneThatCountedLast() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            for _ in 1...7 { try await fleet.check("web-1") }
            try await fleet.database.advanceClock(by: Self.day * 60)
            try await fleet.check("web-1")
            try await forget(fleet)
            #expect(try await checks(fleet) == Array(1...8))
            try await fleet.database.advanceClock(by: Self.day * 31)
            try await forget(fleet)
            #expect(try await checks(fleet) == [8])
            try await fleet.database.advanceClock(by: Self.day * 200)
            try await forget(fleet)
            #expect(try await checks(fleet) == [8])
            #expect(try await fleet.states() == ["base compliant"])
        }
    }

    @Test func theNewestCheckOfAnAssignmentStays() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            fleet.prober.script("web-1") { _, _ in .failure(ProbeFailure(.hostKeyChanged)) }
            for _ in 1...3 { try await fleet.check("web-1") }
            try await fleet.database.advanceClock(by: Self.day * 91)
            try await forget(fleet)
            #expect(try await checks(fleet) == [1, 4])
            try await fleet.database.execute("select driftwatch.remove_server('web-1', 'test')")
            try await forget(fleet)
            #expect(try await checks(fleet) == [])
        }
    }

    @Test func theCheckThatFoundWhatIsWrongStays() async throws {
        try await Fleet.with(["web-1": ["base": ["/a", "/b"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/b"], missing: ["/a"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", present: ["/b"], unreadable: ["/a"])
            for _ in 1...2 { try await fleet.check("web-1") }
            try await fleet.database.advanceClock(by: Self.day * 91)
            try await forget(fleet)
            #expect(try await fleet.alerts() == [])
            #expect(try await checks(fleet) == [1, 3])
        }
    }

    @Test func theCheckOfAnUnresolvedAlertOrAnUnsentMessageStays() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", missing: ["/a"])
            for _ in 2...4 { try await fleet.check("web-1") }
            #expect(try await fleet.alerts() == ["open base 1"])
            try await fleet.database.advanceClock(by: Self.day * 91)
            try await fleet.database.execute("update driftwatch.outbox set state = 'sent', sent_at = now()")
            try await forget(fleet)
            #expect(try await checks(fleet) == [2, 4])

            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            for state in ["pending", "dead"] {
                try await fleet.database.execute(
                    "update driftwatch.outbox set state = \(state), sent_at = null where kind = 'drift_detected'")
                try await forget(fleet)
                #expect(try await checks(fleet).first == 2, "\(state)")
            }
            try await fleet.database.execute("update driftwatch.outbox set state = 'sent', sent_at = now()")
            try await forget(fleet)
            #expect(try await checks(fleet) == [5])
        }
    }

    @Test func detailsGoWithTheLastCheckThatHasThem() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", missing: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.advanceClock(by: Self.day * 91)
            try await fleet.check("web-1")
            try await forget(fleet)
            #expect(try await checks(fleet) == [2])
            #expect(try await count("check_details", fleet) == 1)
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.advanceClock(by: Self.day * 91)
            try await forget(fleet)
            #expect(try await checks(fleet) == [3])
            #expect(try await count("check_details", fleet) == 0)
        }
    }

    /// A check with details that no state stands on any more: old, and of a pack that is not assigned.
    private func withOldDetails(_ body: (Fleet) async throws -> Void) async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", missing: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.execute(
                """
                insert into driftwatch.jobs (kind, state, run_at, created_at, finished_at)
                select 'drift_check', 'succeeded', now(), now(), now()
                """)
            try await fleet.database.execute("select driftwatch.remove_server('web-1', 'test')")
            try await fleet.database.advanceClock(by: Self.day * 91)
            try await body(fleet)
        }
    }

    private func record(in transaction: borrowing Transaction) throws {
        try transaction.execute(
            """
            select driftwatch.record_check(
                2, 'web-1', 'base', 'd', 'drifted', null, 0, 1, 0, c.fingerprint, '[]', driftwatch.clock(), 1)
            from driftwatch.checks c where c.check_id = 1
            """)
    }

    @Test func detailsThatAWorkerIsUsingStay() async throws {
        try await withOldDetails { fleet in
            let database = fleet.database
            let retention = try await database.withTransaction { transaction in
                try record(in: transaction)
                let gate = DispatchSemaphore(value: 0)
                let retention = Task {
                    defer { gate.signal() }
                    try await forget(fleet)
                }
                #expect(gate.wait(timeout: .now() + 30) == .success, "retention waits for a worker")
                return retention
            }
            try await retention.value
            #expect(try await checks(fleet) == [1, 2])
            try await forget(fleet)
            #expect(try await checks(fleet) == [2])
            #expect(try await count("check_details", fleet) == 1)
        }
    }

    @Test func aWorkerStoresDetailsAgainThatAreJustBeingDeleted() async throws {
        try await withOldDetails { fleet in
            let database = fleet.database
            let fingerprint = try await database.rows(
                "select fingerprint from driftwatch.checks where check_id = 1", as: String.self)[0]
            let worker = try await database.withTransaction { transaction in
                _ = try HistoryStore.forgetChecks(olderThan: Self.day * 90, after: .start, in: transaction)
                let worker = Task { () -> Void in
                    try await database.execute(
                        """
                        select driftwatch.record_check(
                            2, 'web-1', 'base', 'd', 'drifted', null, 0, 1, 0, \(fingerprint), '[]', now(), 1)
                        """)
                }
                try transaction.waitUntilSomebodyWaits()
                return worker
            }
            try await worker.value
            #expect(try await checks(fleet) == [2])
            #expect(try await count("check_details", fleet) == 1)
        }
    }

    // MARK: The rest

    @Test func finishedJobsGoWithTheirAttempts() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            for _ in 1...5 { try await fleet.check("web-1") }
            try await fleet.database.advanceClock(by: Self.day * 13)
            try await fleet.check("web-1")
            try await fleet.database.execute(
                """
                insert into driftwatch.job_attempts (job_id, lease_token, attempt, worker_id, started_at, ended_at, outcome)
                select job_id, gen_random_uuid(), 1, 'w', created_at, created_at, 'no_place' from driftwatch.jobs
                """)
            try await fleet.database.execute(
                """
                insert into driftwatch.jobs (queue, kind, server_id, state, run_at, created_at)
                select 'elsewhere', 'drift_check', 'web-1', 'available', 'epoch', 'epoch'
                """)
            try await fleet.database.advanceClock(by: Self.day * 2)
            try await forget(fleet)
            #expect(
                try await fleet.database.rows("select job_id from driftwatch.jobs order by job_id", as: Int64.self)
                    == [6, 7])
            #expect(
                try await fleet.database.rows("select job_id from driftwatch.job_attempts", as: Int64.self) == [6])
            #expect(try await fleet.verdicts().count == 6)
        }
    }

    @Test func resolvedAlertsGoWithTheirEventsAndMessages() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            for _ in 1...3 {
                // Not flapping.
                try await fleet.database.execute("update driftwatch.drift_states set settled_at = driftwatch.clock()")
                fleet.see(on: "web-1", missing: ["/a"])
                try await fleet.check("web-1")
                fleet.see(on: "web-1", present: ["/a"])
                try await fleet.check("web-1")
            }
            fleet.see(on: "web-1", missing: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.execute(
                """
                update driftwatch.outbox set state = 'sent', sent_at = now()
                where not (alert_id = 2 and kind = 'drift_resolved')
                """)
            try await fleet.database.advanceClock(by: Self.day * 360)
            try await forget(fleet, batch: 1)
            #expect(try await fleet.alerts().count == 4)
            try await fleet.database.advanceClock(by: Self.day * 6)
            try await forget(fleet, batch: 1)
            // The second has an unsent message, and the fourth is open.
            for table: SQL in ["alerts", "alert_events", "outbox"] {
                #expect(
                    try await fleet.database.rows(
                        "select distinct alert_id from driftwatch.\(table) order by 1", as: Int64.self) == [2, 4])
            }
        }
    }

    @Test func anAlertWhoseDeadMessageIsBeingQueuedAgainStays() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            fleet.see(on: "web-1", missing: ["/a"])
            try await fleet.check("web-1")
            try await fleet.database.execute("select driftwatch.resolve_alert(1, null, 'test')")
            try await fleet.database.execute("update driftwatch.outbox set state = 'dead'")
            try await fleet.database.advanceClock(by: Self.day * 366)
            let retention = try await fleet.database.withTransaction { transaction in
                try transaction.execute("select driftwatch.redrive_outbox(2, 'test')")
                let retention = Task { () -> Void in try await forget(fleet) }
                try transaction.waitUntilSomebodyWaits()
                return retention
            }
            try await retention.value
            #expect(try await fleet.alerts() == ["resolved base 1 manual"])
            #expect(try await count("outbox", fleet) == 2)
        }
    }

    @Test func whatElseIsOlderThanAYearGoes() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]], "gone": ["base": ["/a"]]]) { fleet in
            let database = fleet.database
            fleet.see(on: "gone", present: ["/a"])
            try await fleet.check("gone")
            try await database.execute("select driftwatch.remove_server('gone', 'test')")
            try await database.makeServer("web-1", packs: ["base": ["/a", "/b"]])
            try await database.executeScript(
                """
                insert into driftwatch.schedules (schedule_name, cron, time_zone, updated_at) values ('s', '* * * * *', 'UTC', now());
                insert into driftwatch.slots (schedule_name, slot_at, fired_at, enqueued, completed_at)
                values ('s', now(), now(), 0, now()), ('s', now() + interval '1 s', now(), 0, null);
                """)
            func left() async throws -> [Int] {
                [
                    try await count("servers where server_id = 'gone'", fleet), try await count("pack_versions", fleet),
                    try await count("slots", fleet),
                    try await count("audit_log where action = 'enqueue_check'", fleet),
                ]
            }
            try await database.advanceClock(by: Self.day * 364)
            try await forget(fleet) { $0.checks = nil }
            #expect(try await left() == [1, 2, 2, 1])
            try await database.advanceClock(by: Self.day * 2)
            try await forget(fleet) { $0.checks = nil }
            // A check still names the server.
            #expect(try await left() == [1, 1, 1, 0])
            try await forget(fleet)
            #expect(try await left() == [0, 1, 1, 0])
            // The version that the pack has now.
            try await database.advanceClock(by: Self.day * 366)
            try await forget(fleet)
            #expect(try await count("pack_versions", fleet) == 1)
        }
    }

    @Test func aVersionOfAPackThatCameBackStays() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            try await fleet.database.makeServer("web-1", packs: ["base": ["/b"]])
            try await fleet.database.makeServer("web-1", packs: ["base": ["/a"]])
            try await fleet.database.advanceClock(by: Self.day * 366)
            try await forget(fleet)
            #expect(try await count("pack_versions", fleet) == 1)
            fleet.see(on: "web-1", present: ["/a"])
            try await fleet.check("web-1")
            #expect(try await fleet.states() == ["base compliant"])
            try await fleet.database.execute("select driftwatch.remove_pack('base', 'test')")
            try await forget(fleet)
            #expect(try await count("pack_versions", fleet) == 1)
            try await fleet.database.advanceClock(by: Self.day * 366)
            try await forget(fleet)
            #expect(try await count("pack_versions", fleet) == 0)
        }
    }

    @Test func nothingGoesThatIsKeptForEver() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            fleet.see(on: "web-1", present: ["/a"])
            for _ in 1...2 { try await fleet.check("web-1") }
            try await fleet.database.advanceClock(by: Self.day * 4000)
            try await forget(fleet) {
                $0.checks = nil
                $0.jobs = nil
                $0.events = nil
            }
            #expect(try await checks(fleet) == [1, 2])
            #expect(try await count("jobs", fleet) == 2)
            #expect(try await count("audit_log", fleet) > 0)
        }
    }
}
