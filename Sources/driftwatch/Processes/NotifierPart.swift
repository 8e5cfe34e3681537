import DriftServices
import DriftStore
import Foundation
import Postgres
import Runtime
import ServiceLifecycle

struct NotifierPart: ProcessPart {
    let role = "notifier"
    let channel: String? = "driftwatch_outbox"
    let instruments = DriftServices.Telemetry.notifier
    private let context: CommandContext
    private let settings: NotifySettings?
    private let baseURL: URL?

    /// - Throws: ``SettingError``.
    init(_ context: CommandContext) throws {
        self.context = context
        settings = try NotifySettings.given(context.settings)
        baseURL = try context.settings.value(\.baseURL)
    }

    /// - Throws: ``SettingError`` where neither the settings nor the database say where messages go.
    func services(_ site: PartSite) async throws -> [any Service] {
        if settings == nil {
            let added = try await site.database.withTransaction {
                try Destinations.toServe(creatingDefault: false, in: $0).filter { $0.name != Destinations.default }
            }
            if added.isEmpty { _ = try NotifySettings(context.settings) }
        }
        return [
            NotifierGroup(
                database: site.database,
                source: DestinationDirectory(database: site.database, context: context, baseURL: baseURL),
                notifierID: site.workerID, wake: site.wake, logger: site.logger)
        ]
    }
}
