/// The items of a stored pack by section: those of today, and any that a later version added.
///
/// An item is a JSON object of the fields that its kind stores, `item_key` and `item` (the name shown to people), and
/// `description` where the pack has one. An item that this version does not understand in full comes out as
/// ``UnknownExpectation``, with the key that the later version gave it.
struct StoredSections: Codable {
    let expectations: [Expectation]

    init(expectations: [Expectation]) { self.expectations = expectations }

    init(from decoder: any Decoder) throws {
        let sections = try [String: [[String: StoredValue]]](from: decoder)
        expectations = sections.sorted { $0.key < $1.key }.flatMap { section, items in
            items.enumerated().map { Self.expectation($1, section: section, place: "\(section):\($0 + 1)") }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var sections: [String: [[String: StoredValue]]] = [:]
        for expectation in expectations {
            var fields = expectation.stored
            fields[text: "item_key"] = expectation.key.rawValue
            fields[text: "item"] = expectation.item
            fields[text: "description"] = expectation.description
            sections[expectation.subject.kind.section, default: []].append(fields)
        }
        try sections.encode(to: encoder)
    }

    private static func expectation(_ stored: [String: StoredValue], section: String, place: String) -> Expectation {
        var fields = stored
        let description = fields.removeValue(forKey: "description")?.text
        let item = fields.removeValue(forKey: "item")?.text
        let key = ItemKey(rawValue: fields.removeValue(forKey: "item_key")?.text ?? place)
        if let kind = Expectation.Section(rawValue: section)?.kind,
            var known = understood(kind, fields, key: key, item: item ?? key.rawValue), known.key == key
        {
            known.description = description
            return known
        }
        let unknown = UnknownExpectation(section: section, key: key, item: item ?? key.rawValue, fields: fields)
        return Expectation(.unknown(unknown), description: description)
    }

    private static func understood(
        _ kind: any KnownKind.Type, _ values: [String: StoredValue], key: ItemKey, item: String
    ) -> Expectation? {
        let common = ["severity", "when", "from"]
        var fields = StoredFields(values.filter { common.contains($0.key) })
        let severity = fields.word("severity", as: Expectation.Severity.self)
        let condition = fields.read("when", Condition.init(stored:))
        let start = fields.read("from") { $0.text.flatMap(DayOrInstant.init) }
        var own = values.filter { !common.contains($0.key) }
        let subject: Expectation.Subject?
        if own.removeValue(forKey: TemplatedExpectation.mark) == .flag(true) {
            subject = TemplatedExpectation(known: kind.section, key: key, item: item, fields: own)
                .map(Expectation.Subject.templated)
        } else {
            var ownFields = StoredFields(values.filter { !common.contains($0.key) })
            let known = kind.init(&ownFields)
            subject = ownFields.isUnderstood ? known?.subject : nil
        }
        guard fields.isUnderstood else { return nil }
        return subject.map {
            Expectation($0, severity: severity ?? .warning, condition: condition, start: start)
        }
    }
}
