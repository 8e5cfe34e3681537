import Foundation
import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// `STATES.md` against the database: every change of state that it lists happens, and no other.
@Suite(.timeLimit(.minutes(2)))
struct StateChangeTests {
    @Test
    func thePageListsEveryChangeOfState() async throws {
        let listed = try Self.listed()
        #expect(listed.count > 20)
        try await withMigratedDatabase { database in
            try await database.executeScript(Self.recorder)
            try await Self.enqueueInEveryWay(database)
            try await Self.endInEveryWay(database)
            try await Self.rescueInEveryWay(database)
            let seen = try await database.rows("select distinct change from driftwatch.seen", as: String.self)
            #expect(Set(seen).subtracting(listed) == [], "not on the page")
            #expect(listed.subtracting(seen) == [], "does not happen")
        }
    }

    /// Each row of the page's last table, as `from to function`.
    private static func listed() throws -> Set<String> {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/JobQueue/STATES.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let rows = text.matches(of: #/(?m)^\| (–|[a-z]+) \| ([a-z]+) \| `([a-z_]+)` \|/#)
        return Set(rows.map { "\($0.1) \($0.2) \($0.3)" })
    }

    /// Notes each change of state, and the outermost function that made it, by the stack of the trigger.
    private static let recorder = #"""
        create table driftwatch.seen (change text);
        create function driftwatch.see() returns trigger language plpgsql as $$
        declare
            stack text;
            caller text;
        begin
            get diagnostics stack = pg_context;
            select m[1] into caller
            from regexp_matches(stack, 'function (?:driftwatch\.)?([a-z_]+)\(', 'g') with ordinality as f (m, n)
            where m[1] <> 'see' order by n limit 1;
            if tg_op = 'INSERT' then
                insert into driftwatch.seen values (concat_ws(' ', '–', new.state, caller));
            elsif new.state is distinct from old.state then
                insert into driftwatch.seen values (concat_ws(' ', old.state, new.state, caller));
            end if;
            return new;
        end $$;
        create trigger see after insert or update on driftwatch.jobs for each row execute function driftwatch.see();
        """#

    private static func enqueueInEveryWay(_ database: Database) async throws {
        let store = QueueStore(database: database)
        for number in 1...20 { try await database.makeServer("s\(number)") }
        // Jobs of a slot, some of them later: a newer slot replaces those that wait, in every state.
        try await database.enqueueAll()
        try await database.execute("update driftwatch.schedules set spread = interval '1 hour'")
        try await store.end(try #require(try await store.claimSome(1).first), .retry)
        try await fire(database)
        try await database.execute("delete from driftwatch.jobs")
        try await fire(database)
        try await fire(database)
        try await database.advanceClock(by: .seconds(3600))
        #expect(try await store.promote() > 0)
        // A person asks for what waits already.
        try await database.makeServer("asked")
        for outcome in [Ending.Outcome.noPlace(retryAfter: .seconds(60)), .retry] {
            try await ask(database)
            let claim = try #require(try await store.claimSome(100).first { $0.job.serverID == "asked" })
            try await store.end(claim, outcome)
            try await ask(database)
        }
        // A change asks for a check.
        try await database.execute("delete from driftwatch.jobs")
        for spread in ["0", "1 hour"] {
            try await database.execute("update driftwatch.schedules set spread = \(spread)::interval")
            try await database.execute("select driftwatch.want_look('s20')")
            try await database.execute("select driftwatch.enqueue_looks()")
            try await database.execute("delete from driftwatch.jobs")
        }
        // The server is not to be checked any more.
        try await ask(database)
        try await database.execute("select driftwatch.disable_drift_detection('asked', 'moving house')")
        #expect(try await store.claimSome(1).isEmpty)
    }

    private static func endInEveryWay(_ database: Database) async throws {
        let store = QueueStore(database: database)
        let outcomes: [Ending.Outcome] = [
            .succeeded, .failed, .cancelled, .retry, .noPlace(retryAfter: .seconds(5)), .interrupted,
        ]
        for isCancelled in [false, true] {
            try await database.execute("delete from driftwatch.jobs")
            try await database.execute("update driftwatch.schedules set spread = '0'")
            try await fire(database)
            let claims = try await store.claimSome(outcomes.count)
            if isCancelled {
                try await database.execute("update driftwatch.jobs set cancel_requested_at = driftwatch.clock()")
            }
            for (claim, outcome) in zip(claims, outcomes) { try await store.end(claim, outcome) }
        }
    }

    private static func rescueInEveryWay(_ database: Database) async throws {
        let store = QueueStore(database: database)
        try await database.execute("delete from driftwatch.jobs")
        try await fire(database)
        for isCancelled in [false, false, false, true] {
            try await database.advanceClock(by: .seconds(61))
            _ = try await store.promote()
            _ = try await store.claimSome(1)
            if isCancelled {
                try await database.execute("update driftwatch.jobs set cancel_requested_at = driftwatch.clock()")
            }
            try await database.advanceClock(by: .seconds(61))
            #expect(try await store.rescue().count == 1)
        }
    }

    private static func ask(_ database: Database) async throws {
        try await database.execute("select driftwatch.enqueue_check('asked', 'test')")
    }

    private static func fire(_ database: Database) async throws {
        try await database.advanceClock(by: .seconds(1))
        try await database.execute(
            "select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day')")
    }
}
