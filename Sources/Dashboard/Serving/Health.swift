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
            guard let (problems, notices) = await delivery() else { return Self.silence }
            return .plain((["ok"] + problems + notices).joined(separator: "\n") + "\n")
        }
    }

    /// Whether messages are delivered, for monitoring.
    var ofDelivery: Response {
        get async {
            guard let (problems, notices) = await delivery() else { return Self.silence }
            guard !problems.isEmpty else { return .plain((["ok"] + notices).joined(separator: "\n") + "\n") }
            return .plain(problems.joined(separator: "\n") + "\n", status: .serviceUnavailable)
        }
    }

    private static var silence: Response {
        .plain("the database does not answer\n", status: .serviceUnavailable)
    }

    /// Nil if the database does not answer in time.
    private func delivery() async -> (problems: [String], notices: [String])? {
        await inTime(.seconds(2)) { await readDelivery() }
    }

    /// If the database answers other queries but not this one, the database is not down.
    private func readDelivery() async -> (problems: [String], notices: [String])? {
        let said = try? await database.read { transaction in
            (try DeliveryReader.problems(in: transaction), try DeliveryReader.notices(in: transaction))
        }
        if let said { return (said.0.map(visible), said.1.map(visible)) }
        let answers = (try? await database.rows("select true", as: Bool.self)) == [true]
        return answers ? (["it is not known whether messages are delivered"], []) : nil
    }
}
