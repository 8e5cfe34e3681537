import DriftCore
import Postgres
import TestSupport
import Testing

@testable import DriftServices

/// Conditions and severities, from the database to the alert.
@Suite(.timeLimit(.minutes(3)))
struct ConditionFlowTests {
    @Test func onlyWhatAppliesAndIsAWarningIsAlerted() async throws {
        try await Fleet.with(["web-1": ["base": ["/a", "/b", "/c"]]]) { fleet in
            var database = Condition()
            database.labels = ["role": "db"]
            let pack = Pack(
                name: PackName(rawValue: "base"),
                expectations: [
                    Expectation(.file(FileExpectation(path: "/a"))),
                    Expectation(.file(FileExpectation(path: "/b")), severity: .info),
                    Expectation(.file(FileExpectation(path: "/c")), condition: database),
                ])
            try await fleet.database.apply(pack)
            try await fleet.database.execute("update driftwatch.servers set labels = '{\"role\": \"web\"}'")
            fleet.see(on: "web-1", present: ["/a", "/b", "/c"])
            try await fleet.check("web-1")

            fleet.see(on: "web-1", present: ["/a"], missing: ["/b", "/c"])
            try await fleet.check("web-1")
            #expect(try await fleet.states() == ["base compliant"])
            #expect(try await fleet.alerts() == [])

            try await fleet.database.execute("update driftwatch.servers set labels = '{\"role\": \"db\"}'")
            try await fleet.check("web-1")
            #expect(try await fleet.states() == ["base drifted"])
        }
    }
}
