import Foundation
import Instruments
import Postgres

/// What the database knows, as metrics: the view `metrics`, read when somebody asks.
struct DatabaseMetrics: Sendable {
    let database: Database

    /// Less than the 10 s after which Prometheus gives up by default.
    private static let deadline = Duration.seconds(5)

    var answers: Bool {
        get async {
            await inTime(Self.deadline) { try? await database.rows("select true", as: Bool.self) } == [true]
        }
    }

    /// Only `driftwatch_database_up` when the database does not answer in time.
    var families: [MetricFamily] {
        get async {
            let began = ContinuousClock.now
            let rows = await inTime(Self.deadline) { try? await read() }
            let up = MetricFamily(
                "driftwatch_database_up", .gauge,
                help: "Whether the database answered the question for the metrics that come from it.",
                samples: [.init(rows == nil ? 0 : 1)])
            let duration = MetricFamily(
                "driftwatch_database_scrape_seconds", .gauge, help: "How long that question took.",
                samples: [.init(began.duration(to: .now) / .seconds(1))])
            return [up, duration] + Self.families(rows ?? [])
        }
    }

    private typealias Row = (metric: String, labels: String, value: Double, help: String)

    private func read() async throws -> [Row] {
        try await database.read { transaction in
            try transaction.rows(
                "select metric, labels::text, value, help from driftwatch.metrics",
                as: (String, String, Double, String).self)
        }
    }

    /// One family for each name, in the order of the rows.
    private static func families(_ rows: [Row]) -> [MetricFamily] {
        var families: [MetricFamily] = []
        for row in rows {
            if families.last?.name != row.metric {
                families.append(MetricFamily(row.metric, .gauge, help: row.help))
            }
            let labels = (try? JSONDecoder().decode([String: String].self, from: Data(row.labels.utf8))) ?? [:]
            families[families.count - 1].samples.append(
                .init(labels: labels.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) }, row.value))
        }
        return families
    }
}
