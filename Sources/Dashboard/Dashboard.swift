import DriftCore
import DriftStore
import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
package import Postgres
import ServiceLifecycle

/// The web pages: the fleet, the page behind an alert's link, and `/healthz`.
///
/// Pages hold no script and load nothing from elsewhere; all that comes from servers is escaped. Each reads what it shows
/// in one short transaction.
package struct Dashboard: Service {
    private let database: Database
    private let settings: DashboardSettings
    private let logger: Logger

    package init(database: Database, settings: DashboardSettings, logger: Logger) {
        self.database = database
        self.settings = settings
        self.logger = logger
    }

    package func run() async throws {
        let pages = try PageRenderer()
        let places = ConnectionPlaces(maximum: settings.maximumConnections)
        let timeout = TimeAmount(settings.clientTimeout)
        let application = Application(
            router: router(pages),
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ClientWatch(places: places, timeout: timeout)])),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: "driftwatch",
                availableConnectionsDelegate: .maximum(settings.maximumConnections, logger: logger)),
            onServerRunning: { channel in
                settings.onRunning(channel.localAddress?.port ?? settings.port)
            },
            logger: logger)
        do { try await application.run() } catch let error as IOError { throw ListenFailure(error) }
    }

    private func router(_ pages: PageRenderer) -> Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: SecurityHeaders())
        router.add(middleware: ErrorPages(pages: pages))
        router.add(middleware: ReadOnly())
        router.add(middleware: OwnNames(boundTo: settings.host, names: settings.names))
        router.get("/") { _, _ in
            try pages.page("fleet", try await fleet(FleetFilter()))
        }
        router.get("/servers/:server") { _, context in
            let server = try Self.server(context)
            let page = try await fleet(FleetFilter(ServerSelection(servers: [server])))
            guard !page.isEmpty else { throw PageError.noServer }
            return try pages.page("fleet", page)
        }
        router.get("/servers/:server/packs/:pack") { request, context in
            let (server, pack) = (try Self.server(context), try Self.pack(context))
            let check = try Self.check(request)
            return try pages.page("diff", try await diff(server, pack, check))
        }
        router.get("/healthz") { _, _ in try await health() }
        router.get("/healthz/delivery") { _, _ in try await deliveryHealth() }
        router.get("/style.css") { _, _ in pages.stylesheet }
        return router
    }

    private func fleet(_ filter: FleetFilter) async throws -> FleetPage {
        try await database.read { transaction in
            FleetPage(
                try FleetReader.status(filter, in: transaction),
                deliveryProblems: try DeliveryReader.problems(in: transaction), now: Date())
        }
    }

    private func diff(_ server: ServerID, _ pack: PackName, _ check: Int64?) async throws -> DiffPage {
        let now = Date()
        return try await database.read { transaction in
            guard let assignment = try AssignmentReader.view(server, pack, in: transaction) else {
                throw PageError.noAssignment
            }
            let newest = try CheckReader.check(server, pack, in: transaction)
            guard let check else { return DiffPage(assignment, shown: newest, newest: newest, now: now) }
            if let asked = try CheckReader.check(server, pack, check, in: transaction) {
                return DiffPage(assignment, shown: asked, newest: newest, now: now)
            }
            // A link outlives its check; one to another server's check, or to one that never was, is simply wrong.
            guard check < newest?.id ?? .max, try !AssignmentReader.isKept(check: check, in: transaction) else {
                throw PageError.noCheck
            }
            let alert = try AssignmentReader.alert(server, pack, of: check, in: transaction)
            return DiffPage(assignment, shown: newest, newest: newest, removed: (check, alert), now: now)
        }
    }

    /// Whether this process is well, for whoever restarts it: that messages are not delivered is said, and ends nothing.
    private func health() async throws -> Response {
        guard let problems = await deliveryProblems() else {
            return .plain("the database does not answer\n", status: .serviceUnavailable)
        }
        return .plain((["ok"] + problems).joined(separator: "\n") + "\n")
    }

    /// Whether people get their messages, for whoever watches.
    private func deliveryHealth() async throws -> Response {
        guard let problems = await deliveryProblems() else {
            return .plain("the database does not answer\n", status: .serviceUnavailable)
        }
        guard problems.isEmpty else {
            return .plain(problems.joined(separator: "\n") + "\n", status: .serviceUnavailable)
        }
        return .plain("ok\n")
    }

    /// Nil where the database does not answer in time.
    private func deliveryProblems() async -> [String]? {
        let (answers, answer) = AsyncStream<[String]?>.makeStream()
        // Not child tasks, which would be waited for: a database that is silent takes its time to be given up.
        let question = Task {
            answer.yield(try? await database.read { try DeliveryReader.problems(in: $0) }.map(\.shown))
        }
        let alarm = Task {
            // Real time on purpose: whoever asks for our health has a timeout of its own.
            try? await Task.sleep(for: .seconds(2))
            answer.yield(nil)
        }
        defer {
            question.cancel()
            alarm.cancel()
        }
        return await answers.first { _ in true } ?? nil
    }

    private static func server(_ context: BasicRequestContext) throws -> ServerID {
        let text = try context.parameters.require("server")
        guard isWellFormedName(text) else { throw PageError.malformedName }
        return ServerID(rawValue: text)
    }

    private static func pack(_ context: BasicRequestContext) throws -> PackName {
        let text = try context.parameters.require("pack")
        guard isWellFormedName(text) else { throw PageError.malformedName }
        return PackName(rawValue: text)
    }

    private static func check(_ request: Request) throws -> Int64? {
        guard let text = request.uri.queryParameters["check"] else { return nil }
        guard let id = Int64(text), id > 0 else { throw PageError.malformedCheck }
        return id
    }
}

/// Where the dashboard listens, and for whom.
package struct DashboardSettings: Sendable {
    package var host: String
    /// 0: any free one.
    package var port: Int
    /// The names under which people find it, besides those of this machine.
    package var names: Set<String>
    /// More than these wait to be let in.
    package var maximumConnections = 256
    /// How long a connection may wait for its client: for a whole request, for the next one, or until the client takes
    /// what was sent.
    package var clientTimeout: Duration = .seconds(30)
    /// Told the port once it listens.
    package var onRunning: @Sendable (_ port: Int) -> Void

    package init(
        host: String, port: Int, names: Set<String> = [], onRunning: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.host = host
        self.port = port
        self.names = names
        self.onRunning = onRunning
    }
}
