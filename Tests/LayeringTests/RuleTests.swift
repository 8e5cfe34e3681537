import Testing

/// Each rule, on samples that break it and samples that come close.
@Suite struct RuleTests {
    /// What makes a body too long for its function's name to explain it.
    static let lines = String(repeating: "a()\n", count: 10)

    @Test(
        arguments: [
            ("Sources/DriftCore/A.swift", "import Postgres"),
            ("Sources/DriftCore/A.swift", "package import JobQueue"),
            ("Sources/DriftCore/A.swift", "import Glibc"),
            ("Sources/Cron/A.swift", "import Glibc"),
            ("Sources/Cron/A.swift", "import DriftCore"),
            ("Sources/DriftCore/A.swift", "import Cron"),
            ("Sources/DriftCore/A.swift", "import CLibcrypto"),
            ("Sources/DriftCore/A.swift", "import Yams"),
            ("Sources/JobQueue/A.swift", "@preconcurrency import struct DriftCore.Pack"),
            ("Sources/Slack/A.swift", "import Logging; import DriftStore"),
            ("Sources/Remote/A.swift", "@testable import Slack"),
            ("Sources/Postgres/A.swift", "import CLibcurl"),
            ("Sources/Schema/A.swift", "import TestSupport"),
            ("Sources/Slack/A.swift", "import Testing"),
            ("Sources/driftwatch/A.swift", "import CLibpq"),
            ("Sources/Newcomer/A.swift", "let a = 1"),
        ])
    func anImportAgainstTheArrowsIsSeen(path: String, code: String) {
        #expect(ImportRule.violations(in: SwiftSource(path: path, code)).count == 1)
    }

    @Test(
        arguments: [
            ("Sources/PackFiles/A.swift", "import Foundation\nimport Yams"),
            ("Sources/DriftCore/Model/SHA256Digest.swift", "internal import CLibcrypto"),
            ("Sources/DriftStore/A.swift", "package import DriftCore\nimport Postgres // import Slack"),
            ("Sources/driftwatch/A.swift", "import ArgumentParser\nimport Dashboard\nimport Logging"),
            ("Sources/Slack/A.swift", "let a = \"import Postgres\"; let b = x.import"),
            ("Sources/TestSupport/A.swift", "import Remote"),
            ("Tests/SlackTests/A.swift", "import Postgres"),
        ])
    func anImportAlongAnArrowPasses(path: String, code: String) {
        #expect(ImportRule.violations(in: SwiftSource(path: path, code)).isEmpty)
    }

    @Test(
        arguments: [
            ("Sources/Remote/A.swift", "let a = unsafe b()"),
            ("Sources/Slack/A.swift", "func a(_ b: UnsafeRawPointer) {}"),
            ("Sources/Slack/A.swift", "bytes.withUnsafeBytes { _ in }"),
            ("Sources/DriftCore/Model/Check.swift", "var a: OpaquePointer?"),
            ("Tests/SlackTests/A.swift", "let a = b!"),
            ("Tests/SlackTests/A.swift", "a[0]!.b()"),
            ("Tests/SlackTests/A.swift", "let a = \"\\(b!)\""),
            ("Tests/SlackTests/A.swift", "try! a()"),
            ("Sources/Slack/A.swift", "let a = b as! C"),
            ("Sources/Slack/A.swift", "var a: String!"),
            ("Sources/HTTP/A.swift", "final class A: @unchecked Sendable {}"),
            ("Sources/HTTP/A.swift", "// The queue.\n\nfinal class A: @unchecked Sendable {}"),
            ("Sources/HTTP/A.swift", "nonisolated(unsafe) var a = 1"),
            ("Sources/Slack/A.swift", "print(a)"),
            ("Tests/SlackTests/A.swift", "debugPrint(a)"),
            ("Sources/Slack/A.swift", "Task.detached { }"),
            ("Sources/Slack/A.swift", "try await Task.sleep(for: .seconds(1))"),
            ("Tests/SlackTests/A.swift", "try await Task.sleep(for: .seconds(1), clock: clock)"),
            ("Tests/SlackTests/A.swift", "usleep(100)"),
            ("Tests/SlackTests/A.swift", "Thread.sleep(forTimeInterval: 1)"),
            ("Sources/Slack/A.swift", "fatalError()"),
            ("Sources/Slack/A.swift", "preconditionFailure(message)"),
            ("Sources/Slack/A.swift", "public struct A {}"),
            ("Sources/Slack/A.swift", "open class A {}"),
        ])
    func anUnsafeThingIsSeen(path: String, code: String) {
        #expect(SafetyRule.violations(in: SwiftSource(path: path, code)).count == 1, "\(code)")
    }

