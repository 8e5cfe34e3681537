import ArgumentParser
import DriftCore
import DriftStore
import Postgres
import Presentation

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Look at the queue's jobs, repeat and cancel them.",
        discussion: """
            Example:
              driftwatch jobs list --state running
            """,
        subcommands: [List.self, Show.self, Retry.self, Cancel.self])

    struct List: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "List jobs, the newest first.",
            discussion: """
                Example:
                  driftwatch jobs list --server web-1 --json
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        @Option(
            help: ArgumentHelp(
                "Only jobs in this state; may be repeated.",
                discussion: "scheduled, available, running, retryable, succeeded, failed or cancelled."))
        var state: [JobStateName] = []

        @Option(help: "Only jobs about this server.")
        var server: ServerID?

        @Option(help: "Only jobs of this queue.")
        var queue: String?

        @Option(help: "How many at most.")
        var limit = 50

        func validate() throws { try requireLimit(limit) }

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (jobs, times) = try await context.withDatabase { database in
                try await database.read { transaction in
                    let jobs = try JobsReader.list(
                        states: state.map(\.rawValue), server: server, queue: queue, limit: limit, in: transaction)
                    try CommandFailure.requireKnown(server, unlessFound: jobs, in: transaction)
                    return (jobs, try Times(in: transaction))
                }
            }
            JobsCommand.listing.print(jobs, times: times, asJSON: output.asJSON, to: context.console)
            return .fine
        }
    }

    struct Show: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what happened to a job: who wanted it, each attempt, what it found, what it waits for.",
            discussion: """
                Example:
                  driftwatch jobs show 42
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        @Argument(help: "The job's id.")
        var id: Int64

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (job, attempts, checks, interventions, obstacle, times) = try await context.withDatabase {
                database in
                try await database.read { transaction in
                    guard let job = try JobsReader.job(id, in: transaction) else {
                        throw CommandFailure.unknown(.job(id))
                    }
                    return (
                        job, try JobsReader.attempts(of: id, in: transaction),
                        try JobsReader.checks(of: id, in: transaction),
                        try JobsReader.interventions(in: id, in: transaction),
                        try JobsReader.obstacle(to: id, in: transaction),
                        try Times(in: transaction)
                    )
                }
            }
            guard output.asJSON else {
                let text = JobText(job, times: times)
                context.console.print(
                    lines: text.story(
                        attempts, checks, interventions, obstacle: obstacle, palette: context.console.palette))
                return .fine
            }
            let json = JobsCommand.listing.json(
                job,
                parts: [
                    ("attempts", JobsCommand.attempts.json(attempts)), ("checks", JobsCommand.checks.json(checks)),
                    ("interventions", JobsCommand.interventions.json(interventions)),
                ])
            context.console.print(json.pretty)
            return .fine
        }
    }

    struct Retry: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Repeat jobs that have ended, each as a new job.",
            discussion: """
                Example:
                  driftwatch jobs retry 42
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The jobs' ids.")
        var ids: [Int64]

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(ids) { id, actor, transaction in
                let job = try transaction.one("select driftwatch.retry_job(\(id), \(actor))", as: Int64.self)
                guard try JobsReader.job(job, in: transaction)?.retryOf == id else {
                    return "job \(id) is not repeated: job \(job), another check of the server, runs or waits already"
                }
                return "job \(id) is repeated as job \(job)"
            }
        }
    }

    struct Cancel: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancel jobs: a waiting one at once, a running one when its worker renews its lease.",
            discussion: """
                Example:
                  driftwatch jobs cancel 42 43
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The jobs' ids.")
        var ids: [Int64]

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(ids) { id, actor, transaction in
                let state = try transaction.one("select driftwatch.cancel_job(\(id), \(actor))", as: String.self)
                return state == "running"
                    ? "cancelling job \(id): its worker stops it within 20 s" : "cancelled job \(id)"
            }
        }
    }

    static let listing = Listing<JobLine>(
        whenEmpty: "no jobs",
        columns: [
            .init("job_id", "JOB") { .number($0.id) },
            .init("queue", "QUEUE") { .text($0.queue) },
            .init("kind") { .text($0.kind) },
            .init("server_id", "SERVER") { .text($0.serverID?.rawValue) },
            .init("schedule_name") { .text($0.scheduleName) },
            .init("slot_at", "SLOT") { .time($0.slotAt) },
            .init("state", "STATE") { .text($0.state) },
            .init("priority") { .number($0.priority) },
            .init("run_at") { .time($0.runAt) },
            .init("attempt", "ATTEMPT") { .number($0.attempt) },
            .init("max_attempts") { .number($0.maxAttempts) },
            .init("rescues") { .number($0.rescues) },
            .init("retry_of") { .number($0.retryOf) },
            .init("worker_id", "WORKER") { .text($0.workerID) },
            .init("claimed_at") { .time($0.claimedAt) },
            .init("lease_expires_at") { .time($0.leaseExpiresAt) },
            .init("deadline_at") { .time($0.deadlineAt) },
            .init("cancel_requested_at") { .time($0.cancelRequestedAt) },
            .init("requested_by") { .text($0.requestedBy) },
            .init("created_at", "CREATED") { .time($0.createdAt) },
            .init("finished_at", "FINISHED") { .time($0.finishedAt) },
            .init("last_error", "ERROR") { .text($0.lastError) },
        ])

    static let attempts = Listing<JobAttempt>(
        whenEmpty: "no attempts",
        columns: [
            .init("attempt", "ATTEMPT") { .number($0.attempt) },
            .init("worker_id", "WORKER") { .text($0.workerID) },
            .init("started_at", "STARTED") { .time($0.startedAt) },
            .init("ended_at", "ENDED") { .time($0.endedAt) },
            .init("outcome", "OUTCOME") { .text($0.outcome) },
            .init("error_class", "CLASS") { .text($0.errorClass) },
            .init("error", "ERROR") { .text($0.error) },
        ])

    static let interventions = Listing<JobIntervention>(
        whenEmpty: "none",
        columns: [
            .init("at") { .time($0.at) },
            .init("actor") { .text($0.actor) },
            .init("action") { .text($0.action) },
            .init("new_job_id") { .number($0.newJob) },
        ])

    static let checks = Listing<JobCheck>(
        whenEmpty: "no checks",
        columns: [
            .init("check_id", "CHECK") { .number($0.id) },
            .init("server_id") { .text($0.serverID.rawValue) },
            .init("pack_name", "PACK") { .text($0.packName.rawValue) },
            .init("verdict", "VERDICT") { .text($0.verdict.rawValue) },
            .init("reason", "REASON") { .text($0.reason) },
            .init("item_count") { .number($0.itemCount) },
            .init("ok_count", "OK") { .number($0.okCount) },
            .init("mismatch_count", "WRONG") { .number($0.mismatchCount) },
            .init("unreadable_count", "UNREADABLE") { .number($0.unreadableCount) },
            .init("waived_count", "WAIVED") { .number($0.waivedCount) },
            .init("due_count", "DUE") { .number($0.dueCount) },
            .init("checked_at", "CHECKED") { .time($0.checkedAt) },
            .init("duration_ms", "MS") { .number($0.durationMilliseconds) },
        ])
}

/// The states of `jobs.state`.
enum JobStateName: String, CaseIterable, ExpressibleByArgument {
    case scheduled, available, running, retryable, succeeded, failed, cancelled
}

/// Refuses a `--limit` that makes no sense.
func requireLimit(_ limit: Int) throws {
    guard (1...100_000).contains(limit) else { throw ValidationError("--limit is from 1 to 100000") }
}
