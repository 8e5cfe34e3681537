import DriftCore
import Postgres

/// One apply, inside its transaction.
struct ApplyTransaction {
    private let request: Applier.Request
    /// What is there before, not removed; every row is locked.
    private let servers: [ServerID]
    private let packs: [PackName]
    /// Under which name it acts.
    private let actor: String

    init(_ request: Applier.Request, in transaction: borrowing Transaction) throws {
        self.request = request
        let rows = try transaction.rows(
            "select server_id, is_watched from driftwatch.begin_apply()", as: (ServerID, Bool).self)
        servers = rows.filter(\.1).map(\.0)
        packs = try transaction.rows("select pack_name from driftwatch.packs order by pack_name", as: PackName.self)
        actor = try transaction.one("select \(request.actor.sql)", as: String.self)
    }

    func run(in transaction: borrowing Transaction) throws -> ApplyReport {
        let surplus = try surplusServers()
        try requireKnownPacks()
        var report = ApplyReport()
        report.wantsConfirmation = removesTooMany(surplus)
        report.packs = try applyPacks(in: transaction)
        report.servers = try applyServers(in: transaction)
        if request.prune {
            for server in surplus {
                try transaction.execute("select driftwatch.remove_server(\(server), \(actor))")
                report.servers.append(ApplyReport.ServerLine(id: server, change: .removed))
            }
            report.servers.sort { $0.id < $1.id }
        } else {
            report.keptServers = surplus
        }
        try prunePacks(into: &report, in: transaction)
        let former = try SchedulesReader.schedule(in: transaction)
        report.formerSchedule = former.map { ScheduleSetting(cron: $0.cron, timeZone: $0.timeZone) }
        report.schedule = try applySchedule(in: transaction)
        report.firstChecks = try firstChecks(of: report.servers, in: transaction)
        if report.changesSomething { try writeAudit(report, in: transaction) }
        return report
    }

    /// Servers that the database has and the inventory lacks.
    private func surplusServers() throws -> [ServerID] {
        guard let inventory = request.configuration.inventory else {
            guard !request.prune else { throw ApplyRefusal.pruneWithoutInventory }
            return []
        }
        let declared = Set(inventory.servers.map(\.id))
        let surplus = servers.filter { !declared.contains($0) }
        if removesTooMany(surplus), !request.dryRun {
            throw ApplyRefusal.pruneTooLarge(removing: surplus, of: servers.count)
        }
        return surplus
    }

    private func removesTooMany(_ surplus: [ServerID]) -> Bool {
        request.prune && !request.confirmed && surplus.count * 5 > servers.count
    }

    /// Packs can be gone since the files were read against the database.
    private func requireKnownPacks() throws {
        let prunesPacks = request.prune && request.namesAllPacks
        let known = Set(request.configuration.packs.keys).union(prunesPacks ? [] : packs)
        let unknown = Set(request.configuration.inventory?.servers.flatMap(\.packs) ?? []).subtracting(known)
        guard unknown.isEmpty else { throw ApplyRefusal.unknownPacks(unknown.sorted()) }
    }

    private func applyPacks(in transaction: borrowing Transaction) throws -> [ApplyReport.PackLine] {
        var lines: [ApplyReport.PackLine] = []
        for (name, pack) in request.configuration.packs.sorted(by: { $0.key < $1.key }) {
            let change = try transaction.one(
                """
                select driftwatch.apply_pack(
                    \(name), \(pack.displayName), \(pack.description), \(pack.extends), \(pack.digest.description),
                    \(JSONText(try pack.resolvedJSON())), \(pack.expectations.map(\.key)))
                """, as: ApplyReport.Change.self)
            lines.append(ApplyReport.PackLine(name: name, change: change, itemCount: pack.expectations.count))
        }
        return lines
    }

    private func applyServers(in transaction: borrowing Transaction) throws -> [ApplyReport.ServerLine] {
        let declared = request.configuration.inventory?.servers ?? []
        let before = Dictionary(
            try ServersReader.list(in: transaction).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var lines: [ApplyReport.ServerLine] = []
        for server in declared.sorted(by: { $0.id < $1.id }) {
            let (change, assigned, unassigned) = try transaction.one(
                """
                select change, assigned, unassigned
                from driftwatch.apply_server(
                    \(server.id), \(server.displayName), \(server.address), \(server.port), \(server.user),
                    \(server.configUser), \(server.connection), \(server.queue), \(JSON(server.labels)),
                    \(server.driftDetection), \(server.packs), \(actor))
                """, as: (ApplyReport.Change, [PackName], [PackName]).self)
            lines.append(
                ApplyReport.ServerLine(
                    id: server.id, change: change,
                    replacements: change == .changed ? before[server.id]?.replacements(by: server) ?? [] : [],
                    assigned: assigned, unassigned: unassigned))
        }
        return lines
    }

    private func prunePacks(into report: inout ApplyReport, in transaction: borrowing Transaction) throws {
        let surplus = packs.filter { request.configuration.packs[$0] == nil }
        guard request.namesAllPacks else { return }
        guard request.prune else {
            report.keptPacks = surplus
            return
        }
        for pack in surplus {
            try transaction.execute("select driftwatch.remove_pack(\(pack), \(actor))")
            report.packs.append(ApplyReport.PackLine(name: pack, change: .removed, itemCount: nil))
        }
        report.packs.sort { $0.name < $1.name }
    }

    private func applySchedule(in transaction: borrowing Transaction) throws -> ScheduleSetting? {
        guard let schedule = request.configuration.inventory?.schedule else { return nil }
        let changed = try transaction.one(
            """
            select driftwatch.set_schedule('default', \(schedule.cron), \(schedule.timeZone), \(actor))
            """, as: Bool.self)
        return changed ? schedule : nil
    }

    /// What was never looked at is to be looked at now, so that its baseline does not wait for the next slot.
    private func firstChecks(
        of lines: [ApplyReport.ServerLine], in transaction: borrowing Transaction
    ) throws -> [ServerID] {
        let candidates = lines.filter { !$0.assigned.isEmpty }.map(\.id)
        return try transaction.rows(
            """
            select server_id from unnest(\(candidates)::text[]) with ordinality as s (server_id, place)
            where driftwatch.server_is_eligible(server_id) order by place
            """, as: ServerID.self)
    }

    private func writeAudit(_ report: ApplyReport, in transaction: borrowing Transaction) throws {
        struct Detail: Codable {
            var servers: [String: Int]
            var packs: [String: Int]
            var removed: [ServerID]
            var firstChecks: Int

            enum CodingKeys: String, CodingKey {
                case servers, packs, removed
                case firstChecks = "first_checks"
            }
        }
        let detail = Detail(
            servers: Dictionary(grouping: report.servers, by: \.change.rawValue).mapValues(\.count),
            packs: Dictionary(grouping: report.packs, by: \.change.rawValue).mapValues(\.count),
            removed: report.servers.filter { $0.change == .removed }.map(\.id), firstChecks: report.firstChecks.count)
        try transaction.execute(
            "select driftwatch.finish_apply(\(JSON(detail)), \(actor))")
    }
}

extension ApplyReport.Change: ColumnDecodable {}
