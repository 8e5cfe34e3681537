import DriftCore
import Postgres

/// One apply, inside its transaction.
struct ApplyTransaction {
    private let request: Applier.Request
    /// The servers before the apply, without removed ones.
    private let servers: [ServerLine]
    private let packs: [PackName]
    private let digests: [PackName: String]
    /// Under which name it acts.
    private let actor: String

    init(_ request: Applier.Request, in transaction: borrowing Transaction) throws {
        self.request = request
        try transaction.execute("select driftwatch.begin_apply()")
        servers = try ServersReader.list(in: transaction)
        let rows = try transaction.rows(
            "select pack_name, digest from driftwatch.all_packs order by pack_name", as: (PackName, String).self)
        packs = rows.map(\.0)
        digests = Dictionary(rows, uniquingKeysWith: { first, _ in first })
        actor = try transaction.one("select \(request.actor.sql)", as: String.self)
    }

    func run(in transaction: borrowing Transaction) throws -> ApplyReport {
        let surplus = try surplusServers()
        try requireKnownPacks()
        let plan = try ApplyPlan(
            request.configuration, servers: servers, removing: request.prune ? Set(surplus) : [],
            pruning: request.prune ? Set(surplusPacks) : [], digests: digests, in: transaction)
        let conflicts = plan.conflicts(places: request.configuration.places)
        guard conflicts.isEmpty else { throw ApplyRefusal.conflicts(conflicts) }
        let alerts = try AlertChanges(of: plan.touched, in: transaction)
        var report = ApplyReport()
        report.wantsConfirmation = removesTooMany(surplus)
        report.packs = try applyPacks(plan, in: transaction)
        report.servers = try applyServers(plan, in: transaction)
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
        for pack in plan.changedPacks {
            try transaction.execute("select driftwatch.forget_items(\(pack), \(actor))")
        }
        report.alerts = try alerts.since(in: transaction)
        let former = try SchedulesReader.schedule(in: transaction)
        report.formerSchedule = former.map {
            ScheduleSetting(cron: $0.cron, timeZone: $0.timeZone, spreadSeconds: $0.spreadSeconds)
        }
        report.schedule = try applySchedule(in: transaction)
        // After the schedule: a day begins in its time zone.
        if let inventory = request.configuration.inventory {
            report.waivers = try ApplyReport.WaiverLine.applying(inventory.waivers, as: actor, in: transaction)
        }
        report.checks = try checks(after: plan, report, in: transaction)
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
        let surplus = servers.map(\.id).filter { !declared.contains($0) }
        if removesTooMany(surplus), !request.dryRun {
            throw ApplyRefusal.pruneTooLarge(removing: surplus, of: servers.count)
        }
        return surplus
    }

    private func removesTooMany(_ surplus: [ServerID]) -> Bool {
        request.prune && !request.confirmed && surplus.count * 5 > servers.count
    }

    /// Packs may have been removed since the files were compared with the database.
    private func requireKnownPacks() throws {
        let prunesPacks = request.prune && request.namesAllPacks
        let known = Set(request.configuration.packs.keys).union(prunesPacks ? [] : packs)
        let unknown = Set(request.configuration.inventory?.servers.flatMap(\.packs) ?? []).subtracting(known)
        guard unknown.isEmpty else { throw ApplyRefusal.unknownPacks(unknown.sorted()) }
    }

    private func applyPacks(
        _ plan: ApplyPlan, in transaction: borrowing Transaction
    ) throws -> [ApplyReport.PackLine] {
        var lines: [ApplyReport.PackLine] = []
        for (name, pack) in request.configuration.packs.sorted(by: { $0.key < $1.key }) {
            let change = try transaction.one(
                """
                select driftwatch.apply_pack(
                    \(name), \(pack.displayName), \(pack.description), \(pack.parents), \(pack.digest.description),
                    \(JSONText(try pack.resolvedJSON())), \(pack.expectations.map(\.key)))
                """, as: ApplyReport.Change.self)
            var line = ApplyReport.PackLine(name: name, change: change, itemCount: pack.expectations.count)
            if change == .changed, let former = plan.formerPacks[name] {
                line.items = ItemChange.between(former, pack)
            }
            lines.append(line)
        }
        return lines
    }

