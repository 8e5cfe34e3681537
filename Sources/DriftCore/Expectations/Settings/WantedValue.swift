/// What the value of a setting may be.
///
/// All that is given must hold: one of ``choices``, if there are any; no less than ``minimum`` and no more than ``maximum``;
/// ``pattern`` matches somewhere in it.
package struct WantedValue: Hashable, Sendable {
    /// Compared byte by byte: canonically equivalent spellings are different values to a program.
    let choices: [String]
    let minimum: ExactNumber?
    let maximum: ExactNumber?
    let pattern: LinearPattern?

    /// Why a pack does not say what a value may be.
    package struct Fault: Error, Hashable, Sendable {
        /// The pack's key for it; nil where something is missing.
        package var field: String?
        package var message: String
        package var hint: String?
    }

    package init(expected: String) {
        choices = [expected]
        minimum = nil
        maximum = nil
        pattern = nil
    }

    /// What a pack's keys `expected`, `one_of`, `min`, `max` and `matches` say; nil is a key that the pack does not have.
    package init(
        expected: String? = nil, oneOf: [String]? = nil, min: String? = nil, max: String? = nil, matches: String? = nil
    ) throws(Fault) {
        if [expected, oneOf?.first, min, max, matches].allSatisfy({ $0 == nil }) {
            throw Fault(
                field: oneOf == nil ? nil : "one_of", message: "it is not said what the value must be",
                hint: "write expected, one_of, min, max or matches")
        }
        if expected != nil,
            let other = [
                ("one_of", oneOf != nil), ("min", min != nil), ("max", max != nil), ("matches", matches != nil),
            ]
            .first(where: \.1)?.0
        {
            throw Fault(
                field: other, message: "a value that is expected needs no \(other)", hint: "keep one of the two")
        }
        choices = expected.map { [$0] } ?? oneOf ?? []
        minimum = try Self.number(min, "min")
        maximum = try Self.number(max, "max")
        if let minimum, let maximum {
            guard let isWrong = maximum.isLess(than: minimum) else {
                throw Fault(
                    field: "max", message: "min and max have different units",
                    hint: "values are compared in one unit, the one that the file uses")
            }
            if isWrong { throw Fault(field: "max", message: "max is less than min", hint: nil) }
        }
        do {
            pattern = try matches.map { text throws(PatternError) in try LinearPattern(text) }
        } catch {
            throw Fault(field: "matches", message: "not a pattern: \(error)", hint: nil)
        }
    }

    private static func number(_ text: String?, _ field: String) throws(Fault) -> ExactNumber? {
        guard let text else { return nil }
        guard let number = ExactNumber(text) else {
            throw Fault(
                field: field, message: "\(field) is not a number",
                hint: "write a decimal number, with its unit if the value has one, such as 10 or 64MB")
        }
        return number
    }

    enum Judgement: Hashable, Sendable {
        case met, unmet
        /// The value is not a number that can be compared, or has several meanings that differ in this.
        case unclear
    }

    func judgement(of value: String) -> Judgement {
        if !choices.isEmpty, !choices.contains(where: { $0.utf8.elementsEqual(value.utf8) }) { return .unmet }
        if let pattern, !pattern.matches(value) { return .unmet }
        guard minimum != nil || maximum != nil else { return .met }
        guard let number = ExactNumber(value) else { return .unclear }
        for (low, high) in [(minimum, number), (number, maximum)] {
            guard let low, let high else { continue }
            guard let isOutside = high.isLess(than: low) else { return .unclear }
            if isOutside { return .unmet }
        }
        return .met
    }

    /// Of a value that can mean several things.
    func judgement(ofAny values: [String]) -> Judgement {
        let judgements = Set(values.map { judgement(of: $0) })
        return judgements.count == 1 ? judgements.first ?? .unclear : .unclear
    }
}
