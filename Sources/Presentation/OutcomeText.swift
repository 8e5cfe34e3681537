package import DriftCore

/// What a check found, item by item, for a terminal.
package struct OutcomeText {
    private let outcomes: [ItemOutcome]
    private let palette: Palette
    private let times: Times

    package init(_ outcomes: [ItemOutcome], palette: Palette, times: Times = Times(zone: nil)) {
        self.outcomes = outcomes.sorted { $0.key < $1.key }
        self.palette = palette
        self.times = times
    }

    package var lines: [String] { outcomes.flatMap(lines(of:)) }

    private func lines(of outcome: ItemOutcome) -> [String] {
        var notes: [String] = []
        switch outcome.finding {
        case .ok: notes = outcome.remark.map { ["\(palette.coloured("fine, but", .yellow)) \(visible($0))"] } ?? []
        case .unreadable(let reason): notes = unreadable(outcome, reason)
        case .notApplicable(let why): notes = [palette.coloured("does not apply: \(visible(why))", .faint)]
        case .notable(let mismatches):
            notes = [palette.coloured("different, which is no drift (severity: info)", .yellow)]
            notes += mismatches.sorted { $0.type < $1.type }.flatMap(lines(of:))
            notes += outcome.unseenContent.map { unreadable(outcome, $0) } ?? []
        case .exempt(let mismatches, let exemption):
            notes = [palette.coloured(visible(ExemptionText.of(exemption, times)), .yellow)]
            notes += mismatches.sorted { $0.type < $1.type }.flatMap(lines(of:))
            notes += outcome.unseenContent.map { unreadable(outcome, $0) } ?? []
        case .wrong(let mismatches):
            notes = mismatches.sorted { $0.type < $1.type }.flatMap(lines(of:))
            notes += outcome.unseenContent.map { unreadable(outcome, $0) } ?? []
        }
        notes += UnconfirmedText.of(outcome).map { [palette.coloured(visible($0), .yellow)] } ?? []
        if notes.isEmpty { return [] }
        let purpose = outcome.description.map { [palette.coloured(visible($0), .faint)] } ?? []
        return ["  \(palette.coloured(visible(outcome.item), .bold))"] + (purpose + notes).map { "    \($0)" }
    }

    private func unreadable(_ outcome: ItemOutcome, _ reason: UnreadableReason) -> [String] {
        let what = outcome.unseenContent == nil ? "could not be read" : "its content could not be read"
        let obstacle = outcome.remark.map { [visible($0)] } ?? []
        return ["\(palette.coloured(what, .yellow)): \(ReasonText.of(reason))"] + obstacle
    }

    private func lines(of mismatch: Mismatch) -> [String] {
        let text = DifferenceText(mismatch)
        let cause = CauseText.of(mismatch.cause, times).map { " (\(visible($0)))" } ?? ""
        let head = palette.coloured(visible(text.headline), .red) + cause
        if let diff = mismatch.diff { return [head] + diffLines(diff).map { "  \($0)" } }
        return [head]
            + text.details.flatMap { detail in
                [("expected", detail.expected), ("actual", detail.actual)].compactMap { side, value in
                    value.map { "  \(side) \(detail.name) \(visible($0))" }
                }
            }
    }

    private func diffLines(_ diff: String) -> [String] {
        var lines = visibleLines(diff)
        if lines.last == "" { lines.removeLast() }
        return lines.map { line in
            let colour: Palette.Colour? =
                if line.hasPrefix("+") { .green } else if line.hasPrefix("-") { .red } else { nil }
            return palette.coloured(line, colour)
        }
    }
}

/// `drifted: 2 of 17 items wrong, 1 unreadable, 1 waived`.
package func verdictLine(
    _ verdict: Verdict, reason: String? = nil, items: Int, wrong: Int, unreadable: Int, waived: Int, due: Int,
    palette: Palette
) -> String {
    let word = palette.coloured(
        verdict.rawValue, verdict == .compliant ? .green : verdict == .drifted ? .red : .yellow)
    var parts: [String] = []
    switch verdict {
    case .failed: return "\(word): \(visible(reason ?? "no reason known"))"
    case .compliant: parts.append(plural(items, "item"))
    case .drifted, .incomplete:
        if wrong > 0 { parts.append("\(wrong) of \(plural(items, "item")) wrong") }
        if unreadable > 0 { parts.append("\(unreadable)\(wrong > 0 ? "" : " of \(plural(items, "item"))") unreadable") }
    }
    parts += ExemptionText.counts(waived: waived, due: due)
    return "\(word): \(parts.joined(separator: ", "))"
}
