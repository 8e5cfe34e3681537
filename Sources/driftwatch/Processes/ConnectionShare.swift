import Postgres

/// How many connections to the database a process takes, as `docs/INSTALL.md` says.
struct ConnectionShare: Equatable {
    /// Shared by everything in the process.
    var pool: Int
    /// Of these, kept for renewing leases.
    var reserve = 0
    /// Besides, and optional; one listens for all parts.
    var listening = 0
    var need = Need.ordinary

    /// What a process takes at most.
    var most: Int { pool + listening }

    /// Of a part by its role.
    init(_ role: String) {
        switch role {
        case "worker": (pool, reserve, listening) = (3, 1, 1)
        case "notifier": (pool, listening) = (2, 1)
        case "web": (pool, need) = (4, .optional)
        default: pool = 2
        }
    }

    /// Of a process with these parts; several share, and need fewer than each by itself.
    init(ofProcess roles: [String]) {
        let shares = roles.map(ConnectionShare.init)
        pool = shares.map(\.pool).reduce(0, +)
        if roles.count > 1 { pool = min(pool, 6) }
        reserve = shares.map(\.reserve).max() ?? 0
        listening = shares.map(\.listening).max() ?? 0
    }
}
