/// The differences of two texts, in the form of `diff -u`.
struct UnifiedDiff: Sendable {
    enum Line: Hashable, Sendable {
        case kept(old: Int, new: Int)
        case removed(old: Int)
        case added(new: Int)
    }

    struct Hunk: Hashable, Sendable {
        var lines: [Line]
        /// How many lines of each text stand before the hunk.
        var oldStart: Int
        var newStart: Int

        var oldCount: Int { lines.count { if case .added = $0 { false } else { true } } }
        var newCount: Int { lines.count { if case .removed = $0 { false } else { true } } }

        var header: String {
            "@@ -\(Self.range(oldStart, oldCount)) +\(Self.range(newStart, newCount)) @@"
        }

        /// Lines are counted from one; an empty range is named by the line before it, a single line has no count.
        private static func range(_ start: Int, _ count: Int) -> String {
            switch count {
            case 0: "\(start),0"
            case 1: "\(start + 1)"
            default: "\(start + 1),\(count)"
            }
        }
    }

    static let contextLines = 3

    let old: TextLines
    let new: TextLines
    /// Empty if the texts are the same.
    let hunks: [Hunk]

    init(from old: TextLines, to new: TextLines) {
        self.old = old
        self.new = new
        hunks = Self.hunks(of: Self.script(old, new))
    }

    /// All lines of both texts, removals before additions.
    private static func script(_ old: TextLines, _ new: TextLines) -> [Line] {
        var script: [Line] = []
        var (x, y) = (0, 0)
        func edits(upTo pair: (old: Int, new: Int)) {
            script.append(contentsOf: (x..<pair.old).map { .removed(old: $0) })
            script.append(contentsOf: (y..<pair.new).map { .added(new: $0) })
        }
        for pair in LineMatching.pairs(old, new) {
            edits(upTo: pair)
            script.append(.kept(old: pair.old, new: pair.new))
            (x, y) = (pair.old + 1, pair.new + 1)
        }
        edits(upTo: (old.lines.count, new.lines.count))
        return script
    }

    private static func hunks(of script: [Line]) -> [Hunk] {
        var hunks: [Hunk] = []
        var (oldLine, newLine) = (0, 0)
        // Kept lines since the last change.
        var kept: [Line] = []
        for line in script {
            if case .kept = line {
                kept.append(line)
            } else {
                if !hunks.isEmpty && kept.count <= 2 * contextLines {
                    hunks[hunks.count - 1].lines += kept
                } else {
                    let before = kept.suffix(contextLines)
                    if !hunks.isEmpty { hunks[hunks.count - 1].lines += kept.prefix(contextLines) }
                    hunks.append(
                        Hunk(
                            lines: Array(before), oldStart: oldLine - before.count, newStart: newLine - before.count))
                }
                hunks[hunks.count - 1].lines.append(line)
                kept = []
            }
            switch line {
            case .kept: (oldLine, newLine) = (oldLine + 1, newLine + 1)
            case .removed: oldLine += 1
            case .added: newLine += 1
            }
        }
        if !hunks.isEmpty { hunks[hunks.count - 1].lines += kept.prefix(contextLines) }
        return hunks
    }
}

extension UnifiedDiff {
    /// How much is shown of a diff.
    struct Limits: Sendable {
        var lines = 200
        var bytes = 16 * 1024

        static let none = Limits(lines: .max, bytes: .max)
    }

    /// What is shown of lines that were removed and added at one place; remarks come below them.
    struct Change {
        var removed: [String]
        var added: [String]
        var remarks: [String] = []
    }

    /// The text, each line ended by a line feed, and how many lines of it were left out because of `limits`.
    ///
    /// `kept` gives what is shown of a line that is the same on both sides, by its number in the old text, and `changed`
    /// what is shown of lines that are not; neither with line feeds. It is asked for no more lines than `limits` allow.
    func rendered(
        oldLabel: String, newLabel: String, limits: Limits, kept: (Int) -> String,
        changed: (_ removed: Range<Int>, _ added: Range<Int>) -> Change
    ) -> (text: String, leftOut: Int) {
        var output = LimitedLines(limits)
        output.text = "--- \(oldLabel)\n+++ \(newLabel)\n"
        for hunk in hunks {
            output.add(hunk.header, isContent: false)
            var rest = hunk.lines[...]
            while let line = rest.first {
                if case .kept(let index, _) = line {
                    rest.removeFirst()
                    // What is not shown is not made ready for it either: there may be very much of it.
                    output.add(output.isFull ? "" : " " + kept(index))
                    if !old.endsWithLineFeed(at: index) { output.add(Self.noLineFeed, isContent: false) }
                    continue
                }
                let (removed, added) = Self.change(atStartOf: &rest)
                let shown = changed(removed.prefix(output.linesLeft), added.prefix(output.linesLeft))
                for (index, text) in zip(removed, shown.removed) {
                    output.add("-" + text)
                    if !old.endsWithLineFeed(at: index) { output.add(Self.noLineFeed, isContent: false) }
                }
                output.leaveOut(removed.count - shown.removed.count)
                for (index, text) in zip(added, shown.added) {
                    output.add("+" + text)
                    if !new.endsWithLineFeed(at: index) { output.add(Self.noLineFeed, isContent: false) }
                }
                output.leaveOut(added.count - shown.added.count)
                for remark in shown.remarks { output.add("\\ " + remark, isContent: false) }
            }
        }
        return (output.text, output.leftOut)
    }

    /// A line that begins with a backslash is a remark to `patch`.
    private static let noLineFeed = "\\ No newline at end of file"

    /// Takes the removed and added lines off the start of `lines`.
    private static func change(atStartOf lines: inout ArraySlice<Line>) -> (removed: Range<Int>, added: Range<Int>) {
        var (removed, added) = (0..<0, 0..<0)
        while let line = lines.first {
            switch line {
            case .kept: return (removed, added)
            case .removed(let index): removed = (removed.isEmpty ? index : removed.lowerBound)..<(index + 1)
            case .added(let index): added = (added.isEmpty ? index : added.lowerBound)..<(index + 1)
            }
            lines.removeFirst()
        }
        return (removed, added)
    }
}

/// Lines up to a limit; those beyond it are counted.
private struct LimitedLines {
    var text = ""
    private(set) var leftOut = 0
    private(set) var isFull = false
    private var shown = 0
    private let limits: UnifiedDiff.Limits

    init(_ limits: UnifiedDiff.Limits) { self.limits = limits }

    var linesLeft: Int { isFull ? 0 : limits.lines - shown }

    mutating func add(_ line: String, isContent: Bool = true) {
        isFull = isFull || shown >= limits.lines || text.utf8.count + line.utf8.count >= limits.bytes
        if isFull {
            leftOut += isContent ? 1 : 0
        } else {
            text += line + "\n"
            shown += 1
        }
    }

    mutating func leaveOut(_ count: Int) {
        guard count > 0 else { return }
        isFull = true
        leftOut += count
    }
}
