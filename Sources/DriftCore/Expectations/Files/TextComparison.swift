internal import Redaction

/// A text as it is, and as it may be shown.
struct ComparedText {
    let lines: TextLines
    let size: Int
    private(set) var masked: MaskedText

    /// Nil if the bytes are not text.
    init?(_ bytes: [UInt8]) {
        if TextLines.isBinary(bytes) { return nil }
        lines = TextLines(bytes)
        size = bytes.count
        masked = MaskedText(bytes)
    }

    mutating func adoptMasks(of other: Self) { masked.adoptMasks(of: other.masked) }
}

/// The differences between a template and a file: the original texts are compared, and the masked texts are shown.
struct TextComparison {
    let diff: String
    /// Lines of the file, counted from one, that differ in what is not shown; as far as the diff reaches.
    private(set) var hiddenLines: [Int] = []

    init(of path: String, expected old: ComparedText, actual new: ComparedText) {
        let label = VisibleText.line(path)
        var hiddenLines: [Int] = []
        var marks: [Sign] = []
        func shown(_ evidence: ShownText) -> String {
            marks += evidence.marks.filter { !marks.contains($0) }
            return evidence.text
        }
        let (text, leftOut) = UnifiedDiff(from: old.lines, to: new.lines).rendered(
            oldLabel: "expected \(label)", newLabel: "actual \(label)", limits: .init()
        ) { line in
            if let plain = old.masked.plainLine(line), plain.utf8.count <= Contrast.limit { return plain }
            return shown(ShownChange.alone(old.masked.signs(of: line)))
        } changed: { removed, added in
            let change = ShownChange(
                removed: removed.map { old.masked.signs(of: $0) }, added: added.map { new.masked.signs(of: $0) }
            ) { old.lines.body(at: removed.lowerBound + $0) == new.lines.body(at: added.lowerBound + $1) }
            let hidden = change.hidden.map { added.lowerBound + $0 + 1 }
            hiddenLines += hidden
            return UnifiedDiff.Change(
                removed: change.removed.map(shown), added: change.added.map(shown),
                remarks: (hidden.isEmpty ? [] : [Self.words(forHidden: hidden)])
                    + change.places.map {
                        "Line \(added.lowerBound + $0.line + 1) first differs at character \($0.sign)"
                    })
        }
        var remarks: [String] = []
        if leftOut > 0 {
            // A size would tell the length of a secret.
            let areSizesShown = !old.masked.hasSecrets && !new.masked.hasSecrets
            let sizes = areSizesShown ? ", of \(old.size) expected and \(new.size) actual bytes" : ""
            remarks.append("All lines were compared\(sizes); \(leftOut) more of this diff are not shown")
        }
        if let legend = ShownText.legend(of: marks) { remarks.append(legend) }
        diff = text + remarks.map { "\\ \($0)\n" }.joined()
        self.hiddenLines = hiddenLines
    }

    /// Such as `Lines 7, 9-11 differ in what is not shown`.
    static func words(forHidden lines: [Int]) -> String {
        var runs: [ClosedRange<Int>] = []
        for line in lines {
            if let last = runs.last, last.upperBound + 1 == line {
                runs[runs.count - 1] = last.lowerBound...line
            } else {
                runs.append(line...line)
            }
        }
        let names = runs.prefix(8).map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        let more = runs.count > names.count ? " and others" : ""
        let isOne = lines.count == 1
        return
            "Line\(isOne ? "" : "s") \(names.joined(separator: ", "))\(more) differ\(isOne ? "s" : "") in what is not shown"
    }
}
