import Dispatch
import Postgres
import TestSupport
import Testing

/// The rows that a function has decided about are held until its transaction ends, and no others: nobody changes them
/// meanwhile, and nobody waits without need.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct HeldUntilTheEndTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let call: String
        let table: String
        let held: [String]
        /// What another session asks for.
        let strength: String

        init(_ call: String, holds held: [String], of table: String, against strength: String = "update") {
            self.call = call
            self.table = table
            self.held = held
            self.strength = strength
        }

        var testDescription: String { "\(call) \(table) \(strength)" }
    }

    private static let effects = "begin_effects('web-1', null, 'web-1', null, null, null, 'ssh')"

    private static let closing = "close_window(hold_alerts(clock() + interval '1 hour', 'x', server_id => 'web-1'))"

    static let cases = [
        Case(effects, holds: ["web-1"], of: "servers"),
        Case(effects, holds: [], of: "servers", against: "key share"),
        Case("lock_assignments('web-1', '{base}')", holds: ["web-1 base"], of: "drift_states"),
        Case("lock_assignments('web-1', '{base}')", holds: ["2"], of: "alerts"),
        Case("stop_watching('web-1', 'base', 'disabled', 'x')", holds: ["web-1 base"], of: "drift_states"),
        Case("stop_watching('web-3', 'base', 'disabled', 'x')", holds: ["web-3 base"], of: "drift_states"),
        Case("stop_watching('web-3', null, 'disabled', 'x')", holds: ["web-3 base", "web-3 more"], of: "drift_states"),
        Case("stop_watching('web-1', 'base', 'disabled', 'x')", holds: ["2"], of: "alerts"),
        Case("stop_watching('web-1', null, 'disabled', 'x')", holds: ["web-1 base", "web-1 more"], of: "drift_states"),
        Case("stop_watching('web-1', null, 'disabled', 'x')", holds: ["2", "3"], of: "alerts"),
        Case("lock_alert(2)", holds: ["web-1 base"], of: "drift_states"),
        Case("lock_alert(2)", holds: ["2"], of: "alerts"),
        Case("lock_alert(2)", holds: [], of: "servers"),
        Case("settle_checking('web-1', 'x')", holds: ["web-1 base", "web-1 more"], of: "drift_states"),
        Case(closing, holds: ["web-1"], of: "servers"),
        Case(closing, holds: [], of: "servers", against: "key share"),
        Case("look_at_waived('web-1', null, 'base')", holds: ["web-1 base"], of: "drift_states"),
        Case("enable_drift_detection('web-1')", holds: ["web-1"], of: "servers"),
        Case("announce_destination('default', 'slack', null)", holds: ["default"], of: "destinations"),
        Case(
            "announce_added_destination('pager', fingerprint_key, null) from destinations where destination = 'pager'",
            holds: ["pager"], of: "destinations"),
        Case("claim_outbox('pager', 'n', null, '1 minute')", holds: ["pager"], of: "destinations"),
        Case("claim_outbox('pager', 'n', null, '1 minute')", holds: ["2 pager"], of: "outbox"),
        Case(
            "redrive_outbox((select min(outbox_id) from outbox where alert_id = 2))", holds: ["default"],
            of: "destinations"),
        Case(
            "redrive_outbox((select min(outbox_id) from outbox where alert_id = 2))", holds: ["2 default"], of: "outbox"
        ),
        Case(
            "record_check(1, 'web-1', 'base', 'd', 'failed', 'x', 0, 0, 0, 'f', '[]', '2026-02-01Z', 1, true)",
            holds: ["web-1 base f"], of: "check_details"),
        Case("forget_checks(interval '90 days')", holds: ["web-1 base f"], of: "check_details"),
        Case("forget_alerts(interval '90 days')", holds: ["1"], of: "alerts"),
        Case("forget_alerts(interval '90 days')", holds: ["1 default", "1 pager"], of: "outbox"),
    ]

    @Test(arguments: cases)
    func whatIsDecidedAboutIsHeldAndNothingElse(example: Case) async throws {
        let database = TestDatabase.current.database
        try await database.holdingAWhile("select \(example.call)") {
            let held = try await database.held(in: example.table, against: example.strength)
            #expect(held == example.held)
        }
    }

    /// Its holder may change the alert before any drift state.
    @Test
    func anAlertWithoutAPackIsHeldByTheServer() async throws {
        try await withTestDatabase(from: .twoServers) { lent in
            let database = lent.database
            try await database.executeScript(
                """
                update driftwatch.servers set failing_slots = 3, failing_streak = 3, failing_since = driftwatch.clock(),
                    failing_reason = 'unreachable' where server_id = 'web-1';
                select driftwatch.settle_failing('web-1', 'recovered', 'x');
                """)
            let alert = try await database.rows(
                "select alert_id from driftwatch.alerts where pack_name is null", as: Int64.self)[0]
            try await database.holdingAWhile("select lock_alert(\(alert))") {
                let servers = try await database.held(in: "servers")
                let alerts = try await database.held(in: "alerts")
                let states = try await database.held(in: "drift_states")
                #expect(servers == ["web-1"] && alerts == ["\(alert)"] && states == [])
            }
        }
    }

    @Test
    func aSettleHoldsTheDestinationThoughItLeavesItAsItIs() async throws {
        try await withTestDatabase(from: .twoServers) { lent in
            let database = lent.database
            try await database.execute("select driftwatch.claim_outbox('pager', 'n', null, '1 minute')")
            let settle =
                "select settle_outbox(array[outbox_id], lease_token, 'aside') from outbox where state = 'sending'"
            try await database.holdingAWhile(settle) {
                let held = try await database.held(in: "destinations")
                #expect(held == ["pager"])
            }
        }
    }
}

extension Database {
    private static let keysOfRows = [
        "servers": "server_id", "drift_states": "server_id || ' ' || pack_name", "alerts": "alert_id::text",
        "destinations": "destination", "outbox": "alert_id || ' ' || destination",
        "check_details": "server_id || ' ' || pack_name || ' ' || fingerprint",
    ]

    /// The rows that another session's transaction locks.
    fileprivate func held(in table: String, against strength: String = "update") async throws -> [String] {
        let key = try #require(Self.keysOfRows[table])
        return try await rows(
            SQL(
                unescaped: """
                    with free as (select \(key) from driftwatch.\(table) for \(strength) skip locked)
                    select distinct \(key) from driftwatch.\(table) except select * from free order by 1
                    """), as: String.self)
    }

    /// Runs `body` while another session's transaction has done `statement`, which is then undone.
    fileprivate func holdingAWhile(_ statement: String, _ body: () async throws -> Void) async throws {
        let (began, isBegun) = AsyncStream<Void>.makeStream()
        let end = DispatchSemaphore(value: 0)
        async let other: Void = undoing { transaction in
            defer { isBegun.finish() }
            try transaction.executeScript("set local search_path = driftwatch; \(statement)")
            isBegun.finish()
            end.wait()
        }
        for await _ in began {}
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        end.signal()
        try await other
        try outcome.get()
    }
}
