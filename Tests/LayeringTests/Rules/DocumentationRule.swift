/// What other targets may use says what it promises.
///
/// Held to it are the types, and the functions that are no type's members or do something at a distance (`async`,
/// `throws`). A nested type, a property, an initializer and a short pure function may be plain from their names.
enum DocumentationRule {
    private static let types: Set = ["struct", "class", "enum", "actor", "protocol", "typealias", "macro"]
    private static let modifiers: Set = [
        "final", "indirect", "static", "mutating", "nonisolated", "borrowing", "consuming", "class", "override",
    ]
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
        for index in source.tokens.indices {
            let token = source.tokens[index]
            if token.kind == .symbol, token.text == "{" { depth += 1 }
            if token.kind == .symbol, token.text == "}" { depth -= 1 }
            guard token.kind == .word, token.text == "package", let declaration = declaration(source, after: index)
            else { continue }
            let needsOne = declaration.isType ? depth == 0 : depth == 0 || declaration.actsAtADistance
            let isRequirement = wellKnown.contains(declaration.name) || requirements.contains(declaration.name)
            if needsOne, !isRequirement, !isDocumented(source, token.line) {
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
        return Declaration(
            name: name, isType: false, actsAtADistance: effects.contains("async") || effects.contains("throws"))
    }

    /// Documentation stands above the declaration, with at most attributes between.
    private static func isDocumented(_ source: SwiftSource, _ line: Int) -> Bool {
        var line = line
        while source.tokens.first(where: { $0.line == line - 1 })?.kind == .attribute { line -= 1 }
        return source.documentationLines.contains(line - 1)
    }
}
