import Cron
import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation
import Schema

/// The part of `doctor` that asks the database.
struct DatabaseExamination {
    private let database: Database
    private let report: DoctorReport

    init(_ database: Database, _ report: DoctorReport) {
        self.database = database
        self.report = report
    }

    /// Returns the servers to look at, and who is at work.
    func run(namedServers: [ServerID]) async throws -> (servers: [ServerLine], workers: [WorkerLine]) {
        let before = Date()
        let (version, schemaVersion, now) = try await database.read { transaction in
            try transaction.one(
                """
                select current_setting('server_version'), i.version, driftwatch.clock() from driftwatch.schema_info i
                """, as: (String, Int, Date).self)
        }
        let after = Date()
        try await reportWrites()
        let isOutdated = try await Migrator(database).state() == .outdated
        report.add(
            "database", isOutdated ? .note : .fine, "PostgreSQL \(version), schema version \(schemaVersion)",
            hint: isOutdated ? "its functions and views belong to an older version: run driftwatch migrate" : nil)
        reportClock(now, between: before, and: after)
        let (workers, schedule, lines, delivery, held, pauses) = try await database.read { transaction in
            (
                try WorkersReader.alive(in: transaction), try SchedulesReader.schedule(in: transaction),
                try ServersReader.list(in: transaction), try DeliveryReader.report(in: transaction),
                try JobsReader.held(in: transaction), try QueuesReader.pauses(in: transaction)
            )
        }
        reportProcesses(workers)
        try await ConnectionExamination(database, report).run(workers)
        reportSchedule(schedule)
        try await TimeExamination(database, report).run(schedule)
        reportQueues(lines, workers)
        let times = Times(zone: schedule?.timeZone)
        for pause in pauses {
            let text = PauseText(pause, times: times)
            report.add(pause.queue == nil ? "schedule" : "queue", .note, text.words, hint: text.remedy)
        }
        reportHeldJobs(held)
        for problem in delivery.problems {
            report.add(
                "delivery", .wrong, times.local(problem), hint: "driftwatch outbox list, driftwatch destination list")
        }
        for name in namedServers where !lines.contains(where: { $0.id == name }) {
            let unknown = UnknownName.server(name)
            report.add(name.rawValue, .wrong, unknown.reason, hint: unknown.hint)
        }
        guard namedServers.isEmpty else { return (lines.filter { namedServers.contains($0.id) }, workers) }
        for line in lines where line.connection == .local {
            report.add(line.id.rawValue, .note, "not examined: only the worker on that machine can do that")
        }
        return (lines.filter { $0.connection == .ssh }, workers)
    }

    /// Every process has to write.
    ///
    /// A session that only reads would not notice the fault.
    private func reportWrites() async throws {
        guard let cause = try await database.read({ try ReadOnlyCause.current(in: $0) }) else { return }
        report.add("database", .wrong, "\(cause)", hint: cause.remedy)
    }

    private func reportClock(_ now: Date, between before: Date, and after: Date) {
        // The database read its clock at some moment between the question and the answer.
        let early = before.timeIntervalSince(now)
        let late = now.timeIntervalSince(after)
        let skew = max(early, late, 0)
        report.add(
            "clock", skew > 5 ? .wrong : .fine,
            "this machine's and the database's are \(skew < 1 ? "less than a second" : "\(Int(skew)) s") apart",
            hint: skew > 5 ? "run an NTP client on both; the database's clock decides when slots are due" : nil)
    }

    private func reportProcesses(_ alive: [WorkerLine]) {
        for process in ["scheduler", "worker", "notifier", "web"] {
            let rows = alive.filter { $0.process == process }
            let hosts = Set(rows.map(\.host)).sorted().joined(separator: ", ")
            let isNeeded = process != "web"
            report.add(
                process, !rows.isEmpty ? .fine : isNeeded ? .wrong : .note,
                rows.isEmpty ? "none is alive" : "\(rows.count) alive, on \(hosts)",
                hint: rows.isEmpty ? "driftwatch \(process), or driftwatch run" : nil)
        }
    }

    private func reportSchedule(_ schedule: ScheduleLine?) {
        guard let schedule else {
            report.add(
                "schedule", .wrong, "there is none yet", hint: "the first scheduler creates it: driftwatch scheduler")
            return
        }
        let next = schedule.nextSlotAt.map(Times(zone: schedule.timeZone).text) ?? "unknown"
        let text = "\(schedule.cron) \(schedule.timeZone), next slot \(next)"
        if let fault = fault(of: schedule) {
            report.add(
                "schedule", .wrong, "\(schedule.cron) \(schedule.timeZone): \(fault.message)",
                hint: "\(fault.hint); driftwatch schedule set changes it")
        } else if let holder = schedule.heldBy {
            report.add(
                "schedule", schedule.isOverdue ? .wrong : .note, "\(text): its row is held by \(holder)",
                hint: "no slot fires before that transaction ends: select pg_terminate_backend(pid) ends it")
        } else if let doubt = ScheduleText(schedule).doubt {
            report.add("schedule", .wrong, doubt, hint: ScheduleText.remedy)
        } else if schedule.isOverdue {
            report.add(
                "schedule", .wrong, "\(text): overdue",
                hint: "no scheduler fires it: start driftwatch scheduler; if one is running, see its log")
        } else {
            report.add("schedule", .fine, text)
        }
    }

    private func fault(of schedule: ScheduleLine) -> CronError? {
        do throws(CronError) {
            _ = try Schedule(cron: schedule.cron, timeZone: schedule.timeZone)
            return nil
        } catch {
            return error
        }
    }

    private func reportHeldJobs(_ held: [(id: Int64, why: String)]) {
        for job in held {
            report.add(
                "queue", .wrong, "job \(job.id) waits: \(job.why)",
                hint: "select pg_terminate_backend(pid) ends that session; driftwatch.queue_stuck shows all such jobs")
        }
    }

    /// Queues that some server's jobs go to and nobody serves.
    private func reportQueues(_ lines: [ServerLine], _ workers: [WorkerLine]) {
        let waiting = lines.filter { $0.driftDetectionEnabled && !$0.isOnHold && !$0.packs.isEmpty }
        let queues = Set(waiting.map(\.queue)).sorted()
        let unserved = queues.filter { queue in !workers.contains { $0.serves(queue) } }
        for queue in unserved {
            let servers = waiting.filter { $0.queue == queue }.map(\.id.rawValue)
            let shown = servers.prefix(5).joined(separator: ", ") + (servers.count > 5 ? ", …" : "")
            let local = queue.hasPrefix("local:") ? "--local \(queue.dropFirst(6))" : "--queue \(queue)"
            report.add(
                "queue", .wrong, "\(queue): no worker serves it, and the checks of \(shown) wait",
                hint: "driftwatch worker \(local)")
        }
    }
}
