import DriftCore
import DriftStore
import Foundation
import Presentation

/// How the whole fleet does, in counts.
struct FleetStatus: Sendable {
    /// Each line is in one of these; stale ones are counted besides.
    enum Group: String, CaseIterable {
        case compliant, drifted, incomplete, failed
        case neverChecked = "never_checked"
        case disabled

        var words: String { rawValue.replacing("_", with: " ") }
    }

    let lines: [FleetLine]
    let schedule: ScheduleLine?
    let workersAlive: Int

    /// What is proven wrong comes before what could not be seen lately.
    static func group(of line: FleetLine) -> Group? {
        guard line.packName != nil else { return nil }
        if line.isDisabled { return .disabled }
        if line.state == .drifted { return .drifted }
        switch line.lastVerdict {
        case nil: return .neverChecked
        case .failed: return .failed
        case .incomplete: return .incomplete
        case .compliant, .drifted: return .compliant
        }
    }

    func count(of group: Group) -> Int { lines.count { Self.group(of: $0) == group } }

    private var staleCount: Int { lines.count { $0.isStale && !$0.isDisabled } }

    var summary: String {
        var words = Group.allCases.map { "\(count(of: $0)) \($0.words)" }
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
            !$0.isDisabled && ($0.lastVerdict == .failed || $0.isStale || $0.isFirstCheckOverdue)
        }
        return cannotTell || schedule?.isOverdue == true ? .unknown : .fine
    }

    func json(_ listing: Listing<FleetLine>) -> JSONValue {
        let counts = Group.allCases.map { ($0.rawValue, JSONValue.number(Int64(count(of: $0)))) }
        return .object([
            ("assignments", .list(lines.map(listing.json))),
            ("counts", .object(counts + [("stale", .number(Int64(staleCount)))])),
            ("workers_alive", .number(Int64(workersAlive))),
            ("last_slot_at", .optional(schedule?.lastSlotAt)), ("next_slot_at", .optional(schedule?.nextSlotAt)),
            ("slot_overdue", .flag(schedule?.isOverdue ?? false)),
        ])
    }
}
