import DriftCore
import Foundation
import HTTP
import Messages
import Postgres
import TestSupport
import Testing

/// Who reads `status`, the page and the message of one moment gets one answer.
@Suite(.timeLimit(.minutes(3)))
struct OneStoryTests {
    /// What `status --json` says of a line.
    private struct Line: Decodable {
        var serverID: String
        var packName: String?
        var state: String?
        var note: String?

        enum CodingKeys: String, CodingKey {
            case state, note
            case serverID = "server_id"
            case packName = "pack_name"
        }
    }

    private struct Status: Decodable {
        var assignments: [Line]
    }

    @Test
    func statusAndPagesSayTheSameOfEveryLine() async throws {
        try await StatusCommandTests.withFleet { _, status in
            let json = try await status.run(["--json"]).output
            let lines = try JSONDecoder().decode(Status.self, from: Data(json.utf8)).assignments
            #expect(Set(lines.compactMap(\.state)) == ["drifted", "incomplete", "compliant", "unknown", "disabled"])
            let summary = try #require(try await status.run().output.split(separator: "\n").last)
            let counts = summary.prefix { $0 != ";" }
            try await Self.withPages(status.environment) { page in
                let fleet = try await page("/")
                #expect(fleet.contains("8 servers, each with its packs: \(counts)<"))
                let rows = Self.rows(fleet)
                #expect(rows.count == lines.count)
                for (line, row) in zip(lines, rows) {
                    #expect(row.contains("href=\"/servers/\(line.serverID)\""), "in the same order")
                    guard let pack = line.packName, let state = line.state else { continue }
                    let notes = (line.note ?? "").replacing("'", with: "&#39;")
                    // A state that nobody could look at since is only what was last known.
                    let shown = notes.contains("cannot be checked since") ? "last known: \(state)" : state
                    let one = try await page("/servers/\(line.serverID)/packs/\(pack)")
                    for (place, text) in [("fleet", row), ("page", one)] {
                        #expect(text.contains("</span>\(shown)</span>"), "\(line) in the \(place)")
                        #expect(
                            notes.isEmpty || text.replacing(" · ", with: ", ").contains(notes),
                            "\(line) in the \(place)")
                    }
                }
            }
        }
    }

    @Test
    func theMessageNamesWhatStatusAndThePageCount() async throws {
        try await StatusCommandTests.withFleet { database, status in
            let payload = try await database.rows(
                """
                with opened as (
                    select driftwatch.open_alert(
                        'b-drifted', 'base', d.last_check_id, 1, '[{"type": "missing_file", "item": "/a"}]', 1)
                    from driftwatch.drift_states d where d.server_id = 'b-drifted' and d.pack_name = 'base')
                select alert_id from opened, lateral (select 1 as alert_id) a
                """, as: Int.self)
            #expect(payload == [1])
            let json = try await database.rows("select payload::text from driftwatch.outbox", as: String.self)[0]
            let text = MessageText(
                try NotificationFacts(json: Array(json.utf8)), outboxID: 1, baseURL: URL(string: "http://x"),
                escaping: .none)
            #expect(text.count == "1 item" && text.items == ["/a: missing"])
            #expect(try await status.run(["b-drifted", "--pack", "base"]).output.contains("1 item wrong, alert 1"))
            guard case .page(let link)? = text.link else {
                Issue.record("the message has no link")
                return
            }
            try await Self.withPages(status.environment) { page in
                let shown = try await page(String(link.dropFirst("http://x".count)))
                #expect(shown.contains("1 item wrong · alert 1"))
                #expect(shown.contains("<h3>/a</h3><div><p class=\"what\">missing</p>"))
            }
        }
    }

    private static func rows(_ page: String) -> [String] {
        page.components(separatedBy: "<tr>").dropFirst(2).map { $0.components(separatedBy: "</tr>")[0] }
    }

    private static func withPages(
        _ environment: [String: String], _ body: ((String) async throws -> String) async throws -> Void
    ) async throws {
        try await WebCommandTests.serve(environment) { address, _ in
            let client = HTTPClient(settings: .init(usesProxy: false))
            defer { client.close() }
            try await body { path in
                let reply = try await client.send(
                    HTTPRequest(url: "http://\(address)\(path)", deadline: .seconds(30), maximumReply: 1 << 20))
                return String(decoding: reply.body, as: UTF8.self)
            }
        }
    }
}
