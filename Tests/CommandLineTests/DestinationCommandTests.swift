import DriftStore
import Foundation
import Postgres
import Slack
import TestSupport
import Testing

@testable import driftwatch

/// `destination`, and a notifier that serves what it adds, with the binary.
@Suite(.timeLimit(.minutes(3)))
struct DestinationCommandTests {
    private static func withDatabase(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await body(lent.database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
        }
    }

    private static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    /// A new alert, so that a message is owed.
    private static func alert(_ server: String, on database: Database) async throws {
        try await database.makeServer(server)
        try await database.execute("select driftwatch.open_alert(\(server), 'base', 1, 1, '[]')")
    }

    /// Everything that the database holds of destinations, as text.
    private static func stored(_ database: Database) async throws -> String {
        try await database.rows(
            """
            select (select string_agg(d::text, ' ') from driftwatch.destinations d)
                || (select string_agg(l::text, ' ') from driftwatch.audit_log l)
            """, as: String.self)[0]
    }

    @Test
    func aNotifierServesWhatIsAddedAndTakesUpItsNewSecret() async throws {
        let slack = try SlackStandIn()
        try await Self.withDatabase { database, environment in
            try await withFolder(["team.url": "\(slack.url)/services/T0/B0/canary1\n"]) { folder in
                let file = "\(folder)/team.url"
                let add = ["destination", "add", "team", "--kind", "slack", "--url-file", file, "--label", "team=web"]
                let added = try await Program.run(add, environment)
                #expect(added.status == 0 && added.output == "added team\n", "\(added)")
                #expect(added.errors.contains("driftwatch destination test team sends a message"))
                #expect(try await !Self.stored(database).contains("canary"))
                // Nobody wants the destination of a notifier's own settings here.
                #expect(try await Program.run(["destination", "remove", "default"], environment).status == 0)

                try await Program.running(["notifier"], environment) { notifier in
                    #expect(await notifier.says("started"))
                    try await database.makeServer("a")
                    try await database.execute(
                        "update driftwatch.servers set labels = \(JSON(["team": "web"]))")
                    try await database.execute("select driftwatch.open_alert('a', 'base', 1, 1, '[]')")
                    #expect(await slack.nextRequest()?.path == "/services/T0/B0/canary1")
                    try Self.write("\(slack.url)/services/T0/B0/canary2\n", to: file)
                    // It looks every few seconds.
                    let isTaken = try await eventually(within: .seconds(30)) {
                        try await database.execute("select driftwatch.update_alert(1, 1, 2, '[]')")
                        return slack.received.contains { $0.path == "/services/T0/B0/canary2" }
                    }
                    #expect(isTaken)
                    let list = try await Program.run(["destination", "list"], environment)
                    #expect(list.output.contains("label team=web"), "\(list)")
                    #expect(!list.output.contains("canary"))
                    let json = try await Program.run(["destination", "list", "--json"], environment)
                    let lines = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]]
                    #expect(lines?.first?["settings"] as? [String: String] == ["url_file": file])
                    #expect(lines?.first?["labels"] as? [String: String] == ["team": "web"])
                    #expect(lines?.first?["notifier_id"] is String)
                }
                #expect(try await !Self.stored(database).contains("canary"))
            }
        }
    }

    @Test
    func theOwnDestinationTakesUpItsNewSecretToo() async throws {
        let slack = try SlackStandIn()
        try await Self.withDatabase { database, environment in
            try await withFolder(["url": "\(slack.url)/T0/B0/one"]) { folder in
                let settings = environment.merging(["DRIFTWATCH_SLACK_WEBHOOK_URL_FILE": "\(folder)/url"]) { $1 }
                try await Program.running(["notifier"], settings) { notifier in
                    #expect(await notifier.says("started"))
                    try await Self.alert("a", on: database)
                    #expect(await slack.nextRequest()?.path == "/T0/B0/one")
                    try Self.write("", to: "\(folder)/url")
                    #expect(await notifier.says("going on with the old secret"))
                    try Self.write("\(slack.url)/T0/B0/two", to: "\(folder)/url")
                    let isTaken = try await eventually(within: .seconds(30)) {
                        try await database.execute("select driftwatch.update_alert(1, 1, 2, '[]')")
                        return slack.received.contains { $0.path == "/T0/B0/two" }
                    }
                    #expect(isTaken)
                }
            }
        }
    }

    @Test
    func aNotifierWithNowhereToSendEndsAndSaysTheWays() async throws {
        try await Self.withDatabase { _, environment in
            let result = try await Program.run(["notifier"], environment)
            #expect(result.status == 2, "\(result)")
            for way in ["DRIFTWATCH_SLACK_WEBHOOK_URL", "DRIFTWATCH_SLACK_BOT_TOKEN", "driftwatch destination add"] {
                #expect(result.errors.contains(way), "\(result)")
            }
        }
    }

    /// It has another destination, so it works; what is owed to `default` is not forgotten.
    @Test
    func aNotifierWithoutItsOwnSettingsSaysThatNobodyServesDefault() async throws {
        try await Self.withDatabase { database, environment in
            #expect(try await Program.run(["destination", "add", "out", "--kind", "console"], environment).status == 0)
            try await Program.running(["notifier"], environment) { notifier in
                #expect(await notifier.says("started"))
                try await Self.alert("a", on: database)
                let isSent = try await eventually {
                    try await database.rows(
                        "select destination from driftwatch.outbox where state = 'sent'", as: String.self) == ["out"]
                }
                #expect(isSent)
                for command in [["status", "--check"], ["doctor"]] {
                    let result = try await Program.run(command, environment)
                    #expect(result.status != 0)
                    #expect(
                        (result.output + result.errors).contains(
                            "DRIFTWATCH_NOTIFY: slack needs to know where to post"),
                        "\(command): \(result)")
                }
            }
        }
    }

    @Test
    func aPauseByAPersonIsSaidEverywhereAndATestDoesNotEndIt() async throws {
        let slack = try SlackStandIn()
        try await Self.withDatabase { database, environment in
            try await withFolder(["url": "\(slack.url)/T0/B0/one"]) { folder in
                let add = ["destination", "add", "team", "--kind", "slack", "--url-file", "\(folder)/url"]
                #expect(try await Program.run(add, environment).status == 0)
                let pause = ["destination", "pause", "team", "--reason", "they move", "--as", "ann"]
                #expect(try await Program.run(pause, environment).output == "paused team\n")
                for command in [["status", "--check"], ["doctor"], ["destination", "list", "--json"]] {
                    let result = try await Program.run(command, environment)
                    let said = result.output + result.errors
                    #expect(said.contains("ann") && said.contains("they move"), "\(command): \(result)")
                }
                let test = try await Program.run(["destination", "test", "team"], environment)
                #expect(test.output == "sent to Slack webhook\nteam stays paused by ann\n", "\(test)")
                #expect(slack.received.count { $0.method == "POST" } == 1, "doctor sends no message")
                let both = try await Program.run(["destination", "resume", "team", "default"], environment)
                #expect(both.output == "resumed team\nresumed default\n", "\(both)")
                let resumed = try await Program.run(["destination", "test", "team"], environment)
                #expect(resumed.output == "sent to Slack webhook\n", "\(resumed)")
            }
        }
    }

    @Test
    func aGoodTestEndsThePauseOfADestinationThatRefusedEveryMessage() async throws {
        let slack = try SlackStandIn()
        try await Self.withDatabase { database, environment in
            try await withFolder(["url": "\(slack.url)/T0/B0/one"]) { folder in
                let add = ["destination", "add", "team", "--kind", "slack", "--url-file", "\(folder)/url"]
                #expect(try await Program.run(add, environment).status == 0)
                try await database.execute(
                    "update driftwatch.destinations set paused_at = now(), paused_reason = 'no_service' where destination = 'team'"
                )
                let other = try await Program.run(["destination", "test", "team"], environment)
                #expect(other.output.contains("team stays paused: the notifier has other settings"), "\(other)")
                let opened = OpenDestination.slack(.webhook(url: "\(slack.url)/T0/B0/one"))
                try await database.withTransaction { transaction in
                    let key = try #require(try Destinations.fingerprintKey(of: "team", in: transaction))
                    let fingerprint = opened.fingerprint(key: key)
                    #expect(
                        try Destinations.announce(
                            "team", key: key, kind: "slack", fingerprint: fingerprint, in: transaction))
                    try transaction.execute(
                        "update driftwatch.destinations set paused_at = now(), paused_reason = 'x' where destination = 'team'"
                    )
                }
                let same = try await Program.run(["destination", "test", "team"], environment)
                #expect(same.output == "sent to Slack webhook\nresumed team\n", "\(same)")
            }
        }
    }

    @Test
    func whatIsUnsentIsGivenUpOnlyOnRequest() async throws {
        try await Self.withDatabase { database, environment in
            #expect(try await Program.run(["destination", "add", "out", "--kind", "console"], environment).status == 0)
            try await Self.alert("a", on: database)
            let refused = try await Program.run(["destination", "remove", "out"], environment)
            #expect(refused.status == 2 && refused.errors.contains("--yes gives up what is unsent"), "\(refused)")
            let removed = try await Program.run(["destination", "remove", "out", "--yes"], environment)
            #expect(removed.output == "removed out, 1 message given up\n", "\(removed)")
            let list = try await Program.run(["outbox", "list", "--dead"], environment)
            #expect(list.output.contains("its destination was removed by"), "\(list)")
            let health = try await Program.run(["status", "--check"], environment)
            #expect(!(health.output + health.errors).contains("given up"), "nothing can be done about it: \(health)")
        }
    }

    @Test
    func attemptsThatFailAreSaidBeforeAnythingIsPaused() async throws {
        try await Self.withDatabase { database, environment in
            #expect(try await Program.run(["destination", "add", "out", "--kind", "console"], environment).status == 0)
            try await Self.alert("a", on: database)
            try await database.executeScript(
                """
                update driftwatch.outbox set last_error = 'HTTP 503';
                update driftwatch.destinations set failures = 3, next_send_at = '2099-01-01Z' where destination = 'out';
                """)
            let list = try await Program.run(["destination", "list"], environment)
            let line = try #require(list.output.split(separator: "\n").first { $0.hasPrefix("out") }, "\(list)")
            #expect(line.contains("2099-01-01 00:00:00Z") && line.hasSuffix("the last 3 attempts failed: HTTP 503"))
            let doctor = try await Program.run(["doctor"], environment)
            #expect(doctor.output.contains("out: 1 message waiting, the last 3 attempts failed: HTTP 503"), "\(doctor)")
            #expect(!doctor.output.contains("slack needs to know where to post"), "out is another way: \(doctor)")
        }
    }

    struct Mistake: Sendable {
        let arguments: [String]
        let says: String
    }

    static let mistakes = [
        Mistake(arguments: ["--kind", "fax"], says: "there is no kind of destination fax"),
        Mistake(arguments: ["--kind", "slack"], says: "--url-file: it is needed, or --token-file (give either"),
        Mistake(arguments: ["--kind", "slack", "--url-file", "x.url"], says: "--url-file: it is not an absolute path"),
        Mistake(arguments: ["--kind", "slack", "--token-file", "/x"], says: "--channel: it is needed"),
        Mistake(
            arguments: ["--kind", "slack", "--token-file", "/x", "--url-file", "/y"],
            says: "--url-file: it excludes --token-file (give either --url-file, or --token-file and --channel)"),
        Mistake(
            arguments: ["--kind", "slack", "--url-file", "/y", "--channel", "#a"],
            says: "--channel: a destination of the kind slack does not use it here"),
        Mistake(
            arguments: ["--kind", "console", "--channel", "#a"],
            says: "--channel: a destination of the kind console does not use it here"),
        Mistake(
            arguments: ["--kind", "console", "--label", "a=b", "--label", "a=c"],
            says: "--label a is given with two values"),
        Mistake(arguments: ["--kind", "console", "--pack", "nosuch"], says: "there is no pack nosuch"),
        Mistake(arguments: ["--kind", "console", "--severity", "loud"], says: "there is no severity 'loud'"),
    ]

    @Test(arguments: mistakes)
    func aMistakeIsNamed(mistake: Mistake) async throws {
        try await Self.withDatabase { database, environment in
            let result = try await Program.run(["destination", "add", "x"] + mistake.arguments, environment)
            #expect(result.status == 2 && result.errors.contains(mistake.says), "\(result)")
            #expect(
                try await database.rows("select destination from driftwatch.destinations", as: String.self) == [
                    "default"
                ])
        }
    }

    /// The file is on the notifier's machine, which need not be this one.
    @Test
    func aSecretThatIsNotHereIsANoteAndNoMistake() async throws {
        try await Self.withDatabase { _, environment in
            let result = try await Program.run(
                ["destination", "add", "x", "--kind", "slack", "--url-file", "/nowhere/url"], environment)
            #expect(result.status == 0 && result.output == "added x\n", "\(result)")
            #expect(
                result.errors.contains("it cannot be tried from here: destination x: url_file: the file /nowhere/url"))
            let test = try await Program.run(["destination", "test", "x"], environment)
            #expect(test.status == 2 && test.errors.contains("/nowhere/url"), "\(test)")
            let unknown = try await Program.run(["destination", "test", "y"], environment)
            #expect(unknown.status == 2 && unknown.errors.contains("there is no destination y"), "\(unknown)")
        }
    }
}
