import Postgres
import TestSupport
import Testing

/// When an alert about a server that cannot be checked opens, and what ends it, function by function.
@Suite(.database(from: .migrated), .timeLimit(.minutes(2)))
struct FailingAlertTests {
    /// One server with two packs, on a clock that stands still; what is written is undone.
    private static func with(_ body: @Sendable (borrowing Transaction) throws -> Void) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                update test_clock set stopped_at = '2026-11-27 06:00Z', shift = '0';
                insert into workers (worker_id, process, host, pid, version, concurrency, state, queues, started_at, last_seen_at)
                values ('w', 'worker', 'wall', 1, '1', 8, 'running', '{default}', clock(), clock());
                """)
            try transaction.makeServer("web-1", packs: ["base": ["/a"], "more": ["/b"]])
            try transaction.makeServer("web-2", packs: ["base": ["/a"]])
            try body(transaction)
        }
    }

    /// Each alert, as `status type pack resolution`.
    private static func alerts(_ transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            """
            select concat_ws(' ', status, alert_type, pack_name, resolution) from driftwatch.alerts order by alert_id
            """, as: String.self)
    }

    private static let open = "open check_failing"

    @Test
    func theThirdSlotInARowOpensTheAlertAndAManualCheckCountsForNothing() async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 2)
            try transaction.execute("select driftwatch.note_look('web-1', 'unreachable')")
            #expect(try Self.alerts(transaction) == [])
            try transaction.fail(slots: 1)
            #expect(try Self.alerts(transaction) == [Self.open])
            try transaction.fail(slots: 3)
            #expect(try Self.alerts(transaction) == [Self.open])
            #expect(try transaction.kinds() == ["check_failing"])
        }
    }

    @Test
    func theAlertAndItsMessageSayWhySinceWhenAndWhereItWasTried() async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 3)
            let alert = try transaction.one(
                "select title || '|' || message || '|' || diff_path || '|' || mismatch_count from driftwatch.alerts",
                as: String.self)
            #expect(
                alert
                    == "Cannot check WEB-1|Cannot be checked since 2026-11-27T06:00:00Z: unreachable at bastion: ssh: timed out|/servers/web-1|0"
            )
            let payload = try transaction.one(
                """
                select payload -> 'failing' = '{"reason": "unreachable", "detail": "ssh: timed out", "jump_host": "bastion",
                       "address": "web-1", "since": "2026-11-27T06:00:00Z", "slots": 3, "worker_host": "wall"}'
                       and payload -> 'pack_name' = 'null' and payload ->> 'diff_path' = '/servers/web-1'
                from driftwatch.outbox
                """, as: Bool.self)
            #expect(payload)
        }
    }

    @Test
    func aLookThatSucceedsResolvesItAndTheCountBeginsAnew() async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 3)
            try transaction.execute("select driftwatch.note_look('web-1', null)")
            #expect(try Self.alerts(transaction) == ["resolved check_failing recovered"])
            #expect(try transaction.kinds() == ["check_failing", "check_recovered"])
            let told = try transaction.rows(
                "select payload #>> '{failing,reason}' from driftwatch.outbox order by outbox_id", as: String.self)
            #expect(told == ["unreachable", "unreachable"])
            try transaction.fail(slots: 2)
            #expect(try Self.alerts(transaction).count == 1)
            try transaction.fail(slots: 1)
            #expect(try Self.alerts(transaction) == ["resolved check_failing recovered", Self.open])
        }
    }

    @Test
    func aServerThatFlapsAlertsNobody() async throws {
        try await Self.with { transaction in
            for _ in 0..<4 {
                try transaction.fail(slots: 2)
                try transaction.execute("select driftwatch.note_look('web-1', null)")
            }
            #expect(try Self.alerts(transaction) == [])
        }
    }

    @Test(arguments: ["failing_after = 0", "expect = 'sometimes'", "failing_after = 7"])
    func aServerMaySayThatItIsNotWorthAnAlert(setting: String) async throws {
        try await Self.with { transaction in
            try transaction.executeScript("update driftwatch.servers set \(setting)")
            try transaction.fail(slots: 6)
            #expect(try Self.alerts(transaction) == [])
        }
    }

    @Test
    func resolvedByHandItIsQuietUntilALookSucceeds() async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 3)
            try transaction.execute("select driftwatch.resolve_alert((select max(alert_id) from driftwatch.alerts))")
            try transaction.fail(slots: 4)
            #expect(try Self.alerts(transaction) == ["resolved check_failing manual"])
            try transaction.execute("select driftwatch.note_look('web-1', null)")
            try transaction.fail(slots: 3)
            #expect(try Self.alerts(transaction) == ["resolved check_failing manual", Self.open])
        }
    }

    @Test
    func anotherReasonIsRecordedWithoutAMessage() async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 4)
            let events =
                "select event || ' ' || coalesce(detail #>> '{failing,reason}', '') from driftwatch.alert_events order by seq"
            #expect(try transaction.rows("\(unescaped: events)", as: String.self) == ["opened unreachable"])
            try transaction.fail(slots: 1, "host_key_changed")
            #expect(
                try transaction.rows("\(unescaped: events)", as: String.self)
                    == ["opened unreachable", "updated host_key_changed"])
            #expect(
                try transaction.one("select message from driftwatch.alerts", as: String.self)
                    == "Cannot be checked since 2026-11-27T06:00:00Z: host key changed at bastion: ssh: timed out")
            #expect(try transaction.kinds() == ["check_failing"])
        }
    }

    /// What an operator or an apply does to the server, and the word with which the alert ends.
    static let ends: [(String, String)] = [
        ("select disable_drift_detection('web-1', 'new disk')", "disabled"),
        (apply("false", packs: "{base,more}"), "disabled"),
        (apply("true", packs: "{}"), "unassigned"),
        ("select remove_server('web-1', 'x')", "removed"),
        (apply("true", packs: "{base,more}", expect: "sometimes"), "settings"),
        (apply("true", packs: "{base,more}", after: 5), "settings"),
        (apply("true", packs: "{base,more}", after: 0), "settings"),
    ]

    private static func apply(_ enabled: String, packs: String, expect: String = "always", after: Int = 3) -> String {
        """
        select apply_server('web-1', 'WEB-1', 'web-1', null, null, null, 'ssh', 'default', '{}', \(enabled), '\(packs)', 'ann',
            null, '\(expect)', \(after))
        """
    }

    @Test(arguments: ends)
    func whateverEndsTheWatchEndsTheAlertWithItsWord(change: String, resolution: String) async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 3)
            try transaction.executeScript(change)
            #expect(try Self.alerts(transaction) == ["resolved check_failing \(resolution)"])
            #expect(try transaction.kinds() == ["check_failing", "check_recovered"])
        }
    }

    @Test(arguments: [
        apply("true", packs: "{more}"), apply("true", packs: "{base,more}", after: 2),
        "select disable_drift_detection('web-2', 'x')", "select remove_pack('more', 'x')",
    ])
    func whatLeavesTheServerWatchedLeavesTheAlert(change: String) async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 3)
            try transaction.executeScript(change)
            #expect(try Self.alerts(transaction) == [Self.open])
        }
    }

    @Test
    func afterAHoldTheSlotsCountAnew() async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 3)
            try transaction.execute("select driftwatch.disable_drift_detection('web-1', 'new disk')")
            try transaction.execute("select driftwatch.enable_drift_detection('web-1')")
            try transaction.fail(slots: 2)
            #expect(try Self.alerts(transaction).count == 1)
            try transaction.fail(slots: 1)
            #expect(try Self.alerts(transaction).last == Self.open)
        }
    }

    @Test
    func aThresholdThatFallsOpensAtOnceAndOneThatRisesOpensWhenItIsReached() async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 2)
            try transaction.executeScript(Self.apply("true", packs: "{base,more}", after: 2))
            #expect(try Self.alerts(transaction) == [Self.open])
            try transaction.executeScript(Self.apply("true", packs: "{base,more}", after: 4))
            try transaction.fail(slots: 1)
            #expect(try Self.alerts(transaction) == ["resolved check_failing settings"])
            try transaction.fail(slots: 1)
            #expect(try Self.alerts(transaction) == ["resolved check_failing settings", Self.open])
        }
    }

    /// Three slots whose jobs end without their handler: rescued too often, or past their deadline.
    @Test
    func jobsThatDieCountToo() async throws {
        try await Self.with { transaction in
            for _ in 1...3 {
                let job = try transaction.slotJob()
                try transaction.execute(
                    "update driftwatch.jobs set last_error = 'its worker died' where job_id = \(job)")
                try transaction.execute(
                    "select driftwatch.jobs_ended(array[\(job)::bigint], 'lease_expired', true)")
            }
            #expect(try Self.alerts(transaction) == [Self.open])
            #expect(
                try transaction.one("select payload #>> '{failing,detail}' from driftwatch.outbox", as: String.self)
                    == "its worker died")
        }
    }

    /// Several jobs of several servers in one call: each counts for its own server.
    @Test
    func jobsThatDieTogetherCountEachForItsServer() async throws {
        try await Self.with { transaction in
            var jobs = [try transaction.slotJob(of: "web-2")]
            for _ in 0..<3 { jobs.append(try transaction.slotJob()) }
            try transaction.execute("select driftwatch.jobs_ended(\(jobs)::bigint[], 'deadline', true)")
            let slots = try transaction.rows(
                "select failing_slots from driftwatch.servers order by server_id", as: Int.self)
            #expect(slots == [3, 1])
            #expect(try Self.alerts(transaction) == [Self.open])
        }
    }

    @Test
    func jobsThatWereCancelledCountForNothing() async throws {
        try await Self.with { transaction in
            for _ in 1...4 {
                let job = try transaction.slotJob()
                try transaction.execute("select driftwatch.jobs_ended(array[\(job)::bigint], 'superseded', false)")
            }
            #expect(try Self.alerts(transaction) == [])
        }
    }

    @Test
    func anAlertAboutDriftIsLeftAlone() async throws {
        try await Self.with { transaction in
            try transaction.execute("select driftwatch.open_alert('web-1', 'base', 1, 1, '[]')")
            try transaction.fail(slots: 3)
            try transaction.execute("select driftwatch.note_look('web-1', null)")
            #expect(
                try Self.alerts(transaction) == ["open config_drift base", "resolved check_failing recovered"])
        }
    }

    @Test
    func whatSSHSaidIsCut() async throws {
        try await Self.with { transaction in
            try transaction.fail(slots: 3, detail: String(repeating: "x", count: 5000))
            let lengths = try transaction.one(
                """
                select length(s.failing_detail) || ' ' || length(o.payload #>> '{failing,detail}')
                from driftwatch.servers s, driftwatch.outbox o where s.server_id = 'web-1'
                """, as: String.self)
            #expect(lengths == "1000 300")
        }
    }
}

extension Transaction {
    /// A job of a slot that is over.
    borrowing func slotJob(of server: String = "web-1") throws -> Int64 {
        try one(
            """
            insert into driftwatch.jobs
                (queue, kind, server_id, schedule_name, slot_at, state, run_at, created_at, finished_at, worker_id)
            select 'default', 'drift_check', \(server), 'default',
                   driftwatch.clock() + make_interval(mins => (select count(*)::int from driftwatch.jobs)),
                   'succeeded', driftwatch.clock(), driftwatch.clock(), driftwatch.clock(), 'w'
            returning job_id
            """, as: Int64.self)
    }

    /// So many slots in a row could not look at a server.
    borrowing func fail(
        slots: Int, _ reason: String = "unreachable", detail: String = "ssh: timed out", of server: String = "web-1"
    ) throws {
        for _ in 0..<slots {
            let job = try slotJob(of: server)
            try execute("select driftwatch.note_look(\(server), \(reason), \(detail), 'bastion', \(job))")
        }
    }

    /// What was written to the outbox.
    borrowing func kinds() throws -> [String] {
        try rows("select kind from driftwatch.outbox order by outbox_id", as: String.self)
    }
}
