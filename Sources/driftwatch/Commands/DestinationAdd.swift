import ArgumentParser
import DriftCore
import DriftStore
import Postgres
import Presentation

extension DestinationCommand {
    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add a destination.",
            discussion: """
                Without --pack, --label and --severity it takes all alerts. An alert that it has taken stays with it, even if \
                the labels of the server change.

                Examples:
                  driftwatch destination add web-team --kind slack --url-file /etc/driftwatch/web-team.url --label team=web
                  driftwatch destination add bot --kind slack --token-file /etc/driftwatch/bot.token --channel '#drift'
                  driftwatch destination add tickets --kind webhook --url-file /etc/driftwatch/tickets.url \\
                    --key-file /etc/driftwatch/tickets.key
                  driftwatch destination add duty --kind email --host mail.example.net --from driftwatch@example.net \\
                    --to duty@example.net --user driftwatch --password-file /etc/driftwatch/mail.password
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "Its name, such as web-team.")
        var name: String

        @Option(help: ArgumentHelp("How messages are sent: \(DestinationPlan.kinds).", valueName: "kind"))
        var kind: String

        @OptionGroup var way: WayOptions

        @Option(
            name: .customLong("pack"),
            help: ArgumentHelp("Take alerts of this pack; may be repeated.", valueName: "pack"))
        var packs: [PackName] = []

        @Option(
            name: .customLong("label"),
            help: ArgumentHelp(
                "Take alerts of servers with this label; with several, of those that have each of them.",
                valueName: "key=value"))
        var labels: [LabelTerm] = []

        @Option(
            name: .customLong("severity"),
            help: ArgumentHelp("Take alerts of this severity; may be repeated.", valueName: "severity"))
        var severities: [String] = []

        func validate() throws { try LabelTerm.requireOneValueEach(labels) }

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let plan = try DestinationPlan(kind: kind, way.fields, from: .commandLine)
            let settings = try plan.fields.json()
            let labels = Dictionary(labels.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
            let actor = try context.person().sql
            _ = try await context.withDatabase { database in
                try await database.execute(
                    """
                    select driftwatch.add_destination(
                        \(name), \(plan.kind.rawValue), \(settings)::text::jsonb, \(packs), \(JSON(labels)), \(severities),
                        \(actor))
                    """)
            }
            context.console.print("added \(name)")
            do { _ = try plan.open(context.settings, for: name) } catch {
                context.console.note(
                    "driftwatch: it cannot be tried from here: \(visible(error.description))"
                        + (error.hint.map { " (\(visible($0)))" } ?? ""))
                return .fine
            }
            context.console.note("driftwatch: driftwatch destination test \(name) sends a message")
            return .fine
        }
    }

    /// Where and how messages go.
    struct WayOptions: ParsableArguments {
        @Option(help: ArgumentHelp("The file with the webhook's address.", valueName: "file"))
        var urlFile: String?

        @Option(help: ArgumentHelp("Of a Slack bot: the file with its token.", valueName: "file"))
        var tokenFile: String?

        @Option(help: ArgumentHelp("Of a Slack bot: where it posts.", valueName: "channel"))
        var channel: String?

        @Option(
            name: .customLong("api-url"),
            help: ArgumentHelp("Of a Slack bot: another address for its API.", valueName: "address"))
        var apiURL: String?

        @Option(
            help: ArgumentHelp("Of a JSON webhook: the file with the key that signs what is sent.", valueName: "file"))
        var keyFile: String?

        @Option(help: ArgumentHelp("Of e-mail: the mail server.", valueName: "host"))
        var host: String?

        @Option(
            help: ArgumentHelp("Its port (default: 587, with implicit TLS 465, without TLS 25).", valueName: "port"))
        var port: String?

        @Option(
            help: ArgumentHelp(
                "How it is spoken to: starttls, implicit, or none on this machine (default: starttls).",
                valueName: "mode"))
        var tls: String?

        @Option(help: ArgumentHelp("The sender's address.", valueName: "address"))
        var from: String?

        @Option(help: ArgumentHelp("Who gets the mails, separated by commas.", valueName: "address,…"))
        var to: String?

        @Option(help: ArgumentHelp("Who logs in at the mail server.", valueName: "name"))
        var user: String?

        @Option(help: ArgumentHelp("The file with that user's password.", valueName: "file"))
        var passwordFile: String?

        var fields: DestinationPlan.Fields {
            var fields = DestinationPlan.Fields()
            (fields.urlFile, fields.tokenFile) = (urlFile, tokenFile)
            (fields.channel, fields.apiURL, fields.keyFile) = (channel, apiURL, keyFile)
            (fields.host, fields.port, fields.tls) = (host, port, tls)
            (fields.from, fields.to) = (from, to)
            (fields.user, fields.passwordFile) = (user, passwordFile)
            return fields
        }
    }
}
