import DriftStore
import Foundation
import HTTP
import Postgres
import TestSupport
import Testing

@testable import driftwatch

/// Destinations that are not Slack, from `destination add` to what arrives, with the binary.
@Suite(.timeLimit(.minutes(3)))
struct DestinationKindTests {
    private static func withDatabase(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await body(lent.database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
        }
    }

    private static let key = "canary-key-0123456789"

    /// The check that the documentation gives to receivers takes what is sent, and nothing that was changed.
    @Test
    func aWebhookGetsWhatTheDocumentedCheckTakes() async throws {
        let receiver = try SlackStandIn(otherwise: .reply(204, ""))
        try await Self.withDatabase { database, environment in
            try await withFolder(["url": "\(receiver.url)/hook/canary", "key": Self.key]) { folder in
                let add = [
                    "destination", "add", "tickets", "--kind", "webhook", "--url-file", "\(folder)/url", "--key-file",
                    "\(folder)/key",
                ]
                #expect(try await Program.run(add, environment).status == 0)
                let test = try await Program.run(["destination", "test", "tickets"], environment)
                #expect(test.output == "sent to webhook\n", "\(test)")
                try await Program.running(["notifier"], environment) { notifier in
                    #expect(await notifier.says("started"))
                    try await database.makeServer("a")
                    try await database.execute("select driftwatch.open_alert('a', 'base', 1, 1, '[]')")
                    let isSent = try await eventually { receiver.received.count == 2 }
                    #expect(isSent)
                }
                let id = try await database.rows(
                    "select message_id::text from driftwatch.outbox where destination = 'tickets'", as: String.self)
                #expect(receiver.received.last?.headers["driftwatch-delivery"] == id.first)
                let stored = try await database.rows(
                    "select string_agg(d::text, ' ') from driftwatch.destinations d", as: String.self)
                #expect(!stored[0].contains("canary"))

                let page = try DocumentPage.named("docs/DESTINATIONS.md")
                let check = try #require(page.blocks.first { $0.kind == "python" })
                let harness = """
                    import json, sys
                    key = sys.argv[1].encode()
                    requests = json.load(open(sys.argv[2]))
                    for headers, body in requests:
                        headers = {name.title(): value for name, value in headers.items()}
                        body = bytes(body)
                        assert is_genuine(key, headers, body)
                        assert not is_genuine(key + b"x", headers, body)
                        assert not is_genuine(key, headers, body + b" ")
                        assert not is_genuine(key, {**headers, "Driftwatch-Timestamp": "1"}, body)
                        old = "1000000000"
                        signed = hmac.new(key, old.encode() + b"." + body, hashlib.sha256).hexdigest()
                        assert not is_genuine(
                            key, {"Driftwatch-Timestamp": old, "Driftwatch-Signature": "v1=" + signed}, body)
                    """
                let requests = try JSONEncoder().encode(
                    receiver.received.map { Request(headers: $0.headers, body: $0.body) })
                try requests.write(to: URL(filePath: "\(folder)/requests"))
                let answer = try await Tool.run([
                    "/usr/bin/env", "python3", "-c", "\(check.text)\n\(harness)", Self.key, "\(folder)/requests",
                ])
                #expect(answer.status == 0, "\(answer.errorText)")
            }
        }
    }

    private struct Request: Encodable {
        var headers: [String: String]
        var body: [UInt8]

        func encode(to encoder: any Encoder) throws {
            var list = encoder.unkeyedContainer()
            try list.encode(headers)
            try list.encode(body)
        }
    }

    @Test
    func mailsOfAnAlertBelongTogether() async throws {
        let server = try SMTPStandIn()
        try await Self.withDatabase { database, environment in
            try await withFolder(["password": "canary"]) { folder in
                let add = [
                    "destination", "add", "duty", "--kind", "email", "--host", "127.0.0.1", "--port", "\(server.port)",
                    "--tls", "none", "--from", "driftwatch@example.net", "--to", "duty@example.net, ops@example.net",
                    "--user", "drift", "--password-file", "\(folder)/password",
                ]
                #expect(try await Program.run(add, environment).status == 0)
                let test = try await Program.run(["destination", "test", "duty"], environment)
                #expect(test.output == "sent to mail to duty@example.net and 1 more\n", "\(test)")
                try await Program.running(["notifier"], environment) { notifier in
                    #expect(await notifier.says("started"))
                    for name in ["a", "b"] { try await database.makeServer(name) }
                    // What happens while an earlier message waits would be told in that one.
                    let steps: [SQL] = [
                        "select driftwatch.open_alert('a', 'base', 1, 1, '[]')",
                        "select driftwatch.open_alert('b', 'base', 1, 1, '[]')",
                        "select driftwatch.update_alert(1, 1, 2, '[]')",
                        "select driftwatch.close_alert(1, 'manual', 'x')",
                    ]
                    for (number, step) in steps.enumerated() {
                        try await database.execute(step)
                        let isSent = try await eventually(within: .seconds(20)) {
                            try await database.rows(
                                "select count(*)::int from driftwatch.outbox where destination = 'duty' and state = 'sent'",
                                as: Int.self) == [number + 1]
                        }
                        #expect(isSent, "step \(number)")
                    }
                }
                let mails = server.mails.dropFirst()
                #expect(mails.allSatisfy { $0.to == ["duty@example.net", "ops@example.net"] })
                let ids = Dictionary(
                    uniqueKeysWithValues: try await database.rows(
                        """
                        select '<' || message_id || '@example.net>', (select '<' || p.message_id || '@example.net>'
                            from driftwatch.outbox p where p.alert_id = o.alert_id and p.destination = o.destination and p.seq = 1
                              and o.seq > 1)
                        from driftwatch.outbox o where o.destination = 'duty'
                        """, as: (String, String?).self))
                #expect(ids.values.compactMap(\.self).count == 2)
                for mail in mails {
                    let id = try #require(mail.header("Message-ID"))
                    #expect(ids.keys.contains(id))
                    #expect(mail.header("In-Reply-To") == ids[id] ?? nil, "\(mail.headers)")
                }
            }
        }
    }

