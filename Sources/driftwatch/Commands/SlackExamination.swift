import DriftStore
import Foundation
import HTTP
import Postgres
import Presentation

/// The part of `doctor` that asks where messages go; it sends none.
struct SlackExamination {
    private let context: CommandContext
    private let report: DoctorReport

    init(_ context: CommandContext, _ report: DoctorReport) {
        self.context = context
        self.report = report
    }

    func run() async {
        let hasOthers = await examineDestinations()
        let settings: NotifySettings
        do {
            guard let given = try NotifySettings.given(context.settings) else {
                // Only the notifier needs them, and it may run elsewhere.
                if !hasOthers {
                    report.add(
                        "slack", .note, "not set up here: DRIFTWATCH_NOTIFY: slack needs to know where to post",
                        hint: NotifySettings.ways)
                }
                return
            }
            settings = given
        } catch {
            report.add("slack", .wrong, "\(error)", hint: error.hint)
            return
        }
        if settings.baseURL == nil {
            report.add("links", .note, "messages contain a command instead of a link", hint: "set DRIFTWATCH_BASE_URL")
        }
        await examineWay("slack", to: settings.destination, test: "driftwatch notify-test")
    }

    /// Whether the other side answers here.
    private func examineWay(_ stage: String, to destination: OpenDestination, test: String) async {
        guard let origin = destination.origin else {
            report.add(stage, .fine, "it is \(destination.name); \(test) sends a message")
            return
        }
        // The bare host: no secret is sent, and no message.
        let client = HTTPClient()
        defer { client.close() }
        do {
            _ = try await client.send(HTTPRequest(url: origin, deadline: .seconds(10)))
            report.add(stage, .fine, "\(destination.name): \(origin) answers; \(test) sends a message")
        } catch {
            report.add(
                stage, .wrong, "\(origin) does not answer: \(error)",
                hint: "DNS, firewall, or a proxy that https_proxy has to name")
        }
    }

    /// Of one that was added.
    private func examineAdded(_ line: DestinationLine) async {
        let opened: OpenDestination
        do {
            opened = try DestinationPlan(kind: line.kind, json: line.settings, of: line.name)
                .open(context.settings, for: line.name)
        } catch {
            // Only the notifier needs its secrets, and it may run elsewhere.
            report.add("destination", .note, "\(line.name) cannot be tried here: \(error)", hint: error.hint)
            return
        }
        await examineWay("destination", to: opened, test: "driftwatch destination test \(line.name)")
    }

    /// Returns whether messages go anywhere but to what the notifier's own settings say.
    private func examineDestinations() async -> Bool {
        let destinations = try? await context.withDatabase { database in
            try await database.read { transaction in try OutboxReader.destinations(in: transaction) }
        }
        for line in destinations ?? [] {
            let text = DestinationText(line)
            if let person = line.pausedBy {
                report.add(
                    "destination", .wrong, "\(line.name) is \(text.pause ?? "paused")",
                    hint: "ask \(visible(person)); driftwatch destination resume \(line.name) ends the pause")
            } else if let reason = line.unservedReason {
                report.add(
                    "destination", .wrong, "no notifier can send to \(line.name): \(visible(reason))",
                    hint: "fix that where the notifier runs, or driftwatch destination remove \(line.name)")
            } else if let pause = text.pause {
                report.add(
                    "destination", .wrong, "\(line.name) is \(pause)",
                    hint:
                        "fix that fault, then driftwatch destination resume \(line.name); the notifier reads files with "
                        + "secrets anew, and needs a restart only for its other settings")
            } else if let failing = text.failing {
                report.add(
                    "destination", .note, "\(line.name): \(plural(line.waiting, "message")) waiting, \(failing)",
                    hint: "it is tried again by itself; driftwatch destination test \(line.name) tries it now")
            } else if let notice = line.notice {
                report.add(
                    "destination", .note, "\(line.name) \(notice)",
                    hint: "messages may arrive more than once; look at its status page, the network and the proxy")
            } else if line.dead > 0 {
                report.add(
                    "destination", .note, "\(line.name): \(plural(line.dead, "message")) given up",
                    hint: "driftwatch outbox list --dead")
            } else {
                report.add("destination", .fine, "\(line.name): \(plural(line.waiting, "message")) waiting")
            }
            if line.name != Destinations.default { await examineAdded(line) }
        }
        return destinations?.contains { $0.name != Destinations.default } ?? false
    }
}
