import DriftCore
import DriftStore
import Foundation
import Presentation

/// How the whole fleet does, in counts.
struct FleetStatus: Sendable {
    let lines: [FleetLine]
    let schedule: ScheduleLine?
    let workersAlive: Int

    /// In the order in which they are told; stale ones are counted besides.
    private static let groups: [Standing] = [.compliant, .drifted, .incomplete, .failed, .unknown, .disabled]

    func count(of group: Standing) -> Int { lines.count { $0.standing == group } }

    private var staleCount: Int { lines.count { $0.isStale && !$0.isDisabled } }

    var summary: String {
        var words = Self.groups.map { "\(count(of: $0)) \($0.words)" }
        words.insert("\(staleCount) stale", at: words.count - 1)
        var slots = "last slot \(schedule?.lastSlotAt.map(shortTime) ?? "none yet")"
        slots += ", next \(schedule?.nextSlotAt.map(shortTime) ?? "not known yet")"
        if schedule?.isOverdue == true { slots += " (overdue: no scheduler fires it, see driftwatch doctor)" }
        if schedule?.pausedAt != nil { slots += " (paused)" }
        return "\(words.joined(separator: ", ")); \(plural(workersAlive, "worker")) alive; \(slots)"
    }

    var exitStatus: ExitStatus {
        if count(of: .drifted) > 0 { return .badNews }
        let cannotTell = lines.contains {
            !$0.isDisabled
                && ($0.standing == .failed || $0.standing == .incomplete || $0.isStale || $0.isCheckOverdue
                    || $0.unreadableSince != nil || $0.failingSince != nil)
        }
        return cannotTell || schedule?.isOverdue == true ? .unknown : .fine
    }

    func json(_ listing: Listing<FleetLine>) -> JSONValue {
        let counts = Self.groups.map { ($0.key, JSONValue.number(Int64(count(of: $0)))) }
        return .object([
            ("assignments", .list(lines.map(listing.json))),
            ("counts", .object(counts + [("stale", .number(Int64(staleCount)))])),
            ("workers_alive", .number(Int64(workersAlive))),
            ("last_slot_at", .optional(schedule?.lastSlotAt)), ("next_slot_at", .optional(schedule?.nextSlotAt)),
            ("slot_overdue", .flag(schedule?.isOverdue ?? false)),
        ])
    }
}

extension Standing {
    /// What the counts call it.
    var words: String { self == .unknown ? "never checked" : rawValue }
    fileprivate var key: String { words.replacing(" ", with: "_") }
}
