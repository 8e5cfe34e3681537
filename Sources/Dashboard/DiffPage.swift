import DriftCore
import DriftStore
import Foundation

/// The page behind an alert's link: one check of a server and a pack, item by item.
///
/// Templates see stored properties alone, so what they ask about is stored, also where it could be derived.
struct DiffPage: Sendable {
    struct Pair: Sendable {
        var name: String
        var expected: String
        var actual: String
    }

    struct DiffLine: Sendable {
        var text: String
        /// `added`, `removed`, `hunk` or `context`.
        var style: String
    }

    struct Finding: Sendable {
        var what: String
        var pairs: [Pair]
        var diff: [DiffLine]
        var hasDiff: Bool
    }

    struct Item: Sendable {
        var name: String
        var findings: [Finding]
        /// Why it could not be judged; nil where it was.
        var unreadable: String?
    }

    var title: String
    var server: String
    var serverName: String
    var pack: String
    var packName: String
    var verdict: String
    var verdictClass: String
    var sentence: String
    var checkedAt: String
    var checkID: String?
    var alert: String?
    /// What is to be known of the check itself: it is not the newest, its details are gone.
    var notes: [String]
    var isOlder: Bool
    var items: [Item]
    var unreadable: [Item]
    var hasUnreadable: Bool
    /// What is remembered as wrong, where the asked check is gone.
    var remembered: [Item]
    var hasRemembered: Bool

    init(
        _ assignment: AssignmentView, shown check: CheckView?, newestID: Int64?, removedCheck: Int64?, now: Date
    ) {
        title = "\(assignment.serverName.shown) and \(assignment.packDisplayName.shown)"
        server = assignment.serverID.rawValue
        serverName = assignment.serverName.shown
        pack = assignment.packName.rawValue
        packName = assignment.packDisplayName.shown
        verdict = check?.verdict.rawValue ?? "not checked"
        verdictClass = check?.verdict.rawValue ?? "unknown"
        sentence = Self.sentence(check)
        checkedAt = check.map { Age.stamp($0.checkedAt) + ", " + Age.text(from: $0.checkedAt, to: now) + " ago" } ?? ""
        checkID = check.map { "\($0.id)" }
        alert = assignment.alertID.map { id in
            let opened = assignment.alertOpenedAt.map { ", opened " + Age.stamp($0) } ?? ""
            return "Alert \(id) is \(assignment.alertStatus ?? "open")\(opened)."
        }
        isOlder = check != nil && check?.id != newestID
        notes = []
        if let removedCheck {
            notes.append("Check \(removedCheck) is not kept any more. This is the newest one.")
        }
        if check != nil, check?.items == nil { notes.append("The details of this check are not kept any more.") }
        if let check, let digest = check.packDigest, let current = check.currentDigest, digest != current {
            notes.append("The pack has changed since this check.")
        }
        if assignment.state == nil { notes.append("The pack is not assigned to this server any more.") }
        if assignment.alertID == nil, assignment.state == .drifted {
            notes.append("No alert is open: what is wrong was so at the first look, or its alert was resolved by hand.")
        }
        let outcomes = check?.items ?? []
        items = outcomes.compactMap(Self.wrong)
        unreadable = outcomes.compactMap(Self.unreadable)
        hasUnreadable = !unreadable.isEmpty
        remembered =
            removedCheck == nil
            ? [] : assignment.mismatches.map { Item(name: $0.item.shown, findings: [Self.finding($0)]) }
        hasRemembered = !remembered.isEmpty
    }

    private static func sentence(_ check: CheckView?) -> String {
        guard let check else { return "Nothing has been checked yet." }
        if check.verdict == .failed {
            return "The check did not finish: \(ReasonText.of(check.reason)). It says nothing about the configuration."
        }
        var parts = ["\(check.okCount) of \(check.itemCount) items as expected"]
        if check.mismatchCount > 0 { parts.append("\(check.mismatchCount) wrong") }
        if check.unreadableCount > 0 { parts.append("\(check.unreadableCount) could not be read") }
        return parts.joined(separator: ", ") + "."
    }

    private static func wrong(_ outcome: ItemOutcome) -> Item? {
        guard case .wrong(let mismatches) = outcome.finding else { return nil }
        return Item(name: outcome.item.shown, findings: mismatches.map(finding))
    }

    private static func unreadable(_ outcome: ItemOutcome) -> Item? {
        guard case .unreadable(let reason) = outcome.finding else { return nil }
        return Item(name: outcome.item.shown, findings: [], unreadable: ReasonText.of(reason.rawValue))
    }

    private static func finding(_ mismatch: Mismatch) -> Finding {
        let names = Set(mismatch.expected.keys).union(mismatch.actual.keys).sorted()
        let pairs = names.map { name in
            Pair(
                name: name.replacing("_", with: " "), expected: mismatch.expected[name]?.shown ?? "–",
                actual: mismatch.actual[name]?.shown ?? "–")
        }
        let diff = lines(mismatch.diff)
        return Finding(
            what: mismatch.type.rawValue.replacing("_", with: " "), pairs: pairs, diff: diff, hasDiff: !diff.isEmpty)
    }

    private static func lines(_ diff: String?) -> [DiffLine] {
        guard let diff else { return [] }
        var lines = diff.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        return lines.map { line in
            let style =
                if line.hasPrefix("@@") || line.hasPrefix("---") || line.hasPrefix("+++") {
                    "hunk"
                } else if line
                    .hasPrefix("+")
                { "added" } else if line.hasPrefix("-") { "removed" } else { "context" }
            return DiffLine(text: String(line).shown, style: style)
        }
    }
}
