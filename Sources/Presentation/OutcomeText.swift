package import DriftCore

/// What a check found, item by item, for a terminal.
package struct OutcomeText {
    private let outcomes: [ItemOutcome]
    private let palette: Palette

    package init(_ outcomes: [ItemOutcome], palette: Palette) {
        self.outcomes = outcomes.sorted { $0.key < $1.key }
        self.palette = palette
    }

    package var lines: [String] { outcomes.flatMap(lines(of:)) }

    private func lines(of outcome: ItemOutcome) -> [String] {
        switch outcome.finding {
        case .ok: []
        case .unreadable(let reason):
            [unreadable(outcome, reason)]
        case .wrong(let mismatches):
            mismatches.sorted { $0.type < $1.type }.flatMap(lines(of:))
                + (outcome.unseenContent.map { [unreadable(outcome, $0)] } ?? [])
        }
    }

    private func unreadable(_ outcome: ItemOutcome, _ reason: UnreadableReason) -> String {
        let part = outcome.unseenContent == nil ? "" : ", its content"
        let head = "  \(palette.coloured("unreadable", .yellow)) \(visible(outcome.item))\(part)"
        return "\(head): \(reason.rawValue) (\(reason.words))"
    }

    private func lines(of mismatch: Mismatch) -> [String] {
        let words = Set(mismatch.expected.keys).union(mismatch.actual.keys).sorted()
        let change = words.map { word in
            let sides = [("expected", mismatch.expected[word]), ("actual", mismatch.actual[word])]
            return "\(word): "
                + sides.compactMap { side, value in value.map { "\(side) \($0)" } }.joined(separator: ", ")
        }
        let head = "  \(palette.coloured(mismatch.type.rawValue, .red)) \(visible(mismatch.item))"
        let details = change.map { "    " + visible($0) }
        return [head] + details + (mismatch.diff.map(diffLines) ?? [])
    }

    private func diffLines(_ diff: String) -> [String] {
        var lines = visibleLines(diff)
        if lines.last == "" { lines.removeLast() }
        return lines.map { line in
            let colour: Palette.Colour? =
                if line.hasPrefix("+") { .green } else if line.hasPrefix("-") { .red } else { nil }
            return "    " + palette.coloured(line, colour)
        }
    }
}

/// `drifted: 2 of 17 items wrong, 1 unreadable`.
package func verdictLine(
    _ verdict: Verdict, reason: String? = nil, items: Int, wrong: Int, unreadable: Int, palette: Palette
) -> String {
    let word = palette.coloured(
        verdict.rawValue, verdict == .compliant ? .green : verdict == .drifted ? .red : .yellow)
    switch verdict {
    case .failed: return "\(word): \(visible(reason ?? "no reason known"))"
    case .compliant: return "\(word): \(plural(items, "item"))"
    case .drifted, .incomplete:
        var parts: [String] = []
        if wrong > 0 { parts.append("\(wrong) of \(plural(items, "item")) wrong") }
        if unreadable > 0 { parts.append("\(unreadable)\(wrong > 0 ? "" : " of \(plural(items, "item"))") unreadable") }
        return "\(word): \(parts.joined(separator: ", "))"
    }
}
