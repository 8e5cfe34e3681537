/// What other targets may use says what it promises.
///
/// Held to it are the types, the functions that are no type's members, and long ones that do something at a distance
/// (`async`). A nested type, a property, an initializer and a short function may be plain from their names; overloads
/// share what the first of them says.
enum DocumentationRule {
    private static let types: Set = ["struct", "class", "enum", "actor", "protocol", "typealias", "macro"]
    private static let modifiers: Set = [
        "final", "indirect", "static", "mutating", "nonisolated", "borrowing", "consuming", "class", "override",
    ]
    /// The lines of a body that its function's name may explain.
    private static let shortBody = 8
    /// Requirements of well-known protocols, which document them.
    private static let wellKnown: Set = ["encode", "hash", "next", "run", "write", "makeAsyncIterator"]

    /// What the package's own protocols require: documented there, not at every answer to it.
    static func requirements(in sources: [SwiftSource]) -> Set<String> {
        var names: Set<String> = []
        for source in sources where !source.file.isTest {
            for (index, token) in source.tokens.enumerated() where token.kind == .word && token.text == "protocol" {
                guard let brace = source.tokens[index...].firstIndex(where: { $0.kind == .symbol && $0.text == "{" })
                else { continue }
                for at in brace..<source.closing(brace) where source.tokens[at].text == "func" {
                    names.insert(source.tokens[at + 1].text)
                }
            }
        }
        return names
    }

    static func violations(in source: SwiftSource, requirements: Set<String> = []) -> [Violation] {
        guard !source.file.isTest, source.file.target != "TestSupport" else { return [] }
        var depth = 0
        var found: [Violation] = []
        var documented: Set<String> = []
        for index in source.tokens.indices {
            let token = source.tokens[index]
            if token.kind == .symbol, token.text == "{" { depth += 1 }
            if token.kind == .symbol, token.text == "}" { depth -= 1 }
            guard token.kind == .word, token.text == "package", let declaration = declaration(source, after: index)
            else { continue }
            let needsOne = declaration.isType ? depth == 0 : depth == 0 || declaration.actsAtADistance
            let isRequirement = wellKnown.contains(declaration.name) || requirements.contains(declaration.name)
            if isDocumented(source, token.line) {
                documented.insert(declaration.name)
            } else if needsOne, !isRequirement, declaration.isType || !documented.contains(declaration.name) {
                found.append(source.violation(token.line, "\(declaration.name): say what it promises, with ///"))
            }
        }
        return found
    }

    private struct Declaration {
        var name: String
        var isType: Bool
        var actsAtADistance: Bool
    }

    private static func declaration(_ source: SwiftSource, after index: Int) -> Declaration? {
        var at = index + 1
        while let token = source.token(at), token.kind == .attribute || modifiers.contains(token.text),
            !(token.text == "class" && source.text(at + 1) != "func")
        {
            at += 1
        }
        guard let keyword = source.text(at), let name = source.text(at + 1) else { return nil }
        if types.contains(keyword) { return Declaration(name: name, isType: true, actsAtADistance: false) }
        guard keyword == "func", let open = source.tokens[at...].firstIndex(where: { $0.text == "(" }) else {
            return nil
        }
        let effects = source.tokens[source.closing(open)...].prefix(4).map(\.text)
        let brace = source.tokens[source.closing(open)...].firstIndex { $0.kind == .symbol && $0.text == "{" }
        let isLong = brace.map { source.tokens[source.closing($0)].line - source.tokens[$0].line > shortBody } ?? false
        return Declaration(
            name: name, isType: false, actsAtADistance: effects.contains("async") && isLong)
    }

    private static func isDocumented(_ source: SwiftSource, _ line: Int) -> Bool {
        source.documentationLines.contains(source.lineAbove(line))
    }
}
