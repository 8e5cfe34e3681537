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

    /// An alert that was unresolved before or is new, and what happens to it.
    package struct AlertLine: Hashable, Sendable {
        package enum Fate: Hashable, Sendable {
            /// With the resolution: `unassigned`, `removed`, `disabled` or `settings`.
            case closes(String)
            /// Its items now belong to another pack, and so does the alert.
            case moves(from: PackName)
            /// For items of another alert whose pack no longer has them; or, where less is now enough, for what could not be
            /// checked before.
            case opens
            /// It stays, with more or fewer items.
            case recounts(from: Int)
        }

        /// Nil of a new one: it has no number before it is made.
        package var id: Int64?
        package var type: AlertType
        package var server: ServerID
        /// Afterwards; nil if the server as a whole cannot be checked.
        package var pack: PackName?
        package var itemCount: Int
        package var fate: Fate
    }

    /// A value of the inventory that changed; nil if there is none.
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

    /// A waiver of the inventory that is new or gone, or that matches nothing and is not stored.
    package struct WaiverLine: Hashable, Sendable {
        package enum Change: String, Hashable, Sendable {
            case added, ended, unmatched
        }

        package var change: Change
        /// Nil if labels say which servers.
        package var server: ServerID?
        package var labels: [String: String]?
        package var pack: PackName
        package var item: String
        /// The servers that it is about.
        package var servers: [ServerID]
    }

    /// By name, the unchanged ones too.
    package var packs: [PackLine] = []
    /// By id, the unchanged ones too.
    package var servers: [ServerLine] = []
    /// What the database has and the files lack; it is not changed.
    package var keptPacks: [PackName] = []
    package var keptServers: [ServerID] = []
    /// Removing this many servers needs a confirmation, and the request has none.
    package var wantsConfirmation = false
    /// Nil if the inventory has none, or the row says the same already.
    package var schedule: ScheduleSetting?
    /// What the row said before.
    package var formerSchedule: ScheduleSetting?
    package var waivers: [WaiverLine] = []
    /// Alerts that end, move, open or change their count with it.
    package var alerts: [AlertLine] = []
    /// Servers that need a check now, because their packs or their address changed.
    package var checks: [ServerID] = []

    /// Whether the apply changes, or would change, the database.
    package var changesSomething: Bool {
        packs.contains { $0.change != .unchanged } || servers.contains { $0.change != .unchanged } || schedule != nil
            || waivers.contains { $0.change != .unmatched }
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
    /// Two packs of one server conflict. At least one of them, or its assignment, is in the database and not in the files.
    case conflicts([Problem])
}
