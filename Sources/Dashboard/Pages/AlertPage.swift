import DriftCore
import DriftStore
import Foundation
import Presentation

/// The life of one alert: what opened it, what changed, who did what and why, and what was sent.
struct AlertPage: Sendable {
    var alert: AlertLine
    var events: [AlertEvent]
    var messages: [OutboxLine]
    var times: Times

    var html: Page {
        let text = AlertText(alert, times: times)
        return Page(title: "Alert \(alert.id)") {
            element("h1") { "Alert \(alert.id): \(alert.title)" }
            element("p", .class("lead")) {
                element("a", .href(.server(alert.serverID))) { alert.serverID.rawValue }
                if let pack = alert.packName {
                    " "
                    element("a", .href(.diff(alert.serverID, pack))) { pack.rawValue }
                }
            }
            element("section", .class("now")) {
                element("p") { text.standing }
                element("ul") { for item in text.items { element("li") { item } } }
            }
            element("h2") { "What happened" }
            element("ol", .class("steps")) {
                for step in text.steps(events, messages) {
                    element("li") {
                        element("time", .class("quiet")) { "\(step.at) " }
                        step.words
                        for message in step.messages { element("div", .class("quiet")) { message } }
                    }
                }
            }
        }
    }
}

/// The alerts, the newest first.
struct AlertsPage: Sendable {
    static let maximumLines = 200

    var alerts: [AlertLine]
    /// Resolved ones too.
    var isAll: Bool
    var times: Times
    var now: Date

    var html: Page {
        Page(title: "Alerts") {
            element("h1") { isAll ? "All alerts" : "Alerts" }
            element("p") {
                if isAll {
                    element("a", .href(.alerts())) { "Only those that are not resolved" }
                } else {
                    element("a", .href(.alerts(all: true))) { "Resolved ones too" }
                }
            }
            if alerts.isEmpty {
                element("p") { "There are none." }
            } else {
                AlertTable(alerts: alerts, times: times, now: now).html
            }
            if alerts.count == Self.maximumLines {
                element("p", .class("quiet")) { "These are the newest \(Self.maximumLines)." }
            }
        }
    }
}

/// A line for each alert.
struct AlertTable: Sendable {
    var alerts: [AlertLine]
    var times: Times
    var now: Date

    var html: HTML {
        element("table", .class("fleet")) {
            element("thead") {
                element("tr") {
                    for name in ["Alert", "Server", "Pack", "Status", "Opened", "What"] {
                        element("th", Attribute("scope", "col")) { name }
                    }
                }
            }
            element("tbody") { for alert in alerts { row(alert, AlertText(alert, times: times)) } }
        }
    }

    private func row(_ alert: AlertLine, _ text: AlertText) -> HTML {
        element("tr") {
            element("th", Attribute("scope", "row")) { element("a", .href(.alert(alert.id))) { "\(alert.id)" } }
            element("td") { element("a", .href(.server(alert.serverID))) { alert.serverName } }
            element("td") {
                if let pack = alert.packName { element("a", .href(.diff(alert.serverID, pack))) { pack.rawValue } }
            }
            element("td") { text.status }
            element("td", .class("quiet")) {
                element("time", Attribute("title", times.stamp(alert.openedAt))) {
                    "\(Age.text(from: alert.openedAt, to: now)) ago"
                }
            }
            element("td") { text.what }
        }
    }
}
