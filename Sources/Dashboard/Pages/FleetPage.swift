import DriftCore
import DriftStore
import Foundation
import Presentation

/// The fleet, or one server of it: a line per server and pack, what is wrong first.
struct FleetPage: Sendable {
    static let linesPerPage = 200

    var title: String
    /// Of one page.
    var lines: [FleetLine]
    var counts: FleetCounts
    /// What keeps messages from arriving.
    var warnings: [String]
    var zone: String?
    var now: Date
    /// Nil if one page shows all.
    var links: PageLinks?

    var html: Page {
        Page(title: title) {
            element("h1") { title }
            for warning in warnings {
                element("p", .class("banner"), Attribute("role", "status")) {
                    Badge(word: "Trouble", tone: .trouble).html
                    ": \(warning)"
                }
            }
            if counts.lines == 0 {
                element("p") {
                    "No server is under watch yet. Load an inventory with "
                    element("code") { "driftwatch apply" }
                    "."
                }
            } else {
                element("p", .class("counts")) {
                    "\(plural(counts.servers, "server")), each with its packs: \(FleetCountsText(counts.standings, stale: counts.stale).line)"
                }
                if let links { links.html }
                table
                if let links { links.html }
            }
        }
    }

    private var table: HTML {
        let times = Times(zone: zone)
        return element("table", .class("fleet")) {
            element("thead") {
                element("tr") {
                    for name in ["Server", "Pack", "State", "Checked", "What to know"] {
                        element("th", Attribute("scope", "col")) { name }
                    }
                }
            }
            element("tbody") {
                for line in lines { row(line, FleetLineText(line, times: times), times) }
            }
        }
    }

    private func row(_ line: FleetLine, _ text: FleetLineText, _ times: Times) -> HTML {
        element("tr") {
            element("th", Attribute("scope", "row")) {
                element("a", .href(.server(line.serverID))) { line.displayName }
                if line.displayName != line.serverID.rawValue {
                    " "
                    element("span", .class("quiet")) { line.serverID.rawValue }
                }
            }
            element("td") {
                if let pack = line.packName { element("a", .href(.diff(line.serverID, pack))) { pack.rawValue } }
            }
            element("td") {
                Badge(word: text.standalone, tone: text.tone).html
                if let since = line.since { age(since, times, "for ", "") }
            }
            element("td", .class("quiet")) {
                if let checked = line.lastVerdictAt ?? line.lastCheckedAt {
                    age(checked, times, "", " ago")
                } else if line.packName != nil {
                    "never checked"
                }
            }
            element("td") { text.notes.joined(separator: " · ") }
        }
    }

    private func age(_ date: Date, _ times: Times, _ before: String, _ after: String) -> HTML {
        element("time", .class("quiet"), Attribute("title", times.stamp(date))) {
            " \(before)\(Age.text(from: date, to: now))\(after)"
        }
    }
}
