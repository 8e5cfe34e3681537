import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

/// What the queue's verbs and the views read, in blocks, beside a long queue, a long history and many servers, without a
/// vacuum.
///
/// Counts and no times: they are the same on every machine. Each is about 1.3 times what was measured.
@Suite(.database(from: .long), .timeLimit(.minutes(3)))
struct QueueCostTests {
    struct Question: CustomTestStringConvertible, Sendable {
        var sql: SQL
        var blocks: Int
        var testDescription: String

        init(_ sql: StaticString, atMost blocks: Int) {
            self.sql = SQL(trusted: sql)
            self.blocks = blocks
            testDescription = "\(sql)"
        }
    }

    static let questions = [
        // What a worker asks.
        Question("select * from driftwatch.claim_jobs('w', '{default}', 8, 1, '60 s', '180 s')", atMost: 390),
        Question("select driftwatch.promote_jobs()", atMost: 13),
        Question("select driftwatch.rescue_jobs()", atMost: 13),
        Question("select driftwatch.renew_leases('w', '{1}', array[gen_random_uuid()], '60 s')", atMost: 24),
        // What the scheduler asks every few seconds.
        Question("select driftwatch.requeue_jobs()", atMost: 29),
        Question("select driftwatch.complete_slots()", atMost: 13),
        Question("select driftwatch.enqueue_looks(max_jobs => 500)", atMost: 124),
        Question("select driftwatch.end_holds()", atMost: 4),
        // What a notifier asks.
        Question(
            """
            select driftwatch.claim_outbox('default', 'n', (select secret_fingerprint from driftwatch.destinations), '30 s')
            """, atMost: 110),
        // What people ask.
        Question("select * from driftwatch.fleet_status where server_id = 's-00777'", atMost: 23),
        Question("select * from driftwatch.fleet_status where shown_state = 'drifted'", atMost: 73),
        Question("select * from driftwatch.fleet_status where shown_state = 'drifted' limit 10", atMost: 58),
        Question("select * from driftwatch.fleet_status order by server_id, pack_name limit 50", atMost: 86),
        Question("select * from driftwatch.fleet_status", atMost: 117),
        Question("select * from driftwatch.queue_health", atMost: 190),
        Question("select * from driftwatch.upcoming_slots", atMost: 57),
        Question("select * from driftwatch.recent_failures limit 20", atMost: 88),
        Question("select * from driftwatch.delivery_health", atMost: 1110),
        Question("select * from driftwatch.jobs where server_id = 's-00777' order by job_id desc limit 50", atMost: 33),
        Question("select * from driftwatch.attempts where job_id = 777", atMost: 12),
    ]

    /// The first page ends with lines in their usual state, of which the second is part.
    @Test(arguments: [(0, 300), (1, 130)])
    func aPageOfTheFleetReadsLittleMoreThanItShows(page: Int, atMost bound: Int) async throws {
        let blocks = try await TestDatabase.current.database.read { transaction -> Int in
            let counts = try FleetReader.counts(in: transaction)
            let before = try transaction.blocksFetched()
            let lines = try FleetReader.page(50 * page..<50 * page + 50, of: counts, in: transaction)
            #expect(lines.count == 50)
            return try transaction.blocksFetched() - before
        }
        #expect(blocks <= bound)
    }

    /// It compiles plans whose estimated cost is above 100 000, and takes longer to compile this one than to run it.
    @Test
    func theFleetSeemsTooCheapToCompileItsPlan() async throws {
        let plan = try await TestDatabase.current.database.read { transaction in
            try transaction.explained("select * from driftwatch.fleet_status")[0].plan
        }
        #expect(100_000 * plan.cost / plan.rows < 50_000, "of 100 000 servers")
    }

    @Test(arguments: questions)
    func aQuestionReadsLittleMoreThanItAnswers(question: Question) async throws {
        let blocks = try await TestDatabase.current.database.blocksRead(by: question.sql)
        #expect(blocks <= question.blocks)
    }
}