    private static let mail = ["--kind", "email", "--from", "a@b.example", "--to", "c@d.example"]

    static let mistakes: [([String], String)] = [
        (["--kind", "webhook", "--url-file", "/x"], "--key-file: it is needed"),
        (["--kind", "webhook", "--key-file", "/x"], "--url-file: it is needed"),
        (
            ["--kind", "webhook", "--url-file", "/x", "--key-file", "/y", "--user", "u"],
            "--user: a destination of the kind webhook"
        ),
        (mail, "--host: it is needed"), (mail + ["--host", "h.example:25"], "`h.example:25` is not a host"),
        (mail + ["--host", "h.example", "--tls", "some"], "`some` is not starttls, implicit or none"),
        (mail + ["--host", "h.example", "--tls", "none"], "messages would go unencrypted to h.example"),
        (mail + ["--host", "h.example", "--port", "0"], "`0` is not a port"),
        (mail + ["--host", "h.example", "--user", "u"], "--password-file: it is needed"),
        (mail + ["--host", "h.example", "--password-file", "/x"], "--user: it is needed"),
        (
            ["--kind", "email", "--host", "h.example", "--from", "a", "--to", "c@d.example"],
            "--from: `a` is not an address"
        ),
        (
            ["--kind", "email", "--host", "h.example", "--from", "a@b", "--to", "c@d,<e@f>"],
            "--to: `<e@f>` is not an address"
        ),
    ]

    @Test(arguments: mistakes)
    func aMistakeIsNamed(arguments: [String], says: String) async throws {
        let result = try await Program.run(["destination", "add", "x"] + arguments)
        #expect(result.status == 2 && result.errors.contains(says), "\(result)")
    }

    static let plans: [DestinationPlan] = [
        .slackWebhook(urlFile: "/x"), .slackBot(tokenFile: "/x", channel: "#a", api: nil),
        .slackBot(tokenFile: "/x", channel: "#a", api: "https://x.example/api"), .webhook(urlFile: "/x", keyFile: "/y"),
        .console,
        .email(.init(host: "h.example", port: 25, security: .implicit, from: "a@b", to: "c@d,e@f", login: nil)),
        .email(
            .init(
                host: "h.example", port: 25, security: .startTLS, from: "a@b", to: "c@d",
                login: .init(user: "u", passwordFile: "/x"))),
    ]

    @Test(arguments: plans)
    func whatIsStoredIsReadAsItWas(plan: DestinationPlan) throws {
        #expect(try DestinationPlan(kind: plan.kind.rawValue, json: plan.fields.json(), of: "x") == plan)
    }

    @Test(arguments: [("starttls", 587), ("implicit", 465), (nil as String?, 587)])
    func aPortFollowsFromTheEncryption(tls: String?, port: Int) throws {
        var fields = DestinationPlan.Fields()
        (fields.host, fields.from, fields.to, fields.tls) = ("h.example", "a@b", "c@d", tls)
        guard case .email(let mail) = try DestinationPlan(kind: "email", fields, from: .commandLine) else {
            Issue.record("not e-mail")
            return
        }
        #expect(mail.port == port && mail.security == (tls == "implicit" ? .implicit : .startTLS))
    }

    @Test
    func aKeyThatCanBeGuessedIsRefused() async throws {
        try await withFolder(["url": "https://x.example/hook", "key": "short"]) { folder in
            let plan = DestinationPlan.webhook(urlFile: "\(folder)/url", keyFile: "\(folder)/key")
            let error = #expect(throws: SettingError.self) {
                _ = try plan.open(SettingSources(environment: [:]), for: "x")
            }
            #expect(error?.description.hasSuffix("the key has fewer than 16 characters") == true)
        }
    }
}
