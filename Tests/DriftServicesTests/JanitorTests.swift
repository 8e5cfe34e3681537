import DriftCore
import DriftServices
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct JanitorTests {
    @Test
    func aPackThatIsAssignedDuringACheckGetsOneOfItsOwn() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            let janitor = Janitor(database: fleet.database, logger: .quiet)
            let looking = AsyncStream<Void>.makeStream()
            let goOn = AsyncStream<Void>.makeStream()
            fleet.prober.script("web-1") { _, _ in
                looking.continuation.yield()
                for await _ in goOn.stream { break }
                return .success(Facts(files: ["/a": .plain]))
            }
            let job = try await fleet.enqueue("web-1")
            for await _ in looking.stream { break }
            try await fleet.database.makeServer("web-1", packs: ["base": ["/a"], "web": ["/b"]])
            fleet.see(on: "web-1", present: ["/a", "/b"])
            goOn.continuation.yield()
            try await fleet.wait(for: job)
            #expect(try await fleet.verdicts() == ["base compliant"])
            try await janitor.tidyUp()
            let next = try await fleet.database.rows("select max(job_id) from driftwatch.jobs", as: Int64.self)[0]
            try await fleet.wait(for: next)
            #expect(try await fleet.states() == ["base compliant", "web compliant"])
        }
    }

    /// A look during the deploy finds drift, which the deploy puts right before the look at the hold's end.
    @Test
    func whatADeployPutRightIsNotSentAndWhatIsStillWrongIsSentOnce() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]], "web-2": ["base": ["/a"]]]) { fleet in
            let janitor = Janitor(database: fleet.database, logger: .quiet)
            for server in ["web-1", "web-2"] {
                fleet.see(on: server, present: ["/a"])
                try await fleet.check(server)
            }
            try await fleet.database.execute(
                "select driftwatch.hold_alerts(driftwatch.clock() + interval '30 minutes', 'deploy 42', pack_name => 'base')"
            )
            for server in ["web-1", "web-2"] {
                fleet.see(on: server, missing: ["/a"])
                try await fleet.check(server)
            }
            #expect(try await fleet.alerts() == ["open base 1", "open base 1"], "checks go on")
            fleet.see(on: "web-1", present: ["/a"])
            #expect(try await claims(fleet) == [])
            try await fleet.database.advanceClock(by: .seconds(30 * 60))
            try await janitor.tidyUp()
            for job in try await fleet.database.rows(
                "select job_id from driftwatch.jobs order by job_id desc limit 2", as: Int64.self)
            { try await fleet.wait(for: job) }
            #expect(try await fleet.alerts() == ["resolved base 1 compliant", "open base 1"])
            let said = try await claims(fleet)
            #expect(said.filter { $0.hasSuffix("web-2") } == ["drift_detected web-2"])
        }
    }

    /// What the notifier would send now, in order.
    private func claims(_ fleet: Fleet) async throws -> [String] {
        var claims: [String] = []
        while true {
            let message = try await fleet.database.rows(
                "select kind, payload ->> 'server_id' from driftwatch.claim_outbox('default', 'n', null, '1 minute')",
                as: (String?, String?).self
            ).compactMap { kind, server in kind.map { "\($0) \(server ?? "")" } }
            guard !message.isEmpty else { return claims }
            claims += message
            try await fleet.database.execute(
                "update driftwatch.outbox set state = 'sent', sent_at = driftwatch.clock() where state = 'sending'")
        }
    }

    @Test
    func aRecurringSilenceGetsItsWindowsInTheSchedulesZone() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("db-1")
            let janitor = Janitor(database: database, logger: .quiet)
            try await SchedulerTests.set(database, clock: "2026-11-27 12:00:00+00")  // a Friday
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'Europe/Berlin')")
            try await database.execute(
                "select driftwatch.silence_alerts_again('0 2 * * sun', '4 hours', 'weekly', pack_name => 'base')")
            func windows() async throws -> [String] {
                try await database.rows(
                    """
                    select concat_ws(' ', driftwatch.rfc3339(starts_at), driftwatch.rfc3339(ends_at), problem)
                    from driftwatch.mutes
                    """, as: String.self)
            }
            try await janitor.tidyUp()
            #expect(try await windows() == ["2026-11-29T01:00:00Z 2026-11-29T05:00:00Z"])
            try await SchedulerTests.set(database, clock: "2026-11-29 04:59:00+00")
            try await janitor.tidyUp()
            #expect(try await windows() == ["2026-11-29T01:00:00Z 2026-11-29T05:00:00Z"])
            try await SchedulerTests.set(database, clock: "2026-11-29 05:00:01+00")
            try await janitor.tidyUp()
            #expect(try await windows() == ["2026-12-06T01:00:00Z 2026-12-06T05:00:00Z"])
            try await SchedulerTests.set(database, clock: "2026-11-30 12:00:00+00")
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            try await janitor.tidyUp()
            #expect(try await windows() == ["2026-12-06T02:00:00Z 2026-12-06T06:00:00Z"])
        }
    }

    @Test
    func aSilenceThatCannotBeReadSaysSoAndKeepsNoOtherFromItsWindow() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("db-1")
            let janitor = Janitor(database: database, logger: .quiet)
            try await database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            for cron in ["whenever", "0 2 * * sun"] {
                try await database.execute(
                    "select driftwatch.silence_alerts_again(\(cron), '4 hours', 'weekly', pack_name => 'base')")
            }
            try await janitor.tidyUp()
            let states = try await database.rows(
                "select state || ' ' || coalesce(problem, '') from driftwatch.all_mutes order by mute_id",
                as: String.self)
            #expect(states[0].hasPrefix("broken ") && states[0].count > 10, "\(states)")
            #expect(states[1] == "waiting " || states[1] == "in force ")
        }
    }
}
