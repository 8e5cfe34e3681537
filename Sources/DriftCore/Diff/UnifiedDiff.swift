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
    /// Empty where the texts are the same.
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

    /// The text, each line ended by a line feed; beyond `limits` one last line says how many were left out.
    ///
    /// `text` gives what is shown of a line of either text, without its line feed.
    func rendered(oldLabel: String, newLabel: String, limits: Limits, text: (Line) -> String) -> String {
        var output = "--- \(oldLabel)\n+++ \(newLabel)\n"
        var shown = 0
        var isFull = false
        var leftOut = 0
        func add(_ line: String, isContent: Bool = true) {
            isFull = isFull || shown >= limits.lines || output.utf8.count + line.utf8.count >= limits.bytes
            if isFull {
                leftOut += isContent ? 1 : 0
            } else {
                output += line + "\n"
                shown += 1
            }
        }
        for hunk in hunks {
            add(hunk.header, isContent: false)
            for line in hunk.lines {
                // What is not shown is not made ready for it either: there may be very much of it.
                if isFull {
                    leftOut += 1
                    continue
                }
                let endsWithLineFeed: Bool
                switch line {
                case .kept(let index, _):
                    add(" " + text(line))
                    endsWithLineFeed = old.endsWithLineFeed(at: index)
                case .removed(let index):
                    add("-" + text(line))
                    endsWithLineFeed = old.endsWithLineFeed(at: index)
                case .added(let index):
                    add("+" + text(line))
                    endsWithLineFeed = new.endsWithLineFeed(at: index)
                }
                if !endsWithLineFeed { add("\\ No newline at end of file", isContent: false) }
            }
        }
        // A line that begins with a backslash is a remark to `patch`.
        return leftOut > 0 ? output + "\\ \(leftOut) more lines left out\n" : output
    }
}