    private func applyServers(
        _ plan: ApplyPlan, in transaction: borrowing Transaction
    ) throws -> [ApplyReport.ServerLine] {
        let declared = request.configuration.inventory?.servers ?? []
        let before = Dictionary(servers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var lines: [ApplyReport.ServerLine] = []
        for server in declared.sorted(by: { $0.id < $1.id }) {
            guard plan.touched.contains(server.id) else {
                lines.append(ApplyReport.ServerLine(id: server.id, change: .unchanged))
                continue
            }
            let (change, assigned, unassigned) = try transaction.one(
                """
                select change, assigned, unassigned
                from driftwatch.apply_server(
                    \(server.id), \(server.displayName), \(server.address), \(server.port), \(server.user),
                    \(server.configUser), \(server.connection), \(server.queue), \(JSON(server.labels)),
                    \(server.driftDetection), \(server.packs), \(actor), \(plan.moves[server.id].map(JSON.init)),
                    \(server.expect), \(server.failingAfter), \(server.staleAfter.map(Duration.seconds)))
                """, as: (ApplyReport.Change, [PackName], [PackName]).self)
            lines.append(
                ApplyReport.ServerLine(
                    id: server.id, change: change,
                    replacements: change == .changed ? before[server.id]?.replacements(by: server) ?? [] : [],
                    assigned: assigned, unassigned: unassigned))
        }
        // Of servers that the files do not name, the packs may have changed.
        let named = Set(declared.map(\.id))
        for (server, moves) in plan.moves.sorted(by: { $0.key < $1.key }) where !named.contains(server) {
            try transaction.execute("select driftwatch.carry_out(\(server), \(JSON(moves)), \(actor))")
        }
        return lines
    }

    /// Packs that the database has and the files lack.
    private var surplusPacks: [PackName] {
        request.namesAllPacks ? packs.filter { request.configuration.packs[$0] == nil } : []
    }

    private func prunePacks(into report: inout ApplyReport, in transaction: borrowing Transaction) throws {
        guard request.prune else {
            report.keptPacks = surplusPacks
            return
        }
        for pack in surplusPacks {
            try transaction.execute("select driftwatch.remove_pack(\(pack), \(actor))")
            report.packs.append(ApplyReport.PackLine(name: pack, change: .removed, itemCount: nil))
        }
        report.packs.sort { $0.name < $1.name }
    }

    private func applySchedule(in transaction: borrowing Transaction) throws -> ScheduleSetting? {
        guard let schedule = request.configuration.inventory?.schedule else { return nil }
        let changed = try transaction.one(
            """
            select driftwatch.set_schedule(
                'default', \(schedule.cron), \(schedule.timeZone), \(schedule.spreadSeconds.map(Duration.seconds)), \(actor))
            """, as: Bool.self)
        return changed ? schedule : nil
    }

    /// The servers that need a check now and should not wait for the next slot.
    private func checks(
        after plan: ApplyPlan, _ report: ApplyReport, in transaction: borrowing Transaction
    ) throws -> [ServerID] {
        let candidates = Set(report.servers.filter { $0.change != .unchanged }.map(\.id))
            .union(plan.assignments.keys).union(report.waivers.flatMap(\.servers)).sorted()
        guard !candidates.isEmpty else { return [] }
        return try transaction.rows(
            "select s from driftwatch.servers_to_look_at(\(candidates.map(\.rawValue))) s", as: ServerID.self)
    }

    private func writeAudit(_ report: ApplyReport, in transaction: borrowing Transaction) throws {
        struct Detail: Codable {
            var servers: [String: Int]
            var packs: [String: Int]
            var removed: [ServerID]
            var waivers: [String: Int]
            var checks: Int
            var alerts: [Int64]
        }
        let detail = Detail(
            servers: Dictionary(grouping: report.servers, by: \.change.rawValue).mapValues(\.count),
            packs: Dictionary(grouping: report.packs, by: \.change.rawValue).mapValues(\.count),
            removed: report.servers.filter { $0.change == .removed }.map(\.id),
            waivers: Dictionary(grouping: report.waivers, by: \.change.rawValue).mapValues(\.count),
            checks: report.checks.count,
            alerts: report.alerts.compactMap(\.id))
        try transaction.execute(
            "select driftwatch.finish_apply(\(JSON(detail)), \(actor))")
    }
}

extension ApplyReport.Change: ColumnDecodable {}
