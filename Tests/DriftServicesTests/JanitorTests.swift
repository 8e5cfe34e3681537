import DriftCore
import DriftServices
import Postgres
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2)))
struct JanitorTests {
    @Test
    func aPackThatIsAssignedDuringACheckGetsOneOfItsOwn() async throws {
        try await Fleet.with(["web-1": ["base": ["/a"]]]) { fleet in
            let janitor = Janitor(database: fleet.database, logger: .quiet)
            let looking = AsyncStream<Void>.makeStream()
            let goOn = AsyncStream<Void>.makeStream()
            fleet.prober.script("web-1") { _, _ in
                looking.continuation.yield()
                for await _ in goOn.stream { break }
                return .success(Facts(files: ["/a": .plain]))
            }
            let job = try await fleet.enqueue("web-1")
            for await _ in looking.stream { break }
            try await fleet.database.makeServer("web-1", packs: ["base": ["/a"], "web": ["/b"]])
            fleet.see(on: "web-1", present: ["/a", "/b"])
            goOn.continuation.yield()
            try await fleet.wait(for: job)
            #expect(try await fleet.verdicts() == ["base compliant"])
            try await janitor.tidyUp()
            let next = try await fleet.database.rows("select max(job_id) from driftwatch.jobs", as: Int64.self)[0]
            try await fleet.wait(for: next)
            #expect(try await fleet.states() == ["base compliant", "web compliant"])
        }
    }
}
