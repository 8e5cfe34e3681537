internal import DriftCore
import Yams

extension PackFileReader {
    /// Reads an item after putting in its variables; nil, with a report, where it is wrong.
    ///
    /// What only a server knows is replaced by stand-ins, of several forms in turn, until the item can be read; then the
    /// placeholders are put back.
    mutating func expandedItem(_ source: PackDraft.Source) -> Expectation? {
        guard !Self.isLiteral(source.node) else { return item(source.node, in: source.section) }
        var best: (reader: Self, expectation: Expectation?, problems: [Problem])?
        for (standIn, round) in Self.attempts {
            let attempt = attempt(source, standIn, round)
            if best.map({ Self.isBetter(attempt.problems, than: $0.problems) }) ?? true { best = attempt }
            // Without placeholders of the server, all attempts are the same.
            if attempt.problems.isEmpty || attempt.reader.expansion?.placeholders.isEmpty ?? true { break }
        }
        guard let best else { return nil }
        self = best.reader
        expansion = nil
        best.problems.forEach { reader.report($0) }
        return best.expectation
    }

    private static let attempts = (0..<2).flatMap { round in StandIn.allCases.map { ($0, round) } }

    /// Fewer errors count first.
    private static func isBetter(_ one: [Problem], than other: [Problem]) -> Bool {
        let errors = [one, other].map { problems in problems.count { $0.severity == .error } }
        return (errors[0], one.count) < (errors[1], other.count)
    }

    /// One reading, whose problems are not yet reported.
    private func attempt(
        _ source: PackDraft.Source, _ standIn: StandIn, _ round: Int
    ) -> (reader: Self, expectation: Expectation?, problems: [Problem]) {
        var attempt = self
        attempt.reader = FileReader(file: reader.file)
        attempt.expansion = ItemExpansion(variables, standIn: standIn, round: round)
        let node = attempt.expansion?.expand(item: source.node) ?? source.node
        attempt.reportFaults()
        var expectation: Expectation?
        if attempt.expansion?.isWhole ?? true {
            expectation = attempt.item(node, in: source.section)
            if attempt.expansion?.isUndecided ?? false { expectation = nil }
            if attempt.reader.problems.allSatisfy({ $0.severity == .warning }) {
                expectation = expectation.flatMap { attempt.templated($0, source) }
            }
        }
        attempt.used.formUnion(attempt.expansion?.used ?? [])
        let problems = attempt.problemsInWords
        attempt.reader = reader
        return (attempt, expectation, problems)
    }

    private mutating func reportFaults() {
        for (position, fault) in expansion?.faults ?? [] {
            reader.error(fault.message, at: position, hint: fault.hint)
        }
    }

    private mutating func templated(_ expectation: Expectation, _ source: PackDraft.Source) -> Expectation? {
        guard let expansion, !expansion.placeholders.isEmpty else { return expectation }
        do throws(Expectation.TemplatingFault) {
            return try expectation.templated(expansion.standIns, count: expansion.count)
        } catch {
            switch error {
            case .ambiguous:
                reader.error(
                    "with its values put in, the item has a text that would be taken for a placeholder",
                    at: source.node.position, hint: "keep braces out of the values of variables")
            case .asksAboutFacts:
                reader.error(
                    "what is asked of the server depends on `facts`, which are known only when it has answered",
                    at: source.node.position, hint: "write an item for each, with when: { os: … }")
            }
            return nil
        }
    }

    /// The problems, with placeholders in place of their stand-ins.
    private var problemsInWords: [Problem] {
        guard let expansion, !expansion.placeholders.isEmpty else { return reader.problems }
        return reader.problems.map { problem in
            var problem = problem
            let standIns = expansion.standIns
            let isAboutOne =
                standIns.contains { problem.message.contains($0.text) }
                || expansion.positions.contains(Position(line: problem.line ?? 0, column: problem.column ?? 0))
            guard isAboutOne else { return problem }
            for (text, placeholder) in standIns {
                problem.message.replace(text, with: PlaceholderText.written(placeholder.reference))
            }
            problem.hint = "a value of the server can stand in texts, paths and names"
            return problem
        }
    }

    private static func isLiteral(_ node: Node) -> Bool {
        let entry = node.mapping?.first { $0.key.scalar?.string == "literal" }
        return entry?.value.scalar.map { ScalarValue($0) == .boolean(true, written: $0.string) } ?? false
    }

    /// A template's bytes with values in them; other bytes than text are left alone.
    mutating func expanded(template name: String, _ bytes: [UInt8]) -> [UInt8]? {
        guard expansion != nil, !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            return bytes
        }
        let faults = expansion?.faults.count ?? 0
        let expanded = expansion?.expand(text, from: Position(line: 1, column: 1))
        for (position, fault) in expansion?.faults.dropFirst(faults) ?? [] {
            reader.report(
                Problem(file: templatePath(name), line: position.line, message: fault.message, hint: fault.hint))
        }
        guard expansion?.isWhole ?? true else { return nil }
        return expanded.map { Array($0.utf8) } ?? bytes
    }
}
