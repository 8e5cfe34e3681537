import Postgres
import TestSupport
import Testing

/// `outbox_backlog` and `delivery_health`: why a message is not delivered.
@Suite(.database(from: .migrated), .timeLimit(.minutes(2)))
struct BacklogViewTests {
    private static func advance(_ seconds: Int) -> String {
        "update test_clock set shift = shift + interval '\(seconds) s';"
    }

    private static let beat = "select register_worker('n', 'notifier', 'here', 1, '1', null, '{}');"
    private static let send = "update outbox set state = 'sending', lease_token = gen_random_uuid() where alert_id = 1;"
    private static let slow = "update outbox set last_error = 'timeout' where alert_id = 1;"

    /// Gives the destination a lease of so many seconds.
    private static func lease(_ seconds: Int) -> String {
        """
        update destinations set lease_expires_at = clock() + interval '\(seconds) s', notifier_id = 'n'
        where destination = 'default';
        """
    }

    /// One message to `default`, on a stopped clock, and another destination of which nothing is true.
    private static func makeMessage(_ steps: String, in transaction: borrowing Transaction) throws {
        try transaction.execute("update driftwatch.test_clock set stopped_at = clock_timestamp()")
        try transaction.makeServer("web-1")
        try transaction.executeScript(
            """
            set local search_path = driftwatch;
            alter table alerts alter alert_id restart;
            select open_alert('web-1', 'base', 1, 1, '[]');
            insert into destinations (destination, next_send_at, lease_expires_at, notifier_id)
            values ('pager', 'epoch', 'infinity', 'other');
            \(steps)
            """)
    }

