import DriftCore
import DriftServices
import DriftStore
import HTTP
import Postgres
import Presentation
import Runtime
import ServiceLifecycle
import Slack

struct NotifierPart: ProcessPart {
    let role = "notifier"
    let channel: String? = "driftwatch_outbox"
    let instruments = DriftServices.Telemetry.notifier
    private let settings: NotifySettings
    private let console: Console

    /// - Throws: ``SettingError``, also where nothing says where Slack is.
    init(_ sources: SettingSources, console: Console) throws {
        settings = try NotifySettings(sources)
        self.console = console
    }

    func services(_ site: PartSite) async throws -> [any Service] {
        let fingerprint = try await site.database.withTransaction { transaction in
            try settings.announce(in: transaction)
        }
        return [
            Notifier(
                database: site.database, sender: settings.sender(console),
                settings: NotifierSettings(notifierID: site.workerID, fingerprint: fingerprint), wake: site.wake,
                logger: site.logger)
        ]
    }
}

extension NotifySettings {
    func sender(_ console: Console) -> any NotificationSender {
        switch destination {
        case .slack(let destination):
            SlackSender(
                destination: destination,
                client: HTTPClient(settings: .init(userAgent: "driftwatch/\(driftwatchVersion)")), baseURL: baseURL)
        case .console:
            ConsoleSender(baseURL: baseURL) { try console.deliver(visibleLines($0).joined(separator: "\n") + "\n") }
        }
    }

    /// Tells the database where messages go, with a fingerprint in the secret's place, which is returned.
    func announce(in transaction: borrowing Transaction) throws -> String? {
        let fingerprint = try fingerprint(in: transaction)
        try Destinations.announce(kind: destination.kind.rawValue, fingerprint: fingerprint, in: transaction)
        return fingerprint
    }

    /// Tells one secret from another; nil if there is none.
    func fingerprint(in transaction: borrowing Transaction) throws -> String? {
        let key = try Destinations.fingerprintKey(in: transaction)
        return switch destination {
        case .slack(let destination): destination.fingerprint(key: key).description
        case .console: nil
        }
    }
}
