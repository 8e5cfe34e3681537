import Foundation

/// The domain decides and does nothing: no waiting, no files, no processes, no clock of its own.
enum PurityRule {
    static let targets: Set = ["Cron", "DriftCore", "PackFiles", "Presentation", "Redaction"]

    /// The system's time zones are files.
    private static let places: Set = ["Sources/Cron/SystemZones.swift"]

    private static let effects: Set = [
        "await", "FileManager", "FileHandle", "Process", "ProcessInfo", "URLSession", "Task", "Thread",
    ]

    static func violations(in source: SwiftSource) -> [Violation] {
        guard source.file.target.map(targets.contains) == true, !source.file.isTest, !places.contains(source.file.path)
        else { return [] }
        return source.tokens.indices.compactMap { index in
            let token = source.tokens[index]
            guard token.kind == .word, source.text(index - 1) != "." else { return nil }
            if effects.contains(token.text) {
                return source.violation(token.line, "\(token.text): the domain has no effects")
            }
            if ["contentsOf", "contentsOfFile"].contains(token.text), source.text(index + 1) == ":",
                ["String", "Data"].contains(source.text(index - 2))
            {
                return source.violation(token.line, "\(token.text): the domain reads no files")
            }
            let asksTheTime =
                token.text == "Date"
                && (source.text(index + 1) == "(" && source.text(index + 2) == ")"
                    || source.text(index + 1) == "." && source.text(index + 2) == "now")
            return asksTheTime ? source.violation(token.line, "the time is handed to the domain") : nil
        }
    }
}

/// SQL reads the time only through `driftwatch.clock()`, which tests replace.
enum ClockRule {
    /// The clock itself, and the migrator, which writes its record before there is a clock.
    private static let places = ["sql/functions/f00_clock.sql", "Sources/Schema/Migrator.swift"]
    private static let clocks = [
        "now()", "clock_timestamp()", "statement_timestamp()", "transaction_timestamp()", "current_timestamp",
        "localtimestamp",
    ]

    static func violations(in file: SourceFile) -> [Violation] {
        guard file.path.hasPrefix("sql/"), file.path.hasSuffix(".sql"), !places.contains(file.path) else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            let code = line.prefix(upTo: line.firstRange(of: "--")?.lowerBound ?? line.endIndex)
            return clock(in: code).map { Violation(path: file.path, line: index + 1, message: message($0)) }
        }
    }

    static func violations(in source: SwiftSource) -> [Violation] {
        guard !source.file.isTest, source.file.target != "TestSupport", !places.contains(source.file.path) else {
            return []
        }
        return source.tokens.compactMap { token in
            guard token.kind == .literal, token.text.utf8.count > 4, let clock = clock(in: Substring(token.text)) else {
                return nil
            }
            return source.violation(token.line, message(clock))
        }
    }

    private static func clock(in code: Substring) -> String? {
        let code = code.lowercased()
        return clocks.first { clock in
            guard code.range(of: clock) != nil else { return false }
            return code.ranges(of: clock).contains { range in
                let before = range.lowerBound > code.startIndex ? code[code.index(before: range.lowerBound)] : " "
                return !before.isLetter && before != "_" && before != "."
            }
        }
    }

    private static func message(_ clock: String) -> String {
        "\(clock): SQL reads the time through driftwatch.clock()"
    }
}
