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
        abstract: "Look at when checks come due, change it, pause and resume it.",
        discussion: """
            Example:
              driftwatch schedule set "0 6 * * *" --time-zone Europe/Berlin
            """,
        subcommands: [Show.self, Set.self, Pause.self, Resume.self])

    struct Show: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the schedule, its next slot, and what became of the last ones.",
            discussion: """
                Example:
                  driftwatch schedule show
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (schedule, slots) = try await context.withDatabase { database in
                try await database.read { transaction in
                    (
                        try SchedulesReader.schedule(in: transaction),
                        try SchedulesReader.slots(limit: 10, in: transaction)
                    )
                }
            }
            let times = Times(zone: schedule?.timeZone)
            guard let schedule else {
                ScheduleCommand.listing.print([], times: times, asJSON: output.asJSON, to: context.console)
                return .fine
            }
            guard !output.asJSON else {
                let json = ScheduleCommand.listing.json(
                    schedule, parts: [("slots", ScheduleCommand.slots.json(slots))])
                context.console.print(JSONValue.list([json]).pretty)
                return .fine
            }
            context.console.print(
                lines: ScheduleCommand.listing.lines([schedule], context.console.palette, times: times))
            context.console.print()
            context.console.print(lines: ScheduleCommand.slots.lines(slots, context.console.palette, times: times))
            if let doubt = ScheduleText(schedule).doubt {
                context.console.note("driftwatch: \(doubt) (\(ScheduleText.remedy))")
            }
            return .fine
        }
    }

    struct Set: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change when checks come due, and over what time they are spread.",
            discussion: """
                Five cron fields: minute, hour, day of month, month, day of week. What is not given stays as it is.

                Examples:
                  driftwatch schedule set "30 5 * * mon-fri" --time-zone Europe/Berlin
                  driftwatch schedule set --spread 10m
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The cron expression, in quotes.")
        var cron: String?

        @Option(help: "A name of the time zone database.")
        var timeZone: String?

        @Option(
            help: ArgumentHelp(
                "Start the checks of a slot over this time, as 10m or 1h, each server always at the same point of it; 0 starts all at once.",
                valueName: "span"))
        var spread: Spread?

        func validate() throws {
            if cron == nil && timeZone == nil && spread == nil {
                throw ValidationError("Nothing to set: give a cron expression, --time-zone or --spread")
            }
            do {
                if let cron { _ = try CronExpression(cron) }
                if let timeZone { _ = try namedTimeZone(timeZone) }
            } catch {
                throw ValidationError("\(error.message)\(error.hint.isEmpty ? "" : " (\(error.hint))")")
            }
        }

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let actor = try context.person().sql
            let result = try await context.withDatabase { database in
                try await database.withTransaction { try store(as: actor, in: $0) }
            }
            let line = result.line
            let next = try Schedule(cron: line.cron, timeZone: line.timeZone).nextSlot(after: result.now)
            let spread = line.spreadSeconds == 0 ? "" : ", spread over \(Spread(seconds: line.spreadSeconds))"
            let paused = line.pausedAt == nil ? "" : ", paused"
            context.console.print(
                "\(result.isChanged ? "schedule set" : "schedule unchanged"): \(line.cron) \(line.timeZone)\(spread)\(paused), "
                    + "next slot \(Times(zone: line.timeZone).text(next))")
            return .fine
        }

        private struct Result: Sendable {
            var line: ScheduleLine
            var isChanged: Bool
            var now: Date
        }

        /// Changes nothing if what is given and what stays do not fit together.
        private func store(as actor: SQL, in transaction: borrowing Transaction) throws -> Result {
            let (isChanged, now) = try transaction.one(
                """
                select driftwatch.set_schedule('default', \(cron), \(timeZone), \(spread?.duration), \(actor)),
                       driftwatch.clock()
                """, as: (Bool, Date).self)
            guard let line = try SchedulesReader.schedule(in: transaction) else {
                throw CommandFailure(.dependency, "the schedule cannot be read back")
            }
            let schedule = try Schedule(cron: line.cron, timeZone: line.timeZone)
            try Spread(seconds: line.spreadSeconds).require(within: schedule)
            return Result(line: line, isChanged: isChanged, now: now)
        }
    }

    struct Pause: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Skip the slots that come due; checks that people ask for are still made.",
            discussion: """
                Example:
                  driftwatch schedule pause --reason "the data centre moves"
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Option(help: "Why; it is shown as long as the pause lasts.")
        var reason: String

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(["schedule"], "paused the") { _, actor, transaction in
                try transaction.execute("select driftwatch.pause_schedule('default', \(reason), \(actor))")
            }
        }
    }

    struct Resume: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Let slots fire again; of those that were skipped, the last fires if it is less than 12 hours old.",
            discussion: """
                Example:
                  driftwatch schedule resume
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(["schedule"], "resumed the") { _, actor, transaction in
                try transaction.execute("select driftwatch.resume_schedule('default', \(actor))")
            }
        }
    }

    static let listing = Listing<ScheduleLine>(
        whenEmpty:
            "no schedule yet: the first scheduler creates it from DRIFTWATCH_SCHEDULE and DRIFTWATCH_TIME_ZONE",
        columns: [
            .init("schedule_name", "SCHEDULE") { .text($0.name) },
            .init("cron", "CRON") { .text($0.cron) },
            .init("time_zone", "TIME ZONE") { .text($0.timeZone) },
            .init("spread", "SPREAD") { .text(Spread(seconds: $0.spreadSeconds).description) },
            .init("next_slot_at", "NEXT SLOT") { .time($0.nextSlotAt) },
            .init("overdue", "OVERDUE") { .flag($0.isOverdue) },
            .init("last_slot_at", "LAST SLOT") { .time($0.lastSlotAt) },
            .init("last_slot_jobs", "JOBS") { .number($0.lastSlotJobs) },
            .init("paused_at", "PAUSED") { .time($0.pausedAt) },
            .init("paused_by", "BY") { .text($0.pausedBy) },
            .init("paused_reason", "REASON") { .text($0.pausedReason) },
            .init("held_by", "HELD BY") { .text($0.heldBy) },
        ])

    static let slots = Listing<SlotLine>(
        whenEmpty: "no slot has come due yet",
        columns: [
            .init("slot_at", "SLOT") { .time($0.slotAt) },
            .init("fired_at", "FIRED") { .time($0.firedAt) },
            .init("jobs", "JOBS") { .number($0.firedAt == nil ? nil : $0.jobs) },
            .init("completed_at", "ALL DONE") { .time($0.firedAt == nil ? nil : $0.completedAt) },
            .init("skipped") { .text($0.skipped) },
            .init("why_skipped", "SKIPPED, BECAUSE") { .text($0.whySkipped) },
        ])
}

extension Spread: ExpressibleByArgument {
    package init?(argument: String) {
        guard let spread = try? Spread(argument) else { return nil }
        self = spread
    }
}
