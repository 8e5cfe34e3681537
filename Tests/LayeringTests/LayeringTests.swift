import Foundation
import Testing

/// The rules, over the files of this repository.
@Suite struct RepositoryTests {
    @Test func theTreeIsFound() {
        #expect(SourceTree.swift.contains { $0.file.path == "Sources/DriftCore/Ports.swift" })
        #expect(SourceTree.files.contains { $0.path == "Package.swift" })
        #expect(SourceTree.files.contains { $0.path == "Makefile" })
        #expect(SourceTree.files.contains { $0.path.hasPrefix("sql/migrations/") })
    }

    @Test func everyImportFollowsAnArrow() {
        expectNone(SourceTree.swift.flatMap(ImportRule.violations))
    }

    @Test func unsafeThingsStayInTheirPlaces() {
        expectNone(SourceTree.swift.flatMap(SafetyRule.violations))
    }

    @Test func theDomainHasNoEffects() {
        expectNone(SourceTree.swift.flatMap(PurityRule.violations))
    }

    @Test func theTimeIsTheDatabases() {
        expectNone(SourceTree.files.flatMap(ClockRule.violations(in:)))
        expectNone(SourceTree.swift.flatMap(ClockRule.violations(in:)))
    }

    @Test func everyTestRuns() {
        let targets = Dictionary(grouping: SourceTree.swift.filter(\.file.isTest)) { $0.file.target }
        expectNone(targets.values.flatMap(TestAttributeRule.violations))
    }

    @Test func whatOthersUseIsDocumented() {
        let requirements = DocumentationRule.requirements(in: SourceTree.swift)
        expectNone(SourceTree.swift.flatMap { DocumentationRule.violations(in: $0, requirements: requirements) })
    }

    @Test func filesAreShort() {
        expectNone(SourceTree.files.flatMap(TextRule.length))
    }

    @Test func nothingIsPutOff() {
        expectNone(SourceTree.files.flatMap(TextRule.postponed))
    }

    @Test func noPathIsOfOneMachine() {
        let clone = SourceTree.root.path(percentEncoded: false)
        expectNone(SourceTree.files.flatMap { TextRule.machinePaths($0, clone: clone) })
    }

    @Test func dependenciesAreExact() {
        expectNone(SourceTree.files.flatMap(TextRule.exactVersions))
    }

    /// The image is built from what `.dockerignore` lets through, and SwiftPM wants every target's folder to be there.
    @Test func theImageIsBuiltFromEveryTargetsFolder() throws {
        func text(_ path: String) throws -> String {
            try #require(SourceTree.files.first { $0.path == path }, "\(path)").text
        }
        let allowed = Set(
            try text(".dockerignore").split(separator: "\n").filter { $0.hasPrefix("!") }.map { $0.dropFirst() })
        let folders = try text("Package.swift").matches(of: #/path: "([^"\/]+)/#).map(\.1)
        for folder in ["Package.swift", "Sources", "Tests", "sql"] + folders {
            #expect(allowed.contains(folder), "\(folder)")
        }
    }

    private func expectNone(_ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation) {
        for violation in violations {
            Issue.record("\(violation)", sourceLocation: sourceLocation)
        }
    }
}
