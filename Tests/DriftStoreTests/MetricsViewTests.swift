import Postgres
import TestSupport
import Testing

/// The view `metrics`, which is what `/metrics` shows from the database.
@Suite(.database(from: .migrated), .serialized, .timeLimit(.minutes(2)))
struct MetricsViewTests {
    /// What gives a metric one value, on a stopped clock and with the server `web-1`, whose pack is `base`.
    struct Case: Sendable, CustomTestStringConvertible {
        let metric: String
        /// As JSON.
        let labels: String
        let value: ClosedRange<Double>
        let steps: String

        init(_ metric: String, _ labels: String = "{}", is value: Double, after steps: String) {
            self.init(metric, labels, is: value...value, after: steps)
        }

        init(_ metric: String, _ labels: String = "{}", is value: ClosedRange<Double>, after steps: String) {
            self.metric = "driftwatch_" + metric
            self.labels = labels
            self.value = value
            self.steps = steps
        }

        var testDescription: String { "\(metric)\(labels)" }
    }

    private static let enqueue = "select enqueue_check('web-1', 'test');"
    private static let run = """
        update jobs set state = 'running', attempt = 1, lease_token = gen_random_uuid(), worker_id = 'w', claimed_at = clock(),
            lease_expires_at = clock() + interval '1 minute', deadline_at = clock() + interval '1 minute';
        """
    private static let seed = "select seed_schedule('default', '0 6 * * *', 'UTC');"
    private static let alert = "select open_alert('web-1', 'base', 1, 1, '[]');"
    private static let held =
        "select hold_alerts(clock() + interval '1 hour', 'deploy', server_id => 'web-1');"
    private static let fail = """
        update servers set failing_streak = 1, failing_since = clock(), failing_reason = 'unreachable';
        """

    private static func advance(_ seconds: Int) -> String {
        "update test_clock set shift = shift + interval '\(seconds) s';"
    }

    private static func remember(_ state: String, unreadable: Int = 0) -> String {
        "update drift_states set state = '\(state)', last_checked_at = clock(), unreadable_count = \(unreadable);"
    }

