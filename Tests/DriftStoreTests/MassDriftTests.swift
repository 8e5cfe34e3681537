import Postgres
import TestSupport
import Testing

/// How few messages tell what a slot found on 200 servers, and what does not wait for it.
@Suite(.database(from: .slot), .timeLimit(.minutes(3)))
struct MassDriftTests {
    private static func undoing(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws
    {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript("set local search_path = driftwatch, pg_temp; \(steps)")
            try body(transaction)
        }
    }

    /// The servers of a range find a change, of which `key` is the name: an SQL expression over `n`.
    private static func find(_ key: String, on servers: ClosedRange<Int>) -> String {
        "select test_find(n, \(key)) from generate_series(\(servers.lowerBound), \(servers.upperBound)) n;"
    }

    private static func comply(_ servers: ClosedRange<Int>) -> String {
        "select test_comply(n) from generate_series(\(servers.lowerBound), \(servers.upperBound)) n;"
    }

    private static func later(_ seconds: Int) -> String {
        "update test_clock set shift = shift + interval '\(seconds) s';"
    }

    private static let end = "update jobs set state = 'succeeded', finished_at = clock(); select complete_slots();"

    /// Sends what is due, as `kind: notifications in changes`.
    private static let send = "select test_send();"

    private static func sent(in transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows("select said from driftwatch.test_sent order by number", as: String.self)
    }

    private static let cases: [(String, [String])] = [
        // One change is one message, and so is its end.
        (find("'k'", on: 1...200) + end + send, ["drift_detected: 200 in 1"]),
        (
            find("'k'", on: 1...200) + later(30) + send + end + later(1) + comply(1...200) + send,
            ["drift_detected: 200 in 1", "drift_resolved: 200 in 1"]
        ),
        // Five variants are five messages; a sixth makes the last one sum up, the most common ones have their own.
        (
            find("'k' || n % 5", on: 1...200) + end + send,
            Array(repeating: "drift_detected: 40 in 1", count: 5)
        ),
        (
            find("'k' || least(n / 20, 5)", on: 1...199) + find("'single ' || n", on: 200...200) + end + send,
            [
                "drift_detected: 100 in 1", "drift_detected: 20 in 1", "drift_detected: 20 in 1",
                "drift_detected: 20 in 1", "drift_detected: 40 in 3",
            ]
        ),
        (
            find("'k'", on: 1...150) + find("'single ' || n", on: 151...200) + end + send,
            [
                "drift_detected: 150 in 1", "drift_detected: 1 in 1", "drift_detected: 1 in 1",
                "drift_detected: 1 in 1", "drift_detected: 47 in 47",
            ]
        ),
        (
            find("'single ' || n", on: 1...200) + end + send,
            Array(repeating: "drift_detected: 1 in 1", count: 4) + ["drift_detected: 196 in 196"]
        ),
        (find("null", on: 1...3) + end + send, Array(repeating: "drift_detected: 1 in 0", count: 3)),
        // It waits for 30 seconds at most, and takes along what still waits.
        (find("'k'", on: 1...9) + later(29) + send, []),
        (find("'k'", on: 1...9) + later(29) + find("'k'", on: 10...12) + later(1) + send, ["drift_detected: 12 in 1"]),
        (
            find("'k'", on: 1...9) + later(30) + send + find("'k'", on: 10...12) + later(29) + send,
            ["drift_detected: 9 in 1"]
        ),
        (
            find("'k'", on: 1...9) + later(30) + send + find("'k'", on: 10...12) + later(30) + send,
            ["drift_detected: 9 in 1", "drift_detected: 3 in 1"]
        ),
        // While the slot lasts, one of the five is kept for the rest, which then waits longer, or until the slot ends.
        (
            find("'k' || n % 5", on: 1...50) + later(30) + send,
            [
                "drift_detected: 10 in 1", "drift_detected: 10 in 1", "drift_detected: 10 in 1",
                "drift_detected: 20 in 2",
            ]
        ),
        (
            find("'k' || n % 4", on: 1...40) + later(30) + send + find("'k' || n % 2", on: 41...60) + later(299) + send,
            Array(repeating: "drift_detected: 10 in 1", count: 4)
        ),
        (
            find("'k' || n % 4", on: 1...40) + later(30) + send + find("'k' || n % 2", on: 41...60) + later(300) + send,
            Array(repeating: "drift_detected: 10 in 1", count: 4) + ["drift_detected: 20 in 2"]
        ),
        (
            find("'k' || n % 4", on: 1...40) + later(30) + send + find("'k' || n % 2", on: 41...60) + end + send,
            Array(repeating: "drift_detected: 10 in 1", count: 4) + ["drift_detected: 20 in 2"]
        ),
        (
            find("'k' || n % 4", on: 1...40) + later(30) + send + find("'k'", on: 41...60) + end + send,
            Array(repeating: "drift_detected: 10 in 1", count: 4) + ["drift_detected: 20 in 1"]
        ),
        // What is found after its end waits for nothing.
        (end + find("'k'", on: 1...9) + send, ["drift_detected: 9 in 1"]),
        // Another slot has five of its own, and so has another kind, and another destination.
        (
            find("'k' || n % 5", on: 1...50) + end + send
                + "update test_slot set at = at + interval '1 day'; insert into slots select 'default', at, at, 0 from test_slot;"
                + find("'k' || n % 5", on: 51...100) + end + send,
            Array(repeating: "drift_detected: 10 in 1", count: 10)
        ),
        (
            find("'k' || n % 5", on: 1...50) + end + send + comply(1...50) + send,
            Array(repeating: "drift_detected: 10 in 1", count: 5)
                + Array(repeating: "drift_resolved: 10 in 1", count: 5)
        ),
        (
            """
            insert into destinations (destination, next_send_at) values ('pager', '-infinity');
            \(find("'k' || n % 5", on: 1...50)) \(end)
            update outbox set attempt = 1 where destination = 'pager';
            """ + send,
            Array(repeating: "drift_detected: 10 in 1", count: 5)
        ),
        // What a person asks for goes at once, and the slot's go on waiting.
        (
            find("'k'", on: 1...9) + "select test_find(10, 'other', true);" + send, ["drift_detected: 1 in 1"]
        ),
        (
            find("'k'", on: 1...9) + "select test_find(10, 'other', true);" + send + end + send,
            ["drift_detected: 1 in 1", "drift_detected: 9 in 1"]
        ),
        // What a person closes goes together, whatever it was about.
        (
            find("'k' || n", on: 1...3) + end + send
                + "select resolve_alert(alert_id, 'moved', 'ann') from alerts order by alert_id;" + send,
            Array(repeating: "drift_detected: 1 in 1", count: 3) + ["drift_resolved: 3 in 1"]
        ),
        (
            find("'k'", on: 1...2) + end + send
                + "select resolve_alert(alert_id, alert_id::text, 'ann') from alerts order by alert_id;" + send,
            ["drift_detected: 2 in 1", "drift_resolved: 1 in 1", "drift_resolved: 1 in 1"]
        ),
    ]

