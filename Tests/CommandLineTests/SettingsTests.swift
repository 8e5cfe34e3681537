import DriftCore
import DriftServices
import Foundation
import Logging
import PackFiles
import Postgres
import Remote
import Testing

@testable import driftwatch

@Suite
struct SettingsTests {
    @Test
    func theCommandLineWinsOverTheEnvironmentAndThatOverTheFile() async throws {
        try await withFolder(["s.yaml": "log_level: error\nlog_format: json\nlisten: \":1\"\n"]) { folder in
            let environment = ["DRIFTWATCH_CONFIG": "\(folder)/s.yaml", "DRIFTWATCH_LOG_LEVEL": "debug"]
            let fromFile = try SettingSources(environment: ["DRIFTWATCH_CONFIG": "\(folder)/s.yaml"])
            #expect(try LoggingSettings(fromFile).level == .error)
            #expect(try LoggingSettings(fromFile).format == .json)
            let fromEnvironment = try SettingSources(environment: environment)
            #expect(try LoggingSettings(fromEnvironment).level == .debug)
            #expect(try LoggingSettings(fromEnvironment).format == .json)
            let fromOption = try SettingSources(
                options: [SettingOption(\.logLevel, "trace"), SettingOption(\.logFormat, nil)],
                environment: environment)
            #expect(try LoggingSettings(fromOption).level == .trace)
            #expect(try fromOption.value(\.listen) == ListenAddress(host: "0.0.0.0", port: 1))
        }
    }

    private static func databaseURL(_ environment: [String: String]) throws -> String? {
        try SettingSources(environment: environment).text(\.databaseURL)?.text
    }

    @Test
    func aSecretFileComesAfterTheEnvironmentAndBeforeTheSettingsFile() async throws {
        let files = [
            "secret": "postgresql://from-secret-file\n", "s.yaml": "database: { url: postgresql://from-file }",
        ]
        try await withFolder(files) { folder in
            var environment = ["DRIFTWATCH_CONFIG": "\(folder)/s.yaml"]
            let fromFile = try Self.databaseURL(environment)
            #expect(fromFile == "postgresql://from-file")
            environment["DRIFTWATCH_DATABASE_URL_FILE"] = "\(folder)/secret"
            let fromSecretFile = try Self.databaseURL(environment)
            #expect(fromSecretFile == "postgresql://from-secret-file")
            environment["DRIFTWATCH_DATABASE_URL"] = "postgresql://from-environment"
            let fromEnvironment = try Self.databaseURL(environment)
            #expect(fromEnvironment == "postgresql://from-environment")
        }
    }

    @Test
    func anEmptyVariableIsAbsent() throws {
        let sources = try SettingSources(
            environment: ["DRIFTWATCH_WORKER_CONCURRENCY": "", "DRIFTWATCH_CONFIG": "", "DRIFTWATCH_LOG_LEVEL": ""])
        #expect(try sources.value(\.workerConcurrency) == 8)
        #expect(try LoggingSettings(sources).level == .info)
    }

