import Postgres
import TestSupport
import Testing

/// An acknowledgement ends by its time, or when something is added to the alert.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct AcknowledgementTests {
    private static func undoing(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws
    {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                update test_clock set stopped_at = '2026-11-23 06:00Z', shift = '0';
                \(steps)
                """)
            try body(transaction)
        }
    }

    private static func acknowledge(_ alert: Int, minutes: Int?) -> String {
        let until = minutes.map { "clock() + interval '\($0) minutes'" } ?? "null"
        return "select acknowledge_alert(\(alert), 'on it', \(until), 'alice');"
    }

    private static let hour = "update test_clock set shift = shift + interval '60 minutes';"
    private static let end = "select end_acknowledgements();"

    /// What happens, and the alerts that are acknowledged then.
    private static let endings: [(String, [String])] = [
        (acknowledge(2, minutes: nil) + hour + end, ["2"]),
        (acknowledge(2, minutes: 61) + hour + end, ["2"]),
        (acknowledge(2, minutes: 60) + hour + end, []),
        (acknowledge(2, minutes: 60) + acknowledge(3, minutes: 61) + acknowledge(4, minutes: 60) + hour + end, ["3"]),
        // Acknowledging again is another acknowledgement.
        (acknowledge(2, minutes: 60) + acknowledge(2, minutes: nil) + hour + end, ["2"]),
        (acknowledge(2, minutes: 60) + "select close_alert(2, 'manual', 'x');" + hour + end, []),
        // Something is added to one of them.
        (acknowledge(2, minutes: nil) + acknowledge(3, minutes: nil) + "select update_alert(2, 2, 3, '[]');", ["3"]),
        (acknowledge(2, minutes: nil) + "select recount_alert(2, 2, 1);", ["2"]),
    ]

    @Test(arguments: endings)
    func anAlertIsOpenAgainWhenItsAcknowledgementEnds(given: String, acknowledged: [String]) async throws {
        try await Self.undoing(given) { transaction in
            let found = try transaction.rows(
                "select alert_id::text from driftwatch.alerts where status = 'acknowledged' order by 1", as: String.self
            )
            #expect(found == acknowledged)
            let left = try transaction.one(
                """
                select count(*) from driftwatch.alerts
                where status = 'open' and (acknowledged_by is not null or acknowledged_until is not null)
                """, as: Int.self)
            #expect(left == 0)
        }
    }

    @Test
    func theHistorySaysWhoseAcknowledgementEndedAndWhy() async throws {
        let given =
            Self.acknowledge(2, minutes: 60) + Self.acknowledge(3, minutes: nil) + Self.hour + Self.end + Self.end
            + "select update_alert(3, 2, 3, '[]'); select update_alert(4, 2, 3, '[]');"
        try await Self.undoing(given) { transaction in
            let events = try transaction.rows(
                """
                select concat_ws(' ', alert_id, event, actor, detail ->> 'acknowledged_by', detail ->> 'comment', detail ->> 'until')
                from driftwatch.alert_events where alert_id between 2 and 4 and seq > 1 order by alert_id, seq
                """, as: String.self)
            #expect(
                events == [
                    "2 acknowledged alice on it 2026-11-23T07:00:00Z",
                    "2 reopened driftwatch alice 2026-11-23T07:00:00Z",
                    "3 acknowledged alice on it", "3 updated driftwatch alice", "4 updated driftwatch",
                ])
            let told = try transaction.rows(
                """
                select concat_ws(' ', alert_id, payload ->> 'acknowledged_by') from driftwatch.outbox
                where kind = 'drift_changed' and destination = 'pager' order by alert_id
                """, as: String.self)
            #expect(told == ["3 alice", "4"])
        }
    }

    /// Between the look and the lock, somebody else may have acknowledged it for longer.
    @Test
    func anAcknowledgementThatIsRenewedMeanwhileStays() async throws {
        try await withTestDatabase(from: .twoServers) { lent in
            let database = lent.database
            try await database.execute(
                "select driftwatch.acknowledge_alert(2, null, driftwatch.clock() + interval '1 minute')")
            try await database.advanceClock(by: .seconds(120))
            let (began, isBegun) = AsyncStream<Void>.makeStream()
            async let renewed: Void = database.withTransaction { transaction in
                defer { isBegun.finish() }
                try transaction.execute(
                    "select driftwatch.acknowledge_alert(2, null, driftwatch.clock() + interval '1 hour')")
                isBegun.finish()
                try transaction.waitUntilSomebodyWaits()
            }
            for await _ in began {}
            let ended = try await database.rows("select driftwatch.end_acknowledgements()", as: Int.self)
            try await renewed
            #expect(ended == [0])
        }
    }

    @Test
    func anAlertThatIsResolvedMeanwhileStaysResolved() async throws {
        try await withTestDatabase(from: .twoServers) { lent in
            let database = lent.database
            try await database.executeScript(
                """
                set search_path = driftwatch;
                \(Self.acknowledge(2, minutes: 60)) \(Self.hour)
                """)
            try await database.whileUncommitted("select driftwatch.resolve_alert(2)") {
                let ended = try await database.rows("select driftwatch.end_acknowledgements()", as: Int.self)
                #expect(ended == [0])
            }
            let left = try await database.rows(
                "select status from driftwatch.alerts where alert_id = 2", as: String.self)
            #expect(left == ["resolved"])
        }
    }
}
