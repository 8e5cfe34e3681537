import Postgres
import TestSupport
import Testing

/// `correct_waits`: the database's clock has gone back by a year, and waits that were stored before last too long.
///
/// Times are in seconds from now.
@Suite(.timeLimit(.minutes(2)))
struct CorrectedWaitsTests {
    private static let year = 365 * 86_400

    private static func with(_ body: (Database) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            try await database.stopClock()
            try await database.executeScript(
                """
                create function driftwatch.in_s(seconds double precision) returns timestamptz language sql
                as 'select driftwatch.clock() + make_interval(secs => seconds)';
                create function driftwatch.s_until(at timestamptz) returns integer language sql
                as 'select extract(epoch from at - driftwatch.clock())::integer';
                """)
            try await body(database)
        }
    }

    private static func corrected(_ database: Database) async throws -> [String] {
        try await database.rows(
            "select place || ' ' || corrected from driftwatch.correct_waits() where corrected > 0", as: String.self)
    }

    struct Start: Sendable, CustomTestStringConvertible {
        var what: String
        var state: String
        var created = -3600
        var claimed: Int?
        var runAt: Int
        var then: Int
        var testDescription: String { what }
    }

    static let starts = [
        Start(what: "a spread job of then starts", state: "scheduled", created: year, runAt: year + 30, then: 30),
        Start(what: "a retry of then comes", state: "retryable", claimed: year, runAt: year + 30, then: 30),
        Start(what: "a job that is due then is due", state: "available", runAt: year, then: 0),
        Start(what: "a long wait of now stays", state: "scheduled", runAt: year, then: year),
        Start(what: "a wait that ends stays", state: "scheduled", created: year, runAt: 0, then: 0),
        Start(what: "a job that has waited stays", state: "available", runAt: -60, then: -60),
    ]

    @Test
    func aJobStartsAfterAsLongAWaitAsItWasGiven() async throws {
        try await Self.with { database in
            for start in Self.starts {
                try await database.execute(
                    """
                    insert into driftwatch.jobs (kind, requested_by, state, created_at, claimed_at, run_at)
                    values ('drift_check', \(start.what), \(start.state), driftwatch.in_s(\(start.created)),
                        driftwatch.in_s(\(start.claimed)), driftwatch.in_s(\(start.runAt)))
                    """)
            }
            #expect(try await Self.corrected(database) == ["starts of jobs 3"])
            let then = try await database.rows(
                "select requested_by || ': ' || driftwatch.s_until(run_at) from driftwatch.jobs order by job_id",
                as: String.self)
            #expect(then == Self.starts.map { "\($0.what): \($0.then)" })
        }
    }

    struct Run: Sendable, CustomTestStringConvertible {
        var what: String
        var state = "running"
        var claimed: Int
        var lease: Int
        var deadline: Int
        /// The lease and the deadline.
        var then: String
        var testDescription: String { what }
    }

    static let runs = [
        Run(what: "claimed then", claimed: year, lease: year + 60, deadline: year + 180, then: "60 180"),
        Run(what: "claimed just before", claimed: 10, lease: 70, deadline: 190, then: "60 180"),
        Run(what: "renewed then", claimed: -10, lease: year, deadline: 170, then: "60 170"),
        Run(what: "claimed and renewed now", claimed: -10, lease: 80, deadline: 170, then: "80 170"),
        Run(what: "over", state: "succeeded", claimed: year, lease: year, deadline: year, then: "\(year) \(year)"),
    ]

    @Test
    func aLeaseEndsAsSoonAsOneOfNow() async throws {
        try await Self.with { database in
            for run in Self.runs {
                try await database.execute(
                    """
                    insert into driftwatch.jobs (kind, requested_by, state, created_at, run_at, claimed_at, lease_expires_at,
                        deadline_at, lease_token, worker_id, finished_at)
                    values ('drift_check', \(run.what), \(run.state), driftwatch.in_s(-60), driftwatch.in_s(-60),
                        driftwatch.in_s(\(run.claimed)), driftwatch.in_s(\(run.lease)), driftwatch.in_s(\(run.deadline)),
                        gen_random_uuid(), 'w', case \(run.state) when 'succeeded' then driftwatch.clock() end)
                    """)
            }
            #expect(try await Self.corrected(database) == ["jobs that run 3"])
            let then = try await database.rows(
                """
                select concat_ws(' ', requested_by || ':', driftwatch.s_until(lease_expires_at), driftwatch.s_until(deadline_at))
                from driftwatch.jobs order by job_id
                """, as: String.self)
            #expect(then == Self.runs.map { "\($0.what): \($0.then)" })
        }
    }

    @Test
    func aHoldKeepsItsLength() async throws {
        try await Self.with { database in
            let holds: [(String, Int, Int?)] = [
                ("a", Self.year, Self.year + 3600), ("b", -60, Self.year), ("c", Self.year, nil),
            ]
            for (server, since, until) in holds {
                try await database.makeServer(server)
                try await database.execute(
                    """
                    update driftwatch.servers set disabled_at = driftwatch.in_s(\(since)),
                        disabled_until = driftwatch.in_s(\(until))
                    where server_id = \(server)
                    """)
            }
            #expect(try await Self.corrected(database) == ["holds 1"])
            let then = try await database.rows(
                "select driftwatch.s_until(disabled_until) from driftwatch.servers order by server_id", as: Int?.self)
            #expect(then == [3600, Self.year, nil])
        }
    }

    @Test
    func aDestinationWaitsNoLongerThanOneEverDoes() async throws {
        try await Self.with { database in
            let (minutes, hours) = (60, 3600)
            let waits: [(String, send: Int, probe: Int, lease: Int, then: String)] = [
                ("long", 23 * hours, 14 * minutes, 4 * minutes, "82800 840 240"),
                ("lease", 60, 60, 6 * minutes, "60 60 0"), ("probe", 60, 16 * minutes, 60, "60 0 60"),
                ("send", 25 * hours, 60, 60, "0 60 60"),
            ]
            try await database.execute("delete from driftwatch.destinations")
            for (name, send, probe, lease, _) in waits {
                try await database.execute(
                    """
                    insert into driftwatch.destinations (destination, next_send_at, next_probe_at, lease_expires_at)
                    values (\(name), driftwatch.in_s(\(send)), driftwatch.in_s(\(probe)), driftwatch.in_s(\(lease)))
                    """)
            }
            #expect(try await Self.corrected(database) == ["destinations 3"])
            let then = try await database.rows(
                """
                select concat_ws(' ', driftwatch.s_until(next_send_at), driftwatch.s_until(next_probe_at),
                    driftwatch.s_until(lease_expires_at))
                from driftwatch.destinations order by array_position(array['long', 'lease', 'probe', 'send'], destination)
                """, as: String.self)
            #expect(then == waits.map(\.then))
        }
    }

    @Test
    func aMessageWaitsNoLongerThanOneEverDoes() async throws {
        try await Self.with { database in
            let messages: [(state: String, notBefore: Int, lease: Int, then: String)] = [
                ("pending", 360, 60, "0 60"), ("sending", 60, 360, "60 0"), ("pending", 240, 240, "240 240"),
                ("dead", 360, 360, "360 360"),
            ]
            for (seq, message) in messages.enumerated() {
                try await database.execute(
                    """
                    insert into driftwatch.outbox (alert_id, seq, destination, kind, payload, state, not_before,
                        lease_expires_at, lease_token, created_at)
                    values (1, \(seq), 'default', 'drift_detected', '{}', \(message.state),
                        driftwatch.in_s(\(message.notBefore)), driftwatch.in_s(\(message.lease)), gen_random_uuid(), driftwatch.clock())
                    """)
            }
            #expect(try await Self.corrected(database) == ["messages 2"])
            let then = try await database.rows(
                """
                select driftwatch.s_until(not_before) || ' ' || driftwatch.s_until(lease_expires_at)
                from driftwatch.outbox order by seq
                """, as: String.self)
            #expect(then == messages.map(\.then))
        }
    }

    /// A worker may hold one row and wait for another one.
    @Test(
        arguments: [
            ("jobs", ["starts of jobs 1", "jobs that run 1"]), ("servers", ["holds 1"]),
            ("destinations", ["destinations 1"]), ("outbox", ["messages 1"]),
        ] as [(SQL, [String])])
    func whatSomebodyHoldsIsLeftForTheNextTime(table: SQL, held: [String]) async throws {
        try await Self.with { database in
            try await database.makeServer("a")
            try await database.executeScript(
                """
                insert into driftwatch.jobs (kind, state, created_at, run_at, claimed_at, lease_expires_at, lease_token, worker_id)
                values ('drift_check', 'available', driftwatch.clock(), driftwatch.in_s(3600), null, null, null, null),
                       ('drift_check', 'running', driftwatch.clock(), driftwatch.clock(), driftwatch.clock(), driftwatch.in_s(3600), gen_random_uuid(), 'w');
                update driftwatch.servers set disabled_at = driftwatch.in_s(3600), disabled_until = driftwatch.in_s(7200);
                update driftwatch.destinations set next_probe_at = driftwatch.in_s(3600);
                insert into driftwatch.outbox (alert_id, seq, destination, kind, payload, not_before, created_at)
                values (1, 1, 'default', 'drift_detected', '{}', driftwatch.in_s(3600), driftwatch.clock());
                """)
            let all = ["starts of jobs 1", "jobs that run 1", "holds 1", "destinations 1", "messages 1"]
            try await database.holding("select from driftwatch.\(table) for update") {
                let corrected = try await Self.corrected(database)
                #expect(corrected == all.filter { !held.contains($0) })
            }
            #expect(Set(held).isSubset(of: try await Self.corrected(database)))
        }
    }
}
