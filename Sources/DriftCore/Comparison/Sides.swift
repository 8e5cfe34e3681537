internal import Redaction

/// One value of a mismatch, before it is masked for display.
enum EvidenceValue: Hashable, ExpressibleByStringLiteral {
    /// Our own words, a number, a hash: shown as they are.
    case word(String)
    /// What a pack or a server said, without its secrets.
    case signs([Sign])

    init(stringLiteral word: String) { self = .word(word) }

    /// What a pack or a server said; masked where it looks like a secret.
    static func outside(_ text: String) -> Self { .signs(MaskedText(Array(text.utf8)).signs) }

    /// The value of a setting: masked whole where the key promises a secret.
    static func setting(_ value: String, ofKey key: String) -> Self {
        Masking.isSecret(value, ofKey: key) ? .signs([.masked]) : .outside(value)
    }

    fileprivate var signs: [Sign] {
        switch self {
        case .word(let word): Sign.signs(in: word.utf8)
        case .signs(let signs): signs
        }
    }
}

/// What is shown of the two sides of a mismatch.
///
/// The only way from values to a ``Mismatch``. The two values of a name are compared, so that they do not look alike. If
/// they differ only in what may not be shown, a note says so (see ``Mismatch``).
struct Sides {
    private(set) var expected: [String: String] = [:]
    private(set) var actual: [String: String] = [:]

    init(expected: [String: EvidenceValue], actual: [String: EvidenceValue]) {
        var marks: [Sign] = []
        var notes: [String] = []
        for name in Set(expected.keys).union(actual.keys).sorted() {
            switch (expected[name], actual[name]) {
            case (.word(let word)?, nil): self.expected[name] = word
            case (nil, .word(let word)?): self.actual[name] = word
            // Two of our own words do not look alike.
            case (.word(let old)?, .word(let new)?) where old != new:
                self.expected[name] = old
                self.actual[name] = new
            // What is asked of a value, such as `≤ 10`, does not look like one.
            case (.word(let word)?, .signs(let signs)?):
                self.expected[name] = word
                self.actual[name] = Self.shown(.signs(signs), &marks)
            case (let old?, let new?):
                let contrast = Contrast(old.signs, new.signs, keepingTabs: false)
                self.expected[name] = contrast.old.text
                self.actual[name] = contrast.new.text
                marks += contrast.old.marks + contrast.new.marks
                if let place = contrast.place { notes.append("\(name) first differs at character \(place)") }
            case (let value?, nil): self.expected[name] = Self.shown(value, &marks)
            case (nil, let value?): self.actual[name] = Self.shown(value, &marks)
            case (nil, nil): break
            }
        }
        if let legend = ShownText.legend(of: marks) { notes.append(legend) }
        guard !notes.isEmpty else { return }
        self.actual["note"] = ([self.actual["note"]].compactMap(\.self) + notes).joined(separator: "; ")
    }

    private static func shown(_ value: EvidenceValue, _ marks: inout [Sign]) -> String {
        let signs = value.signs
        let evidence = ShownText(signs, in: 0..<min(signs.count, Contrast.limit), keepingTabs: false)
        marks += evidence.marks
        return evidence.text
    }
}
