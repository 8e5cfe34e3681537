import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation

/// The state of the fleet in counts, and the faults that keep Driftwatch itself from working.
struct FleetStatus: Sendable {
    let counts: FleetCounts
    let schedule: ScheduleLine?
    /// Processes alive, by kind.
    let alive: [String: Int]
    let pauses: [Pause]
    /// What keeps messages from arriving.
    let deliveryProblems: [String]
    /// What is worth a look but keeps nothing from arriving.
    let notices: [String]

    /// - Throws: `DatabaseError`
    init(
        _ filter: FleetFilter, in transaction: borrowing Transaction, each body: ([FleetLine], Times) -> Void
    ) throws {
        schedule = try SchedulesReader.schedule(in: transaction)
        let times = Times(zone: schedule?.timeZone)
        var (counts, isInDoubt, isAnyWatched) = (FleetCounts(), false, false)
        try FleetReader.eachBatch(filter, in: transaction) { lines in
            for line in lines {
                counts.add(line)
                isInDoubt = isInDoubt || line.isInDoubt
                isAnyWatched = isAnyWatched || (line.standing != nil && !line.isDisabled)
            }
            body(lines, times)
        }
        self.counts = counts
        self.isInDoubt = isInDoubt
        self.isAnyWatched = isAnyWatched
        alive = Dictionary(grouping: try WorkersReader.alive(in: transaction), by: \.process).mapValues(\.count)
        pauses = try QueuesReader.pauses(in: transaction)
        let delivery = try DeliveryReader.report(in: transaction)
        deliveryProblems = delivery.problems
        notices = delivery.notices
    }

    /// Whether not enough is known of some line.
    private let isInDoubt: Bool
    private let isAnyWatched: Bool

    private var workersAlive: Int { alive["worker", default: 0] }

    var times: Times { Times(zone: schedule?.timeZone) }

    /// Faults of Driftwatch itself, which make everything it says about servers doubtful.
    var problems: [String] {
        var problems: [String] = []
        if isAnyWatched {
            if schedule == nil {
                problems.append("there is no schedule: the first driftwatch scheduler creates it")
            }
            if alive["scheduler"] == nil {
                problems.append("no scheduler is alive: no slot fires until driftwatch scheduler, or run, is started")
            }
            if workersAlive == 0 {
                problems.append("no worker is alive: nothing is checked until driftwatch worker, or run, is started")
            }
        }
        if let schedule, schedule.isOverdue {
            let slot = schedule.nextSlotAt.map { "the slot of \(times.text($0))" } ?? "computing the next slot"
            problems.append("\(slot) is overdue: driftwatch doctor says more")
        }
        if let doubt = schedule.flatMap({ ScheduleText($0).doubt }) { problems.append(doubt) }
        return problems + pauses.map { PauseText($0, times: times).line } + deliveryProblems
    }

    var summary: String {
        var slots = "last slot \(schedule?.lastSlotAt.map(times.text) ?? "none yet")"
        slots += ", next \(schedule?.nextSlotAt.map(times.text) ?? "not known yet")"
        slots += schedule?.pausedAt != nil ? " (\(times.zoneName), paused)" : " (\(times.zoneName))"
        let groups = FleetCountsText(counts.standings, stale: counts.stale).line
        return "\(groups); \(plural(workersAlive, "worker")) alive; \(slots)"
    }

    var exitStatus: ExitStatus {
        if counts.standings[.drifted] != nil { return .badNews }
        return isInDoubt || !problems.isEmpty ? .unknown : .fine
    }

    /// All but the lines.
    var json: JSONValue {
        let groups = FleetCountsText.groups.map { group in
            let key = FleetCountsText.word(of: group).replacing(" ", with: "_")
            return (key, JSONValue.number(Int64(counts.standings[group] ?? 0)))
        }
        return .object([
            ("counts", .object(groups + [("stale", .number(Int64(counts.stale)))])),
            ("workers_alive", .number(Int64(workersAlive))),
            ("schedulers_alive", .number(Int64(alive["scheduler", default: 0]))),
            ("last_slot_at", .optional(schedule?.lastSlotAt)), ("next_slot_at", .optional(schedule?.nextSlotAt)),
            ("time_zone", .optional(schedule?.timeZone)),
            ("slot_overdue", .flag(schedule?.isOverdue ?? false)),
            ("delivery_problems", .texts(deliveryProblems)), ("problems", .texts(problems)),
            ("notices", .texts(notices)),
        ])
    }
}

extension FleetLine {
    /// Not enough is known: an item could not be read, or a check that was due was not made.
    fileprivate var isInDoubt: Bool {
        guard !isDisabled else { return false }
        return shownState == .incomplete || standing == .failed || isStale || isCheckOverdue
    }
}
