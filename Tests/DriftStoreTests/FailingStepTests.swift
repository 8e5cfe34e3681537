import Postgres
import TestSupport
import Testing

/// `failing_step` and `failed_long_enough`, against the table that says what they decide.
@Suite(.database(from: .migrated), .timeLimit(.minutes(1)))
struct FailingStepTests {
    /// The table, once more and in other words.
    private static func step(due: Int, fresh: Int, live: Bool, named: Int) -> String {
        switch (due > 0, fresh > 0, live) {
        case (false, _, false): "keep"
        case (false, _, true): "close"
        case (true, true, false): "open"
        case (true, true, true): "update"
        case (true, false, false): "keep"
        case (true, false, true): due == named ? "keep" : "recount"
        }
    }

    @Test
    func everyCombinationHasTheAnswerOfTheTable() async throws {
        let rows = try await TestDatabase.current.database.rows(
            """
            select d, f, l, n, driftwatch.failing_step(d, f, l, n)
            from generate_series(0, 4) d, generate_series(0, 4) f, unnest(array[true, false]) l, generate_series(0, 4) n
            where f <= d
            """, as: (Int, Int, Bool, Int, String).self)
        #expect(rows.count == 150)
        for (due, fresh, live, named, answer) in rows {
            #expect(
                answer == Self.step(due: due, fresh: fresh, live: live, named: named),
                "\(due) \(fresh) \(live) \(named)")
        }
    }

    /// Without an alert, nothing is said of what it names.
    @Test
    func anAlertThatIsNotThereNamesNothing() async throws {
        let rows = try await TestDatabase.current.database.rows(
            "select driftwatch.failing_step(d, 0, false, null) from generate_series(0, 2) d", as: String.self)
        #expect(rows == ["keep", "keep", "keep"])
    }

    @Test(arguments: [
        (0, 0, false), (5, 0, false), (2, 3, false), (3, 3, true), (4, 3, true), (1, 1, true), (0, 1, false),
    ])
    func asManySlotsAsTheThresholdAreEnoughUnlessItIsNever(slots: Int, threshold: Int, answer: Bool) async throws {
        let enough = try await TestDatabase.current.database.rows(
            "select driftwatch.failed_long_enough(\(slots), \(threshold))", as: Bool.self)
        #expect(enough == [answer])
    }
}
