import Postgres
import TestSupport
import Testing

/// The rows of the running processes: `sql/functions/f11_workers.sql`.
@Suite(.timeLimit(.minutes(2)))
struct WorkerRowTests {
    /// Registers a process that was seen so many seconds ago for the last time.
    private static func register(_ id: String, _ state: String, seen seconds: Int, _ database: Database) async throws {
        try await database.execute(
            "select driftwatch.register_worker(\(id), 'worker', 'here', 1, '1', 8, '{default}')")
        try await database.execute(
            """
            update driftwatch.workers set state = \(state), last_seen_at = driftwatch.clock() - \(seconds) * interval '1 s'
            where worker_id = \(id)
            """)
    }

    private static func workers(_ database: Database, _ condition: SQL = "true") async throws -> [String] {
        try await database.rows(
            "select worker_id || ' ' || state from driftwatch.workers where \(condition) order by 1", as: String.self)
    }

    @Test
    func aProcessSpeaksForItselfAlone() async throws {
        try await withMigratedDatabase { database in
            try await database.stopClock()
            for id in ["a", "b"] { try await Self.register(id, "running", seen: 61, database) }
            let touched = try await database.rows(
                "select driftwatch.touch_worker(w, 'draining') from unnest(array['a', 'nobody']) w", as: Bool.self)
            #expect(touched == [true, false])
            #expect(try await Self.workers(database) == ["a draining", "b running"])
            #expect(try await Self.workers(database, "last_seen_at = driftwatch.clock()") == ["a draining"])
        }
    }

    @Test
    func whoWasSeenWithinAMinuteAndHasNotStoppedIsAlive() async throws {
        try await withMigratedDatabase { database in
            try await database.stopClock()
            for (id, state, seconds) in [
                ("a", "running", 59), ("b", "draining", 59), ("c", "stopped", 0), ("d", "running", 60),
            ] { try await Self.register(id, state, seen: seconds, database) }
            let alive = try await Self.workers(database, "driftwatch.is_alive(state, last_seen_at)")
            #expect(alive == ["a running", "b draining"])
        }
    }

    @Test
    func whoStoppedIsForgottenAfterAnHourAndWhoVanishedAfterADay() async throws {
        try await withMigratedDatabase { database in
            try await database.stopClock()
            for (id, state, seconds) in [
                ("a", "stopped", 3600), ("b", "stopped", 3601), ("c", "running", 86_400), ("d", "running", 86_401),
                ("e", "draining", 86_401),
            ] { try await Self.register(id, state, seen: seconds, database) }
            #expect(try await database.rows("select driftwatch.forget_workers()", as: Int.self) == [3])
            #expect(try await Self.workers(database) == ["a stopped", "c running"])
        }
    }
}
