/// A function in `Tests` that looks like a test is one: it carries `@Test`, or it never runs.
enum TestAttributeRule {
    private static let modifiers: Set = [
        "static", "private", "fileprivate", "internal", "package", "mutating", "nonisolated", "override", "final",
        "borrowing", "consuming", "isolated",
    ]

    /// Judges the files of one test target together, as helpers are called across files.
    static func violations(in sources: [SwiftSource]) -> [Violation] {
        var uses: [String: Int] = [:]
        for source in sources {
            for token in source.tokens where token.kind == .word { uses[token.text, default: 0] += 1 }
        }
        return sources.flatMap { source in
            source.tokens.indices.compactMap { index in
                let token = source.tokens[index]
                guard token.kind == .word, token.text == "func", let name = source.text(index + 1),
                    !attributes(source, before: index).contains("@Test")
                else { return nil }
                if isTestName(name) {
                    return source.violation(token.line, "\(name): named like a test, but without @Test it never runs")
                }
                guard uses[name] == 1, expects(source, from: index) else { return nil }
                return source.violation(token.line, "\(name): it expects something, but nothing runs it")
            }
        }
    }

    /// `testSomething`, `test_something`, `test`; not `testimony`.
    private static func isTestName(_ name: String) -> Bool {
        guard name.hasPrefix("test") else { return false }
        return name.dropFirst(4).first.map { !$0.isLowercase } ?? true
    }

    private static func attributes(_ source: SwiftSource, before index: Int) -> [String] {
        var found: [String] = []
        var at = index - 1
        while let token = source.token(at) {
            if token.kind == .attribute {
                found.append(token.text)
                at -= 1
            } else if token.kind == .word, modifiers.contains(token.text) {
                at -= 1
            } else if token.text == ")", let open = opening(source, at) {
                at = open - 1
                guard let owner = source.token(at), owner.kind == .attribute || modifiers.contains(owner.text) else {
                    break
                }
            } else {
                break
            }
        }
        return found
    }

    private static func opening(_ source: SwiftSource, _ index: Int) -> Int? {
        var depth = 0
        for at in stride(from: index, through: 0, by: -1) where source.tokens[at].kind == .symbol {
            if source.tokens[at].text == ")" { depth += 1 }
            if source.tokens[at].text == "(" { depth -= 1 }
            if depth == 0 { return at }
        }
        return nil
    }

    /// Whether it expects something and returns nothing, as a test does.
    private static func expects(_ source: SwiftSource, from index: Int) -> Bool {
        guard let parameters = source.tokens[index...].firstIndex(where: { $0.text == "(" }) else { return false }
        let after = source.closing(parameters)
        guard let brace = source.tokens[after...].firstIndex(where: { $0.text == "{" && $0.kind == .symbol }) else {
            return false
        }
        let body = brace...source.closing(brace)
        let returns = source.tokens[after...brace].contains { $0.text == ">" }
        return !returns
            && body.contains { at in
                ["#expect", "#require"].contains(source.tokens[at].text)
                    || source.tokens[at].text == "Issue" && source.text(at + 2) == "record"
            }
    }
}
