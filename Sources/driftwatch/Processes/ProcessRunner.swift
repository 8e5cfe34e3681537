import Dashboard
import Foundation
import Logging
import Postgres
import Runtime
import Schema
import ServiceLifecycle

/// Runs parts until a signal asks to stop: waits for the database, starts the services, and lets them end in good order.
struct ProcessRunner {
    private let context: CommandContext
    private let parts: [any ProcessPart]
    private let identity = ProcessIdentity()
    private let logger: Logger
    private let signals = StopSignals()
    private let monitoring: Monitoring

    /// - Throws: ``SettingError``.
    init(_ context: CommandContext, parts: [any ProcessPart]) throws {
        self.context = context
        self.parts = parts
        logger = Logger(label: "driftwatch.\(parts.count == 1 ? parts[0].role : "run")")
        monitoring = try Monitoring(context.settings, parts: parts, logger: logger)
    }

    /// - Throws: ``SettingError``, `SchemaError`, or what ended a service.
    func run() async throws -> ExitStatus {
        FileLimit.raise()
        let database = try database()
        return try await withThrowingTaskGroup(of: ExitStatus?.self) { group in
            group.addTask {
                await signals.watch()
                return nil
            }
            group.addTask { try await monitoring.serving(from: database) { try await work(on: database) } }
            defer { group.cancelAll() }
            for try await status in group {
                if let status { return status }
            }
            return .fine
        }
    }

    private func work(on database: Database) async throws -> ExitStatus {
        let sites = parts.map { site(of: $0, on: database) }
        let result: Result<Void, any Error>
        do {
            let services = try await prepare(sites)
            if let services, !signals.isAsked { try await serve(services, at: sites) }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await database.close()
        try result.get()
        logger.info("stopped")
        return .fine
    }

    /// One pool for all parts, so that necessary work comes first where connections are few.
    private func database() throws -> Database {
        let share = ConnectionShare(ofProcess: parts.map(\.role))
        var settings = try DatabaseSettings(context.settings, poolSize: share.pool)
        settings.poolReserve = share.reserve
        settings.applicationName = "driftwatch-\(parts.count == 1 ? parts[0].role : "run")"
        return Database(settings, logger: logger)
    }

    private func site(of part: any ProcessPart, on database: Database) -> PartSite {
        PartSite(
            database: database.forCalls(part.connections.need),
            workerID: identity.workerID(part: parts.count == 1 ? nil : part.role),
            logger: Logger(label: "driftwatch.\(part.role)"))
    }

    /// The services, when the database is there and its schema fits; nil when a stop was asked for before.
    private func prepare(_ sites: [PartSite]) async throws -> [any Service]? {
        try await withThrowingTaskGroup(of: [any Service]?.self) { group in
            group.addTask { try await servicesWhenUsable(sites) }
            group.addTask {
                await signals.untilAsked()
                return nil
            }
            let first = try await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    private func servicesWhenUsable(_ sites: [PartSite]) async throws -> [any Service] {
        try await insist {
            if let site = sites.first, try await Migrator(site.database).requireUsable() == .outdated {
                logger.warning("functions and views belong to an older version: run driftwatch migrate")
            }
            var services: [any Service] = []
            for (part, site) in zip(parts, sites) { services += try await part.services(site) }
            return services + listener(sites)
        } whileHopeful: { error in
            guard let error = error as? DatabaseError, error.isTransient else { return false }
            logger.warning(
                "waiting for the database", metadata: ["error.label": "\(error.label)", "error": "\(error)"])
            return true
        }
    }

    /// One for all parts.
    ///
    /// It comes last, so it is asked to stop first.
    private func listener(_ sites: [PartSite]) -> [any Service] {
        let wakes = zip(parts, sites).compactMap { part, site in part.channel.map { ($0, site.wake) } }
        guard let database = sites.first?.database, !wakes.isEmpty, database.settings.pooler == .none else { return [] }
        return [Listener(database: database, wakes: Dictionary(uniqueKeysWithValues: wakes))]
    }

    private func serve(_ services: [any Service], at sites: [PartSite]) async throws {
        let registrations = zip(parts, sites).map { part, site in
            Registration(
                database: site.database,
                process: Registration.Process(
                    workerID: site.workerID, role: part.role, host: identity.host, pid: identity.pid,
                    version: driftwatchVersion, concurrency: part.concurrency, queues: part.queues,
                    account: NSUserName(), settings: part.shownSettings),
                logger: site.logger)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: (services + registrations).map { service in
                    // A listener is a hint: where it ends, polling goes on.
                    ServiceGroupConfiguration.ServiceConfiguration(
                        service: service, successTerminationBehavior: service is Listener ? .ignore : .cancelGroup,
                        failureTerminationBehavior: .cancelGroup, serviceName: "\(type(of: service))")
                }, logger: Logger(label: "driftwatch.lifecycle", quieterThan: .warning)))
        var facts: Logger.Metadata = [
            "worker.id": "\(identity.workerID())", "version": "\(driftwatchVersion)",
        ]
        let queues = parts.flatMap(\.queues)
        if !queues.isEmpty { facts["queues"] = "\(queues.joined(separator: ","))" }
        logger.info("started", metadata: facts)
        monitoring.readiness.enter(.working)
        let result = await ending(of: group)
        for registration in registrations { await registration.sayStopped() }
        try result.get()
    }

    /// Runs the group; a signal asks it to stop.
    private func ending(of group: ServiceGroup) async -> Result<Void, any Error> {
        await withTaskGroup(of: Result<Void, any Error>?.self) { tasks in
            tasks.addTask {
                do { return .success(try await group.run()) } catch { return .failure(error) }
            }
            tasks.addTask {
                await signals.untilAsked()
                if signals.isAsked {
                    logger.info("stopping")
                    monitoring.readiness.enter(.stopping)
                    await group.triggerGracefulShutdown()
                }
                return nil
            }
            for await result in tasks {
                guard let result else { continue }
                tasks.cancelAll()
                return result
            }
            return .success(())
        }
    }
}

extension Logger {
    /// A library's log: not below `level`, unless somebody asks for debug output.
    fileprivate init(label: String, quieterThan level: Level) {
        self.init(label: label)
        if logLevel > .debug { logLevel = max(logLevel, level) }
    }
}
