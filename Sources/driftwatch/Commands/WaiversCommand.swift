import ArgumentParser
import DriftCore
import DriftStore
import Foundation
import Postgres
import Presentation

struct WaiversCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "waivers",
        abstract: "Accept differences for a time, and see what is accepted.",
        discussion: """
            What is waived is checked and shown as ever, as waived. It is neither drift nor alerted, and an alert about \
            nothing else is resolved as waived. When the waiver ends, what is still wrong is alerted at the next check.

            Waivers can also stand in the inventory, under waivers.

            Example:
              driftwatch waivers add --server web-1 --pack base --item /etc/motd --reason "new text in May" --until 2027-05-01
            """,
        subcommands: [List.self, Add.self, End.self])

    struct List: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the waivers that are in force, the newest first.",
            discussion: """
                Example:
                  driftwatch waivers list --all
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var output: OutputOptions

        @Flag(help: "Ended ones too.")
        var all = false

        @Option(help: "Only waivers that are about this server.")
        var server: ServerID?

        @Option(help: "How many at most.")
        var limit = 100

        func validate() throws { try requireLimit(limit) }

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (waivers, times) = try await context.withDatabase { database in
                try await database.read { transaction in
                    let waivers = try WaiversReader.list(
                        all: all, server: server, limit: limit, in: transaction)
                    try CommandFailure.requireKnown(server, unlessFound: waivers, in: transaction)
                    return (waivers, try Times(in: transaction))
                }
            }
            Self.listing(times).print(waivers, times: times, asJSON: output.asJSON, to: context.console)
            return .fine
        }

        private static func listing(_ times: Times) -> Listing<WaiverLine> {
            Listing(
                whenEmpty: "no waivers",
                columns: [
                    .init("waiver_id", "WAIVER") { .number($0.id) },
                    .init("state", "STATE") { .text($0.isInForce ? "in force" : "ended") },
                    .init("source", "SOURCE") { .text($0.source) },
                    .init("server_id") { .text($0.serverID?.rawValue) },
                    .init("labels") {
                        .json(
                            $0.labels.map { .object($0.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) }) }
                                ?? .null)
                    },
                    .init("for", "FOR") {
                        .text($0.serverID?.rawValue ?? $0.labels?.labelWords.joined(separator: " "))
                    },
                    .init("servers") { .texts($0.servers.map(\.rawValue)) },
                    .init("pack_name", "PACK") { .text($0.packName.rawValue) },
                    .init("item_key") { .text($0.key.rawValue) },
                    .init("item", "ITEM") { .text($0.item) },
                    .init("until", "UNTIL") { .time($0.until) },
                    .init("author", "AUTHOR") { .text($0.author) },
                    .init("reason", "REASON") { .text($0.reason) },
                    .init("created_at") { .time($0.createdAt) },
                    .init("ended_at") { .time($0.endedAt) },
                    .init("ended_by") { .text($0.endedBy) },
                ])
        }
    }

    struct Add: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "Accept a difference of an item, on one server or on those with certain labels.",
            discussion: """
                The item is named as people see it, such as /etc/motd, or by its key, such as file:/etc/motd.

                Example:
                  driftwatch waivers add --label role=web --pack web --item nginx --reason "waits for the vendor" --until 30d
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Option(help: "The server.")
        var server: ServerID?

        @Option(
            name: .customLong("label"),
            help: ArgumentHelp("Servers with this label; with several, those that have each.", valueName: "key=value"))
        var labels: [LabelTerm] = []

        @Option(help: "The pack that has the item.")
        var pack: PackName

        @Option(help: "The item, as people see it or by its key.")
        var item: String

        @Option(help: "Why; it is shown as long as the waiver lasts.")
        var reason: String

        @Option(
            help: ArgumentHelp(
                "When it ends by itself: a day, a span such as 30d, or an instant in RFC 3339.", valueName: "when"))
        var until: WaiverEnd?

        func validate() throws {
            guard (server == nil) != labels.isEmpty else {
                throw ValidationError("name the servers by either --server or --label")
            }
        }

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let actor = try context.person().sql
            let labels = Dictionary(labels.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
            let (span, text) = (until?.span?.duration, until?.text)
            let (id, inForce) = try await context.withDatabase { database in
                try await database.withTransaction { transaction in
                    // Spans count on the database's clock, as all that is compared with them does.
                    let id = try transaction.one(
                        """
                        select driftwatch.add_waiver(
                            \(server), \(labels.isEmpty ? nil : JSON(labels)), \(pack), \(item), \(reason),
                            coalesce(\(text)::text, driftwatch.rfc3339(driftwatch.clock() + \(span)::interval)), \(actor))
                        """, as: Int64.self)
                    return (id, try WaiversReader.list(all: false, limit: 10_000, in: transaction))
                }
            }
            let added = inForce.first { $0.id == id }
            guard let added, !added.servers.isEmpty else {
                context.console.print("added waiver \(id)")
                context.console.note(
                    "it matches nothing now: no server that it names has the pack \(pack); "
                        + "driftwatch waivers end \(id) ends it")
                return .fine
            }
            context.console.print("added waiver \(id); the next check takes it into account")
            for other in inForce where other.id != id && other.isAboutTheSame(as: added) {
                context.console.note("waiver \(other.id), by \(other.author), accepts the same")
            }
            if until == nil { context.console.note("it has no end: driftwatch waivers end \(id) ends it") }
            return .fine
        }
    }

    struct End: ActingCommand {
        static let configuration = CommandConfiguration(
            abstract: "End waivers; what is still wrong is alerted at the next check.",
            discussion: """
                Example:
                  driftwatch waivers end 3
                """)

        @OptionGroup var common: CommonOptions
        @OptionGroup var acting: ActingOptions

        @Argument(help: "The waivers' ids.")
        var ids: [Int64]

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            try await context.forEach(ids, "ended waiver") { id, actor, transaction in
                try transaction.execute("select driftwatch.end_waiver(\(id), \(actor))")
            }
        }
    }
}

/// A day, an instant in RFC 3339, or a time span from now.
struct WaiverEnd: ExpressibleByArgument, Hashable {
    /// Nil of a span.
    let text: String?
    let span: TimeSpan?

    init?(argument: String) {
        span = TimeSpan(argument: argument)
        text = span == nil ? DayOrInstant(argument)?.text : nil
        if span == nil, text == nil { return nil }
    }
}
