/// Every setting, by the name that it has in the environment without `DRIFTWATCH_`.
///
/// In the settings file the same name is written in small letters, its words joined by `_` or nested:
/// `slack_channel: x` and `slack: { channel: x }` are the same.
enum SettingName: String, CaseIterable, Sendable {
    case actor = "ACTOR"
    case databaseURL = "DATABASE_URL"
    case databasePooler = "DATABASE_POOLER"
    case baseURL = "BASE_URL"
    case slackWebhookURL = "SLACK_WEBHOOK_URL"
    case slackBotToken = "SLACK_BOT_TOKEN"
    case slackChannel = "SLACK_CHANNEL"
    case slackAPIURL = "SLACK_API_URL"
    case plainHTTPHosts = "PLAIN_HTTP_HOSTS"
    case notify = "NOTIFY"
    case schedule = "SCHEDULE"
    case timeZone = "TIME_ZONE"
    case keepChecks = "KEEP_CHECKS"
    case keepJobs = "KEEP_JOBS"
    case keepEvents = "KEEP_EVENTS"
    case workerConcurrency = "WORKER_CONCURRENCY"
    case sshConfig = "SSH_CONFIG"
    case sshKnownHosts = "SSH_KNOWN_HOSTS"
    case sshIdentity = "SSH_IDENTITY"
    case sshConnectTimeout = "SSH_CONNECT_TIMEOUT"
    case sshLoginTimeout = "SSH_LOGIN_TIMEOUT"
    case sshLoginsPerAddress = "SSH_LOGINS_PER_ADDRESS"
    case probeTimeout = "PROBE_TIMEOUT"
    case probeAnswerLimit = "PROBE_ANSWER_LIMIT"
    case listen = "LISTEN"
    case webNames = "WEB_NAMES"
    case metricsListen = "METRICS_LISTEN"
    case logLevel = "LOG_LEVEL"
    case logFormat = "LOG_FORMAT"

    /// Never shown, and may come from a file that `<NAME>_FILE` names.
    ///
    /// Without a `default`: a new setting does not compile until somebody has decided this.
    var isSecret: Bool {
        switch self {
        case .databaseURL, .slackWebhookURL, .slackBotToken: true
        case .actor, .databasePooler, .baseURL, .slackChannel, .slackAPIURL, .plainHTTPHosts, .notify, .schedule,
            .timeZone, .keepChecks, .keepJobs, .keepEvents, .workerConcurrency, .sshConfig, .sshKnownHosts,
            .sshIdentity, .sshConnectTimeout, .sshLoginTimeout, .sshLoginsPerAddress, .probeTimeout, .probeAnswerLimit,
            .listen, .webNames, .metricsListen, .logLevel, .logFormat:
            false
        }
    }

    var environmentName: String { "DRIFTWATCH_\(rawValue)" }
    var fileVariableName: String { environmentName + "_FILE" }
    var fileKey: String { rawValue.lowercased() }

    /// Variables that no process has as a setting, but that belong to Driftwatch.
    static let otherVariables: Set<String> = ["DRIFTWATCH_CONFIG"]

    /// Whether the environment may hold this name; others that begin with `DRIFTWATCH_` are most likely misspelt.
    static func isKnown(variable name: String) -> Bool {
        otherVariables.contains(name) || name.hasPrefix("DRIFTWATCH_TEST_")
            || allCases.contains { $0.environmentName == name || ($0.isSecret && $0.fileVariableName == name) }
    }
}