    @Test(
        arguments: [
            ("Sources/Postgres/A.swift", "let a = unsafe b(UnsafeRawPointer(c))"),
            ("Sources/DriftCore/Model/SHA256Digest.swift", "unsafe a()"),
            ("Sources/Slack/A.swift", "// unsafe, b!, print(c), Task.detached\nlet a = \"b! print(c)\""),
            ("Sources/Slack/A.swift", "/* try! /* nested */ print(a) */ let b = 1"),
            ("Sources/Slack/A.swift", "if a != b, a!=b, !c, !(d) { e(!f) }"),
            ("Sources/Slack/A.swift", "let a = /[^\"]!/\nlet b = #\"c!\"#"),
            ("Sources/Slack/A.swift", "let a = \"\"\"\n    b!\n    \"quoted\" print(c)\n    \"\"\""),
            ("Sources/HTTP/A.swift", "/// The queue guards it.\n@safe\nfinal class A: @unchecked Sendable {}"),
            ("Sources/HTTP/A.swift", "// Written once, before any reader.\nnonisolated(unsafe) var a = 1"),
            ("Sources/driftwatch/A.swift", "print(a)"),
            ("Sources/Slack/A.swift", "a.print(b); func print(_ a: Int) {}"),
            ("Sources/Slack/A.swift", "try await clock.sleep(for: a)\ntry await Task.sleep(for: a, clock: clock)"),
            ("Tests/SlackTests/A.swift", "// Until it is cancelled.\ntry await Task.sleep(for: .seconds(60))"),
            ("Sources/Slack/A.swift", "fatalError(\"the table has every case\")"),
            ("Sources/Slack/A.swift", "case open\ncase .open: door.open(.public)"),
        ])
    func whatComesClosePasses(path: String, code: String) {
        let violations = SafetyRule.violations(in: SwiftSource(path: path, code))
        #expect(violations.isEmpty, "\(code)")
    }

    @Test(arguments: [
        "let a = await b()", "FileManager.default.a()", "String(contentsOf: a)", "let now = Date()", "Date.now",
        "Task { }",
    ])
    func anEffectInTheDomainIsSeen(code: String) {
        #expect(PurityRule.violations(in: SwiftSource(path: "Sources/DriftCore/A.swift", code)).count == 1)
        #expect(PurityRule.violations(in: SwiftSource(path: "Sources/Remote/A.swift", code)).isEmpty)
    }

    @Test func aValueInTheDomainPasses() {
        let code = "let a = Date(timeIntervalSince1970: 0) // await Date()\nfunc b() async {}"
        #expect(PurityRule.violations(in: SwiftSource(path: "Sources/DriftCore/A.swift", code)).isEmpty)
    }

    @Test(arguments: ["select now();", "values (CURRENT_TIMESTAMP)", "x := clock_timestamp() - a;"])
    func anotherClockInSQLIsSeen(code: String) {
        #expect(ClockRule.violations(in: SourceFile(path: "sql/views/v.sql", text: code)).count == 1)
        let source = SwiftSource(path: "Sources/JobQueue/A.swift", "let sql: SQL = \"\"\"\n\(code)\n\"\"\"")
        #expect(ClockRule.violations(in: source).count == 1)
    }

    @Test func theRightClockPasses() {
        let sql = SourceFile(path: "sql/views/v.sql", text: "select driftwatch.clock(); -- not now()\nselect known();")
        #expect(ClockRule.violations(in: sql).isEmpty)
        let swift = SwiftSource(path: "Sources/JobQueue/A.swift", "clock.now(); let a = \"is known()\" // now()")
        #expect(ClockRule.violations(in: swift).isEmpty)
    }

    @Test(arguments: [
        "@Suite struct A { func testThis() {} }",
        "func test_this() throws {}",
        "struct A { func itHolds() { #expect(true) } }",
        "struct A { @MainActor static func itHolds(_ a: Int) throws { try #require(a) } }",
        "struct A { func itHolds() { Issue.record(\"no\") } }",
        "@Test func a() {}\nfunc `it holds`() async { if b { #expect(c) } }",
    ])
    func aTestThatNeverRunsIsSeen(code: String) {
        #expect(TestAttributeRule.violations(in: [SwiftSource(path: "Tests/ATests/A.swift", code)]).count == 1)
    }

