internal import Foundation

/// An outbox payload: facts with a version, rendered only when sent.
///
/// The database writes it (see `sql/functions`).
package struct NotificationFacts: Hashable, Sendable, Codable {
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case driftDetected = "drift_detected"
        case driftChanged = "drift_changed"
        case driftResolved = "drift_resolved"
        /// Slots could not look at the server.
        case checkFailing = "check_failing"
        /// It could be looked at again, or the alert ended otherwise.
        case checkRecovered = "check_recovered"
        /// Items that could be read before no longer can be; ``items`` has them with the reasons.
        case itemsUnreadable = "items_unreadable"
        /// All of them could be read again, or the alert ended otherwise.
        case itemsReadable = "items_readable"
        /// Of alerts that nobody acknowledged.
        case reminder
        case digest
        case alertAcknowledged = "alert_acknowledged"
        /// Something changed that is not worth a message of its own: the message that shows the alert is edited.
        case alertRefreshed = "alert_refreshed"
        /// Items go wrong and right so often that people hear no more of each time.
        case driftFlapping = "drift_flapping"
        /// They have stopped doing so: what is true now.
        case driftSettled = "drift_settled"
        /// Tells of no alert: somebody wants to see whether messages arrive. Never in the outbox.
        case test

        /// Of no use where the message that shows the alert cannot be edited.
        package var isOnlyAnEdit: Bool { self == .alertAcknowledged || self == .alertRefreshed }
    }

    package enum Resolution: String, Hashable, Sendable, Codable, CaseIterable {
        case compliant, waived, due, recovered, manual, disabled, unassigned, removed, settings

        /// Whether a check found that nothing counts as wrong any more.
        ///
        /// Otherwise people closed the alert, and what it was about may still be so.
        package var isProven: Bool { [.compliant, .waived, .due, .recovered].contains(self) }
    }

    package enum Status: String, Hashable, Sendable, Codable, CaseIterable {
        case open, acknowledged, resolved
    }

    package struct Item: Hashable, Sendable, Codable {
        /// A `MismatchType`, or of `items_unreadable` an `UnreadableReason`, or one that only a later version knows.
        package var type: String
        package var item: String
        /// The pack's own words on what the item is for.
        package var description: String?
        /// As in ``Mismatch``, each value cut; nil in payloads of earlier versions.
        package var expected: [String: String]?
        package var actual: [String: String]?
        /// The first lines of a file that differ, with `-` before what is expected and `+` before what is there.
        package var lines: [String]?
        /// Why it came about, where that is known.
        package var cause: Cause?

        package init(type: MismatchType, item: String, description: String? = nil) {
            self.type = type.rawValue
            self.item = item
            self.description = description
        }

        /// What a message needs to say of a mismatch.
        package init(_ mismatch: Mismatch, description: String?) {
            self.init(type: mismatch.type, item: mismatch.item, description: description)
            expected = mismatch.expected.mapValues(Self.cut)
            actual = mismatch.actual.mapValues(Self.cut)
            cause = mismatch.cause
            lines = mismatch.diff.map { diff in
                diff.split(separator: "\n").drop { !$0.hasPrefix("@@") }
                    .lazy.filter { $0.hasPrefix("-") || $0.hasPrefix("+") }.prefix(4).map { Self.cut(String($0)) }
            }
        }

        private static func cut(_ text: String) -> String { text.count > 120 ? text.prefix(119) + "…" : text }
    }

    /// Why a server cannot be checked, or since when its items cannot be read.
    package struct Failing: Hashable, Sendable, Codable {
        /// A `ProbeFailure.Reason`, or how the job ended; absent of items.
        package var reason: String?
        /// What ssh said: from the network.
        package var detail: String?
        /// The jump host at which it came about.
        package var jumpHost: String?
        package var address: String?
        /// RFC 3339, UTC, whole seconds.
        package var since: String
        /// How many slots in a row.
        package var slots: Int
        /// The host of the worker that tried last.
        package var workerHost: String?

        enum CodingKeys: String, CodingKey {
            case reason, detail, address, since, slots
            case jumpHost = "jump_host"
            case workerHost = "worker_host"
        }

        package init(
            reason: String? = nil, detail: String? = nil, jumpHost: String? = nil, address: String? = nil,
            since: String,
            slots: Int, workerHost: String? = nil
        ) {
            self.reason = reason
            self.detail = detail
            self.jumpHost = jumpHost
            self.address = address
            self.since = since
            self.slots = slots
            self.workerHost = workerHost
        }
    }

    /// The payload was written for a later version of the notifier.
    package struct NewerVersion: Error, Hashable, Sendable, CustomStringConvertible {
        package var version: Int

        package var description: String { "its payload has version \(version), which needs a later notifier" }
    }

    package static let currentVersion = 1

    package var version: Int
    package var kind: Kind
    package var alertID: Int64
    package var serverID: ServerID
    package var serverName: String
    /// Nil where the server as a whole cannot be checked.
    package var packName: PackName?
    /// Items that are wrong; of `items_unreadable`: that can no longer be read.
    package var mismatchCount: Int
    /// In how many ways they are; an item may be wrong in several.
    package var differenceCount: Int?
    /// How many of the items were wrong at their first look: they did not drift.
    package var neverCompliantCount: Int?
    /// How many items of `drift_detected`, `drift_changed` and `items_unreadable` are new; ``items`` holds the first of them.
    package var addedCount: Int?
    /// Only of `drift_changed`: the count that was last told.
    package var previousCount: Int?
    /// The first ten items that were added, one entry for each difference.
    package var items: [Item]
    /// Such as `/servers/web-1/packs/base?check=42`.
    package var diffPath: String
    package var checkID: Int64?
    /// RFC 3339, UTC, whole seconds.
    package var openedAt: String
    package var occurredAt: String
    /// Of `drift_resolved`, `check_recovered` and `items_readable`; of `drift_flapping` and `drift_settled` if the alert is over.
    package var resolution: Resolution?
    /// Only of a resolution as `compliant`, `waived` or `due`: how many expectations the check was about, how many it could not judge.
    package var itemCount: Int?
    package var unreadableCount: Int?
    /// How many differed although nothing counts as wrong: somebody accepts it, or the pack wants it only later.
    package var waivedCount: Int?
    package var dueCount: Int?
    /// Only of `drift_flapping`: how often it opened or resolved in 14 days.
    package var turnCount: Int?
    /// Who acknowledged it, or resolved it by hand, disabled, unassigned or removed.
    package var actor: String?
    /// What the person who acknowledged or resolved it says.
    package var comment: String?
    /// What the alert was when this was written; nil if there is no alert.
    package var status: Status?
    package var alertType: AlertType?
    /// Who is at work on the alert, since when and until when (RFC 3339); of `drift_changed`, also who had acknowledged it before.
    package var acknowledgedBy: String?
    package var acknowledgedAt: String?
    package var acknowledgedUntil: String?
    /// When the alert was resolved (RFC 3339); nil if it is not.
    package var resolvedAt: String?
    /// The first ten items that were wrong when this was written, or, if none was, of those that the alert has named; one entry
    /// for each difference.
    package var wrongItems: [Item]?
    /// Of the server.
    package var labels: [String: String]?
    /// The schedule's zone, in which people are told the times.
    package var timeZone: String?
    /// What it is about, as a hash: `/alerts?group=KEY` lists all alerts about the same thing.
    package var groupKey: String?
    /// Only of `drift_resolved`: the opening was never delivered, so this message says what it resolves.
    package var openingUndelivered: Bool?
    /// Only of a resolution: the alert was over before the message of its opening could be sent.
    ///
    /// ``items`` has those of that message.
    package var openingFolded: Bool?
    /// Of `check_failing`, `check_recovered`, `items_unreadable` and `items_readable`.
    package var failing: Failing?
    /// Only of `reminder` and `digest`, which are about no single alert: there ``alertID`` is 0.
    package var report: [ReportSection]?

    /// About a server that `driftwatch canary` makes drift on purpose.
    package var isOfCanary: Bool { labels?["canary"] == "true" }

    enum CodingKeys: String, CodingKey {
        case version, kind, items, status, resolution, actor, comment, labels, failing, report
        case alertType = "alert_type"
        case alertID = "alert_id"
        case serverID = "server_id"
        case serverName = "server_name"
        case packName = "pack_name"
        case mismatchCount = "mismatch_count"
        case differenceCount = "difference_count"
        case neverCompliantCount = "never_compliant_count"
        case addedCount = "added_count"
        case previousCount = "previous_count"
        case diffPath = "diff_path"
        case checkID = "check_id"
        case openedAt = "opened_at"
        case occurredAt = "occurred_at"
        case itemCount = "item_count"
        case unreadableCount = "unreadable_count"
        case waivedCount = "waived_count"
        case dueCount = "due_count"
        case turnCount = "turn_count"
        case acknowledgedBy = "acknowledged_by"
        case acknowledgedAt = "acknowledged_at"
        case acknowledgedUntil = "acknowledged_until"
        case resolvedAt = "resolved_at"
        case wrongItems = "wrong_items"
        case timeZone = "time_zone"
        case groupKey = "group_key"
        case openingUndelivered = "opening_undelivered"
        case openingFolded = "opening_folded"
    }

    package init(
        kind: Kind, alertID: Int64, serverID: ServerID, serverName: String, packName: PackName?, mismatchCount: Int,
        differenceCount: Int? = nil, neverCompliantCount: Int? = nil, addedCount: Int? = nil, previousCount: Int? = nil,
        items: [Item] = [], diffPath: String, checkID: Int64? = nil, openedAt: String, occurredAt: String,
        resolution: Resolution? = nil, itemCount: Int? = nil, unreadableCount: Int? = nil, actor: String? = nil,
        openingUndelivered: Bool? = nil, failing: Failing? = nil
    ) {
        version = Self.currentVersion
        self.kind = kind
        self.alertID = alertID
        self.serverID = serverID
        self.serverName = serverName
        self.packName = packName
        self.mismatchCount = mismatchCount
        self.differenceCount = differenceCount
        self.neverCompliantCount = neverCompliantCount
        self.addedCount = addedCount
        self.previousCount = previousCount
        self.items = items
        self.diffPath = diffPath
        self.checkID = checkID
        self.openedAt = openedAt
        self.occurredAt = occurredAt
        self.resolution = resolution
        self.itemCount = itemCount
        self.unreadableCount = unreadableCount
        self.actor = actor
        self.openingUndelivered = openingUndelivered
        self.failing = failing
    }

    /// Reads a stored payload.
    ///
    /// - Throws: ``NewerVersion``, whatever else is in it; `DecodingError` when it is not a payload at all.
    package init(json: [UInt8]) throws {
        struct Versioned: Decodable {
            var version: Int
        }

        let data = Data(json)
        let version = try JSONDecoder().decode(Versioned.self, from: data).version
        guard version <= Self.currentVersion else { throw NewerVersion(version: version) }
        self = try JSONDecoder().decode(Self.self, from: data)
    }
}
