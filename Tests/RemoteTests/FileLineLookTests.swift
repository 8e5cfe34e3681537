import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Lines, sizes and ages of real files.
@Suite struct FileLineLookTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "driftwatch-lines-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    private func findings(_ files: [FileExpectation], shell: [String] = ["/bin/sh"]) async throws -> [ItemOutcome
        .Finding]
    {
        try await TopicLook.findings(
            of: Pack(name: PackName(rawValue: "base"), expectations: files.map { Expectation(.file($0)) }), shell: shell
        )
    }

    private func types(_ finding: ItemOutcome.Finding) -> [String] {
        guard case .wrong(let mismatches) = finding else { return ["\(finding)"] }
        return mismatches.map(\.type.rawValue).sorted()
    }

    private static let shells: [[String]] = [["/bin/sh"], ["/bin/dash"], ["/bin/busybox", "sh"]]

    @Test(arguments: shells)
    func areSeenByEveryShell(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0])") }
        try await withFolder { folder in
            let path = folder + "/app.conf"
            try "PORT=443\nLOG=debug\n".write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -7200), .posixPermissions: 0o644], ofItemAtPath: path)
            var good = FileExpectation(path: path)
            good.contains = [.line("PORT=443"), .pattern(try LinearPattern("^LOG="))]
            good.lacks = [.line("LOG=info")]
            good.minimumSize = 19
            good.maximumAge = 7300
            good.maximumMode = 0o644
            #expect(try await findings([good], shell: shell) == [.ok])
            var bad = FileExpectation(path: path)
            bad.contains = [.line("PORT=80")]
            bad.lacks = [.pattern(try LinearPattern("debug"))]
            bad.minimumSize = 20
            bad.maximumAge = 7100
            bad.maximumMode = 0o640
            #expect(
                try await types(findings([bad], shell: shell)[0])
                    == ["missing_line", "too_old", "too_small", "unexpected_line", "wrong_permissions"])
        }
    }

    /// The text comes even where the content is the one that another item expects.
    @Test func linesAndContentOfOneFileAreJudgedTogether() async throws {
        try await withFolder { folder in
            let path = folder + "/motd"
            try "hello\n".write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            var wanted = FileExpectation(path: path, content: .text("hello\n"))
            wanted.contains = [.line("hello")]
            #expect(try await findings([wanted]) == [.ok])
            wanted.contains = [.line("goodbye")]
            #expect(try await types(findings([wanted])[0]) == ["missing_line"])
        }
    }

    @Test func aPrivateTextStaysOnTheServer() async throws {
        try await withFolder { folder in
            let path = folder + "/app.conf"
            try "A=1\n".write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            var wanted = FileExpectation(path: path)
            wanted.contains = [.line("A=1")]
            #expect(try await findings([wanted]) == [.unreadable(.privateText)])
            wanted.show = .text
            #expect(try await findings([wanted]) == [.ok])
            // A key is never sent, whatever the pack says.
            var key = FileExpectation(path: folder + "/id_ed25519", show: .text)
            key.lacks = [.line("A=1")]
            try "A=2\n".write(toFile: key.path, atomically: false, encoding: .utf8)
            #expect(try await findings([key]) == [.unreadable(.privateText)])
        }
    }

    @Test func aTextThatIsTooLargeIsNotRead() async throws {
        try await withFolder { folder in
            let path = folder + "/large"
            try String(repeating: "x\n", count: 40000).write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
            var wanted = FileExpectation(path: path)
            wanted.lacks = [.line("y")]
            #expect(try await findings([wanted]) == [.unreadable(.tooLarge)])
        }
    }
}
