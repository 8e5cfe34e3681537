import DriftCore
import Testing

/// What moves where when packs of a server are renamed, split, merged or changed.
struct MemoryMovesTests {
    /// Packs as `base: /a /b=0600`: paths, each with the mode that is wanted.
    static func packs(_ text: String) -> [PackName: MemoryMoves.Wants] {
        var packs: [PackName: MemoryMoves.Wants] = [:]
        for line in text.split(separator: ";") {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let name = PackName(rawValue: parts[0].trimmingBlanks)
            packs[name] = [:]
            for item in parts[1].split(separator: " ") {
                let fields = item.split(separator: "=")
                let mode = fields.count > 1 ? UInt16(fields[1], radix: 8) : nil
                let expectation = Expectation(.file(FileExpectation(path: String(fields[0]), mode: mode)))
                packs[name]?[expectation.key] = expectation.wanted
            }
        }
        return packs
    }

    static func moves(_ before: String, _ after: String) -> [MemoryMoves.Move] {
        MemoryMoves(from: packs(before), to: packs(after)).moves
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let what: String
        let before: String
        let after: String
        /// As `/a base→core`.
        let moves: [String]
        var testDescription: String { what }
    }

    static let cases = [
        Case(what: "nothing changes", before: "base: /a", after: "base: /a", moves: []),
        Case(what: "renamed", before: "base: /a /b", after: "core: /a /b", moves: ["/a base→core", "/b base→core"]),
        Case(
            what: "renamed and changed", before: "base: /a /b=0600", after: "core: /a /b=0644", moves: ["/a base→core"]),
        Case(what: "split", before: "base: /a /b", after: "one: /a; two: /b", moves: ["/a base→one", "/b base→two"]),
        Case(what: "a part is split off", before: "base: /a /b", after: "base: /a; web: /b", moves: ["/b base→web"]),
        Case(what: "merged", before: "one: /a; two: /b", after: "base: /a /b", moves: ["/a one→base", "/b two→base"]),
        Case(
            what: "merged, both wanted it", before: "one: /a; two: /a", after: "all: /a",
            moves: ["/a one→all", "/a two→all"]),
        Case(what: "the other had it already", before: "one: /a; two: /a", after: "two: /a", moves: ["/a one→two"]),
        Case(
            what: "who gains it comes before who had it", before: "a: /x; m: /x", after: "m: /x; z: /x",
            moves: ["/x a→z"]),
        Case(what: "one heir only", before: "a: /x", after: "c: /x; b: /x", moves: ["/x a→b"]),
        Case(what: "exchanged", before: "a: /x; b: /y", after: "a: /y; b: /x", moves: ["/x a→b", "/y b→a"]),
        Case(what: "copied is not moved", before: "a: /x", after: "a: /x; b: /x", moves: []),
        Case(what: "changed in place", before: "a: /x=0600", after: "a: /x=0644", moves: []),
        Case(
            what: "changed in place, the old value elsewhere", before: "a: /x=0600", after: "a: /x=0644; b: /x=0600",
            moves: []),
        Case(what: "dropped", before: "a: /x /y", after: "a: /x", moves: []),
        Case(what: "another pack is swapped in", before: "a: /x /y", after: "b: /y /z", moves: ["/y a→b"]),
    ]

    @Test(arguments: cases)
    func whatLeavesOnePackGoesToTheOneThatWantsTheSame(_ example: Case) {
        let moves = Self.moves(example.before, example.after)
            .map { "\($0.key.rawValue.dropFirst("file:".count)) \($0.source)→\($0.target)" }
        #expect(moves == example.moves)
    }

    struct AlertCase: Sendable, CustomTestStringConvertible {
        let what: String
        let before: String
        let after: String
        /// What is wrong, as `1 base /a /b`; without an alert `- base /a`.
        let drifts: [String]
        /// As `close 1`, `follow 1 base→core`, `split 1 base→web`.
        let steps: [String]
        var testDescription: String { what }
    }

