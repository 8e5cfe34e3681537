import ArgumentParser

/// The command line.
struct Driftwatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "driftwatch",
        abstract: "Tells when a server stops matching the configuration it should have.",
        discussion: """
            Config packs say what files, packages and settings a server must have. A scheduler queues a check per \
            server in PostgreSQL, workers look at the servers over ssh, and a notifier tells Slack what drifted.

            Settings come from the command line, the environment (DRIFTWATCH_DATABASE_URL and others), and the file \
            that DRIFTWATCH_CONFIG names.

            Example, from an empty database to a first answer:
              driftwatch migrate
              driftwatch apply ./config
              driftwatch run &
              driftwatch check web-1

            Exit status: 0 fine, 1 bad news, 2 usage, 3 the database or another dependency failed, 4 could not tell.
            """,
        version: driftwatchVersion,
        groupedSubcommands: [
            CommandGroup(
                name: "Set up",
                subcommands: [
                    MigrateCommand.self, ApplyCommand.self, LintCommand.self, InventoryCommand.self, SchemaCommand.self,
                ]),
            CommandGroup(
                name: "Run",
                subcommands: [
                    RunCommand.self, SchedulerCommand.self, WorkerCommand.self, NotifierCommand.self, WebCommand.self,
                ]),
            CommandGroup(
                name: "Look",
                subcommands: [
                    StatusCommand.self, CheckCommand.self, ProbeCommand.self, DiffCommand.self,
                ]),
            CommandGroup(
                name: "Operate",
                subcommands: [
                    AlertsCommand.self, WaiversCommand.self, HoldCommand.self, SilenceCommand.self, JobsCommand.self,
                    QueueCommand.self,
                    ServersCommand.self,
                    ScheduleCommand.self, OutboxCommand.self, DestinationCommand.self, NotifyTestCommand.self,
                    DoctorCommand.self, CanaryCommand.self, HealthcheckCommand.self,
                ]),
        ])
}
