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
        /// Only of a changed one; none where the version before cannot be read.
        package var items: [ItemChange] = []
    }

    /// An alert that was live before, or is new, and what becomes of it.
    package struct AlertLine: Hashable, Sendable {
        package enum Fate: Hashable, Sendable {
            /// With the resolution: `unassigned`, `removed` or `disabled`.
            case closes(String)
            /// What it is about belongs to another pack now, and so does the alert.
            case moves(from: PackName)
            /// For a part of what another alert is about, whose pack gave it up.
            case opens
            /// It stays, and is about more or fewer items.
            case recounts(from: Int)
        }

        /// Nil of a new one: it has no number before it is made.
        package var id: Int64?
        package var server: ServerID
        /// Afterwards.
        package var pack: PackName
        package var itemCount: Int
        package var fate: Fate
    }

    /// A value of the inventory that changed; nil where there is none.
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
    /// Alerts that end, move, open or change their count with it.
    package var alerts: [AlertLine] = []
    /// Servers that are to be looked at now: what they must have, or where they are found, is new.
    package var checks: [ServerID] = []

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
    /// Packs of one server want what can never both hold, by what the database assigns or has besides the files.
    case conflicts([Problem])
}
