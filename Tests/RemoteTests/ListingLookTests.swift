import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Patterns, contents of folders, and trees, by a real look.
@Suite struct ListingLookTests {
    private static let shells: [[String]] = [["/bin/sh"], ["/bin/dash"], ["/bin/busybox", "sh"]]

    /// A folder with `a.conf` (0644), `b.conf` (0666), `.hidden`, `sub/deep` (0600) and a link to `a.conf`.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let manager = FileManager.default
        let folder = manager.temporaryDirectory.appendingPathComponent("driftwatch listing \(UUID().uuidString)").path
        try manager.createDirectory(atPath: folder + "/sub", withIntermediateDirectories: true)
        defer { try? manager.removeItem(atPath: folder) }
        for (name, mode) in [("a.conf", 0o644), ("b.conf", 0o666), (".hidden", 0o644), ("sub/deep", 0o600)] {
            try Data("x\n".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            try manager.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder)/\(name)")
        }
        for path in [folder, folder + "/sub"] {
            try manager.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        try manager.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "a.conf")
        try await body(folder)
    }

    private func told(
        _ path: String, state: FileExpectation.State = .file, shell: [String] = ["/bin/sh"],
        _ change: (inout FileExpectation) -> Void
    ) async throws -> [String] {
        var wanted = FileExpectation(path: path, state: state)
        change(&wanted)
        let pack = Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.file(wanted))])
        switch try await TopicLook.findings(of: pack, shell: shell)[0] {
        case .wrong(let mismatches):
            return mismatches.sorted { $0.type < $1.type }.map { mismatch in
                let actual = mismatch.actual.sorted { $0.key < $1.key }
                    .map { "\($0.key.split(separator: "/").last ?? ""): \($0.value)" }
                return "\(mismatch.type.rawValue) \(actual.joined(separator: "; "))"
            }
        case let finding: return ["\(finding)"]
        }
    }

    @Test(arguments: shells)
    func aPatternIsAboutEachFileThatItFinds(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0])") }
        try await withFolder { (folder: String) async throws in
            #expect(
                try await told(folder + "/*.conf", shell: shell) {
                    $0.isPattern = true
                    $0.maximumMode = 0o644
                } == ["wrong_permissions b.conf: mode 0666"])
            #expect(
                try await told(folder + "/?.conf", shell: shell) {
                    $0.isPattern = true
                    $0.atLeast = 3
                } == ["missing_file matches: 2"])
            #expect(
                try await told(folder + "/*.none", shell: shell) {
                    $0.isPattern = true
                    $0.mode = 0o600
                } == ["ok"])
            // A link is judged by what it leads to.
            #expect(
                try await told(folder + "/lin*", shell: shell) {
                    $0.isPattern = true
                    $0.mode = 0o644
                    $0.owner = "root"
                } == ["ok"])
            #expect(
                try await told(folder + "/*/deep", shell: shell) {
                    $0.isPattern = true
                    $0.mode = 0o644
                } == ["wrong_permissions deep: mode 0600"])
            #expect(
                try await told(folder + "/*.conf", state: .absent, shell: shell) { $0.isPattern = true }
                    == ["unexpected_file a.conf: state file; b.conf: state file"])
        }
    }

    @Test(arguments: shells)
    func aFolderHasOnlyWhatIsNamed(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0])") }
        try await withFolder { (folder: String) async throws in
            #expect(
                try await told(folder, state: .directory, shell: shell) {
                    $0.only = ["*.conf", "link", ".hid?en", "sub"].map(NamePattern.init)
                } == ["ok"])
            #expect(
                try await told(folder, state: .directory, shell: shell) { $0.only = [NamePattern("*.conf")] }
                    == ["unexpected_entry entry: .hidden, link, sub"])
            #expect(
                try await told(folder + "/none", state: .directory, shell: shell) { $0.only = [] }
                    == ["missing_file state: absent"])
            #expect(
                try await told(folder + "/sub", state: .directory, shell: shell) { $0.only = [] }
                    == ["unexpected_entry entry: deep"])
        }
    }

    @Test(arguments: shells)
    func aTreeIsJudgedToItsLeaves(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0])") }
        try await withFolder { (folder: String) async throws in
            let open = try await told(folder, state: .directory, shell: shell) {
                $0.tree = FileExpectation.TreeRule(maximumMode: 0o755, owner: "root")
            }
            #expect(open == ["wrong_permissions b.conf: mode 0666"])
            let strangers = try await told(folder, state: .directory, shell: shell) {
                $0.tree = FileExpectation.TreeRule(owner: "nobody")
            }
            #expect(strangers.count == 1)
            #expect(strangers[0].hasPrefix("wrong_owner"))
        }
    }

    /// A link of root's, or of the account that looks, is followed; what lies below counts.
    @Test(arguments: shells)
    func aFolderMayBeALink(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0])") }
        try await withFolder { (folder: String) async throws in
            let link = folder + "/sub/way"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "..")
            let tree = try await told(link, state: .directory, shell: shell) {
                $0.tree = FileExpectation.TreeRule(maximumMode: 0o755)
            }
            #expect(tree == ["wrong_permissions b.conf: mode 0666"])
            let names = try await told(link, state: .directory, shell: shell) {
                $0.only = ["*.conf", "link", ".hidden"].map(NamePattern.init)
            }
            #expect(names == ["unexpected_entry entry: sub"])
        }
    }

    /// Where nobody knows the home, all else is judged.
    @Test(arguments: shells)
    func anUnknownHomeIsOneItemsFault(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0])") }
        var pattern = FileExpectation(path: "~/*")
        pattern.isPattern = true
        let pack = Pack(
            name: PackName(rawValue: "base"),
            expectations: [
                Expectation(.file(pattern)), Expectation(.file(FileExpectation(path: "/etc", state: .directory))),
                Expectation(.setting(SettingExpectation(name: "HOME", expected: "/", kind: .environmentVariable))),
            ])
        let request = ProbeRequest(ProbeQuestions(packs: [pack]), configUser: "driftwatch-nobody")
        let answer = try await Tool.run(
            shell + ["-c", ProbeScript.text, ProbeScript.text], input: request.input)
        let facts = try #require(try ProbeAnswer.facts(in: answer.output, to: request))
        let findings = Comparison.judge(facts, against: pack, digest: pack.digest).outcomes.map(\.finding)
        #expect(findings.contains(.unreadable(.unknownAccount)))
        #expect(findings.contains(.ok))
        #expect(!findings.contains(.unreadable(.slow)) && !findings.contains(.unreadable(.malformedAnswer)))
    }

    /// What a name holds is no line of the answer.
    @Test(arguments: shells)
    func aNameWithALineBreakProvesNothing(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0])") }
        try await withFolder { (folder: String) async throws in
            try Data().write(to: URL(filePath: folder + "/sub/a\ndone"))
            try FileManager.default.removeItem(atPath: folder + "/sub/deep")
            let unreadable = ["unreadable(DriftCore.UnreadableReason.malformedAnswer)"]
            #expect(
                try await told(folder + "/sub/*", shell: shell) {
                    $0.isPattern = true
                    $0.mode = 0o600
                } == unreadable)
            #expect(try await told(folder + "/sub", state: .directory, shell: shell) { $0.only = [] } == unreadable)
            #expect(
                try await told(folder + "/sub", state: .directory, shell: shell) {
                    $0.tree = FileExpectation.TreeRule(owner: "root")
                } == unreadable)
        }
    }

    /// As an account that may not look into a folder.
    @Test func whatCannotBeSearchedIsNotEmpty() async throws {
        guard getuid() == 0, Tool.has("/usr/bin/setpriv") else { try Test.cancel("needs root and setpriv") }
        try await withFolder { (folder: String) async throws in
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder + "/sub")
            let nobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh"]
            let denied = ["unreadable(DriftCore.UnreadableReason.permissionDenied)"]
            #expect(
                try await told(folder + "/sub/*", shell: nobody) {
                    $0.isPattern = true
                    $0.mode = 0o600
                } == denied)
            #expect(
                try await told(folder + "/*/deep", shell: nobody) {
                    $0.isPattern = true
                    $0.mode = 0o600
                } == denied)
            #expect(try await told(folder + "/sub", state: .directory, shell: nobody) { $0.only = [] } == denied)
            #expect(
                try await told(folder, state: .directory, shell: nobody) {
                    $0.tree = FileExpectation.TreeRule(owner: "root")
                } == denied)
            // What was seen to be wrong is wrong all the same.
            #expect(
                try await told(folder, state: .directory, shell: nobody) {
                    $0.tree = FileExpectation.TreeRule(maximumMode: 0o755)
                } == ["wrong_permissions b.conf: mode 0666"])
        }
    }
}
