internal import Redaction

/// A line that a text must have, or must not.
package enum LineExpectation: Hashable, Sendable {
    /// The whole line, byte by byte.
    case line(String)
    /// Matched anywhere in a line.
    case pattern(LinearPattern)

    /// As the pack writes it.
    var text: String {
        switch self {
        case .line(let line): line
        case .pattern(let pattern): pattern.text
        }
    }

    /// The key under which people are shown it.
    fileprivate var name: String {
        switch self {
        case .line: "line"
        case .pattern: "regex"
        }
    }
}

extension LineExpectation {
    init?(stored value: StoredValue) {
        switch value {
        case .text(let line): self = .line(line)
        case .object(let fields):
            guard fields.count == 1, let text = fields[text: "regex"], let pattern = try? LinearPattern(text) else {
                return nil
            }
            self = .pattern(pattern)
        default: return nil
        }
    }

    var stored: StoredValue {
        switch self {
        case .line(let line): .text(line)
        case .pattern(let pattern): .object(["regex": .text(pattern.text)])
        }
    }
}

/// Judges the lines of a text.
///
/// A carriage return before a newline belongs to the line, as it does to most programs.
struct LineComparison {
    private let lines: [Substring]
    private let bytes: [UInt8]
    /// As many are shown, so that a mismatch stays short.
    private static let shown = 5

    /// Nil if the bytes are not text.
    init?(_ bytes: [UInt8]) {
        guard !TextLines.isBinary(bytes), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map(Substring.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        self.lines = lines
        self.bytes = bytes
    }

    /// Adds a mismatch if one of the lines is missing.
    func judge(contains wanted: [LineExpectation], _ evidence: inout Evidence) {
        let missing = wanted.filter { places(of: $0).isEmpty }
        guard !missing.isEmpty else { return }
        var expected: [String: EvidenceValue] = [:]
        for (number, line) in missing.prefix(Self.shown).enumerated() {
            expected[Self.name("contains \(line.name)", number, of: missing.count)] = .outside(line.text)
        }
        let note: EvidenceValue =
            missing.count == 1 ? "no line is like this" : .word("none of these \(missing.count) is there")
        evidence.add(.missingLine, Sides(expected: expected, actual: ["note": note]))
    }

    /// Adds a mismatch if one of the lines is there.
    func judge(lacks unwanted: [LineExpectation], _ evidence: inout Evidence) {
        let found = unwanted.map { (wanted: $0, places: places(of: $0)) }.filter { !$0.places.isEmpty }
        guard !found.isEmpty else { return }
        let masked = MaskedText(bytes)
        var expected: [String: EvidenceValue] = [:]
        var actual: [String: EvidenceValue] = [:]
        for (number, (line, places)) in found.prefix(Self.shown).enumerated() {
            expected[Self.name("lacks \(line.name)", number, of: found.count)] = .outside(line.text)
            for place in places.prefix(Self.shown) {
                actual["line \(place + 1)"] = .signs(masked.signs(of: place))
            }
        }
        let count = Set(found.flatMap(\.places)).count
        if count > actual.count { actual["note"] = .word("\(count) such lines") }
        evidence.add(.unexpectedLine, Sides(expected: expected, actual: actual))
    }

    private static func name(_ name: String, _ number: Int, of count: Int) -> String {
        count == 1 ? name : "\(name) (\(number + 1))"
    }

    private func places(of wanted: LineExpectation) -> [Int] {
        switch wanted {
        case .line(let line): lines.indices.filter { lines[$0].utf8.elementsEqual(line.utf8) }
        case .pattern(let pattern):
            {
                var matcher = LinearPattern.Matcher(pattern)
                return lines.indices.filter { matcher.matches(lines[$0]) }
            }()
        }
    }
}
