import DriftCore
import Postgres

/// What an apply changes for existing servers: their packs before and after, and so what is moved between packs.
///
/// Cheap if nothing changes: then no pack is read.
struct ApplyPlan {
    struct Assignments: Hashable {
        var before: [PackName]
        var after: [PackName]
    }

    /// One server's part, as `carry_out` takes it.
    struct ServerMoves: Codable, Sendable {
        struct Step: Codable, Sendable {
            var alert: Int64
            var source: PackName
            var target: PackName

            init(_ step: AlertMoves.Step) {
                alert = step.alert
                source = step.source
                target = step.target
            }
        }

        var keys: [ItemKey]
        var sources: [PackName]
        var targets: [PackName]
        var close: [Int64]
        var follow: [Step]
        var split: [Step]
    }

    /// Of the packs that are not new: those whose version changes.
    let changedPacks: [PackName]
    /// Their versions before, where they can be read.
    let formerPacks: [PackName: Pack]
    /// Every pack that a server has afterwards whose assignments or packs change.
    private(set) var laterPacks: [PackName: Pack]
    /// By server; of new ones as well, and only where something changes.
    let assignments: [ServerID: Assignments]
    /// The servers that are changed, new ones too: only these are locked.
    let touched: Set<ServerID>
    /// Only where something moves.
    private(set) var moves: [ServerID: ServerMoves] = [:]

    /// Reads what is needed, and locks the servers that change, and their state where something moves.
    ///
    /// - Throws: `DatabaseError`
    init(
        _ configuration: LoadedConfiguration, servers: [ServerLine], removing removed: Set<ServerID>,
        pruning pruned: Set<PackName>, digests: [PackName: String], in transaction: borrowing Transaction
    ) throws {
        let given = configuration.packs
        let changed = Set(
            given.filter { name, pack in digests[name].map { $0 != pack.digest.description } ?? false }.keys)
        let declared = configuration.inventory?.servers ?? []
        let wanted = Dictionary(
            declared.map { ($0.id, Set($0.packs).sorted()) }, uniquingKeysWith: { first, _ in first })
        let held = Dictionary(servers.map { ($0.id, $0.packs.sorted()) }, uniquingKeysWith: { first, _ in first })
        var assignments: [ServerID: Assignments] = [:]
        for server in Set(wanted.keys).union(held.keys) where !removed.contains(server) {
            let before = held[server] ?? []
            let after = wanted[server] ?? before
            guard before != after || !changed.isDisjoint(with: after) else { continue }
            assignments[server] = Assignments(before: before, after: after)
        }
        self.assignments = assignments
        let lines = Dictionary(servers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        touched = removed.union(assignments.keys)
            .union(declared.filter { lines[$0.id]?.replacements(by: $0).isEmpty != true }.map(\.id))
            .union(servers.filter { !pruned.isDisjoint(with: $0.packs) }.map(\.id))
        try transaction.execute("select driftwatch.lock_servers(\(touched.map(\.rawValue)))")
        changedPacks = changed.sorted()
        let kinds = Set(assignments.values)
        let former = Set(kinds.flatMap(\.before)).union(changed).union(kinds.flatMap(\.after))
        formerPacks = try StoredPacks.inForce(former.filter { digests[$0] != nil }.sorted(), in: transaction)
        laterPacks = formerPacks.merging(given) { _, given in given }
        let decided = decide(kinds)
        let affected = assignments.filter { decided[$0.value] != nil }.keys.sorted()
        guard !affected.isEmpty else { return }
        let drifts = try Self.drifts(of: affected, in: transaction)
        let keys = laterPacks.mapValues { Set($0.expectations.map(\.key)) }
        for server in affected {
            guard let assignment = assignments[server], let memory = decided[assignment]?.moves else { continue }
            let after = keys.filter { assignment.after.contains($0.key) }
            let alerts = AlertMoves(drifts[server] ?? [], moves: memory, after: after)
            moves[server] = ServerMoves(
                keys: memory.map(\.key), sources: memory.map(\.source), targets: memory.map(\.target),
                close: alerts.close, follow: alerts.follow.map(ServerMoves.Step.init),
                split: alerts.split.map(ServerMoves.Step.init))
        }
    }

    /// Once for all servers that have the same packs; only those where something moves.
    private func decide(_ kinds: Set<Assignments>) -> [Assignments: MemoryMoves] {
        func wants(_ packs: [PackName: Pack]) -> [PackName: MemoryMoves.Wants] {
            packs.mapValues { pack in
                Dictionary(pack.expectations.map { ($0.key, $0.wanted) }, uniquingKeysWith: { first, _ in first })
            }
        }
        let (former, later) = (wants(formerPacks), wants(laterPacks))
        var decided: [Assignments: MemoryMoves] = [:]
        for kind in kinds {
            let moves = MemoryMoves(
                from: former.filter { kind.before.contains($0.key) }, to: later.filter { kind.after.contains($0.key) })
            if !moves.moves.isEmpty { decided[kind] = moves }
        }
        return decided
    }

    private static func drifts(
        of servers: [ServerID], in transaction: borrowing Transaction
    ) throws -> [ServerID: [RememberedDrift]] {
        let rows = try transaction.rows(
            "select server_id, pack_name, alert_id, wrong from driftwatch.lock_alerts_of(\(servers.map(\.rawValue)))",
            as: (ServerID, PackName, Int64, [ItemKey]).self)
        return Dictionary(grouping: rows, by: \.0).mapValues { rows in
            rows.map { RememberedDrift($0.1, wrong: Set($0.3), alert: $0.2) }
        }
    }

    /// Conflicts between two packs of one server, for the servers where something changes.
    func conflicts(places: PackConflicts.Places) -> [Problem] {
        let servers = assignments.map { (id: $0.key, packs: $0.value.after) }
        return PackConflicts(packs: laterPacks, places: places).problems(of: servers)
    }
}
