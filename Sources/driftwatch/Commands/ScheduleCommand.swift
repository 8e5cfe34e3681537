import ArgumentParser
import Cron
import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation

struct ScheduleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Look at when checks come due, and change it.",
        discussion: """
            Example:
              driftwatch schedule set "0 6 * * *" --time-zone Europe/Berlin
            """,
        subcommands: [Show.self, Set.self])

    struct Show: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the schedule, its last and its next slot.",
            discussion: """
                Example:
                  driftwatch schedule show
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let schedule = try await context.withDatabase { database in
                try await database.read { transaction in try SchedulesReader.schedule(in: transaction) }
            }
            Self.listing.print(schedule.map { [$0] } ?? [], asJSON: output.asJSON, to: context.console)
            return .fine
        }

        private static let listing = Listing<ScheduleLine>(
            whenEmpty:
                "no schedule yet: the first scheduler creates it from DRIFTWATCH_SCHEDULE and DRIFTWATCH_TIME_ZONE",
            columns: [
                .init("schedule_name", "SCHEDULE") { .text($0.name) },
                .init("cron", "CRON") { .text($0.cron) },
                .init("time_zone", "TIME ZONE") { .text($0.timeZone) },
                .init("next_slot_at", "NEXT SLOT") { .time($0.nextSlotAt) },
                .init("overdue", "OVERDUE") { .flag($0.isOverdue) },
                .init("last_slot_at", "LAST SLOT") { .time($0.lastSlotAt) },
                .init("last_slot_jobs", "JOBS") { .number($0.lastSlotJobs) },
                .init("paused_at", "PAUSED") { .time($0.pausedAt) },
                .init("paused_by") { .text($0.pausedBy) },
                .init("held_by", "HELD BY") { .text($0.heldBy) },
            ])
    }

    struct Set: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change when checks come due.",
            discussion: """
                Five cron fields: minute, hour, day of month, month, day of week.

                Example:
                  driftwatch schedule set "30 5 * * mon-fri" --time-zone Europe/Berlin
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The cron expression, in quotes.")
        var cron: String

        @Option(help: "A name of the time zone database; without it the zone stays.")
        var timeZone: String?

        func validate() throws {
            do { _ = try Schedule(cron: cron, timeZone: timeZone ?? "UTC") } catch {
                throw ValidationError("\(error.message)\(error.hint.isEmpty ? "" : " (\(error.hint))")")
            }
        }

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let actor = try context.person().sql
            let (zone, changed) = try await context.withDatabase { database in
                try await database.withTransaction { transaction in
                    let zone = try timeZone ?? SchedulesReader.schedule(in: transaction)?.timeZone ?? "UTC"
                    let changed = try transaction.one(
                        "select driftwatch.set_schedule('default', \(cron), \(zone), \(actor))", as: Bool.self)
                    return (zone, changed)
                }
            }
            let next = try Schedule(cron: cron, timeZone: zone).nextSlot(after: Date())
            context.console.print(
                "\(changed ? "schedule set" : "schedule unchanged"): \(cron) \(zone), next slot \(shortTime(next))")
            return .fine
        }
    }
}
