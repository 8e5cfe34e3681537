import DriftCore
import Foundation
import TestSupport
import Testing

/// The package managers' own code must order generated versions as we do.
@Suite struct VersionAgreementTests {
    /// dpkg itself says of each dependency whether it holds, with all pairs in one database.
    @Test func dpkgAgrees() async throws {
        guard Tool.has("/usr/bin/dpkg") else { try Test.cancel("there is no dpkg here") }
        var generator = VersionPairs("0123019abzA.+~~.-", release: "0123abz.+~", seed: 0x5EED)
        let pairs = generator.pairs(22_000).filter { pair in
            [pair.0, pair.1].allSatisfy { PackageManager.dpkg.complaint(about: $0) == nil }
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "driftwatch-dpkg-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["info", "updates", "triggers"] {
            try FileManager.default.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        func stanza(_ name: String, _ state: String, _ fields: String) -> String {
            "Package: \(name)\nStatus: install ok \(state)\nMaintainer: x <x@example.net>\nArchitecture: all\n\(fields)\n"
                + "Description: x\n\n"
        }
        let database = pairs.enumerated().map { number, pair in
            stanza("p\(number)", "installed", "Version: \(pair.0)")
                + stanza("lt\(number)", "unpacked", "Version: 1\nDepends: p\(number) (<< \(pair.1))")
                + stanza("gt\(number)", "unpacked", "Version: 1\nDepends: p\(number) (>> \(pair.1))")
        }
        try Data(database.joined().utf8).write(to: folder.appending(path: "status"))
        let said = try await Tool.run([
            "/usr/bin/dpkg", "--admindir=\(folder.path)", "--no-act", "--force-not-root", "--abort-after=999999",
            "--configure", "--pending",
        ])
        let satisfied = Set(said.text.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst(2).first })
        try expectAgreement(.dpkg, pairs) { number in
            satisfied.contains("lt\(number)") ? "lt" : satisfied.contains("gt\(number)") ? "gt" : "eq"
        }
    }

    /// As rpm compares what is installed, which always has a release, with what a dependency requires.
    @Test func rpmAgrees() async throws {
        var generator = VersionPairs("0123019abzA._+~~^^", release: "0123abz._~^", seed: 0xA9_4D)
        let fixed = [
            ("1.0-1", "1.0"), ("1.0-1", "1.0-2"), ("1.0^", "1.0"), ("1.0^", "1.0.1"), ("1.0^20240101", "1.0^20240102"),
            ("1.0~rc1", "1.0"), ("1.0~rc1^a", "1.0~rc1"), ("1.0^a~b", "1.0^a"), ("2a", "2.0"), ("5.0", "5_0"),
            ("10xyz", "10.1xyz"), ("1:0", "2"), ("0:1", "1"), ("00:1", "1"), ("1.", "1"), ("1.~", "1"), ("", "1"),
        ]
        let pairs =
            fixed + generator.pairs(20_000).map { $0.1.hasSuffix("-") || !$0.1.contains("-") ? $0 : ($0.1, $0.0) }
        try await expectAgreement(
            .rpm, pairs,
            script: """
                compare = library.rpmdsCompare
                single = library.rpmdsSingle
                single.restype = ctypes.c_void_p
                single.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
                compare.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
                require, less, greater, equal = 1049, 2, 4, 8
                def relation(a, b):
                    installed = single(require, b'x', a, equal)
                    if compare(installed, single(require, b'x', b, less)): return 'lt'
                    return 'gt' if compare(installed, single(require, b'x', b, greater)) else 'eq'
                """)
    }

    @Test func pacmanAgrees() async throws {
        var generator = VersionPairs("0123019abzA._+~.", release: "0123.", seed: 0xA_4C)
        let fixed = [
            ("1.0", "1.0-1"), ("1.0a", "1.0"), ("1.0.a", "1.0"), ("1.0.1", "1.0a"), ("1.5.b", "1.5"), ("1..0", "1.0"),
            ("1.0.", "1.0"), ("1.0.", "1.0a"), ("1:0", "2"), ("0:1", "1"), ("", "1"), ("1.0rc", "1.0."),
        ]
        try await expectAgreement(
            .alpm, fixed + generator.pairs(20_000),
            script: """
                def relation(a, b):
                    order = library.alpm_pkg_vercmp(a, b)
                    return 'lt' if order < 0 else 'gt' if order > 0 else 'eq'
                """)
    }

    private enum Library: String {
        case rpm, alpm

        var manager: PackageManager { self == .rpm ? .rpm : .pacman }
    }

    /// Python calls a function of the manager's library for each pair.
    private func expectAgreement(_ library: Library, _ pairs: [(String, String)], script: String) async throws {
        guard Tool.has("/usr/bin/python3") else { try Test.cancel("there is no python3 here") }
        let program = """
            import ctypes, ctypes.util, sys
            name = ctypes.util.find_library('\(library.rawValue)') or sys.exit(3)
            library = ctypes.CDLL(name)
            \(script)
            for line in sys.stdin.buffer.read().split(b'\\n')[:-1]:
                print(relation(*line.split(b' ')))
            """
        let input = pairs.map { "\($0.0) \($0.1)\n" }.joined()
        let said = try await Tool.run(["/usr/bin/python3", "-c", program], input: Array(input.utf8))
        guard said.status != 3 else { try Test.cancel("there is no lib\(library.rawValue) here") }
        let answers = said.text.split(separator: "\n").map(String.init)
        try #require(answers.count == pairs.count, "\(said.errorText)")
        try expectAgreement(library.manager, pairs) { answers[$0] }
    }

    private func expectAgreement(
        _ manager: PackageManager, _ pairs: [(String, String)], answer: (Int) -> String
    ) throws {
        try #require(pairs.count >= 20_000)
        var counts: [String: Int] = [:]
        var wrong: [String] = []
        for (number, (left, right)) in pairs.enumerated() {
            let (said, ours) = (answer(number), manager.relation(of: left, to: right))
            counts[said, default: 0] += 1
            if ours != said { wrong.append("\(left) \(right): \(said), not \(ours)") }
        }
        #expect(wrong.isEmpty, "\(wrong.count): \(wrong.prefix(20))")
        // Should the generator ever make only nonsense, this would test nothing.
        for relation in ["lt", "eq", "gt"] { #expect(counts[relation, default: 0] > 1000) }
    }
}
