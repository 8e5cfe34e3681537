import DriftStore
import Foundation
import HTTP
import Postgres
import Presentation
import Slack

/// The part of `doctor` that asks where messages go; it sends none.
struct SlackExamination {
    private let context: CommandContext
    private let report: DoctorReport

    init(_ context: CommandContext, _ report: DoctorReport) {
        self.context = context
        self.report = report
    }

    func run() async {
        await examineDestination()
        let settings: NotifySettings
        do {
            guard let given = try NotifySettings.given(context.settings) else {
                // Only the notifier needs them, and it may run elsewhere.
                report.add(
                    "slack", .note, "not set up here: DRIFTWATCH_NOTIFY: slack needs to know where to post",
                    hint: NotifySettings.ways)
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
        guard case .slack = settings.destination, let host = host() else {
            report.add("slack", .fine, "messages go to \(settings.destination.name)")
            return
        }
        // The bare host: no secret is sent, and no message.
        let client = HTTPClient()
        defer { client.close() }
        do {
            _ = try await client.send(HTTPRequest(url: host, deadline: .seconds(10)))
            report.add(
                "slack", .fine, "\(settings.destination.name): \(host) answers; driftwatch notify-test sends a message")
        } catch {
            report.add(
                "slack", .wrong, "\(host) does not answer: \(error)",
                hint: "DNS, firewall, or a proxy that https_proxy has to name")
        }
    }

    private func examineDestination() async {
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
                    hint: "fix that fault, and restart the notifier if its settings changed; "
                        + "then driftwatch destination resume \(line.name)")
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
        }
    }

    /// Scheme, host and port of where messages are posted.
    private func host() -> String? {
        let text =
            context.settings.text(\.slackWebhookURL)?.text ?? context.settings.text(\.slackAPIURL)?.text
            ?? SlackDestination.defaultAPI
        guard let parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host
        else { return nil }
        return "\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")/"
    }
}
