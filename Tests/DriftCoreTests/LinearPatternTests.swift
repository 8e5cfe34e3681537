import DriftCore
import Foundation
import TestSupport
import Testing

@Suite struct LinearPatternTests {
    @Test(arguments: [
        ("^LOG_LEVEL=(info|warn)$", ["LOG_LEVEL=info", "LOG_LEVEL=warn"], ["LOG_LEVEL=debug", " LOG_LEVEL=info", ""]),
        ("(?i)debug", ["DEBUG=1", "xdeBug"], ["DEBU"]),
        (
            "^\\s*PermitRootLogin\\s+no\\b", ["PermitRootLogin no", "\tPermitRootLogin   no # x"],
            ["PermitRootLogin none"]
        ),
        ("", ["", "x"], []),
        ("^$", [""], ["x"]),
        ("a{2}b{1,2}c{0,}$", ["aab", "xaabbccc"], ["ab", "aabbb"]),
        ("[^a-c]", ["d", "-", "\n"], ["abc", ""]),
        ("[]x-]+", ["]", "-", "x"], ["y", "["]),
        ("[a\\]b]$", ["]"], ["\\"]),
        ("[[:alpha:]][[:^digit:]]", ["ab", "a-"], ["a1", "1a"]),
        ("\\.conf$", ["a.conf"], ["aconf", "a.config"]),
        ("x.y", ["xéy", "x😀y"], ["xy", "x\ny"]),
        ("(?s)x.y", ["x\ny"], ["xy"]),
        ("(?m)^b$", ["a\nb\nc", "b"], ["ab\nc"]),
        ("\\Ab\\z", ["b"], ["a\nb", "b\n"]),
        ("(?i)straße|ÄÖ|жук", ["STRAßE", "äö", "ЖУК"], ["strasse", "ao"]),
        ("(?i:a)b", ["Ab", "ab"], ["AB"]),
        ("a(?i)b|c(?-i)d", ["aB", "Cd"], ["AB", "CD"]),
        ("(?i)[^k]", ["x"], ["K", "k"]),
        ("(?<level>a|b)+?(?P<x>c)", ["abc"], ["ab"]),
        ("\\x41\\x{1F600}\\u00e9\\t", ["A😀é\t"], ["A😀e\t"]),
        ("\\bfoo\\b", ["foo", "a foo-b"], ["food", "_foo", "foo1"]),
        ("\\Bx", ["ax", "xx"], ["x", "-x"]),
        ("${HOME}{x", [], ["${HOME}{x"]),
        ("\\${HOME}{x", ["${HOME}{x"], ["$HOME"]),
        ("(a|)(b|)$", ["", "a", "b", "ab"], []),
        ("(|a)+b", ["b", "aab"], ["a"]),
        ("()*x", ["x"], [""]),
        ("(^a|b$)c?", ["a", "b", "xb"], ["xa", "bx"]),
        ("\\/\\-\\_\\#\\ ", ["/-_# "], ["/-_#"]),
        ("]}", ["]}"], ["]"]), ("^a{1000}{", [String(repeating: "a", count: 1000) + "{"], ["a{1000}{"]),
    ])
    func aPatternMatches(pattern: String, texts: [String], others: [String]) throws {
        let compiled = try LinearPattern(pattern)
        for text in texts { #expect(compiled.matches(text), "\(text)") }
        for text in others { #expect(!compiled.matches(text), "\(text)") }
    }

    @Test(arguments: [
        ("a\\1", 2, "back-references"), ("(?<x>a)\\k<x>", 8, "back-references"), ("(?P=x)", 1, "back-references"),
        ("a(?=b)", 2, "look-ahead"), ("(?!b)", 1, "look-ahead"), ("(?<=b)", 1, "look-behind"),
        ("x(?<!b)", 2, "look-behind"),
        ("(?>a)", 1, "atomic"), ("(?#x)", 1, "comments"), ("(?x)a", 3, "(?x"), ("(?i", 1, "not closed"),
        ("a++", 3, "possessive"), ("a**", 3, "repeats a repetition"), ("a{2}{3}", 5, "repeats a repetition"),
        ("*a", 1, "nothing before"), ("a|+", 3, "nothing before"), ("(?i)?", 5, "nothing before"),
        ("^*", 2, "nothing before"), ("{2}", 1, "nothing before"), ("a{,3}", 2, "{0,n}"),
        ("a{3,2}", 2, "wrong way round"),
        ("a{1001}", 3, "1000"), ("a{99999999999999999999}", 3, "1000"), ("(a", 1, "not closed"),
        ("a)", 2, "closes no group"),
        ("[a", 1, "not closed"), ("[]", 1, "not closed"), ("[z-a]", 2, "wrong way round"), ("[a-\\d]", 2, "range"),
        ("[[:word]]", 2, "[:alpha:]"), ("[[:letter:]]", 2, "[:alpha:]"), ("[[.a.]]", 2, "[:alpha:]"),
        ("a\\", 2, "nothing after"),
        ("\\pL", 1, "class"), ("\\q", 1, "not known"), ("\\<a", 1, "\\b"), ("\\x4", 1, "hexadecimal"),
        ("\\x{110000}", 1, "hexadecimal"), ("\\ud800", 1, "hexadecimal"), ("(?<é>a)", 4, "name of a group"),
        ("é(", 2, "not closed"),
        ("((a{100}){100}){100}", 1, "too large"), (String(repeating: "(", count: 200), 101, "deeper"),
        (
            "((((((((((((a{1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000}){1000})", 1,
            "too large"
        ),
        ("(){1000}(){1000}(){1000}", 1, "too large"), (String(repeating: "a", count: 5000), 4097, "at most 4096"),
    ])
    func whatItDoesNotKnowIsNamed(pattern: String, character: Int, says: String) throws {
        let error = try #require(throws: PatternError.self) { try LinearPattern(pattern) }
        #expect(error.character == character, "\(error)")
        #expect(error.reason.contains(says), "\(error)")
    }

    /// Each has exponentially many ways to fail, which a backtracking matcher tries one after the other.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "(a*)*b", "(a|a)*b", "(a+a+)+y", "(a*)*(a*)*(a*)*b", "(a?){500}a{500}b", "((a{0,9}){0,9}){0,9}b",
            "(.*)(.*)(.*)(.*)=b",
            "^(([a-z])+.)+[A-Z]([a-z])+$", "(?i)(a|A|aa)+$(?-i)b", "[ab]*a[ab]{100}c", "(a|b|ab)*c",
        ])
    func hostileTextsTakeLinearTime(pattern: String) throws {
        var matcher = LinearPattern.Matcher(try LinearPattern(pattern))
        var generator = SeededGenerator(seed: 7)
        let fits = matcher.matches(String(repeating: "a", count: 20_000))
        #expect(!fits)
        // In which no two places of the automaton are alike.
        let text = String((0..<20_000).map { _ in Bool.random(using: &generator) ? "a" : "b" })
        _ = matcher.matches(text + "!")
    }

