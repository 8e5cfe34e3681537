import Foundation
import TestSupport
import Testing

@testable import DriftCore

@Suite struct DiffTests {
    @Test(arguments: [
        ("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"),
        ("", "a\n", "@@ -0,0 +1 @@\n+a\n"),
        ("a\n", "", "@@ -1 +0,0 @@\n-a\n"),
        ("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        ("a\nb", "x\nb", "@@ -1,2 +1,2 @@\n-a\n+x\n b\n\\ No newline at end of file\n"),
        ("a\r\n", "a\n", "@@ -1 +1 @@\n-a\r\n+a\n"),
        // Six kept lines join two changes in one hunk, seven part them.
        (
            "a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
            "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n"
        ),
        (
            "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
            "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n"
        ),
    ])
    func differencesAreUnified(old: String, new: String, hunks: String) {
        #expect(diff(old, new) == "--- old\n+++ new\n" + hunks)
    }

    @Test(arguments: ["", "a", "a\nb\n"])
    func equalTextsHaveNoHunks(text: String) {
        let lines = TextLines(Array(text.utf8))
        #expect(UnifiedDiff(from: lines, to: lines).hunks.isEmpty)
    }

    @Test func whatIsOverTheLimitIsCounted() {
        let new = (1...500).map { "line \($0)\n" }.joined()
        let shown = rendered("", new, limits: .init(lines: 200, bytes: 16 * 1024))
        // Two labels, the hunk's header, and 199 lines of content.
        #expect(shown.text.split(separator: "\n").count == 2 + 200)
        #expect(shown.leftOut == 301)
        let small = rendered("", new, limits: .init(lines: 200, bytes: 1024))
        #expect(small.text.utf8.count < 1024)
        #expect(small.text.split(separator: "\n").count { $0.hasPrefix("+line") } + small.leftOut == 500)
    }

    @Test func patchTurnsTheOldTextIntoTheNew() async throws {
        var generator = SeededGenerator(seed: 0xD1FF)
        let pairs = (0..<300).map { _ in generator.textPair() }
        let script = """
            for n in $(ls -d [0-9]*); do
                cp $n/old $n/patched
                if [ -s $n/diff ]; then patch --quiet --binary $n/patched $n/diff || echo "$n refused"; fi
                # patch removes a file that became empty.
                [ -e $n/patched ] || : > $n/patched
                cmp -s $n/patched $n/new || echo "$n differs"
            done
            """
        #expect(try await run(script, on: pairs) == [])
    }

    /// `diff --minimal` promises the fewest changed lines; so do we, below the effort that we spend.
    @Test func noMoreLinesChangeThanDiffFinds() async throws {
        var generator = SeededGenerator(seed: 0xBEEF)
        let pairs = (0..<200).map { _ in generator.textPair() }
        let script = """
            for n in $(ls -d [0-9]*); do
                theirs=$(diff --minimal --text -u $n/old $n/new | tail -n +3 | grep -a -c '^[-+]')
                ours=$(tail -n +3 $n/diff | grep -a -c '^[-+]')
                [ $theirs = $ours ] || echo "$n: $theirs, ours $ours"
            done
            """
        #expect(try await run(script, on: pairs) == [])
    }

    @Test func textsWithNothingInCommonAreReplacedWhole() {
        let old = (0..<20_000).map { "a\($0)\n" }.joined()
        let new = (0..<20_000).map { "b\($0)\n" }.joined()
        let lines = UnifiedDiff(from: TextLines(Array(old.utf8)), to: TextLines(Array(new.utf8)))
        #expect(lines.hunks.count == 1)
        #expect(lines.hunks.first?.lines.count == 40_000)
    }

    /// Noise of few letters has the most to search: without bounds it takes minutes and gigabytes.
    @Test(.timeLimit(.minutes(1)), arguments: [2, 20, 5000])
    func effortIsBoundedAndTheDiffStaysRight(letters: Int) throws {
        var generator = SeededGenerator(seed: UInt64(letters))
        func noise() -> [Int] { (0..<16_000).map { _ in Int.random(in: 0..<letters, using: &generator) } }
        let (old, new) = (noise(), noise())
        let (pairs, steps) = match(old, new)
        #expect(pairs.allSatisfy { old[$0.old] == new[$0.new] })
        #expect(zip(pairs, pairs.dropFirst()).allSatisfy { $0.old < $1.old && $0.new < $1.new })
        #expect(steps <= 3 * SearchSteps(lines: 32_000).left)
    }

    /// Line numbers of both texts that a server may choose to make a worker search.
    static func hostile(_ kind: Int) -> (old: [Int], new: [Int]) {
        let lines = 0..<65_536
        let equal = [Int](repeating: 0, count: 65_536)
        switch kind {
        case 0: return (equal, equal.dropLast() + [1])
        case 1: return (equal, [1] + equal.prefix(32_000) + [1])
        case 2: return (Array(lines), lines.reversed())
        case 3: return (Array(lines), lines.dropFirst() + [0])
        case 4: return (lines.map { $0 % 2 }, lines.map { $0 % 3 })
        case 5: return (lines.map { $0 & 1023 }, lines.map { ($0 &* 7919) & 1023 })
        default: return (lines.map { $0 % 7 == 0 ? $0 : -1 }, lines.map { $0 % 11 == 0 ? $0 : -1 })
        }
    }

    /// The steps grow with the length, never with its square.
    @Test(.timeLimit(.minutes(1)), arguments: 0...6)
    func stepsAreLinear(kind: Int) {
        let (old, new) = Self.hostile(kind)
        let (pairs, steps) = match(old, new)
        #expect(pairs.allSatisfy { old[$0.old] == new[$0.new] })
        #expect(zip(pairs, pairs.dropFirst()).allSatisfy { $0.old < $1.old && $0.new < $1.new })
        #expect(steps <= 262_144 + 100 * (old.count + new.count), "\(steps)")
    }

    @Test func beyondTheEffortUniqueLinesStillMatch() {
        // Every line occurs on both sides, and more of them moved than the search may spend.
        let old = Array(0..<4000)
        let new = Array(2000..<4000) + Array(0..<2000)
        #expect(match(old, new).pairs.count == 2000)
    }

    @Test func betweenUniqueLinesTheOthersStillMatch() {
        // Four lines in five changed, so that the search over the whole is given up; between two lines that stayed, one
        // that is not unique stayed too.
        let old = (0..<20_000).map { $0 % 10 == 0 ? $0 : $0 % 10 == 5 ? -5 : -1 - $0 % 3 }
        let new = (0..<20_000).map { $0 % 10 == 0 ? $0 : $0 % 10 == 5 ? -5 : -2 - $0 % 3 }
        #expect(match(old, new).pairs.count { old[$0.old] == -5 } >= 1990)
    }

    private func match(_ old: [Int], _ new: [Int]) -> (pairs: [LineMatching.Pair], steps: Int) {
        var steps = SearchSteps(lines: old.count + new.count)
        return (LineMatching.pairs(old, new, steps: &steps), steps.taken)
    }

    @Test func linesThatAreNotShownAreNotMadeReady() {
        let (old, new) = (TextLines([]), TextLines(Array(String(repeating: "x\n", count: 65_536).utf8)))
        var asked = 0
        let shown = UnifiedDiff(from: old, to: new).rendered(oldLabel: "a", newLabel: "b", limits: .init()) { _ in
            "x"
        } changed: { removed, added in
            asked += removed.count + added.count
            return .init(removed: removed.map { _ in "x" }, added: added.map { _ in "x" })
        }
        #expect(asked <= 200)
        #expect(shown.leftOut == 65_337)
    }

    private func diff(_ old: String, _ new: String) -> String { rendered(old, new, limits: .none).text }

    private func rendered(_ old: String, _ new: String, limits: UnifiedDiff.Limits) -> (text: String, leftOut: Int) {
        let (old, new) = (TextLines(Array(old.utf8)), TextLines(Array(new.utf8)))
        func text(_ lines: TextLines, _ index: Int) -> String { String(decoding: lines.body(at: index), as: UTF8.self) }
        return UnifiedDiff(from: old, to: new).rendered(oldLabel: "old", newLabel: "new", limits: limits) {
            text(old, $0)
        } changed: { removed, added in
            .init(removed: removed.map { text(old, $0) }, added: added.map { text(new, $0) })
        }
    }

    /// Writes each pair with its diff into a folder of its own, runs `script` over them all, returns what it printed.
    private func run(_ script: String, on pairs: [(old: String, new: String)]) async throws -> [String] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "diff-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (number, pair) in pairs.enumerated() {
            let place = folder.appending(path: "\(number)")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try Data(pair.old.utf8).write(to: place.appending(path: "old"))
            try Data(pair.new.utf8).write(to: place.appending(path: "new"))
            let diff = pair.old == pair.new ? "" : diff(pair.old, pair.new)
            try Data(diff.utf8).write(to: place.appending(path: "diff"))
        }
        return try await Tool.run(script: script, in: folder.path).split(separator: "\n").map(String.init)
    }
}

extension SeededGenerator {
    /// A text and what some edits made of it, with and without line feeds at the end, CRLF among LF.
    fileprivate mutating func textPair() -> (old: String, new: String) {
        let old = (0..<Int.random(in: 0...60, using: &self)).map { _ in line() }
        var new = old
        for _ in 0..<Int.random(in: 0...12, using: &self) {
            let place = Int.random(in: 0...new.count, using: &self)
            switch Int.random(in: 0..<3, using: &self) {
            case 0: new.insert(line(), at: place)
            case 1 where place < new.count: new.remove(at: place)
            case 2 where place < new.count: new[place] = line()
            default: break
            }
        }
        return (text(old), text(new))
    }

    private mutating func line() -> String {
        let word = ["", "a", "b", "-c", "+d", "@@ -1 +1 @@", "\\ No", " e", "\tf", "--- g", "é"]
        return (word.randomElement(using: &self) ?? "") + (Int.random(in: 0..<5, using: &self) == 0 ? "\r" : "")
    }

    private mutating func text(_ lines: [String]) -> String {
        lines.joined(separator: "\n") + (lines.isEmpty || Int.random(in: 0..<3, using: &self) == 0 ? "" : "\n")
    }
}
