import ArgumentParser
import DriftCore
import Foundation
import Logging
import Presentation

/// A command that runs until it is told to stop.
protocol ProcessCommand: DriftwatchCommand {
    /// Reads all settings, so that a wrong one ends the process before it does anything.
    func parts(_ context: CommandContext) throws -> [any ProcessPart]
}

extension ProcessCommand {
    var defaultLogLevel: Logger.Level { .info }

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        try await ProcessRunner(context, parts: try parts(context)).run()
    }
}

/// Where a process answers monitoring.
struct MonitoringOptions: ParsableArguments {
    @Option(\.metricsListen)
    var metricsListen: String?

    var settings: [SettingOption] {
        [SettingOption(\.metricsListen, metricsListen)]
    }
}

/// Which jobs a worker takes.
struct WorkerOptions: ParsableArguments {
    @Option(
        name: .customLong("queue"),
        help: ArgumentHelp("The queues to serve, separated by commas.", valueName: "name,…"))
    var queueList = "default"

    @Option(
        help: ArgumentHelp(
            "The id that this machine has in the inventory, for `connection: local`; may be repeated.",
            valueName: "id"))
    var local: [String] = []

    @Option(\.workerConcurrency)
    var concurrency: String?

    var queues: [String] {
        queueList.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    var localServers: [ServerID] { local.map(ServerID.init(rawValue:)) }

    func validate() throws {
        guard !queues.isEmpty || !local.isEmpty else { throw ValidationError("--queue names no queue") }
        for queue in queues where queue.contains(":") {
            throw ValidationError("`\(visible(queue))` is not a queue; --local serves this machine's own jobs")
        }
        for id in local where !isWellFormedName(id) {
            throw ValidationError("`\(visible(id))` is not a server id")
        }
    }
}

/// How long a look at a server may take.
struct BudgetOptions: ParsableArguments {
    @Option(\.sshConnectTimeout)
    var connectTimeout: String?

    @Option(\.sshLoginTimeout)
    var loginTimeout: String?

    @Option(\.probeTimeout)
    var probeTimeout: String?

    var settings: [SettingOption] {
        [
            SettingOption(\.sshConnectTimeout, connectTimeout), SettingOption(\.sshLoginTimeout, loginTimeout),
            SettingOption(\.probeTimeout, probeTimeout),
        ]
    }
}

struct SchedulerCommand: ProcessCommand {
    static let configuration = CommandConfiguration(
        commandName: "scheduler",
        abstract: "Queue one check per server whenever the schedule comes due.",
        discussion: """
            Any number may run side by side: each slot fires once. DRIFTWATCH_SCHEDULE and DRIFTWATCH_TIME_ZONE only \
            begin the schedule; afterwards `driftwatch schedule set` changes it.

            Example:
              DRIFTWATCH_TIME_ZONE=Europe/Berlin driftwatch scheduler
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var monitoring: MonitoringOptions

    var settingOptions: [SettingOption] { monitoring.settings }

    func parts(_ context: CommandContext) throws -> [any ProcessPart] { [try SchedulerPart(context.settings)] }
}

struct WorkerCommand: ProcessCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Take checks from the queue, look at servers over ssh, and compare.",
        discussion: """
            Any number may run, on as many hosts as you like. On SIGTERM it takes no more checks, lets those under way \
            finish for up to 20 s, and hands back the rest.

            Example:
              driftwatch worker --queue default,dmz --local $(hostname)
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var monitoring: MonitoringOptions
    @OptionGroup var worker: WorkerOptions
    @OptionGroup var budgets: BudgetOptions

    var settingOptions: [SettingOption] {
        budgets.settings + monitoring.settings + [SettingOption(\.workerConcurrency, worker.concurrency)]
    }

    func parts(_ context: CommandContext) throws -> [any ProcessPart] {
        [try WorkerPart(context.settings, queues: worker.queues, localServers: worker.localServers)]
    }
}

struct NotifierCommand: ProcessCommand {
    static let configuration = CommandConfiguration(
        commandName: "notifier",
        abstract: "Send messages about alerts to Slack and other destinations, in order.",
        discussion: """
            Needs DRIFTWATCH_SLACK_WEBHOOK_URL, or DRIFTWATCH_SLACK_BOT_TOKEN and DRIFTWATCH_SLACK_CHANNEL; each secret \
            may come from a file instead (DRIFTWATCH_SLACK_WEBHOOK_URL_FILE). With DRIFTWATCH_NOTIFY=console it prints \
            messages on standard output. It also serves all destinations that `driftwatch destination add` added; with one \
            of these it needs no settings of its own.

            Example:
              DRIFTWATCH_NOTIFY=console driftwatch notifier
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var monitoring: MonitoringOptions

    @Option(\.notify)
    var notify: String?

    var settingOptions: [SettingOption] {
        monitoring.settings + [SettingOption(\.notify, notify)]
    }

    func parts(_ context: CommandContext) throws -> [any ProcessPart] {
        [try NotifierPart(context)]
    }
}

struct WebCommand: ProcessCommand {
    static let configuration = CommandConfiguration(
        commandName: "web",
        abstract: "Serve the pages that alerts link to, and /healthz.",
        discussion: """
            There is no login: put it behind something that has one, or leave it on the loopback address. Set \
            DRIFTWATCH_BASE_URL for the notifier, so that messages link here, and for web, which answers to that name, \
            to those in DRIFTWATCH_WEB_NAMES, to localhost, and to the addresses that it listens on.

            Example:
              driftwatch web --listen 127.0.0.1:8080
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var monitoring: MonitoringOptions

    @Option(\.listen)
    var listen: String?

    var settingOptions: [SettingOption] {
        monitoring.settings + [SettingOption(\.listen, listen)]
    }

    func parts(_ context: CommandContext) throws -> [any ProcessPart] { [try WebPart(context.settings)] }
}

struct RunCommand: ProcessCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Scheduler, worker, notifier and web in one process, for a small site.",
        discussion: """
            Example:
              DRIFTWATCH_NOTIFY=console driftwatch run --listen 127.0.0.1:8080
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var monitoring: MonitoringOptions
    @OptionGroup var worker: WorkerOptions
    @OptionGroup var budgets: BudgetOptions

    @Option(\.notify)
    var notify: String?

    @Option(\.listen)
    var listen: String?

    var settingOptions: [SettingOption] {
        budgets.settings + monitoring.settings + [
            SettingOption(\.workerConcurrency, worker.concurrency), SettingOption(\.notify, notify),
            SettingOption(\.listen, listen),
        ]
    }

    func parts(_ context: CommandContext) throws -> [any ProcessPart] {
        [
            try SchedulerPart(context.settings),
            try WorkerPart(context.settings, queues: worker.queues, localServers: worker.localServers),
            try NotifierPart(context),
            try WebPart(context.settings),
        ]
    }
}
