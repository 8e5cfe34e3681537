package import DriftCore
import Postgres

/// How many lines of the fleet are in each group.
package struct FleetCounts: Hashable, Sendable {
    /// Servers under watch.
    package private(set) var servers: Int
    /// Lines of `fleet_status`, of servers without packs too.
    package private(set) var lines = 0
    /// Every line of a server and a pack is in one of these.
    package private(set) var standings: [Standing: Int] = [:]
    /// Those of them whose last finished check is too old, disabled ones apart.
    package private(set) var stale = 0
    /// Only where the database counted.
    private var groups: [FleetGroup: Int] = [:]

    init(servers: Int) { self.servers = servers }

    package init(_ lines: [FleetLine] = []) {
        self.init(servers: Set(lines.map(\.serverID)).count)
        for line in lines { add(line) }
    }

    /// Counts a line, but not its server.
    package mutating func add(_ line: FleetLine) {
        add(1, line.standing, isStale: line.isStale && !line.isDisabled)
    }

    func lines(of group: FleetGroup) -> Int { groups[group] ?? 0 }

    mutating func add(_ count: Int, _ standing: Standing?, isStale: Bool, in group: FleetGroup? = nil) {
        lines += count
        if let group { groups[group, default: 0] += count }
        if let standing { standings[standing, default: 0] += count }
        if isStale { stale += count }
    }
}

/// The groups of lines in the order in which they are listed: what is wrong first.
enum FleetGroup: Int, CaseIterable, ColumnDecodable {
    case drifted, failed, incomplete
    /// Compliant, but the last finished check is too old.
    case stale
    case unknown, compliant, withoutPacks, disabled
}