    @Test(arguments: cases)
    func whatASlotFoundTakesFewMessages(given: String, messages: [String]) async throws {
        try await Self.undoing(given) { transaction in
            let sent = try Self.sent(in: transaction)
            #expect(sent == messages)
        }
    }

    /// A group must not take what waits behind an earlier notification of its alert.
    @Test
    func anAlertKeepsItsOrderAcrossGroups() async throws {
        let given =
            Self.find("'k' || n", on: 1...9) + Self.end + Self.send
            + "select update_alert(a.alert_id, c.check_id, 2, '[]', 1, 'changed') from alerts a join checks c using (check_id);"
                + """
                update outbox set doubtful_attempts = 1
                where kind = 'drift_changed' and alert_id in (select alert_id from alerts order by alert_id limit 4);
                """
            + Self.comply(1...9) + Self.send
        try await Self.undoing(given) { transaction in
            let sent = try Self.sent(in: transaction)
            // A change that may have been told is told again before the resolution; the others are folded.
            #expect(
                sent == Array(repeating: "drift_detected: 1 in 1", count: 4) + ["drift_detected: 5 in 5"]
                    + Array(repeating: "drift_changed: 1 in 1", count: 4)
                    + Array(repeating: "drift_resolved: 1 in 1", count: 4)
                    + ["drift_resolved: 5 in 5"])
            let early = try transaction.one(
                """
                select count(*) from driftwatch.outbox o join driftwatch.outbox before using (alert_id, destination)
                where before.seq < o.seq and before.sent_at > o.sent_at
                """, as: Int.self)
            #expect(early == 0)
        }
    }

    @Test
    func aClaimReadsFewBlocksBesideManyThatWait() async throws {
        try await withTestDatabase(from: .slot) { lent in
            let database = lent.database
            try await database.executeScript(
                """
                set search_path = driftwatch, pg_temp;
                insert into outbox (alert_id, seq, destination, kind, payload, not_before, group_key, schedule_name, slot_at, created_at)
                select n, 1, 'default', 'drift_detected', '{}', clock() + interval '20 s', 'k' || n % 3, 'default', at, clock()
                from generate_series(1, 50000) n, test_slot;
                insert into outbox (alert_id, seq, destination, kind, payload, not_before, group_key, created_at)
                values (60000, 1, 'default', 'drift_detected', '{}', clock(), 'm', clock());
                analyze outbox;
                """)
            let blocks = try await database.withTransaction { transaction -> Int in
                let before = try Self.blocks(in: transaction)
                let claimed = try transaction.rows(
                    "select outbox_id from driftwatch.claim_outbox('default', 'n', null, '30 s')", as: Int64?.self)
                #expect(claimed.count == 1)
                return try Self.blocks(in: transaction) - before
            }
            #expect(blocks <= 125)
        }
    }

    private static func blocks(in transaction: borrowing Transaction) throws -> Int {
        try transaction.one(
            """
            select sum(pg_stat_get_xact_blocks_fetched(c.oid))::integer from pg_class c
            where c.relnamespace = 'driftwatch'::regnamespace
            """, as: Int.self)
    }

    @Test
    func theEndOfASlotFreesWhatWaitsForItAndNothingElse() async throws {
        let given =
            Self.find("'k'", on: 1...4)
                + """
                update outbox set attempt = 1 where payload ->> 'server_id' = 's1';
                update outbox set slot_at = slot_at + interval '1 day' where payload ->> 'server_id' = 's2';
                update outbox set state = 'dead' where payload ->> 'server_id' = 's3';
                """ + Self.end
        try await Self.undoing(given) { transaction in
            let waiting = try transaction.rows(
                "select not_before > driftwatch.clock() from driftwatch.outbox order by alert_id", as: Bool.self)
            #expect(waiting == [true, true, true, false])
        }
    }

    @Test
    func theEndOfASlotLeavesTheNotificationsOfAnOpenOneAlone() async throws {
        try await Self.undoing(Self.find("'k'", on: 1...2) + "select complete_slots();") { transaction in
            let waiting = try transaction.rows(
                "select distinct not_before > driftwatch.clock() from driftwatch.outbox", as: Bool.self)
            #expect(waiting == [true])
        }
    }
}