    @Test func patternsAreEqualByTheirText() throws {
        #expect(try LinearPattern("a|b") == LinearPattern("a|b"))
        #expect(try LinearPattern("a|b") != LinearPattern("b|a"))
        #expect(try LinearPattern("a|b").hashValue == LinearPattern("a|b").hashValue)
    }

    /// Python's matcher is another kind of machine: it backtracks.
    ///
    /// Its `\B` fails on an empty text, where that of PCRE matches.
    @Test func pythonAgreesOnRandomPatterns() throws {
        var generator = SeededGenerator(seed: 0xAB)
        let cases = (0..<4000).map { _ in (generator.pattern(depth: 3), (0..<6).map { _ in generator.text() }) }
        let script = """
            import json, re, sys
            for line in sys.stdin:
                pattern, *texts = json.loads(line)
                try:
                    compiled = re.compile(pattern.replace("\\\\z", "\\\\Z").replace("\\\\B", "(?:(?!\\\\b))"), re.ASCII)
                except re.error as error:
                    print("refused")
                else:
                    print("".join("1" if compiled.search(text) else "0" for text in texts))
            """
        let answers = try ReferenceProgram.python(script, cases: cases.map { [$0.0] + $0.1 })
        try #require(answers.count == cases.count)
        var counts = ["0": 0, "1": 0, "refused": 0]
        for ((text, texts), answer) in zip(cases, answers) {
            guard let pattern = try? LinearPattern(text) else {
                #expect(answer == "refused", "\(text)")
                counts["refused", default: 0] += 1
                continue
            }
            var matcher = LinearPattern.Matcher(pattern)
            let found = texts.map { matcher.matches($0) ? "1" : "0" }
            for one in found { counts[one, default: 0] += 1 }
            #expect(found.joined() == answer, "\(text) on \(texts)")
        }
        #expect(counts.values.allSatisfy { $0 > 50 }, "\(counts)")
    }
}

extension SeededGenerator {
    fileprivate mutating func text() -> String {
        String(
            (0..<Int.random(in: 0...8, using: &self)).compactMap { _ in Array("aabbcA_1- é").randomElement(using: &self)
            })
    }

    fileprivate mutating func pattern(depth: Int) -> String {
        let branches = Int.random(in: 0..<4, using: &self) == 0 ? 2 : 1
        return (0..<branches).map { _ in
            (0..<Int.random(in: 0...3, using: &self)).map { _ in piece(depth: depth) }.joined()
        }.joined(separator: "|")
    }

    private mutating func piece(depth: Int) -> String {
        let anchors = ["^", "$", "\\b", "\\B", "\\A", "\\z"]
        switch Int.random(in: 0..<12, using: &self) {
        case 0: return anchors.randomElement(using: &self) ?? ""
        case 1: return "(?i:\(pattern(depth: max(depth - 1, 0))))"
        // Some are wrong, in ways that both know.
        case 2 where Int.random(in: 0..<12, using: &self) == 0:
            return ["*", "(", ")", "[", "a**", "[b-a]"].randomElement(using: &self) ?? ""
        case 2...5 where depth > 0: return "(\(pattern(depth: depth - 1)))" + repetition()
        default: return atom() + repetition()
        }
    }

    private mutating func atom() -> String {
        [
            "a", "b", "c", "A", "1", "-", "_", "é", ".", "\\w", "\\d", "\\s", "\\W", "\\D", "\\S", "[ab]", "[^a]",
            "[a-c1]", "[^\\w]",
            "[\\d-]", "[]a]", "[A-Z_]", "\\-", "\\x61",
        ].randomElement(using: &self) ?? "a"
    }

    private mutating func repetition() -> String {
        guard Int.random(in: 0..<3, using: &self) == 0 else { return "" }
        let counts = ["*", "+", "?", "{2}", "{0,1}", "{1,}", "{0,2}", "{1,3}", "{0}"].randomElement(using: &self) ?? ""
        return counts + (Int.random(in: 0..<4, using: &self) == 0 ? "?" : "")
    }
}
