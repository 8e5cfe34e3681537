import DriftStore
import Hummingbird
import Postgres
import Presentation

/// What `/healthz` answers.
struct Health: Sendable {
    let database: Database

    /// Whether this process is healthy, for a supervisor that restarts it.
    ///
    /// Messages that are not delivered are mentioned, but the process still counts as healthy: a restart would not help.
    var ofProcess: Response {
        get async {
            guard let delivery = await delivery() else { return Self.silence }
            return .plain((["ok"] + delivery.problems + delivery.notices).joined(separator: "\n") + "\n")
        }
    }

    /// Whether messages are delivered, for monitoring.
    var ofDelivery: Response {
        get async {
            guard let delivery = await delivery() else { return Self.silence }
            guard !delivery.problems.isEmpty else {
                return .plain((["ok"] + delivery.notices).joined(separator: "\n") + "\n")
            }
            return .plain(delivery.problems.joined(separator: "\n") + "\n", status: .serviceUnavailable)
        }
    }

    private static var silence: Response {
        .plain("the database does not answer\n", status: .serviceUnavailable)
    }

    /// Nil if the database does not answer in time.
    private func delivery() async -> DeliveryReader.Report? {
        await inTime(.seconds(2)) { await readDelivery() }
    }

    /// If the database answers other queries but not this one, the database is not down.
    private func readDelivery() async -> DeliveryReader.Report? {
        if let report = try? await database.read({ try DeliveryReader.report(in: $0) }) {
            return .init(problems: report.problems.map(visible), notices: report.notices.map(visible))
        }
        let answers = (try? await database.rows("select true", as: Bool.self)) == [true]
        return answers ? .init(problems: ["it is not known whether messages are delivered"], notices: []) : nil
    }
}
