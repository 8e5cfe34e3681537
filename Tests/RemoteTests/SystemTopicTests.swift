import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// What this machine runs, by its own words.
@Suite struct SystemTopicTests {
    private func finding(_ change: (inout Condition) -> Void) async throws -> ItemOutcome.Finding? {
        var condition = Condition()
        change(&condition)
        let root = Expectation(.file(FileExpectation(path: "/", state: .directory)), condition: condition)
        return try await TopicLook.findings(of: Pack(name: PackName(rawValue: "base"), expectations: [root])).first
    }

    @Test func isWhatOsReleaseAndUnameSay() async throws {
        let shell = try await Tool.run(["/bin/sh", "-c", ". /etc/os-release; echo $ID $VERSION_ID $(uname -m)"])
        let words = String(decoding: shell.output, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
        guard words.count == 3 else { try Test.cancel("os-release has no version here") }
        let bound = try #require(VersionBound(words[1]))
        let found = try await finding { condition in
            condition.systems = [words[0]]
            condition.versions = [bound]
            condition.architectures = [words[2]]
        }
        #expect(found == .ok)
        let other = try await finding { $0.systems = ["another"] }
        #expect(other == .notApplicable("the system is \(words[0])"))
    }
}
