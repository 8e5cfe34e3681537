import DriftCore
import DriftStore
import Foundation
import Presentation

/// The page behind the link of a message about several alerts: one change, and all servers where it was found.
struct GroupPage: Sendable {
    static let maximumLines = 2000

    /// The newest first.
    var alerts: [AlertLine]
    /// The alert whose difference is shown for all.
    var example: AlertLine
    var pack: PackName
    var items: DiffItems
    var times: Times
    var now: Date

    /// One that is not resolved, if possible, and whose check is kept.
    static func example(of alerts: [AlertLine]) -> AlertLine? {
        let kept = alerts.filter(\.isCheckKept)
        return kept.first { $0.status != "resolved" } ?? kept.first ?? alerts.first
    }

    private var unresolved: Int { alerts.filter { $0.status != "resolved" }.count }

    var html: Page {
        let servers = Set(alerts.map(\.serverID)).count
        return Page(title: "The same change on \(plural(servers, "server"))") {
            element("h1") { "The same change on \(plural(servers, "server"))" }
            element("p", .class("lead")) {
                "\(plural(alerts.count, "alert")), \(unresolved == 0 ? "all resolved" : "\(unresolved) of them not resolved"). "
                if alerts.count == Self.maximumLines { "These are the newest \(Self.maximumLines)." }
            }
            element("p") {
                unresolved == 0 ? "This was wrong on " : "This is what is wrong on "
                element("a", .href(.diff(example.serverID, pack))) { example.serverName }
                ":"
            }
            items.html(page: 1, check: example.isCheckKept ? example.checkID : nil)
            AlertTable(alerts: alerts, times: times, now: now).html
        }
    }
}