    static let alertCases = [
        AlertCase(
            what: "renamed", before: "base: /a /b", after: "core: /a /b", drifts: ["1 base /a"],
            steps: ["follow 1 base→core"]),
        AlertCase(
            what: "renamed, and what was wrong is dropped", before: "base: /a /b", after: "core: /b",
            drifts: ["1 base /a"], steps: ["close 1"]),
        AlertCase(
            what: "renamed, and a part of what was wrong is dropped", before: "base: /a /b", after: "core: /b",
            drifts: ["1 base /a /b"], steps: ["follow 1 base→core"]),
        AlertCase(
            what: "no alert: it moves quietly", before: "base: /a", after: "core: /a", drifts: ["- base /a"], steps: []),
        AlertCase(
            what: "a part goes that was right", before: "base: /a /b", after: "base: /a; web: /b",
            drifts: ["1 base /a"],
            steps: []),
        AlertCase(
            what: "a part goes that was wrong", before: "base: /a /b", after: "base: /a; web: /b",
            drifts: ["1 base /a /b"], steps: ["split 1 base→web"]),
        AlertCase(
            what: "all that was wrong goes, the pack stays", before: "base: /a /b", after: "base: /a; web: /b",
            drifts: ["1 base /b"], steps: ["follow 1 base→web"]),
        AlertCase(
            what: "split: it goes with most of it", before: "base: /a /b /c", after: "one: /a; two: /b /c",
            drifts: ["1 base /a /b /c"], steps: ["follow 1 base→two", "split 1 base→one"]),
        AlertCase(
            what: "split in halves: the first by name", before: "base: /a /b", after: "y: /a; x: /b",
            drifts: ["1 base /a /b"], steps: ["follow 1 base→x", "split 1 base→y"]),
        AlertCase(
            what: "merged: the older alert goes on", before: "one: /a; two: /b", after: "all: /a /b",
            drifts: ["7 one /a", "3 two /b"], steps: ["close 7", "follow 3 two→all"]),
        AlertCase(
            what: "merged into one that has an alert", before: "one: /a; two: /b", after: "two: /a /b",
            drifts: ["1 one /a", "2 two /b"], steps: ["close 1"]),
        AlertCase(
            what: "into one that is wrong without an alert", before: "one: /a; two: /b", after: "two: /a /b",
            drifts: ["1 one /a", "- two /b"], steps: ["follow 1 one→two"]),
        AlertCase(
            what: "two parts for one that has none", before: "a: /k /x; b: /l /y", after: "a: /k; b: /l; c: /x /y",
            drifts: ["1 a /k /x", "2 b /l /y"], steps: ["split 1 a→c"]),
        AlertCase(
            what: "what moves from another pack is not this one's", before: "a: /k /x; b: /x", after: "a: /k /x; c: /x",
            drifts: ["1 a /k /x"], steps: []),
        AlertCase(
            what: "exchanged", before: "a: /x; b: /y", after: "a: /y; b: /x", drifts: ["1 a /x", "2 b /y"],
            steps: ["follow 1 a→b", "follow 2 b→a"]),
    ]

    @Test(arguments: alertCases)
    func anAlertGoesWhereWhatItIsAboutGoes(_ example: AlertCase) {
        let drifts = example.drifts.map { text in
            let parts = text.split(separator: " ").map(String.init)
            return RememberedDrift(
                PackName(rawValue: parts[1]), wrong: Set(parts.dropFirst(2).map { ItemKey(rawValue: "file:\($0)") }),
                alert: Int64(parts[0]))
        }
        let after = Self.packs(example.after).mapValues { Set($0.keys) }
        let alerts = AlertMoves(drifts, moves: Self.moves(example.before, example.after), after: after)
        let steps =
            alerts.close.map { "close \($0)" }
            + alerts.follow.map { "follow \($0.alert) \($0.source)→\($0.target)" }
            + alerts.split.map { "split \($0.alert) \($0.source)→\($0.target)" }
        #expect(steps == example.steps)
        // Drift that somebody was alerted about is never left without an alert.
        for move in Self.moves(example.before, example.after) {
            guard let drift = drifts.first(where: { $0.pack == move.source }), drift.alert != nil,
                drift.wrong.contains(move.key)
            else { continue }
            let stays = drifts.contains { other in
                other.pack == move.target && other.alert != nil && other.alert.map(alerts.close.contains) == false
                    && !alerts.follow.contains { $0.source == other.pack }
            }
            let arrives = (alerts.follow + alerts.split).contains { $0.target == move.target }
            #expect(stays || arrives, "\(move)")
        }
    }

    @Test
    func aTemplateOfAnotherNameWithTheSameTextIsTheSameWish() {
        func wanted(_ name: String, _ text: String) -> SHA256Digest {
            let content = FileExpectation.Content.template(name: name, bytes: Array(text.utf8))
            return Expectation(.file(FileExpectation(path: "/etc/motd", content: content)), description: name).wanted
        }
        #expect(wanted("motd", "hello") == wanted("greeting", "hello"))
        #expect(wanted("motd", "hello") != wanted("motd", "goodbye"))
    }
}

extension Substring {
    fileprivate var trimmingBlanks: String { String(drop { $0 == " " }) }
}
