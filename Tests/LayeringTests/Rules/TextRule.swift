import Foundation

/// What holds for every file that people write, whatever its language.
enum TextRule {
    static let longestFile = 400

    /// Put together, so that this file keeps its own rule.
    private static let postponements = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]

    /// The probe travels to the servers as one script.
    private static let mayBeLong: Set = ["Tests/RemoteTests/Fixtures/probe-1.sh"]

    static func length(_ file: SourceFile) -> [Violation] {
        let folders = ["Sources/", "Tests/", "sql/"]
        let lines = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        guard folders.contains(where: file.path.hasPrefix), !mayBeLong.contains(file.path), lines > longestFile
        else { return [] }
        return [
            Violation(path: file.path, line: lines, message: "\(lines) lines; split it, \(longestFile) is the limit")
        ]
    }

    static func postponed(_ file: SourceFile) -> [Violation] {
        violations(file, mentioning: postponements) { line in
            postponements.first { word in
                line.ranges(of: word).contains { range in
                    let before = line[..<range.lowerBound].last
                    let after = line[range.upperBound...].first
                    return !(before?.isLetter ?? false) && !(after?.isLetter ?? false)
                }
            }.map { "\($0): do it, or write an issue" }
        }
    }

    /// Paths that exist on one machine only: people's homes, and where this clone lies.
    ///
    /// A clone directly below the root of the file system (in a container, say) has a name too common to look for.
    static func machinePaths(_ file: SourceFile, clone: String) -> [Violation] {
        let clone = clone.hasSuffix("/") ? String(clone.dropLast()) : clone
        let isTelling = clone.split(separator: "/").count > 1
        return violations(file, mentioning: [clone, "/" + "Users/"]) { line in
            if isTelling, line.contains(clone) { return "the path of this clone" }
            return line.contains("/" + "Users/") ? "a path of one machine" : nil
        }
    }

    /// Dependencies are named by exact versions, as no file of resolved ones is kept.
    static func exactVersions(_ file: SourceFile) -> [Violation] {
        guard file.path == "Package.swift" else { return [] }
        return violations(file, mentioning: [".package("]) { line in
            guard line.contains(".package(url:"), !line.contains("exact:") else { return nil }
            return "name the dependency's exact version"
        }
    }

    /// Looks at lines only where the whole file mentions one of the words: most mention none.
    private static func violations(
        _ file: SourceFile, mentioning words: [String], _ message: (Substring) -> String?
    ) -> [Violation] {
        guard words.contains(where: { file.text.range(of: $0) != nil }) else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            message(line).map { Violation(path: file.path, line: index + 1, message: $0) }
        }
    }
}
