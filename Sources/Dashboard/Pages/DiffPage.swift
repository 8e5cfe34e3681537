import DriftCore
import DriftStore
import Foundation
import Presentation

/// The page behind an alert's link: one check of a server and a pack, item by item.
struct DiffPage: Sendable {
    /// What was read for it.
    struct Content: Sendable {
        var assignment: AssignmentView
        /// What is true now; nil if the pack is not assigned any more.
        var line: FleetLine?
        /// The check to show; nil if none is kept.
        var check: CheckView?
        var newestID: Int64?
        /// The check that was asked for, if it is not kept any more, and the alert that pointed to it.
        var removed: (check: Int64, alert: ToldAlert?)?
        var zone: String?
    }

    private let content: Content
    private let now: Date
    private let times: Times
    private let items: DiffItems
    private let page: Int

    init(_ content: Content, page: Int, now: Date) {
        self.content = content
        self.now = now
        times = Times(zone: content.zone)
        self.page = page
        items = DiffItems(content, times: times)
    }

    private var assignment: AssignmentView { content.assignment }
    private var isOlder: Bool { content.check != nil && content.check?.id != content.newestID }

    var html: Page {
        Page(title: "\(assignment.serverName) and \(assignment.packDisplayName)") {
            element("h1") {
                element("a", .href(.server(assignment.serverID))) { assignment.serverName }
                " "
                named(assignment.serverID.rawValue, unless: assignment.serverName)
            }
            element("p", .class("lead")) {
                assignment.packDisplayName
                " "
                named(assignment.packName.rawValue, unless: assignment.packDisplayName)
            }
            present
            if let check = content.check { story(of: check) }
            for note in notes { element("p", .class("note")) { note } }
            items.html(page: page, check: isOlder ? content.check?.id : nil)
        }
    }

    private func named(_ id: String, unless name: String) -> HTML {
        id == name ? HTML("") : element("span", .class("quiet")) { id }
    }

    /// What is true now, whatever check is shown.
    private var present: HTML {
        element("section", .class("now")) {
            if let line = content.line {
                let text = FleetLineText(line, times: times)
                element("p") {
                    element("strong") { "Now: " }
                    Badge(word: text.standalone, tone: text.tone).html
                    if let since = line.since { " since \(times.stamp(since)), for \(Age.text(from: since, to: now))" }
                }
                if !text.notes.isEmpty { element("p") { text.notes.joined(separator: " · ") } }
            } else {
                element("p") {
                    element("strong") { "Now: " }
                    "the pack is not assigned to this server any more."
                }
            }
            if let id = assignment.alertID {
                let opened = assignment.alertOpenedAt.map { ", opened \(times.stamp($0))" } ?? ""
                element("p", .class("quiet")) {
                    element("a", .href(.alert(id))) { "Alert \(id)" }
                    " is \(assignment.alertStatus ?? "open")\(opened)."
                }
            } else if let alert = assignment.lastAlert {
                element("p", .class("quiet")) {
                    element("a", .href(.alert(alert.id))) { "Alert \(alert.id)" }
                    " was resolved"
                    if let at = alert.resolvedAt { " \(times.stamp(at))" }
                    ": \(alert.resolution). "
                    if alert.checkID != content.check?.id {
                        element(
                            "a", .href(.diff(assignment.serverID, assignment.packName, check: alert.checkID))
                        ) { "See what it was about: check \(alert.checkID)" }
                    }
                }
            }
        }
    }

    private func story(of check: CheckView) -> HTML {
        element("section", .class(isOlder ? "then older" : "then")) {
            element("p") {
                if isOlder { element("strong") { "An earlier check. " } }
                "Check \(check.id), \(times.stamp(check.checkedAt)), \(Age.text(from: check.checkedAt, to: now)) ago: "
                Badge(word: check.verdict.rawValue, tone: Self.tone(of: check.verdict)).html
                ". \(Self.sentence(check, differences: items.differences)) "
                if isOlder {
                    element("a", .href(.diff(assignment.serverID, assignment.packName))) { "Show the newest check" }
                }
            }
        }
    }

    private static func tone(of verdict: Verdict) -> FleetLineText.Tone {
        switch verdict {
        case .compliant: .good
        case .drifted: .bad
        case .incomplete: .unsure
        case .failed: .trouble
        }
    }

    private static func sentence(_ check: CheckView, differences: Int?) -> String {
        if check.verdict == .failed {
            let reason = ReasonText.of(failure: check.reason)
            return "It did not finish: \(reason). It says nothing about the configuration."
        }
        var parts = ["\(check.okCount) of \(plural(check.itemCount, "item")) as expected"]
        if check.mismatchCount > 0 {
            let differences = differences.map { " (\(plural($0, "difference")))" } ?? ""
            parts.append("\(check.mismatchCount) wrong\(differences)")
        }
        if check.unreadableCount > 0 { parts.append("\(check.unreadableCount) could not be read") }
        parts += ExemptionText.counts(waived: check.waivedCount, due: check.dueCount)
        return parts.joined(separator: ", ") + "."
    }

    /// What is to be known of the check itself: it is gone, or its details are.
    private var notes: [String] {
        var notes: [String] = []
        let check = content.check
        if let removed = content.removed {
            let instead = check == nil ? "" : " This is the newest one."
            notes.append("Check \(removed.check) is not kept any more.\(instead)")
        }
        if check == nil {
            notes.append(
                content.removed == nil && content.line?.wasChecked != true
                    ? "Nothing has been checked yet." : "No check is kept.")
        } else if check?.hasNewerDetails == true {
            notes.append("A later version of Driftwatch stored the details of this check; this one cannot show them.")
        } else if check?.items == nil {
            notes.append("The details of this check are not kept any more.")
        }
        if isOlder, let digest = check?.packDigest, let current = check?.currentDigest, digest != current {
            notes.append("The pack has changed since this check.")
        }
        if assignment.alertID == nil, content.line?.state == .drifted, content.line?.isDisabled == false {
            notes.append("No alert is open: what is wrong was so at the first look, or its alert was resolved by hand.")
        }
        return notes
    }
}