    private static func with(_ steps: String, _ body: @Sendable (borrowing Transaction) throws -> Void) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try makeMessage(steps, in: transaction)
            try body(transaction)
        }
    }

    private static let time = #"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"#

    @Test(arguments: [
        ("", ["no notifier is at work"]),
        (advance(61), ["no notifier is at work"]),
        (lease(0), ["no notifier is at work"]),
        (lease(1), ["waits for its turn"]),
        (lease(30) + send, ["being sent by n"]),
        (send, ["being sent by \\?"]),
        (
            "update destinations set paused_at = clock(), paused_reason = 'archived';",
            ["the destination is paused: archived"]
        ),
        ("update destinations set next_send_at = clock() + interval '2 s';" + lease(1), ["waits for its turn"]),
        ("update destinations set next_send_at = clock() + interval '3 s';", ["the destination waits until \(time)"]),
        (
            "update destinations set next_send_at = clock() + interval '3 s';" + slow,
            ["the destination waits until \(time): timeout"]
        ),
        ("update outbox set not_before = clock();" + lease(1), ["waits for its turn"]),
        (
            "update outbox set not_before = clock() + interval '1 s';" + slow,
            ["the message waits until \(time): timeout"]
        ),
        ("update outbox set state = 'dead';" + slow + lease(1), ["given up: timeout"]),
        ("update outbox set state = 'sent', sent_at = clock();", []),
    ])
    func aMessageThatIsNotDeliveredShowsWhy(steps: String, why: [String]) async throws {
        try await Self.with(steps) { transaction in
            let shown = try transaction.rows("select why from driftwatch.outbox_backlog", as: String?.self)
            #expect(shown.count == why.count)
            for (shown, why) in zip(shown, why) {
                #expect(try Regex(why).wholeMatch(in: shown ?? "") != nil, "\(shown ?? "null")")
            }
        }
    }

    private static func destination(_ name: String) -> SQL {
        "select from driftwatch.destinations where destination = \(name) for update"
    }

    private static func message(of alert: Int64) -> SQL {
        "select from driftwatch.outbox where alert_id = \(alert) for update"
    }

    private static let anotherAlert = """
        select resolve_alert(1);
        select open_alert('web-1', 'base', 1, 1, '[]');
        delete from outbox where seq > 1;
        """

    /// What another session holds, and whether that is why the message waits, and why the destination has a problem.
    @Test(
        arguments: [
            (destination("default"), "", "the row of its destination", false),
            (destination("default"), advance(120) + beat, "the row of its destination", false),
            (destination("default"), advance(121) + beat, "the row of its destination", true),
            (destination("default"), lease(0) + advance(121) + beat, "the row of its destination", true),
            (destination("default"), advance(121) + beat + lease(0), "the row of its destination", true),
            // A notifier holds the row while it takes a message.
            (destination("default"), advance(121) + beat + lease(1), nil, false),
            (destination("pager"), advance(121) + beat, nil, false),
            (message(of: 1), advance(60), nil, false),
            (message(of: 1), advance(61), "its row", false),
            (message(of: 1), advance(61) + lease(1) + send, nil, false),
            (message(of: 2), advance(61), nil, false),
        ] as [(SQL, String, String?, Bool)])
    func aRowThatASessionHoldsIsShownWhereItHoldsUpTheMessage(
        held: SQL, steps: String, backlog: String?, isProblem: Bool
    ) async throws {
        try await withMigratedDatabase { database in
            try await database.withTransaction { try Self.makeMessage(Self.anotherAlert + steps, in: $0) }
            // Who held a row before holds it no more.
            try await database.execute("select from driftwatch.destinations, driftwatch.outbox for update")
            try await database.holding(held) {
                let why = try await database.rows(
                    "select why from driftwatch.outbox_backlog where alert_id = 1", as: String?.self)
                #expect(why.count == 1)
                let isHeld = why.first??.contains("held by the session with pid")
                #expect(isHeld == (backlog != nil), "\(why)")
                if let backlog { #expect(why.first??.hasPrefix(backlog + " is held by") == true, "\(why)") }
                let problems = try await database.rows(
                    "select destination, problem from driftwatch.delivery_health", as: (String, String?).self)
                #expect(problems.map(\.0) == ["default", "pager"])
                #expect(problems.first?.1?.contains("its row is held by") ?? false == isProblem, "\(problems)")
                #expect(problems.last?.1 == nil)
            }
        }
    }

    @Test
    func aDestinationTellsTheErrorOfItsOldestUnsentMessage() async throws {
        let steps = """
            select update_alert(1, 1, 2, '[]'), update_alert(1, 1, 3, '[]');
            update outbox set state = 'sent', sent_at = clock(), last_error = 'sent at last' where seq = 1;
            update outbox set last_error = 'connection refused' where seq = 2 and destination = 'default';
            update outbox set last_error = 'the next' where seq = 3;
            update outbox set state = 'sending', lease_token = gen_random_uuid() where seq = 3 and destination = 'pager';
            insert into outbox (outbox_id, alert_id, seq, destination, kind, payload, not_before, created_at, last_error)
            overriding system value values (-1, 1, 9, 'pager', 'drift_changed', '{}', clock(), clock(), 'elsewhere');
            """
        try await Self.with(steps + Self.advance(901) + Self.beat) { transaction in
            let problems = try transaction.rows(
                "select destination || ' ' || problem from driftwatch.delivery_health", as: String.self)
            #expect(problems.count == 2)
            #expect(problems.first?.hasPrefix("default the oldest of 2 has waited since ") == true, "\(problems)")
            #expect(problems.first?.hasSuffix(": connection refused") == true, "\(problems)")
            #expect(problems.last?.hasSuffix(": elsewhere") == true, "\(problems)")
        }
    }

    @Test
    func aDeadMessageIsLostThoughAnEarlierOneWasSent() async throws {
        let steps = """
            delete from destinations where destination = 'pager';
            select update_alert(1, 1, 2, '[]');
            update outbox set state = 'sent', sent_at = clock() where seq = 1;
            update outbox set state = 'dead' where seq = 2;
            """
        try await Self.with(steps) { transaction in
            let problem = try transaction.one("select problem from driftwatch.delivery_health", as: String?.self)
            #expect(problem == "1 given up")
        }
    }
}
