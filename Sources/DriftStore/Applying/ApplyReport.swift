package import DriftCore

/// What an `apply` changed, and what it kept.
package struct ApplyReport: Hashable, Sendable {
    package enum Change: String, Hashable, Sendable {
        case created, changed, unchanged, removed
    }

    package struct PackLine: Hashable, Sendable {
        package var name: PackName
        package var change: Change
        /// Its parent's included; nil of a removed one.
        package var itemCount: Int?
    }

    /// One value of the inventory that is another one now; nil where there is none.
    package struct Replacement: Hashable, Sendable {
        package var name: String
        package var old: String?
        package var new: String?
    }

    package struct ServerLine: Hashable, Sendable {
        package var id: ServerID
        package var change: Change
        /// Only of a changed one.
        package var replacements: [Replacement] = []
        package var assigned: [PackName] = []
        package var unassigned: [PackName] = []
    }

    /// By name, the unchanged ones too.
    package var packs: [PackLine] = []
    /// By id, the unchanged ones too.
    package var servers: [ServerLine] = []
    /// What the database has and the files lack, left alone.
    package var keptPacks: [PackName] = []
    package var keptServers: [ServerID] = []
    /// Removing that many servers wants a confirmation, which this request does not give.
    package var wantsConfirmation = false
    /// Nil where the inventory has none, or the row says the same already.
    package var schedule: ScheduleSetting?
    /// What the row said before.
    package var formerSchedule: ScheduleSetting?
    /// Servers whose first check was asked for.
    package var firstChecks: [ServerID] = []

    /// Whether the database is, or would be, another one afterwards.
    package var changesSomething: Bool {
        packs.contains { $0.change != .unchanged } || servers.contains { $0.change != .unchanged } || schedule != nil
    }

    package func count(ofServers change: Change) -> Int { servers.count { $0.change == change } }
    package func count(ofPacks change: Change) -> Int { packs.count { $0.change == change } }
}

/// Why nothing was applied, although the files are right.
package enum ApplyRefusal: Error, Hashable, Sendable {
    /// `--prune` without an inventory would remove every server.
    case pruneWithoutInventory
    /// `--prune` would remove more than a fifth of the servers, and nobody confirmed it.
    case pruneTooLarge(removing: [ServerID], of: Int)
    /// Packs that the inventory assigns, and that neither the files nor the database have.
    case unknownPacks([PackName])
}