    @Test
    func budgetsAreSettings() throws {
        let sources = try SettingSources(
            options: [SettingOption(\.probeTimeout, "45s")],
            environment: [
                "DRIFTWATCH_SSH_CONNECT_TIMEOUT": "7", "DRIFTWATCH_SSH_LOGIN_TIMEOUT": "20s",
                "DRIFTWATCH_PROBE_TIMEOUT": "50s", "DRIFTWATCH_SSH_LOGINS_PER_ADDRESS": "3",
                "DRIFTWATCH_PROBE_ANSWER_LIMIT": "8",
            ])
        let settings = try RemoteSettings(sources)
        #expect(
            settings.budgets
                == .init(connect: .seconds(7), login: .seconds(20), probe: .seconds(45), answerBytes: 8 << 20))
        #expect(settings.loginsPerAddress == 3)
        #expect(try RemoteSettings(SettingSources(environment: [:])) == RemoteSettings())
        #expect(try RetentionPolicy(SettingSources(environment: [:])) == RetentionPolicy())
    }

    @Test(arguments: ["0", "0s", "0m"])
    func aSecondLookMayBeOff(text: String) throws {
        let sources = try SettingSources(environment: ["DRIFTWATCH_CONFIRM_AFTER": text])
        #expect(try sources.value(\.confirmAfter) == .zero)
    }

    @Test
    func aDigestThatIsNeverDueIsSaidToBeOne() throws {
        let sources = try SettingSources(environment: ["DRIFTWATCH_DIGEST": "0 8 30 2 *"])
        let error = try #require(throws: SettingError.self) { _ = try ReporterSettings(sources) }
        #expect(error.message.contains("never fires") && error.hint?.hasSuffix("or off") == true, "\(error)")
    }

    static let malformed: [(String, String, @Sendable (SettingSources) throws -> Void)] = [
        ("DRIFTWATCH_WORKER_CONCURRENCY", "ten", { _ = try $0.value(\.workerConcurrency) }),
        ("DRIFTWATCH_WORKER_CONCURRENCY", "0", { _ = try $0.value(\.workerConcurrency) }),
        ("DRIFTWATCH_WORKER_CONCURRENCY", "8 ", { _ = try $0.value(\.workerConcurrency) }),
        ("DRIFTWATCH_LOG_LEVEL", "loud", { _ = try LoggingSettings($0) }),
        ("DRIFTWATCH_LOG_FORMAT", "xml", { _ = try LoggingSettings($0) }),
        ("DRIFTWATCH_DATABASE_POOLER", "session", { _ = try DatabaseSettings($0) }),
        ("DRIFTWATCH_BASE_URL", "drift.example.net", { _ = try $0.value(\.baseURL) }),
        ("DRIFTWATCH_BASE_URL", "ftp://drift.example.net", { _ = try $0.value(\.baseURL) }),
        ("DRIFTWATCH_BASE_URL", "https://drift.example.net/watch", { _ = try $0.value(\.baseURL) }),
        ("DRIFTWATCH_BASE_URL", "https://drift.example.net/ #", { _ = try $0.value(\.baseURL) }),
        ("DRIFTWATCH_BASE_URL", "https://me:secret@drift.example.net", { _ = try $0.value(\.baseURL) }),
        ("DRIFTWATCH_LISTEN", "8080", { _ = try $0.value(\.listen) }),
        ("DRIFTWATCH_LISTEN", "127.0.0.1:99999", { _ = try $0.value(\.listen) }),
        ("DRIFTWATCH_LISTEN", "::1:80", { _ = try $0.value(\.listen) }),
        ("DRIFTWATCH_METRICS_LISTEN", "9100", { _ = try $0.value(\.metricsListen) }),
        ("DRIFTWATCH_SCHEDULE", "0 25 * * *", { _ = try ScheduleSettings($0) }),
        ("DRIFTWATCH_TIME_ZONE", "Mars/Olympus", { _ = try ScheduleSettings($0) }),
        ("DRIFTWATCH_TIME_ZONE", "GMT+2", { _ = try ScheduleSettings($0) }),
        ("DRIFTWATCH_KEEP_CHECKS", "90", { _ = try RetentionPolicy($0) }),
        ("DRIFTWATCH_KEEP_JOBS", "23h", { _ = try RetentionPolicy($0) }),
        ("DRIFTWATCH_KEEP_EVENTS", "never", { _ = try RetentionPolicy($0) }),
        ("DRIFTWATCH_REMIND_AFTER", "30m", { _ = try ReporterSettings($0) }),
        ("DRIFTWATCH_REMIND_AFTER", "never", { _ = try ReporterSettings($0) }),
        ("DRIFTWATCH_DIGEST", "weekly", { _ = try ReporterSettings($0) }),
        ("DRIFTWATCH_HEARTBEAT_URL", "hc.example.net/1", { _ = try SchedulerPart($0) }),
        ("DRIFTWATCH_HEARTBEAT_URL", "http://hc.example.net/1", { _ = try SchedulerPart($0) }),
        ("DRIFTWATCH_API_TOKEN", "too-short", { _ = try WebPart($0) }),
        ("DRIFTWATCH_API_TOKEN", "long enough, but not a token", { _ = try WebPart($0) }),
        ("DRIFTWATCH_NOTIFY", "email", { _ = try NotifySettings($0) }),
        ("DRIFTWATCH_SLACK_WEBHOOK_URL", "hooks.slack.example/T1", { _ = try NotifySettings($0) }),
        ("DRIFTWATCH_WEB_NAMES", "drift.example.net:8080", { _ = try $0.value(\.webNames) }),
        ("DRIFTWATCH_WEB_NAMES", "https://drift.example.net", { _ = try $0.value(\.webNames) }),
        ("DRIFTWATCH_WEB_NAMES", "*", { _ = try $0.value(\.webNames) }),
        ("DRIFTWATCH_WEB_NAMES", ", ", { _ = try $0.value(\.webNames) }),
        ("DRIFTWATCH_SSH_IDENTITY", "/nowhere/key", { _ = try RemoteSettings($0) }),
        ("DRIFTWATCH_SSH_CONNECT_TIMEOUT", "soon", { _ = try RemoteSettings($0) }),
        ("DRIFTWATCH_SSH_LOGIN_TIMEOUT", "0s", { _ = try RemoteSettings($0) }),
        ("DRIFTWATCH_PROBE_TIMEOUT", "2m", { _ = try RemoteSettings($0) }),
        ("DRIFTWATCH_SSH_LOGINS_PER_ADDRESS", "0", { _ = try RemoteSettings($0) }),
        ("DRIFTWATCH_PROBE_ANSWER_LIMIT", "65", { _ = try RemoteSettings($0) }),
    ]

    @Test(arguments: malformed.indices)
    func aMalformedValueNamesItsVariable(index: Int) throws {
        let (variable, value, read) = Self.malformed[index]
        let sources = try SettingSources(environment: [variable: value])
        let error = try #require(throws: SettingError.self) { try read(sources) }
        #expect(error.place == variable)
        #expect(!error.message.isEmpty)
    }

    @Test
    func aMalformedSecretIsNotShown() throws {
        let sources = try SettingSources(environment: ["DRIFTWATCH_SLACK_WEBHOOK_URL": "T1-canary-B2"])
        let error = try #require(throws: SettingError.self) { _ = try NotifySettings(sources) }
        #expect(!"\(error)\(error.hint ?? "")".contains("canary"))
    }

    @Test
    func jsonIsASettingsFileToo() throws {
        let text = #"{"worker_concurrency": 3, "slack": {"channel": "ops"}, "notify": null, "log_level": ""}"#
        let file = try SettingsFile(bytes: Array(text.utf8), path: "s.json")
        #expect(file.values["worker_concurrency"]?.text == "3")
        #expect(file.values["slack_channel"]?.text == "ops")
        #expect(file.values.count == 2)
    }

    @Test
    func aValueOfTheSettingsFileIsNamedByItsPlace() async throws {
        try await withFolder(["s.yaml": "notify: console\nssh:\n  probe: x\n  login_timeout: 3h\n"]) { folder in
            let file = try #require(throws: SettingsFileProblems.self) {
                _ = try SettingSources(configOption: "\(folder)/s.yaml", environment: [:])
            }
            #expect(file.problems.map(\.line) == [3])
            try "ssh:\n  login_timeout: 3h\n".write(
                toFile: "\(folder)/s.yaml", atomically: true, encoding: .utf8)
            let sources = try SettingSources(configOption: "\(folder)/s.yaml", environment: [:])
            let error = try #require(throws: SettingError.self) { _ = try RemoteSettings(sources) }
            #expect(error.place == "\(folder)/s.yaml:2:18 (ssh_login_timeout)")
        }
    }

    @Test
    func aMissingSecretFileIsAnErrorThatNamesIt() throws {
        let error = try #require(throws: SettingError.self) {
            _ = try SettingSources(environment: ["DRIFTWATCH_SLACK_BOT_TOKEN_FILE": "/nowhere/token"])
        }
        #expect(error.place == "DRIFTWATCH_SLACK_BOT_TOKEN_FILE")
        #expect(error.message.contains("/nowhere/token"))
    }

    @Test
    func misspeltVariablesAreTold() throws {
        let sources = try SettingSources(
            environment: [
                "DRIFTWATCH_DATABASE_URI": "x", "DRIFTWATCH_LISTEN_FILE": "x", "DRIFTWATCH_CONFIG": "",
                "DRIFTWATCH_TEST_DATABASE_URL": "x", "DRIFTWATCH_SLACK_BOT_TOKEN": "x",
            ])
        #expect(sources.unknownVariables == ["DRIFTWATCH_DATABASE_URI", "DRIFTWATCH_LISTEN_FILE"])
    }

    @Test
    func slackNeedsAWebhookOrATokenWithAChannel() throws {
        let neither = try #require(throws: SettingError.self) {
            _ = try NotifySettings(SettingSources(environment: [:]))
        }
        #expect(neither.hint?.contains("DRIFTWATCH_SLACK_WEBHOOK_URL") == true)
        #expect(neither.hint?.contains("DRIFTWATCH_SLACK_BOT_TOKEN") == true)
        #expect(throws: SettingError.self) {
            _ = try NotifySettings(SettingSources(environment: ["DRIFTWATCH_SLACK_BOT_TOKEN": "xoxb-1"]))
        }
        let bot = try NotifySettings(
            SettingSources(
                environment: ["DRIFTWATCH_SLACK_BOT_TOKEN": "xoxb-1", "DRIFTWATCH_SLACK_CHANNEL": "C1"]))
        #expect(bot.destination.kind == .slack)
        let console = try NotifySettings(SettingSources(environment: ["DRIFTWATCH_NOTIFY": "console"]))
        #expect(console.destination.kind == .console)
    }

    @Test(arguments: [
        "http://hooks.example.net/T1", "HTTP://192.0.2.7/T1", "http://127.0.0.1.example.net/T1",
        "http://localhost@example.net/T1", "http://localhost:x@example.net/T1", "http://127.0.0.1%2eexample.net/T1",
        "http://localhost\\@example.net/T1", "http://[::2]/T1", "http://proxy.example.net.evil.example/T1",
    ])
    func aSecretIsNotSentUnencrypted(url: String) throws {
        for variable in ["DRIFTWATCH_SLACK_WEBHOOK_URL", "DRIFTWATCH_SLACK_API_URL"] {
            var environment = [variable: url, "DRIFTWATCH_PLAIN_HTTP_HOSTS": "proxy.example.net"]
            if variable.contains("API") {
                environment["DRIFTWATCH_SLACK_BOT_TOKEN"] = "xoxb-1"
                environment["DRIFTWATCH_SLACK_CHANNEL"] = "C1"
            }
            let error = try #require(throws: SettingError.self) {
                _ = try NotifySettings(SettingSources(environment: environment))
            }
            #expect(error.place == variable)
            #expect(!"\(error)".contains("T1"))
        }
    }

    @Test(arguments: [
        "https://hooks.example.net/T1", "http://127.0.0.1:9/T1", "http://localhost/T1", "http://[::1]:9/T1",
        "http://proxy.example.net:3128/T1", "http://192.0.2.8/T1",
    ])
    func plainHTTPIsForThisMachineAndForHostsThatASettingNames(url: String) throws {
        _ = try NotifySettings(
            SettingSources(
                environment: [
                    "DRIFTWATCH_SLACK_WEBHOOK_URL": url,
                    "DRIFTWATCH_PLAIN_HTTP_HOSTS": "Proxy.Example.net, 192.0.2.8",
                ]))
    }
}
