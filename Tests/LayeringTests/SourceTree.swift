import Foundation

/// One file of the repository, by its path inside it.
struct SourceFile {
    var path: String
    var text: String

    /// The target it belongs to: the folder below `Sources` or `Tests`.
    var target: String? {
        let parts = path.split(separator: "/")
        guard parts.count > 2, parts[0] == "Sources" || parts[0] == "Tests" else { return nil }
        return String(parts[1])
    }

    var isSwift: Bool { path.hasSuffix(".swift") }
    var isTest: Bool { path.hasPrefix("Tests/") }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}

/// Where a rule is broken, in the form that editors and terminals make clickable.
struct Violation: CustomStringConvertible {
    var path: String
    var line: Int
    var message: String

    var description: String { "\(path):\(line): \(message)" }
}

/// The repository that this file was compiled from.
enum SourceTree {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let folders = [
        ".ci", "Benchmarks", "Sources", "Tests", "docs", "packs", "scripts", "sql",
    ]
    private static let kinds: Set = ["swift", "sql", "md", "yaml", "yml", "sh", "h", "modulemap", "css"]

    /// Every text file that people write, read once.
    static let files: [SourceFile] = {
        let manager = FileManager.default
        var paths = (try? manager.contentsOfDirectory(atPath: root.path(percentEncoded: false))) ?? []
        for folder in folders {
            let inside = manager.enumerator(atPath: root.appending(path: folder).path(percentEncoded: false))
            paths += (inside?.compactMap { $0 as? String } ?? []).map { "\(folder)/\($0)" }
        }
        return paths.sorted().compactMap { path in
            let url = root.appending(path: path)
            let kind = url.pathExtension
            guard kinds.contains(kind) || kind.isEmpty,
                (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true,
                let text = try? String(contentsOf: url, encoding: .utf8)
            else { return nil }
            return SourceFile(path: path, text: text)
        }
    }()

    /// The Swift files of `Sources` and `Tests`, taken apart once.
    static let swift: [SwiftSource] = files.filter { $0.isSwift && $0.target != nil }.map(SwiftSource.init)
}
