internal import Foundation

/// The items of a check that there is something to say of, as `check_details.items` stores them.
///
/// A JSON array of `{"key", "item", "status": "wrong", "mismatches": [{"type", "item", "key", "expected", "actual",
/// "diff"}]}`, `{"key", "item", "status": "unreadable", "reason"}` (with `"remark"` where the
/// reason alone does not say what is the matter) and `{"key", "item", "status": "ok", "remark"}`,
/// `{"key", "item", "status": "notable", "mismatches"}`, `{"key", "item", "status": "waived", "mismatches", "waiver":
/// {"reason", "author", "until"}}`, `{"key", "item", "status": "due", "mismatches", "from"}` and
/// `{"key", "item", "status": "not_applicable", "why"}`, with `"unconfirmed": [mismatch]` where a second look did not find
/// what the first did, with `"description"` where the pack has one, and with `"unseen_content": reason` where the content
/// alone could not be seen.
/// All of it is masked and safe to show.
package struct StoredItems: Hashable, Sendable, Codable {
    /// None that there is nothing to say of.
    package let outcomes: [ItemOutcome]

    /// Keeps what ``ItemOutcome/isWorthSaying`` of `outcomes`.
    package init(_ outcomes: [ItemOutcome]) {
        self.outcomes = outcomes.filter(\.isWorthSaying)
    }

    /// Reads what was stored.
    ///
    /// - Throws: `DecodingError` if it is not such an array.
    package init(json: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
    }

    /// The JSON text, the same for the same items.
    ///
    /// - Throws: `EncodingError`; no value of these types makes it do so.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    package init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        var outcomes: [ItemOutcome] = []
        while !container.isAtEnd {
            outcomes.append(try container.decode(Element.self).outcome)
        }
        self.outcomes = outcomes
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.unkeyedContainer()
        for outcome in outcomes { try container.encode(Element(outcome: outcome)) }
    }
}

extension Check {
    /// The items that there is something to say of, as `check_details.items` stores them (see ``StoredItems``).
    package func detailsJSON() throws -> String {
        try StoredItems(outcomes).json()
    }
}

private struct Element: Codable {
    private enum CodingKeys: String, CodingKey {
        case key, item, description, status, mismatches, reason, remark, why, waiver, from, unconfirmed
        case unseenContent = "unseen_content"
    }

    private enum Status: String, Codable {
        case wrong, notable, waived, due, unreadable, ok
        case notApplicable = "not_applicable"
    }

    let outcome: ItemOutcome

    init(outcome: ItemOutcome) { self.outcome = outcome }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let finding: ItemOutcome.Finding
        switch try container.decode(Status.self, forKey: .status) {
        case .wrong: finding = .wrong(try container.decode([Mismatch].self, forKey: .mismatches))
        case .unreadable: finding = .unreadable(try container.decode(UnreadableReason.self, forKey: .reason))
        case .notable: finding = .notable(try container.decode([Mismatch].self, forKey: .mismatches))
        case .waived:
            finding = .exempt(
                try container.decode([Mismatch].self, forKey: .mismatches),
                .waived(try container.decode(Waiver.self, forKey: .waiver)))
        case .due:
            finding = .exempt(
                try container.decode([Mismatch].self, forKey: .mismatches),
                .due(from: try container.decode(String.self, forKey: .from)))
        case .notApplicable: finding = .notApplicable(try container.decode(String.self, forKey: .why))
        case .ok: finding = .ok
        }
        outcome = ItemOutcome(
            key: try container.decode(ItemKey.self, forKey: .key),
            item: try container.decode(String.self, forKey: .item),
            description: try container.decodeIfPresent(String.self, forKey: .description), finding: finding,
            unseenContent: try container.decodeIfPresent(UnreadableReason.self, forKey: .unseenContent),
            remark: try container.decodeIfPresent(String.self, forKey: .remark),
            unconfirmed: try container.decodeIfPresent([Mismatch].self, forKey: .unconfirmed) ?? [])
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(outcome.key, forKey: .key)
        try container.encode(outcome.item, forKey: .item)
        try container.encodeIfPresent(outcome.description, forKey: .description)
        try container.encodeIfPresent(outcome.unseenContent, forKey: .unseenContent)
        if !outcome.unconfirmed.isEmpty { try container.encode(outcome.unconfirmed, forKey: .unconfirmed) }
        switch outcome.finding {
        case .ok:
            try container.encode(Status.ok, forKey: .status)
            try container.encodeIfPresent(outcome.remark, forKey: .remark)
        case .wrong(let mismatches):
            try container.encode(Status.wrong, forKey: .status)
            try container.encode(mismatches, forKey: .mismatches)
        case .notable(let mismatches):
            try container.encode(Status.notable, forKey: .status)
            try container.encode(mismatches, forKey: .mismatches)
        case .exempt(let mismatches, .waived(let waiver)):
            try container.encode(Status.waived, forKey: .status)
            try container.encode(mismatches, forKey: .mismatches)
            try container.encode(waiver, forKey: .waiver)
        case .exempt(let mismatches, .due(let start)):
            try container.encode(Status.due, forKey: .status)
            try container.encode(mismatches, forKey: .mismatches)
            try container.encode(start, forKey: .from)
        case .notApplicable(let why):
            try container.encode(Status.notApplicable, forKey: .status)
            try container.encode(why, forKey: .why)
        case .unreadable(let reason):
            try container.encode(Status.unreadable, forKey: .status)
            try container.encode(reason, forKey: .reason)
            try container.encodeIfPresent(outcome.remark, forKey: .remark)
        }
    }
}
