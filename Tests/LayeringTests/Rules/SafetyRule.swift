/// What must not appear in code, or only in its place: unsafe memory, force unwraps, unnamed guards, stray output.
enum SafetyRule {
    /// Where a C library is wrapped; tests may reach for memory too.
    private static let unsafePlaces = [
        "Sources/Postgres/", "Sources/HTTP/", "Sources/Runtime/FileLimit.swift",
        "Sources/DriftCore/Model/SHA256Digest.swift",
        "Sources/Remote/Buffer+Copy.swift", "Sources/Remote/AnswerExecutor.swift", "Sources/Remote/HeldFile.swift",
        "Sources/Remote/OpenInput.swift",
        "Sources/driftwatch/Files/RegularFile.swift", "Sources/TestSupport/", "Tests/",
    ]
    private static let memoryWords: Set = [
        "unsafe", "OpaquePointer", "unsafeBitCast", "unsafeDowncast", "unsafelyUnwrapped", "withMemoryRebound",
    ]

    /// Words that one of the checks looks at; all others are passed over at once.
    private static let words = memoryWords.union([
        "print", "debugPrint", "sleep", "usleep", "detached", "fatalError", "preconditionFailure", "public", "open",
    ])

    static func violations(in source: SwiftSource) -> [Violation] {
        var found: [Violation?] = []
        for (index, token) in source.tokens.enumerated() {
            switch token.kind {
            case .symbol where token.text == "!":
                found.append(force(source, index))
            case .attribute where token.text == "@unchecked":
                found.append(guards(source, index))
            case .word where words.contains(token.text) || namesMemory(token.text):
                found += [
                    memory(source, index), guards(source, index), output(source, index), tasks(source, index),
                    impossible(source, index), access(source, index),
                ]
            default:
                break
            }
        }
        return found.compactMap(\.self)
    }

    private static func namesMemory(_ word: String) -> Bool {
        word.hasPrefix("Unsafe") || word.hasPrefix("withUnsafe")
    }

    private static func memory(_ source: SwiftSource, _ index: Int) -> Violation? {
        let token = source.tokens[index]
        guard token.kind == .word, !unsafePlaces.contains(where: source.file.path.hasPrefix),
            memoryWords.contains(token.text) || namesMemory(token.text),
            !isGuardMark(source, index)
        else { return nil }
        return source.violation(token.line, "\(token.text): memory is touched only where a C library is wrapped")
    }

    /// The linter sees force unwraps as well, but not in files that import Testing.
    private static func force(_ source: SwiftSource, _ index: Int) -> Violation? {
        let token = source.tokens[index]
        guard token.kind == .symbol, token.text == "!", !token.isSpaced, let previous = source.token(index - 1) else {
            return nil
        }
        // `a!=b`, and `x!` of `#if`, are no unwraps.
        if let next = source.token(index + 1), next.text == "=", !next.isSpaced { return nil }
        let endsOperand =
            previous.kind == .literal || previous.kind == .word || [")", "]", "}"].contains(previous.text)
        guard endsOperand else { return nil }
        return source.violation(token.line, "\(previous.text)!: unwrap with guard, ?? or #require")
    }

    /// `@unchecked Sendable` and `nonisolated(unsafe)` say in a comment right above what guards them.
    private static func guards(_ source: SwiftSource, _ index: Int) -> Violation? {
        let token = source.tokens[index]
        guard token.kind == .attribute && token.text == "@unchecked" || isGuardMark(source, index) else { return nil }
        guard !source.hasComment(above: token.line) else { return nil }
        return source.violation(token.line, "\(token.text): name the guard in a comment right above")
    }

    private static func isGuardMark(_ source: SwiftSource, _ index: Int) -> Bool {
        source.text(index) == "unsafe" && source.text(index - 1) == "("
            && ["nonisolated", "unowned"].contains(source.text(index - 2))
    }

    private static func output(_ source: SwiftSource, _ index: Int) -> Violation? {
        let token = source.tokens[index]
        guard token.kind == .word, ["print", "debugPrint"].contains(token.text),
            let next = source.token(index + 1), next.text == "(", !next.isSpaced,
            ![".", "func"].contains(source.text(index - 1)), source.file.target != "driftwatch"
        else { return nil }
        return source.violation(token.line, "\(token.text)(): only the command line writes to the terminal")
    }

    private static func tasks(_ source: SwiftSource, _ index: Int) -> Violation? {
        let token = source.tokens[index]
        guard token.kind == .word, source.text(index - 1) != "func" else { return nil }
        let owner = source.text(index - 1) == "." ? source.text(index - 2) : nil
        if token.text == "detached", owner == "Task" {
            return source.violation(token.line, "Task.detached: a task has a parent")
        }
        let isSleep = source.text(index + 1) == "(" && (token.text == "sleep" || token.text == "usleep")
        let isMethod = source.text(index - 1) == "."
        guard isSleep, !isMethod || owner == "Task" || owner == "Thread" else { return nil }
        let arguments = source.tokens[index...source.closing(index + 1)]
        guard source.file.isTest || !arguments.contains(where: { $0.text == "clock" }) else { return nil }
        guard !source.hasComment(above: token.line) else { return nil }
        return source.violation(
            token.line, "\(token.text): wait for a signal or on a clock that is passed in, or say right above why not")
    }

    private static func impossible(_ source: SwiftSource, _ index: Int) -> Violation? {
        let token = source.tokens[index]
        guard token.kind == .word, ["fatalError", "preconditionFailure"].contains(token.text),
            source.text(index + 1) == "(",
            source.token(index + 2).map({ $0.kind != .literal || $0.text.isEmpty }) ?? true
        else { return nil }
        return source.violation(token.line, "\(token.text): only for the impossible, and it says why it is")
    }

    private static func access(_ source: SwiftSource, _ index: Int) -> Violation? {
        let token = source.tokens[index]
        guard token.kind == .word, ["public", "open"].contains(token.text), !source.file.isTest,
            source.text(index - 1) != ".",
            let next = source.token(index + 1), next.kind != .symbol, next.line == token.line,
            declarations.contains(next.text)
        else { return nil }
        return source.violation(token.line, "\(token.text): nothing outside the package uses it")
    }

    private static let declarations: Set = [
        "struct", "class", "enum", "protocol", "actor", "func", "var", "let", "init", "static", "final", "typealias",
        "import", "subscript", "extension", "convenience", "required", "override", "mutating", "nonisolated",
    ]
}