extension DatabaseTemplate {
    /// A slot that has just fired on 200 servers, of which none has been looked at; the clock stands still.
    fileprivate static let slot = DatabaseTemplate("slot") { database in
        try await DatabaseTemplate.migrated.prepare(database)
        try await database.stopClock()
        try await database.executeScript(
            """
            set search_path = driftwatch;
            insert into packs (pack_name, display_name, digest, updated_at) values ('base', 'Base', 'd', clock());
            insert into servers (server_id, display_name, address, created_at, updated_at)
            select 's' || n, 'S' || n, 'a', clock(), clock() from generate_series(1, 200) n;
            insert into drift_states (server_id, pack_name, since) select server_id, 'base', clock() from servers;
            create table test_slot as select timestamptz '2026-01-01Z' as at;
            create table test_sent (number bigint generated always as identity, said text);
            insert into slots (schedule_name, slot_at, fired_at, enqueued) select 'default', at, at, 200 from test_slot;

            create function test_check(n int, by_hand boolean) returns bigint language plpgsql as $$
            declare job bigint; id bigint;
            begin
                insert into jobs (kind, server_id, schedule_name, slot_at, priority, run_at, created_at)
                select 'drift_check', 's' || n, case when not by_hand then 'default' end, case when not by_hand then at end,
                       case when by_hand then 10 else 100 end, clock(), clock()
                from test_slot
                on conflict (server_id, schedule_name, slot_at) do update set state = 'running', finished_at = null,
                    lease_token = gen_random_uuid(), worker_id = 'w', lease_expires_at = clock()
                returning job_id into job;
                insert into checks (job_id, schedule_name, slot_at, server_id, pack_name, verdict, reason, checked_at)
                select j.job_id, j.schedule_name, j.slot_at, j.server_id, 'base', 'failed', 'x', clock() from jobs j where j.job_id = job
                on conflict (job_id, pack_name) do update set checked_at = excluded.checked_at
                returning check_id into id;
                update drift_states set last_check_id = id where server_id = 's' || n;
                return id;
            end $$;
            create function test_find(n int, change text, by_hand boolean default false) returns void language sql as $$
                select open_alert('s' || n, 'base', test_check(n, by_hand), 1, '[]', 1, change) $$;
            create function test_comply(n int) returns void language plpgsql as $$
            begin
                perform test_check(n, false);
                perform close_alert(a.alert_id, 'compliant', 'driftwatch') from alerts a where a.server_id = 's' || n;
            end $$;
            create function test_send() returns void language plpgsql as $$
            begin
                loop
                    update destinations set next_send_at = '-infinity';
                    insert into test_sent (said)
                    with claimed as materialized (select * from claim_outbox('default', 'n', null, '30 s'))
                    select format('%s: %s in %s', min(c.kind), count(*), count(distinct o.group_key))
                    from claimed c join outbox o on o.outbox_id = c.outbox_id
                    having count(*) > 0;
                    exit when not exists (select from outbox where state = 'sending');
                    perform settle_outbox(array_agg(outbox_id), max(lease_token::text)::uuid, 'sent') from outbox where state = 'sending';
                end loop;
            end $$;
            """)
    }
}
