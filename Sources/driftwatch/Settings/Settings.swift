import Cron
import DriftCore
import DriftServices
import Logging
import Postgres
import Remote

/// Every setting, declared once.
///
/// Each is a variable of the environment, a key of the settings file, and, where it has an `option`, an option of the
/// commands that use it. `--help` and the page on settings say what is said here.
struct Settings: Sendable {
    let databaseURL = Setting<String?>(
        "DATABASE_URL", "a libpq URI or conninfo", .text("address"), absent: "libpq's PG* variables", isSecret: true)
    let databasePooler = Setting(
        "DATABASE_POOLER", "transaction behind PgBouncer in transaction mode", .choice(),
        standard: DatabaseSettings.Pooler.none)

    let notify = Setting(
        "NOTIFY", option: "notify", "where messages go: slack, or console for standard output", .choice(),
        standard: NotifySettings.Kind.slack)
    let slackWebhookURL = Setting<String?>(
        "SLACK_WEBHOOK_URL", "an incoming webhook", .text("address"), isSecret: true)
    let slackBotToken = Setting<String?>("SLACK_BOT_TOKEN", "or a bot's token", .text("token"), isSecret: true)
    let slackChannel = Setting<String?>("SLACK_CHANNEL", "where the bot posts", .text("channel"))
    let slackAPIURL = Setting<String?>(
        "SLACK_API_URL", "another address for the bot's API, such as a proxy", .text("address"), absent: "Slack's")
    let plainHTTPHosts = Setting(
        "PLAIN_HTTP_HOSTS", "hosts to which messages may go over http, separated by commas", .hosts, standard: [])
    let baseURL = Setting(
        "BASE_URL", "where people reach the pages, without a path", .baseURL)

    let listen = Setting(
        "LISTEN", option: "listen", "where the pages listen", .listenAddress,
        standard: ListenAddress(host: "127.0.0.1", port: 8080))
    let webNames = Setting(
        "WEB_NAMES", "more names under which people or a proxy reach the pages, separated by commas", .hosts,
        standard: [])
    let apiToken = Setting<String?>(
        "API_TOKEN", "the bearer token with which CI holds messages at the pages' address", .text("token"),
        absent: "no API", isSecret: true)
    let metricsListen = Setting(
        "METRICS_LISTEN", option: "metrics-listen", "where a process serves /healthz, /readyz and /metrics",
        .listenAddress, absent: "nowhere")

    let schedule = Setting(
        "SCHEDULE", "the cron expression that a new database begins with", .text("cron"), standard: "0 6 * * *")
    let timeZone = Setting("TIME_ZONE", "the time zone of that schedule", .text("zone"), standard: "UTC")
    let remindAfter = Setting(
        "REMIND_AFTER", "after how long people are reminded of alerts that nobody acknowledged, each time, or off",
        SettingKind<Duration?>.orOff, standard: nil)
    let digest = Setting(
        "DIGEST", "when the digest is sent, as a cron expression in the schedule's time zone, or off",
        SettingKind<CronExpression?>.orOff, standard: try? CronExpression("0 8 * * mon"))
    let heartbeatURL = Setting<String?>(
        "HEARTBEAT_URL", "an address that a scheduler asks for after each complete slot", .text("address"),
        absent: "no heartbeat", isSecret: true)
    let keepChecks = Setting(
        "KEEP_CHECKS", "how long checks are kept: at least 1d, or forever", .retention,
        standard: RetentionPolicy().checks)
    let keepJobs = Setting(
        "KEEP_JOBS", "how long finished jobs are kept", .retention, standard: RetentionPolicy().jobs)
    let keepEvents = Setting(
        "KEEP_EVENTS", "how long resolved alerts and the audit log are kept", .retention,
        standard: RetentionPolicy().events)

    let workerConcurrency = Setting(
        "WORKER_CONCURRENCY", option: "concurrency", "how many servers one worker looks at at the same time",
        .count(1...256), standard: 8)
    let sshConfig = Setting(
        "SSH_CONFIG", "an ssh config in place of the account's and the system's", .readableFile,
        absent: "the account's own")
    let sshKnownHosts = Setting(
        "SSH_KNOWN_HOSTS", "host keys, of jump hosts too", .readableFile, absent: "the account's own")
    let sshIdentity = Setting(
        "SSH_IDENTITY", "the key to log in with, on jump hosts too", .readableFile, absent: "one key")
    let sshConnectTimeout = Setting(
        "SSH_CONNECT_TIMEOUT", option: "connect-timeout",
        "how long a server's port may take to answer, up to 60s", .span(1...60),
        standard: RemoteSettings.Budgets().connect)
    let sshLoginTimeout = Setting(
        "SSH_LOGIN_TIMEOUT", option: "login-timeout", "how long a whole login may take, up to 60s", .span(1...60),
        standard: RemoteSettings.Budgets().login)
    let probeTimeout = Setting(
        "PROBE_TIMEOUT", option: "probe-timeout", "how long the look itself may take, up to 60s", .span(1...60),
        standard: RemoteSettings.Budgets().probe)
    let confirmAfter = Setting(
        "CONFIRM_AFTER",
        "after how long what is newly wrong is looked at once more, up to 60s; 0 for never", .span(0...60),
        standard: Duration.seconds(3))
    let probeAnswerLimit = Setting(
        "PROBE_ANSWER_LIMIT", "how many MiB one server may answer", .count(1...64, of: "MiB"),
        standard: RemoteSettings.Budgets().answerBytes >> 20)
    let sshLoginsPerAddress = Setting(
        "SSH_LOGINS_PER_ADDRESS", "how many logins one worker may have at one address at once", .count(1...256),
        standard: RemoteSettings().loginsPerAddress)

    let logLevel = Setting(
        "LOG_LEVEL", option: "log-level",
        "from which level on lines are logged: \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))",
        .choice(form: "level"), standard: Logger.Level.info,
        shown: "info for processes, error for other commands")
    let logFormat = Setting(
        "LOG_FORMAT", option: "log-format", "how log lines look on standard error: text or json",
        .choice(form: "format"), standard: LoggingSettings.Format.text)
    let actor = Setting(
        "ACTOR", option: "as", "who acts, as recorded in the audit log and with alerts", .person,
        absent: "your login name")

    static let declared = Settings()
    static let all: [SettingDeclaration] = Mirror(reflecting: declared).children.compactMap {
        ($0.value as? any DeclaredSetting)?.declaration
    }

    /// Whether the environment may hold this name; others that begin with `DRIFTWATCH_` are most likely misspelt.
    static func isKnown(variable name: String) -> Bool {
        name == "DRIFTWATCH_CONFIG" || name.hasPrefix("DRIFTWATCH_TEST_")
            || all.contains { $0.environmentName == name || ($0.isSecret && $0.fileVariableName == name) }
    }
}
