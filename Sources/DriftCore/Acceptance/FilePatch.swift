/// Changes of files in the form that `patch -p1` takes.
package enum FilePatch {
    /// The difference of two texts, of the file at `path` below the folder in which `patch` runs; empty if they are the same.
    package static func text(_ path: String, from old: [UInt8], to new: [UInt8]) -> String {
        let diff = UnifiedDiff(from: TextLines(old), to: TextLines(new))
        guard !diff.hunks.isEmpty else { return "" }
        func line(_ lines: TextLines, _ index: Int) -> String { String(decoding: lines.body(at: index), as: UTF8.self) }
        return diff.rendered(oldLabel: "a/\(path)", newLabel: "b/\(path)", limits: .none) {
            line(diff.old, $0)
        } changed: { removed, added in
            UnifiedDiff.Change(
                removed: removed.map { line(diff.old, $0) }, added: added.map { line(diff.new, $0) })
        }.text
    }

    /// The text that `diff` makes of `old`, if that is what `digest` says; nil if the diff does not fit, or shows less than all.
    package static func applied(_ diff: String, to old: [UInt8], giving digest: SHA256Digest) -> [UInt8]? {
        let lines = TextLines(old).lines
        var new: [UInt8] = []
        var next = 0
        var last = [UInt8]()
        func flush() { new += last; last = [] }
        for line in diff.split(separator: "\n", omittingEmptySubsequences: false).drop(while: { !$0.hasPrefix("@@") }) {
            let body = Array(line.utf8.dropFirst()) + [UInt8(ascii: "\n")]
            switch line.utf8.first {
            case UInt8(ascii: "@"):
                guard let start = start(of: line), start >= next, start <= lines.count else { return nil }
                flush()
                new += lines[next..<start].joined()
                next = start
            case UInt8(ascii: " "), UInt8(ascii: "-"):
                guard next < lines.count else { return nil }
                flush()
                if line.utf8.first == UInt8(ascii: " ") { last = Array(lines[next]) }
                guard lines[next].elementsEqual(body) || lines[next].elementsEqual(body.dropLast()) else { return nil }
                next += 1
            case UInt8(ascii: "+"):
                flush()
                last = body
            case UInt8(ascii: "\\") where line == "\\ No newline at end of file":
                if last.last == UInt8(ascii: "\n") { last.removeLast() }
            default: break
            }
        }
        flush()
        new += lines[next...].joined()
        return SHA256Digest(of: new) == digest ? new : nil
    }

    /// How many old lines stand before a hunk: of `@@ -3,4 +3,5 @@` two.
    private static func start(of header: Substring) -> Int? {
        guard let range = header.split(separator: " ").first(where: { $0.hasPrefix("-") })?.dropFirst() else {
            return nil
        }
        let numbers = range.split(separator: ",").map { Int($0) }
        guard let first = numbers.first ?? nil else { return nil }
        return numbers.count > 1 && numbers[1] == 0 ? first : first - 1
    }
}