    @Test(arguments: [
        "@Test func testimony() {}",
        "@Test(arguments: [(1, \"a)\"), (2, \"b\")]) @MainActor func itHolds(a: Int, b: String) { #expect(a > 0) }",
        "@Test func a() { check() }\nprivate func check() { #expect(true) }",
        "func helper() -> Int { 1 }",
        "func load(_ text: String) throws -> Pack { try #require(parse(text)) }",
        "// func testThis() {}\nlet a = \"func testThis() {}\"",
    ])
    func aTestThatRunsPasses(code: String) {
        #expect(TestAttributeRule.violations(in: [SwiftSource(path: "Tests/ATests/A.swift", code)]).isEmpty)
    }

    @Test func aHelperMayBeUsedInAnotherFile() {
        let sources = [
            SwiftSource(path: "Tests/ATests/A.swift", "func check() { #expect(true) }"),
            SwiftSource(path: "Tests/ATests/B.swift", "@Test func a() { check() }"),
        ]
        #expect(TestAttributeRule.violations(in: sources).isEmpty)
        #expect(TestAttributeRule.violations(in: [sources[0]]).count == 1)
    }

    @Test(arguments: [
        "package struct A {}",
        "// Not documentation.\npackage final class A {}",
        "/// For another one.\n\npackage enum A {}",
        "package func a() {}",
        "/// Fine.\npackage struct A {\npackage func b() async throws {\(RuleTests.lines)}\n}",
        "@Sendable\npackage protocol A {}",
    ])
    func anUndocumentedDeclarationIsSeen(code: String) {
        #expect(DocumentationRule.violations(in: SwiftSource(path: "Sources/Slack/A.swift", code)).count == 1)
    }

    @Test(arguments: [
        "/// What it is.\npackage struct A { package enum B {}; package var c: Int; package func d() -> Int { 1 } }",
        "/// What it is.\n@frozen\npackage indirect enum A {}",
        "package import Postgres\nstruct A {}\nextension B { package init() {} }",
        "/// What it is.\npackage struct A { package func encode(to encoder: any Encoder) throws {} }",
        "/// What it is.\npackage struct A { package func b() async throws { short() } }",
        "/// What it does.\npackage func a() {}\npackage func a(_ b: Int) async {\(RuleTests.lines)}",
    ])
    func aDocumentedDeclarationPasses(code: String) {
        #expect(DocumentationRule.violations(in: SwiftSource(path: "Sources/Slack/A.swift", code)).isEmpty)
    }

    @Test func whatAProtocolDocumentsIsDocumented() {
        let port = SwiftSource(path: "Sources/DriftCore/A.swift", "package protocol A { func send() async }")
        let answer = SwiftSource(
            path: "Sources/Slack/A.swift", "extension B {\npackage func send() async {\(RuleTests.lines)}\n}")
        let requirements = DocumentationRule.requirements(in: [port, answer])
        #expect(requirements == ["send"])
        #expect(DocumentationRule.violations(in: answer, requirements: requirements).isEmpty)
        #expect(DocumentationRule.violations(in: answer).count == 1)
    }

    @Test func aLongFileIsSeen() {
        let longest = String(repeating: "a\n", count: TextRule.longestFile)
        #expect(TextRule.length(SourceFile(path: "sql/a.sql", text: longest)).isEmpty)
        #expect(TextRule.length(SourceFile(path: "sql/a.sql", text: longest + "a")).count == 1)
        #expect(TextRule.length(SourceFile(path: "docs/a.md", text: longest + "a")).isEmpty)
    }

    @Test func whatIsPutOffIsSeen() {
        let word = "TO" + "DO"
        #expect(TextRule.postponed(SourceFile(path: "a", text: "// \(word): later\n\(word)S are fine")).count == 1)
    }

    @Test func aPathOfOneMachineIsSeen() {
        let home = SourceFile(path: "a", text: "cd /" + "Users/ann")
        #expect(TextRule.machinePaths(home, clone: "/src").count == 1)
        let clone = SourceFile(path: "a", text: "cd /opt/there/scripts")
        #expect(TextRule.machinePaths(clone, clone: "/opt/there/").count == 1)
        #expect(TextRule.machinePaths(clone, clone: "/opt/").isEmpty)
    }

    @Test func anInexactDependencyIsSeen() {
        let text = ".package(url: \"https://example.com/a.git\", from: \"1.0.0\")"
        #expect(TextRule.exactVersions(SourceFile(path: "Package.swift", text: text)).count == 1)
    }
}
