/// What a kind of expectation says about one of its expectations; the folder of the kind holds all of it.
protocol ExpectationKind: Hashable, Sendable {
    /// The section of a pack that lists it, such as `files`.
    var section: String { get }
    /// What one of its kind is called, such as `file`.
    var noun: String { get }
    var key: ItemKey { get }
    /// What people are shown.
    var item: String { get }

    /// All that changes a check, in the words of the pack files: what is stored, digested, and compared between versions.
    var stored: [String: StoredValue] { get }
    /// The stored fields whose values are not shown, because they may be secrets.
    var unshownFields: Set<String> { get }

    /// Adds what has to be asked to judge it.
    func ask(_ questions: inout QuestionSet)
    /// Judges it. Total: facts that are missing or make no sense prove nothing.
    func evidence(in facts: Facts) -> Evidence

    /// What each side wants, where the two can never both be met; nil if they can.
    func contradiction(to other: Self) -> PackConflicts.Contradiction?
    /// What must be there for it to be met.
    var needs: [PackConflicts.Need] { get }
    /// Why a need for the thing with this key cannot be met if this expectation is; nil if it can.
    func whyUnmet(_ need: PackConflicts.Need.Thing) -> String?
}

extension ExpectationKind {
    var unshownFields: Set<String> { [] }
    func contradiction(to other: Self) -> PackConflicts.Contradiction? { nil }
    var needs: [PackConflicts.Need] { [] }
    func whyUnmet(_ need: PackConflicts.Need.Thing) -> String? { nil }
}

/// A kind that this version understands.
protocol KnownKind: ExpectationKind {
    static var section: Expectation.Section { get }
    /// Reads what ``ExpectationKind/stored`` wrote, in this version or an earlier one.
    ///
    /// Nil if something needed is missing. `fields` notes what only a later version can have written.
    init?(_ fields: inout StoredFields)
    var subject: Expectation.Subject { get }
}

extension KnownKind {
    var section: String { Self.section.rawValue }
}
