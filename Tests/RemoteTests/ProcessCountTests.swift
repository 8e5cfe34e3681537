import DriftCore
import Foundation
import PackFiles
import Remote
import TestSupport
import Testing

/// How many processes one look starts on a server, the script's own included, where bash runs it and root is logged in.
@Suite struct ProcessCountTests {
    /// The processes of a look for a pack with these sections.
    private func processes(_ items: String, isOpen: Bool = false) async throws -> Int {
        guard geteuid() == 0, Tool.has("/usr/bin/strace"), Tool.has("/bin/bash") else {
            try Test.cancel("there is no strace here")
        }
        let source = SourceFile(path: "packs/base.yaml", text: "items:\n" + items)
        let pack = try #require(try ConfigurationLoader.load(packs: [source]).packs[PackName(rawValue: "base")])
        let trace = FileManager.default.temporaryDirectory.path + "/driftwatch-trace-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: trace) }
        let facts = try await TopicLook.facts(
            ProbeQuestions(packs: [pack]),
            shell: [
                "/usr/bin/strace", "-f", "-qq", "-o", trace, "-e", "trace=clone,clone3,fork,vfork", "/bin/bash", "-p",
            ],
            environment: ["PATH": "/usr/bin:/bin", "LOGNAME": "root"], isOpen: isOpen)
        #expect(facts != Facts())
        // A call during which another process ran is written in two lines, of which the second has the result.
        let starts = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").filter { line in
            !line.contains("CLONE_THREAD") && line.split(separator: "= ").last.flatMap { Int($0) } ?? -1 > 0
        }
        return starts.count + 1
    }

    @Test func filesAndPackagesTakeAtMostTwelve() async throws {
        let files = (0..<50).map {
            "    - { path: /etc/passwd\($0 == 0 ? "" : ".\($0)"), mode: \"0644\", content: x }\n"
        }
        let count = try await processes("  packages: [{ name: bash }]\n  files:\n" + files.joined())
        #expect(count <= 12)
        #expect(count >= 5, "as many have been seen")
    }

    /// The script, the child that looks, and what the kind needs: a program that might hang has a child that waits for it.
    @Test(arguments: [
        ("kernel: [{ module: loop }]", 0), ("mounts: [{ path: /proc }]", 0),
        ("system: [{ reboot_required: false }]", 1),
        ("users: [{ uid: 0, only: [root] }]", 4), ("groups: [{ name: root, gid: 0 }]", 4),
        ("users: [{ name: root, locked: false }]", 8), ("users: [{ name: root, authorized_keys: { only: [] } }]", 8),
        ("certificates: [{ path: /etc/ssl/certs/ca-certificates.crt }]", 5), ("ports: [{ listen: \"tcp *:22\" }]", 5),
        ("settings: [{ key: vm.swappiness, type: sysctl, max: 10 }]", 2),
        ("settings: [{ key: PermitRootLogin, type: sshd, expected: \"no\" }]", 2),
        ("files: [{ glob: /etc/host* }]", 2), ("files: [{ path: /etc, state: directory, only: [x] }]", 3),
        ("system: [{ clock: synchronised }]", 4),
    ])
    func aKindTakesNoMoreThanItNeeds(item: String, more: Int) async throws {
        #expect(try await processes("  \(item)\n") <= 2 + more, "\(item)")
    }

    /// Where another round may follow, and none does.
    @Test func aCheckThatFindsNothingNewTakesNoMore() async throws {
        let items = "  packages: [{ name: bash }]\n  files: [{ path: /etc/passwd, mode: \"0644\" }]\n"
        #expect(try await processes(items, isOpen: true) == processes(items))
    }

    /// What they share is asked once.
    @Test func moreItemsOfAKindTakeNoMoreProcesses() async throws {
        let one = """
              users: [{ name: root, uid: 0 }]
              settings: [{ key: vm.swappiness, type: sysctl, max: 10 }]
              kernel: [{ module: loop }]

            """
        let many = """
              users: [{ name: root, uid: 0 }, { name: bin, uid: 2 }, { name: sys, uid: 3 }, { uid: 0, only: [root] }]
              settings:
                - { key: vm.swappiness, type: sysctl, max: 10 }
                - { key: kernel.ostype, type: sysctl, expected: Linux }
                - { key: net.ipv4.ip_forward, type: sysctl, expected: "0" }
              kernel: [{ module: loop }, { module: dummy }, { module: tun }]

            """
        #expect(try await processes(many) <= processes(one))
    }
}
