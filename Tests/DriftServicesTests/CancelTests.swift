import DriftCore
import DriftServices
import Foundation
import JobQueue
import Logging
import Postgres
import Remote
import TestSupport
import Testing

/// Cancelling a check that hangs on a real server.
@Suite(.timeLimit(.minutes(2)))
struct CancelTests {
    @Test
    func cancellingARunningCheckEndsItsSSH() async throws {
        #expect(Tool.ignoresBrokenPipes)
        try await SSHServer.with(.init { $0.forceCommand = "exec sleep 1000" }) { server in
            try await withMigratedDatabase { database in
                try await database.makeServer("web-1")
                try await database.execute(
                    "update driftwatch.servers set address = '127.0.0.1', port = \(server.port)")
                let handler = DriftCheckHandler(
                    database: database, prober: RemoteProber(settings: server.settings), logger: .quiet)
                var settings = WorkerPoolSettings(workerID: "w")
                settings.pollEvery = .milliseconds(20)
                settings.renewEvery = .milliseconds(100)
                let pool = WorkerPool(
                    database: database, renewals: database, settings: settings, handler: handler, logger: .quiet)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { await pool.run() }
                    let job = try await database.rows(
                        "select driftwatch.enqueue_check('web-1', 'test')", as: Int64.self)[0]
                    #expect(await server.hasLogin())
                    #expect(Tool.processExists("-p \(server.port) "))
                    try await database.execute("select driftwatch.cancel_job(\(job), 'ann')")
                    while try await database.rows("select state from driftwatch.jobs", as: String.self) == ["running"] {
                        // The database gives no signal of a finished job.
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    #expect(
                        try await database.rows("select state from driftwatch.jobs", as: String.self) == ["cancelled"])
                    #expect(!Tool.processExists("-p \(server.port) "), "the job ends after its ssh has ended")
                    #expect(
                        try await database.rows(
                            "select concat_ws(' ', verdict, reason) from driftwatch.checks", as: String.self)
                            == ["failed cancelled"])
                    group.cancelAll()
                }
            }
        }
    }
}
