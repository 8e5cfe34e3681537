import ArgumentParser
import DriftCore
import DriftStore
import Postgres
import Presentation

/// What a hold or a silence covers, and why.
struct MuteOptions: ParsableArguments {
    @Option(help: "This server only.")
    var server: ServerID?

    @OptionGroup var filter: FilterOptions

    @Option(help: "Why; it is shown as long as messages wait.")
    var reason: String

    func validate() throws {
        if server == nil && filter.labels.isEmpty && filter.pack == nil {
            throw ValidationError("Say what it covers: --server, --label or --pack")
        }
    }

    /// `labels, server, pack`, as the functions take them.
    var selector: SQL {
        let labels = Dictionary(filter.labels.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        return "\(JSON(labels))::jsonb, \(server)::text, \(filter.pack)::text"
    }
}

extension MutesReader.Kind {
    /// `hold list`, `silence list`.
    func list(_ context: CommandContext, asJSON: Bool) async throws -> ExitStatus {
        let (mutes, times) = try await context.withDatabase { database in
            try await database.read { transaction in
                (try MutesReader.list(self, in: transaction), try Times(in: transaction))
            }
        }
        listing.print(mutes, times: times, asJSON: asJSON, to: context.console)
        return .fine
    }

    /// `hold end`, `silence end`.
    func end(_ ids: [Int64], _ context: CommandContext) async throws -> ExitStatus {
        try await context.forEach(ids, "ended \(rawValue)") { id, actor, transaction in
            try transaction.execute("select driftwatch.end_mute(\(self), \(id), \(actor))")
        }
    }

    /// Calls the function that `call` names, which makes one and returns its id, and says what was made.
    func make(_ call: SQL, _ context: CommandContext, asJSON: Bool) async throws -> ExitStatus {
        let (mute, times) = try await context.withDatabase { database in
            try await database.withTransaction { transaction in
                let id = try transaction.one("select driftwatch.\(call)", as: Int64.self)
                return (try MutesReader.mute(id, in: transaction), try Times(in: transaction))
            }
        }
        guard let mute else { throw CommandFailure(.dependency, "the \(rawValue) cannot be read back") }
        context.console.print(asJSON ? listing.json(mute).pretty : MuteText(mute, times: times).made)
        return .fine
    }

    private var listing: Listing<MuteLine> {
        Listing(
            whenEmpty: "no \(rawValue)s",
            columns: [
                .init("mute_id", rawValue.uppercased()) { .number($0.id) },
                .init("state", "STATE") { .text($0.state) },
                .init("covers", "COVERS") { .text(MuteText($0, times: Times(zone: nil)).covers) },
                .init("server_id") { .text($0.serverID?.rawValue) },
                .init("labels") {
                    .json(.object($0.labels.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) }))
                },
                .init("pack_name") { .text($0.packName?.rawValue) },
                .init("servers", "SERVERS") { .number($0.servers) },
                .init("starts_at", "FROM") { .time($0.startsAt) },
                .init("ends_at", "UNTIL") { .time($0.endsAt) },
                .init("cron", self == .silence ? "CRON" : nil) { .text($0.cron) },
                .init("lasts_s") { .number($0.lastsSeconds) },
                .init("created_by", "BY") { .text($0.createdBy) },
                .init("created_at") { .time($0.createdAt) },
                .init("reason", "REASON") { .text($0.reason) },
                .init("problem", self == .silence ? "PROBLEM" : nil) { .text($0.problem) },
            ])
    }
}
