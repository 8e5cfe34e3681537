import Dashboard
import Foundation
import Logging
import Runtime
import ServiceLifecycle

struct WebPart: ProcessPart {
    let role = "web"
    private let address: ListenAddress
    private let names: Set<String>
    private let token: APIToken?

    /// - Throws: ``SettingError``.
    init(_ sources: SettingSources) throws {
        address = try sources.value(\.listen)
        var names = try sources.value(\.webNames)
        if let host = try sources.value(\.baseURL)?.host() { names.insert(host) }
        self.names = names
        token = try sources.text(\.apiToken).map { setting in
            guard setting.text.count >= APIToken.minimumLength, setting.text.allSatisfy({ $0.isASCII && $0 > " " })
            else {
                throw SettingError(
                    setting.place, "its value is not a token of at least \(APIToken.minimumLength) visible characters",
                    hint: "openssl rand -hex 32 makes one")
            }
            return APIToken(setting.text)
        }
    }

    func services(_ site: PartSite) async throws -> [any Service] {
        let logger = site.logger
        let host = address.host
        var settings = DashboardSettings(host: host, port: address.port, names: names) { port in
            logger.info("listening", metadata: ["web.host": "\(host)", "web.port": "\(port)"])
        }
        settings.apiToken = token
        // The other half is for the rest of the process.
        settings.maximumConnections = min(settings.maximumConnections, FileLimit.current / 2)
        // Hummingbird has a line for every start and stop of its own.
        var quiet = logger
        if quiet.logLevel == .info { quiet.logLevel = .notice }
        return [
            WebService(
                dashboard: Dashboard(database: site.database, settings: settings, logger: quiet), address: address)
        ]
    }
}

/// The dashboard, with a clear word where it cannot listen.
private struct WebService: Service {
    let dashboard: Dashboard
    let address: ListenAddress

    func run() async throws {
        do { try await dashboard.run() } catch {
            throw CommandFailure(
                .dependency, "web on \(address.host):\(address.port): \(error)", hint: "see DRIFTWATCH_LISTEN")
        }
    }
}
