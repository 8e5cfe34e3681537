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
            guard let problems = await deliveryProblems() else { return Self.silence }
            return .plain((["ok"] + problems).joined(separator: "\n") + "\n")
        }
    }

    /// Whether messages are delivered, for monitoring.
    var ofDelivery: Response {
        get async {
            guard let problems = await deliveryProblems() else { return Self.silence }
            guard !problems.isEmpty else { return .plain("ok\n") }
            return .plain(problems.joined(separator: "\n") + "\n", status: .serviceUnavailable)
        }
    }

    private static var silence: Response {
        .plain("the database does not answer\n", status: .serviceUnavailable)
    }

    /// Nil if the database does not answer in time.
    private func deliveryProblems() async -> [String]? {
        await inTime(.seconds(2)) { await readProblems() }
    }

    /// If the database answers other queries but not this one, the database is not down.
    private func readProblems() async -> [String]? {
        if let problems = try? await database.read({ try DeliveryReader.problems(in: $0) }) {
            return problems.map(visible)
        }
        let answers = (try? await database.rows("select true", as: Bool.self)) == [true]
        return answers ? ["it is not known whether messages are delivered"] : nil
    }
}
