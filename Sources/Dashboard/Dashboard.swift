import DriftCore
import DriftStore
import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
package import Postgres
import Presentation
import ServiceLifecycle

/// The web pages: the fleet, the page behind an alert's link, and `/healthz`; and the API for holds.
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
        try await serve(
            router, at: settings.host, port: settings.port, maximumConnections: settings.maximumConnections,
            clientTimeout: settings.clientTimeout, logger: logger, onRunning: settings.onRunning)
    }

    private var router: Router<BasicRequestContext> {
        let router = Router(context: BasicRequestContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: SecurityHeaders())
        router.add(middleware: ErrorPages())
        let ownNames = OwnNames(boundTo: settings.host, names: settings.names)
        if let token = settings.apiToken {
            // Middleware is for what is added after it: what only pages have comes later.
            let api = HoldsAPI(database: database, token: token)
            api.add(to: router.group().add(middleware: ownNames))
        }
        router.add(middleware: ReadOnly())
        router.add(middleware: ownNames)
        router.get("/") { request, _ in
            try await fleet(page: try Self.page(request)).html.response()
        }
        router.get("/servers/:server") { _, context in
            try await server(try Self.server(context)).html.response()
        }
        router.get("/servers/:server/packs/:pack") { request, context in
            let (server, pack) = (try Self.server(context), try Self.pack(context))
            let (check, page) = (try Self.check(request), try Self.page(request))
            let content = try await database.read { try Self.diff(server, pack, check, in: $0) }
            return DiffPage(content, page: page, now: Date()).html.response()
        }
        router.get("/alerts") { request, _ in
            if let group = try Self.group(request) { return try await alerts(of: group).html.response() }
            return try await alerts(all: request.uri.queryParameters["all"] != nil).html.response()
        }
        router.get("/alerts/:alert") { _, context in
            guard let id = Int64(try context.parameters.require("alert")), id > 0 else { throw PageError.noAlert }
            return try await alert(id).html.response()
        }
        router.get("/healthz") { _, _ in await Health(database: database).ofProcess }
        router.get("/healthz/delivery") { _, _ in await Health(database: database).ofDelivery }
        router.get("/style.css") { _, _ in Response.stylesheet }
        return router
    }

    private func fleet(page: Int) async throws -> FleetPage {
        try await database.read { transaction in
            let counts = try FleetReader.counts(in: transaction)
            let pages = max(1, (counts.lines + FleetPage.linesPerPage - 1) / FleetPage.linesPerPage)
            let page = min(page, pages)
            let start = (page - 1) * FleetPage.linesPerPage
            let lines = try FleetReader.page(
                start..<(start + FleetPage.linesPerPage), of: counts, in: transaction)
            let zone = try SchedulesReader.schedule(in: transaction)?.timeZone
            let times = Times(zone: zone)
            let pauses = try QueuesReader.pauses(in: transaction).map { PauseText($0, times: times).words }
            let delivery = try DeliveryReader.report(in: transaction)
            return FleetPage(
                title: "Fleet", lines: lines, counts: counts,
                warnings: pauses + (delivery.problems + delivery.notices).map(times.local), zone: zone, now: Date(),
                links: PageLinks(
                    "lines", start..<(start + lines.count), of: counts.lines, page: page, pages: pages,
                    place: Place.fleet))
        }
    }

    private func server(_ server: ServerID) async throws -> FleetPage {
        try await database.read { transaction in
            let lines = try FleetReader.status(FleetFilter(ServerSelection(servers: [server])), in: transaction)
            guard let name = lines.first?.displayName else { throw PageError.noServer }
            return FleetPage(
                title: name, lines: lines, counts: FleetCounts(lines), warnings: [],
                zone: try SchedulesReader.schedule(in: transaction)?.timeZone, now: Date(), links: nil)
        }
    }

    private func alerts(all: Bool) async throws -> AlertsPage {
        try await database.read { transaction in
            AlertsPage(
                alerts: try AlertsReader.list(
                    all ? .all : .unresolved, limit: AlertsPage.maximumLines, in: transaction),
                isAll: all, times: Times(zone: try SchedulesReader.schedule(in: transaction)?.timeZone), now: Date())
        }
    }

    private func alerts(of group: String) async throws -> GroupPage {
        try await database.read { transaction in
            let alerts = try AlertsReader.list(.all, group: group, limit: GroupPage.maximumLines, in: transaction)
            guard let example = GroupPage.example(of: alerts), let pack = example.packName else {
                throw PageError.noGroup
            }
            let times = Times(zone: try SchedulesReader.schedule(in: transaction)?.timeZone)
            let check = example.isCheckKept ? example.checkID : nil
            return GroupPage(
                alerts: alerts, example: example, pack: pack,
                items: DiffItems(
                    try Self.diff(example.serverID, pack, check, in: transaction), times: times),
                times: times, now: Date())
        }
    }

    private func alert(_ id: Int64) async throws -> AlertPage {
        try await database.read { transaction in
            guard let alert = try AlertsReader.alert(id, in: transaction) else { throw PageError.noAlert }
            return AlertPage(
                alert: alert, events: try AlertsReader.events(of: id, in: transaction),
                messages: try OutboxReader.messages(of: id, in: transaction),
                times: Times(zone: try SchedulesReader.schedule(in: transaction)?.timeZone))
        }
    }

    private static func diff(
        _ server: ServerID, _ pack: PackName, _ check: Int64?, in transaction: borrowing Transaction
    ) throws -> DiffPage.Content {
        guard let assignment = try AssignmentReader.view(server, pack, in: transaction) else {
            throw PageError.noAssignment
        }
        let newest = try CheckReader.check(server, pack, in: transaction)
        let filter = FleetFilter(ServerSelection(servers: [server], pack: pack))
        var content = DiffPage.Content(
            assignment: assignment, line: try FleetReader.status(filter, in: transaction).first, check: newest,
            newestID: newest?.id, zone: try SchedulesReader.schedule(in: transaction)?.timeZone)
        guard let check else { return content }
        if let asked = try CheckReader.check(server, pack, check, in: transaction) {
            content.check = asked
            return content
        }
        // A link outlives its check; one to another server's check, or to one that never was, is simply wrong.
        guard check < newest?.id ?? .max, try !AssignmentReader.isKept(check: check, in: transaction) else {
            throw PageError.noCheck
        }
        content.removed = (check, try AssignmentReader.alert(server, pack, of: check, in: transaction))
        return content
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

    private static func group(_ request: Request) throws -> String? {
        guard let text = request.uri.queryParameters["group"] else { return nil }
        let key = String(text)
        guard key.utf8.count == 20, key.allSatisfy({ $0.isASCII && $0.isHexDigit }) else {
            throw PageError.malformedGroup
        }
        return key
    }

    private static func page(_ request: Request) throws -> Int {
        guard let text = request.uri.queryParameters["page"] else { return 1 }
        guard let page = Int(text), page > 0 else { throw PageError.malformedPage }
        return page
    }
}

/// Where the dashboard listens, and under which names.
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
    /// What requests to the API have to bring; nil: there is no API.
    package var apiToken: APIToken?
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
