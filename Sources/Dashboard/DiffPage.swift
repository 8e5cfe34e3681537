import DriftCore
import DriftStore
import Foundation
import Presentation

/// The page behind an alert's link: one check of a server and a pack, item by item.
///
/// Templates see stored properties alone, so what they ask about is stored, also where it could be derived.
struct DiffPage: Sendable {
    struct Pair: Sendable {
        var name: String
        /// Nil where that side says nothing of it.
        var expected: String?
        var actual: String?
    }

    struct DiffLine: Sendable {
        var text: String
        /// `added`, `removed`, `hunk` or `context`.
        var style: String
    }

    struct Difference: Sendable {
        var what: String
        var pairs: [Pair]
        var diff: [DiffLine]
        var hasDiff: Bool
    }

    struct Item: Sendable {
        var name: String
        var differences: [Difference]
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
    /// What is remembered as wrong and the shown check does not say.
    var remembered: [Item]
    var hasRemembered: Bool
    /// What was told of an alert that is over, where its check is gone.
    var told: [Item]
    var toldTitle: String?

    /// `removed`: the check that was asked for, if it is not kept any more, and the alert that pointed to it.
    init(
        _ assignment: AssignmentView, shown check: CheckView?, newest: CheckView?,
        removed: (check: Int64, alert: ToldAlert?)? = nil, now: Date
    ) {
        title = "\(assignment.serverName.shown) and \(assignment.packDisplayName.shown)"
        server = assignment.serverID.rawValue
        serverName = assignment.serverName.shown
        pack = assignment.packName.rawValue
        packName = assignment.packDisplayName.shown
        let known = assignment.shownState?.rawValue
        verdict = check?.verdict.rawValue ?? (assignment.lastCheckID == nil ? "not checked" : known ?? "unknown")
        verdictClass = check?.verdict.rawValue ?? known ?? "unknown"
        sentence = Self.sentence(check, isRemoved: removed != nil || assignment.lastCheckID != nil)
        checkedAt = check.map { Age.stamp($0.checkedAt) + ", " + Age.text(from: $0.checkedAt, to: now) + " ago" } ?? ""
        checkID = check.map { "\($0.id)" }
        alert = assignment.alertID.map { id in
            let opened = assignment.alertOpenedAt.map { ", opened " + Age.stamp($0) } ?? ""
            return "Alert \(id) is \(assignment.alertStatus ?? "open")\(opened)."
        }
        isOlder = check != nil && check?.id != newest?.id
        notes = []
        if let removed {
            let instead = check == nil ? "" : " This is the newest one."
            notes.append("Check \(removed.check) is not kept any more.\(instead)")
        }
        if check?.hasNewerDetails == true {
            notes.append("A later version of Driftwatch stored the details of this check; this one cannot show them.")
        } else if check != nil, check?.items == nil {
            notes.append("The details of this check are not kept any more.")
        }
        if assignment.isStale, !isOlder, let checkedAt = assignment.lastCheckedAt {
            let age = Age.text(from: checkedAt, to: now)
            notes.append("What is known is stale: it is from \(Age.stamp(checkedAt)), \(age) ago.")
        }
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
        // A check that looked back then says nothing of now, but one that saw nothing must not hide what is known.
        let isAboutNow = !isOlder || check?.verdict == .failed
        let seen = Set(outcomes.flatMap(Self.mismatches).map { [$0.key.rawValue, $0.type.rawValue] })
        let unseen = assignment.mismatches.filter { isAboutNow && !seen.contains([$0.key.rawValue, $0.type]) }
        remembered = unseen.map { known in
            let difference = Self.difference(known.type, expected: known.expected, actual: known.actual)
            return Item(name: known.item.shown, differences: [difference])
        }
        hasRemembered = !remembered.isEmpty
        told = []
        if let alert = removed?.alert, let resolution = alert.resolution {
            let when = alert.resolvedAt.map { " on " + Age.stamp($0) } ?? ""
            toldTitle = "What alert \(alert.id) told, resolved\(when): \(resolution)"
            told = alert.items.map { item in
                Item(name: item.item.shown, differences: [Self.difference(item.type, expected: [:], actual: [:])])
            }
        }
    }

    private static func sentence(_ check: CheckView?, isRemoved: Bool) -> String {
        guard let check else { return isRemoved ? "No check is kept." : "Nothing has been checked yet." }
        if check.verdict == .failed {
            return "The check did not finish: \(ReasonText.of(check.reason)). It says nothing about the configuration."
        }
        var parts = ["\(check.okCount) of \(check.itemCount) items as expected"]
        if check.mismatchCount > 0 { parts.append("\(check.mismatchCount) wrong") }
        if check.unreadableCount > 0 { parts.append("\(check.unreadableCount) could not be read") }
        return parts.joined(separator: ", ") + "."
    }

    private static func mismatches(_ outcome: ItemOutcome) -> [Mismatch] {
        guard case .wrong(let mismatches) = outcome.finding else { return [] }
        return mismatches
    }

    private static func wrong(_ outcome: ItemOutcome) -> Item? {
        let differences = mismatches(outcome).map {
            difference($0.type.rawValue, expected: $0.expected, actual: $0.actual, diff: $0.diff)
        }
        return differences.isEmpty ? nil : Item(name: outcome.item.shown, differences: differences)
    }

    private static func unreadable(_ outcome: ItemOutcome) -> Item? {
        let reason: String
        if let unseen = outcome.unseenContent {
            reason = "its content: \(ReasonText.of(unseen))"
        } else if case .unreadable(let whole) = outcome.finding {
            reason = ReasonText.of(whole)
        } else {
            return nil
        }
        return Item(name: outcome.item.shown, differences: [], unreadable: reason)
    }

    private static func difference(
        _ type: String, expected: [String: String], actual: [String: String], diff: String? = nil
    ) -> Difference {
        let names = Set(expected.keys).union(actual.keys).sorted()
        let pairs = names.map { name in
            Pair(
                name: name.replacing("_", with: " "), expected: expected[name]?.shown, actual: actual[name]?.shown)
        }
        let lines = lines(diff)
        return Difference(
            what: type.replacing("_", with: " ").shown, pairs: pairs, diff: lines, hasDiff: !lines.isEmpty)
    }

    private static func lines(_ diff: String?) -> [DiffLine] {
        guard let diff else { return [] }
        var lines = diff.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last == "" { lines.removeLast() }
        // A removed line may begin with "--", an added one with "++": only what comes before the first hunk is a header.
        var isHeader = true
        return lines.map { line in
            if line.hasPrefix("@@") { isHeader = false }
            let style =
                switch line.first {
                case _ where isHeader, "@": "hunk"
                case "+": "added"
                case "-": "removed"
                default: "context"
                }
            return DiffLine(text: String(line).shown, style: style)
        }
    }
}
