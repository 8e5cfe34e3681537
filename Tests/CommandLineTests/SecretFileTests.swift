import DriftCore
import Foundation
import Testing

@testable import driftwatch

/// Who may have a file that holds a secret.
@Suite
struct SecretFileTests {
    private static func withSecret(_ mode: Int, _ body: (String) async throws -> Void) async throws {
        try await withFolder(["secret": "xoxb-canary\n"]) { folder in
            let path = "\(folder)/secret"
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            try await body(path)
        }
    }

    @Test(arguments: [0o666, 0o644, 0o604, 0o606, 0o602, 0o620, 0o660, 0o444, 0o777])
    func aFileThatOthersMayReadOrChangeIsRefused(mode: Int) async throws {
        try await Self.withSecret(mode) { path in
            let error = try #require(throws: SettingError.self) {
                _ = try SettingSources(environment: ["DRIFTWATCH_SLACK_BOT_TOKEN_FILE": path])
            }
            #expect(error.place == "DRIFTWATCH_SLACK_BOT_TOKEN_FILE")
            #expect(error.hint == "chmod 600 \(path)")
            #expect(!"\(error)".contains("canary"))
        }
    }

    @Test(arguments: [0o600, 0o400, 0o640, 0o440])
    func aFileOfItsOwnerAndAtMostReadByItsGroupIsTaken(mode: Int) async throws {
        try await Self.withSecret(mode) { path in
            let sources = try SettingSources(environment: ["DRIFTWATCH_SLACK_BOT_TOKEN_FILE": path])
            #expect(sources.text(\.slackBotToken)?.text == "xoxb-canary")
        }
    }

    @Test
    func aSettingsFileThatHoldsASecretIsHeldToTheSame() async throws {
        try await withFolder([
            "s.yaml": "log_level: info\nslack: { bot_token: xoxb-canary }\n", "t.yaml": "notify: slack",
        ]) {
            folder in
            for name in ["s.yaml", "t.yaml"] {
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: "\(folder)/\(name)")
            }
            _ = try SettingsFile(path: "\(folder)/t.yaml", named: "--config")
            let error = try #require(throws: SettingsFileProblems.self) {
                _ = try SettingsFile(path: "\(folder)/s.yaml", named: "--config")
            }
            #expect("\(error)".hasPrefix("\(folder)/s.yaml:2:21: error: slack_bot_token is a secret"))
            #expect(error.problems.first?.hint == "chmod 600 \(folder)/s.yaml")
            #expect(!"\(error)".contains("canary"))
        }
    }

    @Test
    func theProgramEndsWithAUsageErrorThatSaysWhatToDo() async throws {
        try await Self.withSecret(0o644) { path in
            let result = try await Program.run(["status"], ["DRIFTWATCH_DATABASE_URL_FILE": path])
            #expect(result.status == 2)
            #expect(
                result.errors.contains("DRIFTWATCH_DATABASE_URL_FILE: the file \(path) may be read by every account"))
            #expect(result.errors.contains("chmod 600"))
            #expect(!result.errors.contains("canary"))
        }
    }

    @Test
    func aFIFOIsRefusedAndNotWaitedFor() async throws {
        try await withFolder { folder in
            let path = "\(folder)/secret"
            try #require(unsafe mkfifo(path, 0o600) == 0)
            let error = try #require(throws: SettingError.self) {
                _ = try SettingSources(environment: ["DRIFTWATCH_SLACK_BOT_TOKEN_FILE": path])
            }
            #expect(error.message.contains("is not a regular file"))
        }
    }

    struct Case: Sendable {
        var path: String
        var owner: UInt32
        var mode: UInt32
        var mounts = ""
        var isTaken: Bool
    }

    private static let compose = "40 30 8:1 /s/url /run/secrets/url ro,relatime - ext4 /dev/sda1 rw"
    private static let pod = "40 30 0:50 / /run/secrets ro,relatime - tmpfs tmpfs rw"
    private static let above = "40 30 0:50 / /run rw - tmpfs tmpfs rw"
    private static let elsewhere = "40 30 0:50 / /run/secretsX ro,relatime - tmpfs tmpfs rw"

    /// Our account is 1000.
    static let cases = [
        Case(path: "/etc/s", owner: 0, mode: 0o600, isTaken: true),
        Case(path: "/etc/s", owner: 1000, mode: 0o600, isTaken: true),
        Case(path: "/etc/s", owner: 1001, mode: 0o600, isTaken: false),
        Case(path: "/etc/s", owner: 1001, mode: 0o640, isTaken: false),
        Case(path: "/etc/s", owner: 0, mode: 0o444, mounts: compose, isTaken: false),
        Case(path: "/run/secrets/s", owner: 0, mode: 0o444, isTaken: false),
        Case(path: "/run/secrets/s", owner: 0, mode: 0o444, mounts: elsewhere, isTaken: false),
        Case(path: "/run/secrets/s", owner: 0, mode: 0o444, mounts: above, isTaken: false),
        Case(path: "/run/secrets/s", owner: 0, mode: 0o444, mounts: compose, isTaken: false),
        Case(path: "/run/secrets/url", owner: 0, mode: 0o444, mounts: compose, isTaken: true),
        Case(path: "/run/secrets/url", owner: 1001, mode: 0o644, mounts: compose, isTaken: true),
        Case(path: "/run/secrets/s", owner: 0, mode: 0o444, mounts: pod, isTaken: true),
        Case(path: "/run/secrets/s", owner: 0, mode: 0o666, mounts: pod, isTaken: false),
        Case(path: "/run/secrets/s", owner: 1001, mode: 0o664, mounts: pod, isTaken: false),
    ]

    @Test(arguments: cases.indices)
    func aContainersMountMayBeReadByAllAndWrittenByNoOther(index: Int) {
        let row = Self.cases[index]
        let fault = SecretFile.fault(realPath: row.path, owner: row.owner, mode: row.mode, row.path, 1000) {
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n\(row.mounts)\n"
        }
        #expect((fault == nil) == row.isTaken, "\(row) \(String(describing: fault))")
    }
}