    static let cases: [Case] = [
        Case("jobs", #"{"queue": "default", "state": "available"}"#, is: 1, after: enqueue),
        Case(
            "jobs", #"{"queue": "default", "state": "waiting"}"#, is: 1,
            after: enqueue + "update jobs set state = 'scheduled', run_at = clock() + interval '1 hour';"),
        Case("jobs", #"{"queue": "default", "state": "running"}"#, is: 1, after: enqueue + run),
        Case(
            "jobs", #"{"queue": "local", "state": "available"}"#, is: 1,
            after: "update servers set connection = 'local';" + enqueue),
        Case(
            "oldest_available_job_seconds", #"{"queue": "default"}"#, is: 90,
            after: enqueue + advance(90)),
        Case("oldest_available_job_seconds", #"{"queue": "default"}"#, is: 0, after: ""),
        Case(
            "queue_paused", #"{"queue": "dmz"}"#, is: 1,
            after: "insert into queues (queue, paused_at) values ('dmz', clock());"),
        Case("queue_paused", #"{"queue": "default"}"#, is: 0, after: ""),
        Case("jobs_stuck", is: 1, after: enqueue + advance(120)),
        Case(
            "processes_alive", #"{"process": "worker"}"#, is: 1,
            after: "select register_worker('w', 'worker', 'here', 1, '1', 8, '{default}');"),
        Case(
            "processes_alive", #"{"process": "worker"}"#, is: 0,
            after: "select register_worker('w', 'worker', 'here', 1, '1', 8, '{default}');" + advance(61)),
        Case(
            "schedule_next_slot_timestamp_seconds", #"{"schedule": "default"}"#, is: 86_400,
            after: seed + "select advance_schedule('default', '1970-01-02 00:00Z', '1970-01-03 00:00Z');"),
        Case("schedule_overdue", #"{"schedule": "default"}"#, is: 1, after: seed + advance(121)),
        Case(
            "schedule_paused", #"{"schedule": "default"}"#, is: 1,
            after: seed + "update schedules set paused_at = clock();"),
        Case(
            "slot_late_seconds", #"{"schedule": "default"}"#, is: 300,
            after: seed + "select fire_slot('default', clock() - interval '5 minutes', clock() + interval '1 day');"),
        Case(
            "slot_late_seconds", #"{"schedule": "default"}"#, is: 1800,
            after: seed + "update schedules set next_slot_at = clock();" + advance(1800)),
        Case(
            "slot_skipped", #"{"schedule": "default"}"#, is: 1,
            after: seed
                + "select advance_schedule('default', clock() + interval '1 day', null, clock() - interval '1 day');"),
        Case(
            "slot_skipped", #"{"schedule": "default"}"#, is: 0,
            after: seed + "select fire_slot('default', clock(), clock() + interval '1 day');"),
        Case(
            "slot_superseded_jobs", #"{"schedule": "default"}"#, is: 1,
            after: seed + "select fire_slot('default', clock(), clock() + interval '1 day');"
                + advance(60) + "select fire_slot('default', clock(), clock() + interval '1 day');"),
        Case("outbox_messages", #"{"destination": "default", "state": "waiting"}"#, is: 1, after: alert),
        Case("outbox_messages", #"{"destination": "default", "state": "waiting"}"#, is: 0, after: alert + held),
        Case("outbox_messages", #"{"destination": "default", "state": "muted"}"#, is: 1, after: alert + held),
        Case("mutes", #"{"kind": "hold", "state": "in force"}"#, is: 1, after: held),
        Case("mutes", #"{"kind": "hold", "state": "ending"}"#, is: 0, after: held),
        Case("mutes", #"{"kind": "silence", "state": "in force"}"#, is: 0, after: held),
        Case(
            "outbox_messages", #"{"destination": "default", "state": "dead"}"#, is: 1,
            after: alert + "update outbox set state = 'dead';"),
        Case(
            "heartbeat_failing", is: 1,
            after: """
                insert into slots (schedule_name, slot_at, fired_at, enqueued, completed_at, heartbeat_error)
                values ('default', clock(), clock(), 1, clock(), 'HTTP 500');
                """),
        Case("heartbeat_failing", is: 0, after: ""),
        Case("outbox_oldest_seconds", #"{"destination": "default"}"#, is: 45, after: alert + advance(45)),
        Case(
            "destination_paused", #"{"destination": "default"}"#, is: 1,
            after: "update destinations set paused_at = clock();"),
        Case("destination_unserved", #"{"destination": "default"}"#, is: 0, after: ""),
        Case(
            "destination_unserved", #"{"destination": "default"}"#, is: 1,
            after: "update destinations set unserved_reason = 'x';"),
        Case(
            "destination_late", #"{"destination": "default"}"#, is: 1,
            after: "update destinations set recent_replies = '{NULL,00:00:06}', last_attempt_at = clock();"),
        Case("alerts", #"{"type": "config_drift", "status": "open"}"#, is: 1, after: alert),
        Case(
            "alerts", #"{"type": "config_drift", "status": "acknowledged"}"#, is: 1,
            after: alert + "select acknowledge_alert(1);"),
        Case("assignments", #"{"state": "unknown"}"#, is: 1, after: ""),
        Case("assignments", #"{"state": "drifted"}"#, is: 1, after: remember("drifted")),
        Case("assignments", #"{"state": "compliant"}"#, is: 0, after: remember("drifted")),
        Case("assignments", #"{"state": "incomplete"}"#, is: 1, after: remember("compliant", unreadable: 1)),
        Case("assignments", #"{"state": "compliant"}"#, is: 1, after: remember("compliant")),
        Case("assignments", #"{"state": "failed"}"#, is: 1, after: remember("compliant") + fail),
        Case(
            "assignments", #"{"state": "disabled"}"#, is: 1,
            after: "select disable_drift_detection('web-1', 'why', null);"),
        Case(
            "assignments_stale", is: 1,
            after: seed + """
                update schedules set due_before_last_at = clock() + interval '1 hour',
                    next_slot_at = clock() + interval '1 day', following_slot_at = clock() + interval '2 days';
                """),
        Case("servers", #"{"state": "unknown"}"#, is: 1, after: ""),
        Case("servers", #"{"state": "compliant"}"#, is: 0, after: ""),
        Case("servers", #"{"state": "drifted"}"#, is: 1, after: remember("drifted") + fail),
        Case("servers", #"{"state": "without_packs"}"#, is: 1, after: "delete from drift_states;"),
        Case("servers_failing", #"{"reason": "unreachable"}"#, is: 1, after: fail),
        Case("oldest_transaction_seconds", is: 0, after: ""),
        // Other tests' transactions count too, while a vacuum looks at this database.
        Case("oldest_snapshot_transactions", is: 0...100_000, after: ""),
    ]

    /// The values of a metric after these steps.
    private static func expect(
        _ metric: String, _ labels: String, after steps: String, _ isRight: @Sendable ([Double]) -> Bool
    ) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.execute("update driftwatch.test_clock set stopped_at = clock_timestamp()")
            try transaction.makeServer("web-1")
            // What the first look asked for is not what is counted here.
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                alter table alerts alter alert_id restart;
                delete from jobs;
                \(steps)
                """)
            let values = try transaction.rows(
                "select value from driftwatch.metrics where metric = \(metric) and labels = \(labels)::text::jsonb",
                as: Double.self)
            #expect(isRight(values), "\(values)")
        }
    }

    @Test(arguments: cases)
    func eachMetricShowsWhatHappened(example: Case) async throws {
        try await Self.expect(example.metric, example.labels, after: example.steps) { values in
            values.count == 1 && example.value.contains(values[0])
        }
    }

    private static let twoSchedules = """
        select set_schedule(s, '0 6 * * *', 'UTC') from unnest(array['default', 'other']) s;
        select advance_schedule(s, clock() + interval '1 day', null, clock() - interval '1 hour') from unnest(array['default', 'other']) s;
        """

    /// What another one did, what ended, and what is not there, shows nothing.
    private static let others: [(String, String, String, [Double])] = [
        (
            "processes_alive", #"{"process": "scheduler"}"#,
            "select register_worker('w', 'worker', 'here', 1, '1', 8, '{default}');", [0]
        ),
        ("schedule_next_slot_timestamp_seconds", #"{"schedule": "default"}"#, seed, []),
        ("slot_skipped", #"{"schedule": "default"}"#, seed, []),
        (
            "slot_late_seconds", #"{"schedule": "default"}"#,
            twoSchedules
                + """
                insert into slots (schedule_name, slot_at, fired_at, enqueued) values
                    ('default', clock() - interval '2 hours', clock() - interval '119 minutes', 0),
                    ('other', clock() - interval '1 hours', clock(), 0);
                """, [60]
        ),
        (
            "slot_superseded_jobs", #"{"schedule": "default"}"#,
            twoSchedules
                + """
                insert into slots (schedule_name, slot_at, fired_at, enqueued, superseded) values
                    ('default', clock() - interval '2 hours', clock(), 0, 2), ('other', clock() - interval '1 hours', clock(), 0, 3);
                """, [2]
        ),
        ("slot_skipped", #"{"schedule": "default"}"#, twoSchedules, [1]),
        ("slot_skipped", #"{"schedule": "default"}"#, twoSchedules + skip("default", "1 hour", "paused"), [0]),
        ("slot_skipped", #"{"schedule": "default"}"#, twoSchedules + skip("other", "1 hour", "paused"), [1]),
        ("slot_skipped", #"{"schedule": "default"}"#, twoSchedules + skip("default", "2 hours", "paused"), [1]),
        ("slot_skipped", #"{"schedule": "default"}"#, twoSchedules + skip("default", "1 hour", "too_old"), [1]),
        ("alerts", #"{"type": "config_drift", "status": "acknowledged"}"#, alert, [0]),
        ("alerts", #"{"type": "check_failing", "status": "open"}"#, alert, [0]),
        ("assignments_stale", "{}", "", [0]),
        (
            "assignments_stale", "{}",
            seed
                + """
                update schedules set due_before_last_at = clock() + interval '1 hour',
                    next_slot_at = clock() + interval '1 day', following_slot_at = clock() + interval '2 days';
                select disable_drift_detection('web-1', 'why', null);
                """, [0]
        ),
        ("servers_failing", #"{"reason": "unreachable"}"#, fail + "select remove_server('web-1', 'x');", []),
        ("servers_failing", #"{"reason": null}"#, "", []),
        ("oldest_transaction_seconds", "{}", advance(1000), [0]),
    ]

    private static func skip(_ schedule: String, _ ago: String, _ why: String) -> String {
        """
        insert into slots (schedule_name, slot_at, enqueued, completed_at, skipped)
        values ('\(schedule)', clock() - interval '\(ago)', 0, clock(), '\(why)');
        """
    }

    @Test(arguments: others)
    func whatAMetricIsNotAboutDoesNotCount(metric: String, labels: String, steps: String, values: [Double]) async throws
    {
        try await Self.expect("driftwatch_" + metric, labels, after: steps) { $0.map { $0.rounded() } == values }
    }

    @Test
    func theTransactionsOfOtherDatabasesCountForNothing() async throws {
        try await withTestDatabase { other in
            // One with a transaction id, and one with a snapshot.
            try await other.database.holding("create table held ()") {
                try await other.database.holding("declare held cursor for select 1") {
                    let areLeftOut = try await Self.leavesOutOtherDatabases()
                    #expect(areLeftOut)
                }
            }
        }
    }

    private static func leavesOutOtherDatabases() async throws -> Bool {
        try await withMigratedDatabase { database in
            // Each takes a transaction id.
            for _ in 1...50 { try await database.advanceClock(by: .seconds(100)) }
            // A vacuum in this database looks at the others' transactions too, for a moment.
            return try await eventually {
                try await database.rows(
                    "select value from driftwatch.metrics where metric like 'driftwatch_oldest_%' and labels = '{}'",
                    as: Double.self) == [0, 0]
            }
        }
    }

    @Test
    func aForgottenTransactionGrowsOld() async throws {
        try await withMigratedDatabase { database in
            let (starts, start) = AsyncStream<Void>.makeStream()
            async let forgotten: Void = database.withTransaction(isolation: .repeatableRead) { transaction in
                try transaction.execute("select pg_advisory_xact_lock(4712) from driftwatch.schema_info")
                start.yield()
                // It reads nothing new, but in PostgreSQL's own tables it sees the lock that ends it.
                while try transaction.one(
                    "select not exists (select from pg_locks where locktype = 'advisory' and objid = 4711)",
                    as: Bool.self)
                {
                    try transaction.execute("select pg_sleep(0.005)")
                }
            }
            for await _ in starts { break }
            // Each takes a transaction id.
            for _ in 0..<3 { try await database.advanceClock(by: .seconds(100)) }
            try await database.withTransaction { transaction in
                // Other tests' transactions are counted too.
                let wanted = [
                    ("oldest_transaction_seconds", 300.0...400), ("oldest_snapshot_transactions", 3...100_000),
                ]
                for (metric, range) in wanted {
                    let value = try transaction.one(
                        "select value from driftwatch.metrics where metric = \("driftwatch_" + metric)", as: Double.self
                    )
                    #expect(range.contains(value), "\(metric) \(value)")
                }
                try transaction.execute("select pg_advisory_xact_lock(4711)")
                // It is held until the other transaction has seen it.
                while try transaction.one(
                    "select exists (select from pg_locks where locktype = 'advisory' and objid = 4712)", as: Bool.self)
                {
                    try transaction.execute("select pg_sleep(0.005)")
                }
            }
            try await forgotten
        }
    }

    @Test
    func eachMetricIsDrivenAndHasOneMeaning() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.executeScript("set search_path = driftwatch; \(Self.seed) \(Self.fail)")
            try await database.execute(
                "update driftwatch.schedules set next_slot_at = driftwatch.clock(), last_due_at = driftwatch.clock()")
            let shown = try await database.rows(
                "select metric, count(distinct help)::integer from driftwatch.metrics group by metric",
                as: (String, Int).self)
            #expect(shown.allSatisfy { $0.1 == 1 })
            #expect(Set(shown.map(\.0)) == Set(Self.cases.map(\.metric)))
        }
    }
}
