import DriftServices
import DriftStore
import Foundation
import Postgres
import Presentation

/// The destinations of a notifier: the one of its own settings, and those that people added.
///
/// Settings and files are read anew each time, so that a changed secret is taken up without a restart.
struct DestinationDirectory: DestinationSource {
    let database: Database
    let context: CommandContext
    /// As it was at the start.
    let baseURL: URL?

    func current() async throws -> [FoundDestination] {
        let sources: Result<SettingSources, any Error> = Result { try context.readSettingsAgain() }
        let own = sources.flatMap { sources in Result { try NotifySettings(sources).destination } }
        let hasOwn = (try? own.get()) != nil
        let known = try await database.withTransaction {
            try Destinations.toServe(creatingDefault: hasOwn, in: $0)
        }
        return known.map { known in
            let opened =
                known.name == Destinations.default
                ? own
                : Result {
                    try DestinationPlan(kind: known.kind, json: known.settings, of: known.name)
                        .open(try sources.get(), for: known.name)
                }
            switch opened {
            case .failure(let error):
                return FoundDestination(known.name, .faulty("\(hostName()): \(visible("\(error)"))"))
            case .success(let opened):
                let (console, baseURL) = (context.console, baseURL)
                return FoundDestination(
                    known.name,
                    .ready(
                        .init(
                            kind: opened.kind.rawValue, key: known.key, fingerprint: opened.fingerprint(key: known.key)
                        ) {
                            opened.sender(console, baseURL: baseURL)
                        }))
            }
        }
    }
}
