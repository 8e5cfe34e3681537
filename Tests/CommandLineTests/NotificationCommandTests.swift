import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

@testable import driftwatch

/// `notify-test`, `outbox` and `healthcheck web`, with the binary.
@Suite
struct NotificationCommandTests {
    private static func withDatabase(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await body(lent.database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
        }
    }

    private static func isPaused(_ database: Database) async throws -> Bool {
        try await database.rows("select paused_at is not null from driftwatch.destinations", as: Bool.self) == [true]
    }

    @Test
    func aGoodTestEndsOnlyThePauseOfItsOwnSettings() async throws {
        let slack = try SlackStandIn()
        try await Self.withDatabase { database, environment in
            let webhook = environment.merging(["DRIFTWATCH_SLACK_WEBHOOK_URL": "\(slack.url)/services/T0/B0/one"]) {
                $1
            }
            let other = environment.merging(["DRIFTWATCH_SLACK_WEBHOOK_URL": "\(slack.url)/services/T0/B0/two"]) { $1 }
            let settings = try NotifySettings(SettingSources(environment: webhook))
            try await database.withTransaction { transaction in
                let key = try #require(try Destinations.fingerprintKey(in: transaction))
                let fingerprint = settings.destination.fingerprint(key: key)
                #expect(try Destinations.announce(key: key, kind: "slack", fingerprint: fingerprint, in: transaction))
            }
            try await database.execute("update driftwatch.destinations set paused_at = now(), paused_reason = 'x'")

            for (arguments, environment) in [(["--notify", "console"], environment), ([], other)] {
                let result = try await Program.run(["notify-test"] + arguments, environment)
                #expect(result.status == 0, "\(result)")
                #expect(result.output.contains("default stays paused"), "\(result)")
                #expect(try await Self.isPaused(database))
            }
            let result = try await Program.run(["notify-test"], webhook)
            #expect(result.output == "sent to Slack webhook\nresumed default\n", "\(result)")
            #expect(try await !Self.isPaused(database))
        }
        #expect(slack.received.count == 2)
        #expect(slack.received.allSatisfy { $0.text?.hasPrefix("Test message, nothing is wrong · ") == true })
        #expect(slack.received.allSatisfy { $0.text?.contains("alert") == false && $0.text?.contains("diff") == false })
    }

    /// A proxy that gets no answer itself: the message went through it, or it never got a tunnel to send it through.
    @Test(arguments: [
        ("http://slack.invalid/T0/B0/one", "http_proxy", "no reply, but the message may have arrived: HTTP 504"),
        ("https://slack.invalid/T0/B0/one", "https_proxy", "not reachable: slack.invalid: "),
    ])
    func aProxyWithoutAnAnswerIsToldApartFromOneWithoutAWay(webhook: String, variable: String, words: String)
        async throws
    {
        let proxy = try SlackStandIn(otherwise: .reply(504, ""))
        let result = try await Program.run(
            ["notify-test"],
            [
                "DRIFTWATCH_SLACK_WEBHOOK_URL": webhook, variable: proxy.url,
                "DRIFTWATCH_PLAIN_HTTP_HOSTS": "slack.invalid",
            ])
        #expect(result.status == 3 && result.errors.contains(words), "\(result)")
        #expect(proxy.received.count == 1)
    }

    @Test
    func aDestinationThatAnswersLateIsSaidWhereverMessagesAre() async throws {
        try await Self.withDatabase { database, environment in
            try await database.execute(
                "update driftwatch.destinations set recent_replies = '{NULL,0:00:12,0:00:01}', last_attempt_at = now()")
            let late = "default answers late: 2 of the last 3 attempts had no reply within 5 s"
            for command in [["status"], ["status", "--json"], ["doctor"]] {
                let result = try await Program.run(command, environment)
                #expect(result.output.contains(late), "\(command) \(result)")
            }
            let list = try await Program.run(["destination", "list"], environment)
            #expect(list.output.contains(" answers late: 2 of the last 3 attempts"), "\(list)")
            let check = try await Program.run(["status", "--check"], environment)
            #expect(check.status == 0, "what arrives late arrives: \(check)")
        }
    }

    @Test
    func aConsoleThatTakesNothingIsNotReachable() async throws {
        let result = try await Tool.run(
            ["/bin/sh", "-c", "exec \"$0\" notify-test --notify console >/dev/full", Program.path],
            environment: ["PATH": "/usr/bin:/bin"])
        #expect(result.status == 3, "\(result.errorText)")
        #expect(result.errorText.contains("standard output cannot be written"), "\(result.errorText)")
    }

    @Test
    func theHeadOfTheQueueIsListedFirstAndWhatIsLeftOutIsCounted() async throws {
        try await Self.withDatabase { database, environment in
            try await database.executeScript(
                """
                insert into driftwatch.outbox (
                    alert_id, seq, destination, kind, payload, state, not_before, created_at, sent_at)
                select n, 1, 'default', 'drift_detected', '{}', case when n = 1 then 'sent' when n < 4 then 'dead'
                    else 'pending' end, now(), now(), case when n = 1 then now() end
                from generate_series(1, 6) n
                """)
            func ids(_ arguments: [String]) async throws -> (ids: [Int], last: String, errors: String) {
                let result = try await Program.run(["outbox", "list", "--limit", "2"] + arguments, environment)
                let lines = result.output.split(separator: "\n").map(String.init)
                return (
                    lines.compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }, lines.last ?? "",
                    result.errors
                )
            }
            let waiting = try await ids([])
            #expect(waiting.ids == [2, 3] && waiting.last == "… and 3 more; see --limit")
            let dead = try await ids(["--dead"])
            #expect(dead.ids == [2, 3] && !dead.last.hasPrefix("…"))
            let all = try await ids(["--all"])
            #expect(all.ids == [5, 6] && all.last == "… and 4 earlier; see --limit")
            let json = try await Program.run(["outbox", "list", "--limit", "2", "--json"], environment)
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(json.output.utf8)) }
            #expect(json.errors.contains("… and 3 more"))
        }
    }

    @Test
    func theHealthOfWebIsAskedPastAnyProxy() async throws {
        let web = try SlackStandIn([.reply(200, "ok\n")])
        let address = web.url.replacing("http://", with: "")
        let result = try await Program.run(
            ["healthcheck", "web"],
            ["DRIFTWATCH_LISTEN": address, "http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"])
        #expect(result.status == 0, "\(result)")
        #expect(web.received.map(\.path) == ["/healthz"])
    }
}
