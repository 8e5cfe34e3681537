package import DriftCore
package import DriftStore

/// Checks and their items as JSON: one shape for every command.
extension JSONValue {
    /// What there is to say, as `check_details.items` stores it: key, item, status, mismatches, reason, remark.
    package static func items(_ outcomes: [ItemOutcome]) -> JSONValue {
        // No value of these types fails to encode.
        (try? StoredItems(outcomes.sorted { $0.key < $1.key }).json()).map(JSONValue.init(parsing:)) ?? .null
    }

    /// A stored check; `items` is null where its details are not kept any more.
    package static func check(_ check: CheckView) -> JSONValue {
        .object([
            ("check_id", .number(check.id)), ("job_id", .number(check.jobID)),
            ("server_id", .text(check.serverID.rawValue)), ("pack_name", .text(check.packName.rawValue)),
            ("pack_digest", .optional(check.packDigest)), ("slot_at", .optional(check.slotAt)),
            ("verdict", .text(check.verdict.rawValue)), ("reason", .optional(check.reason)),
            ("item_count", .optional(check.itemCount)), ("ok_count", .optional(check.okCount)),
            ("mismatch_count", .optional(check.mismatchCount)),
            ("unreadable_count", .optional(check.unreadableCount)),
            ("waived_count", .optional(check.waivedCount)), ("due_count", .optional(check.dueCount)),
            ("checked_at", .optional(check.checkedAt)), ("duration_ms", .optional(check.durationMilliseconds)),
            ("items", check.items.map(items) ?? .null),
        ])
    }

    /// A comparison that was not stored, in the same shape.
    package static func check(_ check: Check, of server: ServerID) -> JSONValue {
        .object([
            ("server_id", .text(server.rawValue)), ("pack_name", .text(check.packName.rawValue)),
            ("pack_digest", .text(check.packDigest.description)), ("verdict", .text(check.verdict.rawValue)),
            ("reason", .null), ("item_count", .optional(check.itemCount)), ("ok_count", .optional(check.okCount)),
            ("mismatch_count", .optional(check.mismatchCount)),
            ("unreadable_count", .optional(check.unreadableCount)),
            ("waived_count", .optional(check.waivedCount)), ("due_count", .optional(check.dueCount)),
            ("items", items(check.outcomes)),
        ])
    }
}
