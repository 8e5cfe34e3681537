import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Settings, as this machine has them.
@Suite struct SettingTopicTests {
    private func findings(
        _ settings: [SettingExpectation], shell: [String] = ["/bin/sh"], environment: [String: String]? = nil
    ) async throws -> [ItemOutcome.Finding] {
        let pack = Pack(name: PackName(rawValue: "base"), expectations: settings.map { Expectation(.setting($0)) })
        return try await TopicLook.findings(of: pack, shell: shell, environment: environment)
    }

    private static let shells = ["/bin/sh", "/bin/dash", "/bin/bash"]

    // MARK: sysctl

    @Test(arguments: shells)
    func parametersAreWhatTheKernelHas(shell: String) async throws {
        let names = [
            "kernel.ostype", "kernel.pid_max", "net.ipv4.ip_forward", "vm.swappiness", "kernel.printk", "fs.file-max",
        ]
        let settings = try names.map { name in
            let path = "/proc/sys/" + name.replacing(".", with: "/")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let value = text.split { $0.isWhitespace }.joined(separator: " ")
            return SettingExpectation(name: name, expected: value, kind: .sysctl)
        }
        #expect(try await findings(settings, shell: [shell]) == settings.map { _ in .ok })
    }

    @Test func whatTheKernelDoesNotHaveIsUnset() async throws {
        let names = ["kernel.driftwatch_none", "kernel", "net/ipv4/../ipv4/ip_forward", "kernel.ostype.x"]
        for name in names {
            let setting = SettingExpectation(name: name, expected: "0", kind: .sysctl)
            let finding = try await findings([setting])[0]
            if name.contains("..") {
                // Not a name, so it is not looked at.
                #expect(finding == .unreadable(.malformedAnswer))
            } else if case .wrong(let mismatches) = finding {
                #expect(mismatches.map(\.actual) == [["state": "unset"]])
            } else {
                Issue.record("\(name): \(finding)")
            }
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/sys/net/ipv4/tcp_fastopen_key")))
    func theKernelsSecretsAreNotRead() async throws {
        let setting = SettingExpectation(name: "net.ipv4.tcp_fastopen_key", expected: "0", kind: .sysctl)
        let questions = ProbeQuestions(packs: [
            Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.setting(setting))])
        ])
        let answer = try await Tool.run(
            ["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], input: ProbeRequest(questions).input)
        #expect(!String(decoding: answer.output, as: UTF8.self).contains("tcp_fastopen_key:"))
        #expect(try await findings([setting]) == [.unreadable(.secretPlace)])
    }

    /// One account may read most of them, and only root some: one that is denied is that one's trouble alone.
    @Test(.enabled(if: geteuid() == 0 && FileManager.default.fileExists(atPath: "/proc/sys/net/core/bpf_jit_harden")))
    func oneThatIsDeniedKeepsNothingElseFromBeingRead() async throws {
        let value = try String(contentsOfFile: "/proc/sys/net/core/bpf_jit_harden", encoding: .utf8).prefix {
            $0 != "\n"
        }
        let settings = [
            SettingExpectation(name: "kernel.ostype", expected: "Linux", kind: .sysctl),
            SettingExpectation(name: "net.core.bpf_jit_harden", expected: String(value), kind: .sysctl),
        ]
        #expect(try await findings(settings) == [.ok, .ok])
        let nobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh"]
        let denied = try await findings(settings, shell: nobody)
        #expect(denied[0] == .ok)
        #expect(denied[1] == .unreadable(.permissionDenied))
    }

    // MARK: sshd

    @Test(
        .enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/sshd")),
        arguments: shells)
    func whatSSHDDoesIsWhatItPrints(shell: String) async throws {
        let test = try await Tool.run(["/usr/sbin/sshd", "-T"])
        guard test.status == 0 else { try Test.cancel("sshd does not test its settings here") }
        var values: [String: [String]] = [:]
        for line in String(decoding: test.output, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0], default: []].append(parts[1]) }
        }
        #expect(values.count > 50)
        let settings = values.map { keyword, lines in
            SettingExpectation(name: keyword.uppercased(), expected: lines.joined(separator: " "), kind: .sshd)
        }
        let findings = try await findings(settings, shell: [shell])
        #expect(findings.allSatisfy { $0 == .ok }, "\(findings.filter { $0 != .ok })")
    }

    @Test(.enabled(if: geteuid() == 0))
    func onlyRootIsToldWhatSSHDDoes() async throws {
        let setting = SettingExpectation(name: "Port", expected: "22", kind: .sshd)
        let nobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sh"]
        let finding = try await findings([setting], shell: nobody)[0]
        #expect([.unreadable(.permissionDenied), .unreadable(.sudoRefused)].contains(finding))
    }

    @Test(.enabled(if: geteuid() == 0 && FileManager.default.fileExists(atPath: "/usr/sbin/sshd")))
    func withoutSSHDItsSettingsDoNotApply() async throws {
        let setting = SettingExpectation(name: "Port", expected: "22", kind: .sshd)
        let hide = "mount --bind /dev/null /usr/sbin/sshd && exec /bin/sh \"$@\""
        let finding = try await findings([setting], shell: ["/usr/bin/unshare", "-m", "/bin/sh", "-c", hide, "sh"])[0]
        #expect(finding == .notApplicable("the server has no sshd"))
    }

    // MARK: config

    /// Files of Debian that every account may read, and what is certainly in them.
    @Test(arguments: shells)
    func debiansOwnFilesAreRead(shell: String) async throws {
        let release = try String(contentsOfFile: "/etc/os-release", encoding: .utf8)
        let id = try #require(release.split(separator: "\n").first { $0.hasPrefix("ID=") }).dropFirst(3).trimmingPrefix(
            "\"")
        var settings = [
            SettingExpectation(name: "ID", expected: id.filter { $0 != "\"" }, kind: .config, file: "/etc/os-release"),
            SettingExpectation(
                name: "PASS_MAX_DAYS", wanted: try WantedValue(min: "0"), kind: .config, file: "/etc/login.defs"),
        ]
        if FileManager.default.fileExists(atPath: "/etc/ssh/sshd_config") {
            settings.append(
                SettingExpectation(name: "usepam", expected: "yes", kind: .config, file: "/etc/ssh/sshd_config"))
        }
        #expect(try await findings(settings, shell: [shell]) == settings.map { _ in .ok })
    }

    @Test(.enabled(if: geteuid() == 0))
    func aPrivateFileIsReadOnlyIfThePackSaysSo() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "settings-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "app.ini").path(percentEncoded: false)
        try Data("[s]\nmode = fast\n".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        func setting(_ show: Bool) -> SettingExpectation {
            SettingExpectation(
                name: "s.mode", wanted: WantedValue(expected: "fast"), kind: .config, file: path, showsPrivateText: show
            )
        }
        #expect(try await findings([setting(false)]) == [.unreadable(.privateText)])
        #expect(try await findings([setting(true)]) == [.ok])
    }
}
