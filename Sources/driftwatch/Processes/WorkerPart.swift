import DriftCore
import DriftServices
import Foundation
import Instruments
import JobQueue
import Postgres
import Remote
import Runtime
import ServiceLifecycle

struct WorkerPart: ProcessPart {
    let role = "worker"
    let channel: String? = "driftwatch_jobs"
    let queues: [String]
    private let places: Int
    private let remote: RemoteSettings
    private let confirmAfter: Duration
    private let localServers: Set<ServerID>
    let shownSettings: JSONText

    var concurrency: Int? { places }
    var instruments: [any Instrument] { JobQueue.Telemetry.instruments + DriftServices.Telemetry.worker }

    /// - Throws: ``SettingError``.
    init(_ sources: SettingSources, queues: [String], localServers: [ServerID]) throws {
        self.queues = queues + localServers.map { "local:\($0)" }
        self.localServers = Set(localServers)
        places = try sources.value(\.workerConcurrency)
        remote = try RemoteSettings(sources)
        confirmAfter = try sources.value(\.confirmAfter)
        shownSettings = LoginMeans(remote, environment: ProcessInfo.processInfo.environment).json
    }

    func services(_ site: PartSite) async throws -> [any Service] {
        let prober = RemoteProber(settings: remote, localServers: localServers, logger: site.logger)
        // A renewal that hangs is of no use: the next one comes before the lease ends.
        let renewals = site.database.forCalls(
            .urgent, leaseTimeout: .seconds(10), callDeadline: .seconds(10))
        return [
            WorkerPool(
                database: site.database, renewals: renewals,
                settings: WorkerPoolSettings(workerID: site.workerID, queues: queues, concurrency: places),
                handler: DriftCheckHandler(
                    database: site.database, prober: prober, logger: site.logger, comparingOn: AnswerExecutor.shared,
                    confirmAfter: confirmAfter),
                wake: site.wake, logger: site.logger)
        ]
    }
}
