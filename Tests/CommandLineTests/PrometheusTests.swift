import Foundation
import HTTP
import Postgres
import TestSupport
import Testing

/// What `docs/monitoring` offers, tried with Prometheus itself.
@Suite(.timeLimit(.minutes(10)))
struct PrometheusTests {
    private static let folder = DocumentPage.root.appending(path: "docs/monitoring").path(percentEncoded: false)

    private struct Dashboard: Decodable {
        struct Panel: Decodable {
            struct Target: Decodable { let expr: String }
            let title: String
            let targets: [Target]?
        }
        let panels: [Panel]
    }

    /// Each query of the dashboard, with the panel's title.
    private static func queries() throws -> [(title: String, text: String)] {
        let data = try Data(contentsOf: URL(filePath: folder + "/grafana-dashboard.json"))
        return try JSONDecoder().decode(Dashboard.self, from: data).panels.flatMap { panel in
            (panel.targets ?? []).map { (panel.title, $0.expr.replacing("$__rate_interval", with: "10m")) }
        }
    }

    private static func rules() throws -> String {
        try String(contentsOfFile: folder + "/driftwatch.rules.yml", encoding: .utf8)
    }

    private static func requireTools() throws {
        for tool in ["promtool", "prometheus"] {
            guard Tool.has("/usr/bin/\(tool)") else { try Test.cancel("\(tool) is not installed") }
        }
    }

    @Test
    func promtoolAcceptsTheRulesAndTheirTests() async throws {
        try Self.requireTools()
        let check = try await Tool.run(["/usr/bin/promtool", "check", "rules", Self.folder + "/driftwatch.rules.yml"])
        #expect(check.status == 0, "\(check.text)\(check.errorText)")
        let test = try await Tool.run([
            "/usr/bin/promtool", "test", "rules", Self.folder + "/driftwatch.rules.test.yml",
        ])
        #expect(test.status == 0, "\(test.text)\(test.errorText)")
    }

    @Test
    func eachRuleIsSeenToFireAndToWait() throws {
        let tests = try String(contentsOfFile: Self.folder + "/driftwatch.rules.test.yml", encoding: .utf8)
        let names = try Self.rules().matches(of: /- alert: (\w+)/).map { String($0.1) }
        #expect(names.count > 10)
        for name in names {
            #expect(tests.contains("alertname: \(name) }"), "\(name) never waits")
            #expect(tests.contains("alertname: \(name)\n        exp_alerts:"), "\(name) never fires")
        }
    }

    /// Only something that hangs takes so long.
    private static let patience = Duration.seconds(240)

    /// A Prometheus that has scraped a process twice, since a rate needs two scrapes.
    ///
    /// A scrape may take as long as the time between two of them; one that fails hides what the last one brought.
    private static func withPrometheus(
        scraping address: String, _ body: (MonitoringTests.Scraper) async throws -> Void
    ) async throws {
        let settings = """
            global: { scrape_interval: 5s, scrape_timeout: 5s, evaluation_interval: 1s }
            rule_files: [\(folder)/driftwatch.rules.yml]
            scrape_configs:
              - job_name: driftwatch
                static_configs: [{ targets: ["\(address)"] }]
            """
        try await withFolder(["prometheus.yml": settings]) { folder in
            let own = "127.0.0.1:\(unusedPort())"
            let process = try await ChildProcess([
                "/usr/bin/prometheus", "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/data",
                "--web.listen-address=\(own)",
            ])
            #expect(await process.says("Server is ready to receive web requests"))
            do {
                let prometheus = MonitoringTests.Scraper(address: own)
                #expect(try await isAnswered("sum_over_time(up[1h]) >= 2", prometheus), "it has not scraped \(address)")
                try await body(prometheus)
            } catch {
                await process.end()
                throw error
            }
            await process.end()
        }
    }

    private struct Answer: Decodable {
        struct Content: Decodable {
            struct Series: Decodable {}
            let result: [Series]
        }
        let status: String
        let data: Content?
    }

    private static func ask(_ query: String, _ prometheus: MonitoringTests.Scraper) async throws -> Answer {
        let unreserved = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-._~"))
        let encoded = try #require(query.addingPercentEncoding(withAllowedCharacters: unreserved))
        let reply = try await prometheus.get("/api/v1/query?query=\(encoded)")
        return try JSONDecoder().decode(Answer.self, from: Data(reply.text.utf8))
    }

    /// Whether there is an answer in the end.
    private static func isAnswered(_ query: String, _ prometheus: MonitoringTests.Scraper) async throws -> Bool {
        try await eventually(within: patience) { try await ask(query, prometheus).data?.result.isEmpty == false }
    }

    /// Fed by a real process, so that a name or a label that is not served gives no answer.
    @Test
    func eachQueryOfTheDashboardHasAnAnswer() async throws {
        try Self.requireTools()
        let queries = try Self.queries()
        #expect(queries.count > 30)
        try await withTestDatabase(from: .migrated) { lent in
            try await lent.database.makeServer("web-1")
            try await lent.database.execute(
                """
                update driftwatch.servers
                set failing_streak = 1, failing_since = driftwatch.clock(), failing_reason = 'unreachable'
                """)
            try await lent.database.executeScript(
                """
                select driftwatch.seed_schedule('default', '0 6 * * *', 'UTC');
                select driftwatch.fire_slot('default', driftwatch.clock(), driftwatch.clock() + interval '1 day');
                """)
            try await MonitoringTests.serve(["run"], ["DRIFTWATCH_DATABASE_URL": lent.conninfo]) { _, scraper in
                #expect(try await eventually(within: Self.patience) { try await scraper.get("/readyz").status == 200 })
                try await Self.withPrometheus(scraping: scraper.address) { prometheus in
                    for (title, query) in queries {
                        #expect(try await Self.isAnswered(query, prometheus), "\(title): \(query)")
                    }
                    let served = Set(
                        try await scraper.get("/metrics").text.matches(of: /(?m)^# TYPE (\w+)/).map { String($0.1) })
                    for match in try Self.rules().matches(of: /driftwatch_\w+/) {
                        #expect(served.contains(String(match.0)), "a rule asks for \(match.0)")
                    }
                    let health = try await prometheus.get("/api/v1/rules").text
                    #expect(health.contains("\"health\":\"ok\"") && !health.contains("\"health\":\"err\""), "\(health)")
                }
            }
        }
    }
}
