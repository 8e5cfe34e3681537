import ArgumentParser
import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation

struct ServersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "servers",
        abstract: "Look at servers, and turn drift detection of them off and on.",
        discussion: """
            Example:
              driftwatch servers disable web-1 --reason "kernel upgrade" --until 4h
            """,
        subcommands: [List.self, Enable.self, Disable.self])

    struct List: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the servers under watch.",
            discussion: """
                Example:
                  driftwatch servers list --json
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (servers, times) = try await context.withDatabase { database in
                try await database.read { transaction in
                    (try ServersReader.list(in: transaction), try Times(in: transaction))
                }
            }
            Self.listing(times).print(servers, times: times, asJSON: output.asJSON, to: context.console)
            return .fine
        }

        private static func listing(_ times: Times) -> Listing<ServerLine> {
            Listing(
                whenEmpty: "no servers yet: driftwatch apply loads an inventory",
                columns: [
                    .init("server_id", "SERVER") { .text($0.id.rawValue) },
                    .init("display_name", "NAME") { .text($0.displayName) },
                    .init("address", "ADDRESS") { .text($0.address) },
                    .init("port", "PORT") { .number($0.port) },
                    .init("ssh_user", "USER") { .text($0.sshUser) },
                    .init("config_user") { .text($0.configUser) },
                    .init("connection", "CONNECTION") { .text($0.connection.rawValue) },
                    .init("queue", "QUEUE") { .text($0.queue) },
                    .init("packs", "PACKS") { .texts($0.packs.map(\.rawValue)) },
                    .init("labels") {
                        .json(.object($0.labels.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) }))
                    },
                    .init("expect") { .text($0.expect.rawValue) },
                    .init("failing_after") { .number($0.failingAfter) },
                    .init("stale_after_s") { .number($0.staleAfter) },
                    .init("drift_detection_enabled") { .flag($0.driftDetectionEnabled) },
                    .init("on_hold") { .flag($0.isOnHold) },
                    .init("disabled_at") { .time($0.disabledAt) },
                    .init("disabled_by") { .text($0.disabledBy) },
                    .init("disabled_reason") { .text($0.disabledReason) },
                    .init("disabled_until") { .time($0.disabledUntil) },
                    .init("failing_streak", "FAILING") { .number($0.failingStreak) },
                    .init("detection", "DETECTION") { .text($0.detection(times)) },
                ])
        }
    }

    struct Enable: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn drift detection on again; what the inventory declares stays as it is.",
            discussion: """
                Example:
                  driftwatch servers enable web-1
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The servers.")
        var servers: [ServerID]

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(servers, "enabled") { server, actor, transaction in
                try transaction.execute("select driftwatch.enable_drift_detection(\(server), \(actor))")
            }
        }
    }

    struct Disable: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn drift detection off: servers are skipped, and their alerts resolve as disabled.",
            discussion: """
                Example:
                  driftwatch servers disable web-1 --reason "kernel upgrade" --until 2026-12-01T06:00:00Z
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The servers.")
        var servers: [ServerID]

        @Option(help: "Why; it is shown as long as it is off.")
        var reason: String

        @Option(
            help: ArgumentHelp(
                "When it is turned on again: a span such as 4h or 3d, or an instant in RFC 3339.", valueName: "when"))
        var until: Deadline?

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(servers, "disabled") { server, actor, transaction in
                try transaction.execute(
                    """
                    select driftwatch.disable_drift_detection(\(server), \(reason), \(until?.sql ?? "null"), \(actor))
                    """)
            }
        }
    }
}

extension ServerLine {
    fileprivate func detection(_ times: Times) -> String {
        if !driftDetectionEnabled { return "off in the inventory" }
        guard isOnHold else { return "on" }
        let until = disabledUntil.map { " until \(times.text($0))" } ?? ""
        return "off\(until): \(disabledReason ?? "no reason given")"
    }
}