extension DatabaseTemplate {
    /// 2000 servers; of each 20 finished jobs with their checks, and one waiting job; 4000 messages that wait, and as many
    /// that are sent, and that are dead.
    static let long = DatabaseTemplate("long") { database in
        try await DatabaseTemplate.migrated.prepare(database)
        try await database.executeScript(
            """
            set search_path = driftwatch;
            insert into packs (pack_name, display_name, digest, updated_at) values ('base', 'Base', 'd', now());
            insert into servers (server_id, display_name, address, created_at, updated_at)
            select 's-' || lpad(n::text, 5, '0'), 'Server', 'address', now() - interval '9 days', now() - interval '9 days'
            from generate_series(1, 2000) n;
            insert into assignments select server_id, 'base', now() - interval '9 days' from servers;
            insert into jobs (kind, server_id, schedule_name, slot_at, state, run_at, attempt, lease_token, worker_id,
                claimed_at, created_at, finished_at)
            select 'drift_check', server_id, 'default', now() - d * interval '1 day', 'succeeded', now(), 1,
                   gen_random_uuid(), 'w', now() - d * interval '1 day', now(), now() - d * interval '1 day'
            from generate_series(20, 1, -1) d, servers;
            insert into job_attempts (job_id, lease_token, attempt, worker_id, started_at, ended_at, outcome, error_class)
            select job_id, gen_random_uuid(), 1, 'w', claimed_at, finished_at, case when job_id % 20 = 0 then 'retry' else 'no_place' end,
                   null
            from jobs;
            insert into checks (job_id, server_id, pack_name, pack_digest, verdict, mismatch_count, ok_count, item_count,
                started_at, checked_at)
            select job_id, server_id, 'base', 'd', case when right(server_id, 2) = '00' then 'drifted' else 'compliant' end,
                   case when right(server_id, 2) = '00' then 1 else 0 end, 1,
                   case when right(server_id, 2) = '00' then 2 else 1 end, claimed_at, finished_at
            from jobs order by job_id;
            insert into drift_states (server_id, pack_name, state, since, last_check_id, last_checked_at, latest_check_id,
                latest_verdict, latest_checked_at, pack_digest)
            select distinct on (server_id) server_id, 'base', verdict, now() - interval '9 days', check_id, checked_at, check_id,
                verdict, checked_at, pack_digest
            from checks order by server_id, check_id desc;
            insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
            select server_id, 'base', 'file:/a', 'missing_file', '/a', '{}', '{}', now(), 1 from drift_states where state = 'drifted';
            insert into slots (schedule_name, slot_at, fired_at, enqueued, completed_at)
            select 'default', now() - d * interval '1 day', now(), 2000, now() from generate_series(1, 20) d;
            select set_schedule('default', '0 6 * * *', 'UTC');
            select fire_slot('default', now(), now() + interval '1 day');
            -- Versions that a vacuum would remove.
            update jobs set priority = 101 where finished_at is null;
            update jobs set priority = 100 where finished_at is null;
            insert into alerts (server_id, pack_name, title, message, mismatch_count, diff_path, check_id, opened_at, updated_at)
            select server_id, 'base', 't', 'm', 1, '/', 1, now(), now() from drift_states where state = 'drifted';
            update destinations set next_send_at = now() - interval '1 hour';
            insert into outbox (alert_id, seq, destination, kind, payload, state, not_before, created_at, sent_at)
            select n, 1, 'default', 'drift_detected', '{}', case n % 3 when 0 then 'sent' when 1 then 'dead' else 'pending' end,
                   now() - interval '1 hour', now() - interval '1 hour', case n % 3 when 0 then now() end
            from generate_series(1, 12000) n;
            analyze;
            """)
    }
}

private struct Undo: Error {
    var blocks: Int
}

/// What `explain (analyze, buffers, format json)` says of a statement.
private struct Explained: Decodable {
    struct Plan: Decodable {
        var hit: Int
        var read: Int
        /// As estimated.
        var cost: Double
        var rows: Double

        enum CodingKeys: String, CodingKey {
            case cost = "Total Cost"
            case rows = "Plan Rows"
            case hit = "Shared Hit Blocks"
            case read = "Shared Read Blocks"
        }
    }

    var plan: Plan

    enum CodingKeys: String, CodingKey { case plan = "Plan" }
}

extension Database {
    /// How many blocks of tables and indexes the statement reads, its functions' statements included, once its plans are
    /// made; what it changes is undone.
    func blocksRead(by statement: SQL) async throws -> Int {
        do {
            return try await withTransaction { transaction -> Int in
                _ = try transaction.blocksRead(by: statement)
                // Databases that other tests make and drop may empty a session's cache of the catalogs, which it then reads anew.
                let blocks = try (0..<3).map { _ in try transaction.blocksRead(by: statement) }
                throw Undo(blocks: blocks.min() ?? .max)
            }
        } catch let undo as Undo {
            return undo.blocks
        }
    }
}

extension Transaction {
    /// Blocks of Driftwatch's tables and indexes that this transaction has read.
    fileprivate borrowing func blocksFetched() throws -> Int {
        try one(
            """
            select sum(pg_stat_get_xact_blocks_fetched(c.oid))::integer from pg_class c
            where c.relnamespace = 'driftwatch'::regnamespace
            """, as: Int.self)
    }

    fileprivate borrowing func blocksRead(by statement: SQL) throws -> Int {
        try explained(statement).reduce(0) { $0 + $1.plan.hit + $1.plan.read }
    }

    fileprivate borrowing func explained(_ statement: SQL) throws -> [Explained] {
        let text = try one(
            "explain (analyze, buffers, timing off, format json) \(statement)", as: JSONText.self)
        return try JSONDecoder().decode([Explained].self, from: Data(text.rawValue.utf8))
    }
}
