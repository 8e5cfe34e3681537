import DriftCore
import DriftServices
import JobQueue
import Remote
import ServiceLifecycle

struct WorkerPart: ProcessPart {
    let role = "worker"
    let queues: [String]
    private let places: Int
    private let remote: RemoteSettings
    private let localServers: Set<ServerID>

    var concurrency: Int? { places }

    /// - Throws: ``SettingError``.
    init(_ sources: SettingSources, queues: [String], localServers: [ServerID]) throws {
        self.queues = queues + localServers.map { "local:\($0)" }
        self.localServers = Set(localServers)
        places = try workerConcurrency(sources)
        remote = try remoteSettings(sources)
    }

    func services(_ site: PartSite) async throws -> [any Service] {
        let wake = WakeSignal()
        let prober = RemoteProber(settings: remote, localServers: localServers, logger: site.logger)
        let pool = WorkerPool(
            database: site.database, renewals: site.anotherDatabase(poolSize: 1),
            settings: WorkerPoolSettings(
                workerID: site.workerID, queues: queues, kinds: [DriftCheckHandler.kind], concurrency: places),
            handlers: [
                DriftCheckHandler.kind: DriftCheckHandler(
                    database: site.database, prober: prober, logger: site.logger)
            ], wake: wake, logger: site.logger)
        return [pool] + site.listener(on: "driftwatch_jobs", wake: wake)
    }
}
