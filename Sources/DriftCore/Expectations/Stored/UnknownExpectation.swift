/// An item that a later version stored, and that this one cannot judge: of a kind, or with words, that it does not know.
///
/// It is kept, counted and reported as `unsupported`. So one such item does not make the pack unreadable for a worker that
/// is not upgraded yet, and the items that the worker does understand do not count for the whole.
package struct UnknownExpectation: Hashable, Sendable {
    /// The section of the pack, such as `users`.
    package var section: String
    package var key: ItemKey
    /// What people are shown.
    package var item: String
    /// As stored.
    package var fields: [String: StoredValue]

    package init(section: String, key: ItemKey, item: String, fields: [String: StoredValue]) {
        self.section = section
        self.key = key
        self.item = item
        self.fields = fields
    }
}

extension UnknownExpectation: ExpectationKind {
    var noun: String { section }
    var stored: [String: StoredValue] { fields }
    var unshownFields: Set<String> { Set(fields.keys) }

    func ask(_ questions: inout QuestionSet) {}
    func evidence(in facts: Facts) -> Evidence { .unreadable(.unsupported) }
}
