import Foundation
import Redaction
import TestSupport
import Testing

@testable import DriftCore

/// A reader sees that two texts differ, and where, or is told why not.
@Suite struct VisibleDifferenceTests {
    private func textDiff(_ old: [UInt8], _ new: [UInt8]) -> String? { mismatch(old, new)?.diff }

    private func mismatch(_ old: [UInt8], _ new: [UInt8]) -> Mismatch? {
        let wanted = FileExpectation(path: "/a", content: .template(name: "t", bytes: old))
        let facts = Facts(files: ["/a": file(content: .read(SHA256Digest(of: new), bytes: new))])
        guard case .wrong(let mismatches) = judge(.file(wanted), facts) else { return nil }
        return mismatches.first
    }

    private func lines(_ old: String, _ new: String) -> [String] {
        (textDiff(Array(old.utf8), Array(new.utf8)) ?? "").split(separator: "\n").dropFirst(3).map(String.init)
    }

    // MARK: one of each kind

    @Test(
        arguments: [
            ("a b\n", "a\u{A0}b\n", ["-a‹space›b", "+a‹U+00A0›b", #"\ ‹U+00A0› is NO-BREAK SPACE"#]),
            ("a b\n", "a\u{2009}b\n", ["-a‹space›b", "+a‹U+2009›b", #"\ ‹U+2009› is THIN SPACE"#]),
            ("a b\n", "a\u{3000}b\n", ["-a‹space›b", "+a‹U+3000›b", #"\ ‹U+3000› is IDEOGRAPHIC SPACE"#]),
            ("\ta\n", "    a\n", ["-‹tab›a", "+‹4 spaces›a"]),
            ("a = b\n", "a  =  b\n", ["-a = b", "+a ‹space›=‹space› b"]),
            ("no\n", "no  \n", ["-no", "+no‹2 spaces›"]),
            ("no\n", "no\t\n", ["-no", "+no‹tab›"]),
            ("no\n", "no\r\n", ["-no", "+no␍", #"\ ␍ is a carriage return"#]),
            ("no\n", "no", ["-no", "+no", #"\ No newline at end of file"#]),
            ("no\n\n", "no\n", [" no", "-"]),
            (
                "café\n", "cafe\u{301}\n",
                [
                    "-caf‹U+00E9›", "+cafe‹U+0301›",
                    #"\ ‹U+00E9› is LATIN SMALL LETTER E WITH ACUTE; ‹U+0301› is COMBINING ACUTE ACCENT"#,
                ]
            ),
            ("admin\n", "\u{430}dmin\n", ["-admin", "+‹U+0430›dmin", #"\ ‹U+0430› is CYRILLIC SMALL LETTER A"#]),
            ("a-b\n", "a–b\n", ["-a-b", "+a‹U+2013›b", #"\ ‹U+2013› is EN DASH"#]),
            ("a\n", "a\u{200B}\n", ["-a", "+a‹U+200B›", #"\ ‹U+200B› is ZERO WIDTH SPACE"#]),
            ("a\u{A0}b\n", "a‹U+00A0›b\n", ["-a‹U+00A0›b", "+a‹U+2039›U+00A0›b"]),
            (
                "l0 all 10\n", "lO all I0\n",
                [
                    "-l‹U+0030› all ‹U+0031›0", "+l‹U+004F› all ‹U+0049›0",
                    "\\ ‹U+0030› is DIGIT ZERO; ‹U+0031› is DIGIT ONE; ‹U+004F› is LATIN CAPITAL LETTER O; "
                        + "‹U+0049› is LATIN CAPITAL LETTER I",
                ]
            ),
            // Of lines of which several look the same, only what differs is named.
            ("vlan1 10\n", "vlanl 10\nvlanI 10\n", ["-vlan‹U+0031› 10", "+vlan‹U+006C› 10", "+vlan‹U+0049› 10"]),
            ("vlan1 \n", "vlan1\nvlan1\t\n", ["-vlan1‹space›", "+vlan1", "+vlan1‹tab›"]),
            // Beside a visible difference, too.
            (
                "Port 80 host\n", "Port 81 h\u{43E}st\n",
                ["-Port 80 host", "+Port 81 h‹U+043E›st", #"\ ‹U+043E› is CYRILLIC SMALL LETTER O"#]
            ),
            ("Port 80 eth1\n", "Port 8O eth2\n", ["-Port 8‹U+0030› eth1", "+Port 8‹U+004F› eth2"]),
        ] as [(String, String, [String])])
    func whatLooksAlikeIsNamed(old: String, new: String, shown: [String]) {
        #expect(Array(lines(old, new).prefix(shown.count)) == shown)
    }

    @Test(arguments: [
        ("\tif x\n\t\ty = 1  \n", "\tif x\n\t\ty = 2  \n"), ("größe = 1\n", "größe = 2\n"), ("müsli\n", "mösli\n"),
        ("Добро пожаловать\n", "Добро, друг\n"), ("a\tb\n", "a\tc\n"), ("all 10 Old\n", "all 11 Old\n"),
        ("vlan0\n", "vlan1\nvlan10\n"),
    ])
    func whatDiffersForAllToSeeIsLeftAsItIs(old: String, new: String) {
        #expect(!lines(old, new).joined().contains("‹"))
    }

    @Test func latinOneIsToldFromUTF8() {
        let diff = textDiff(Array("é\n".utf8), [0xE9, 0x0A])
        #expect(diff?.hasSuffix("-é\n+‹0xE9›\n\\ ‹0xE9› is a byte that is not UTF-8\n") == true)
    }

    @Test func aLongLineIsCutAroundItsDifference() {
        let users = "AllowUsers " + (0..<200).map { "user\($0)" }.joined(separator: " ")
        let lines = lines("a\n\(users)\nb\n", "a\n\(users) mallory\nb\n")
        let start = users.utf8.count - 80
        let end = String(users.suffix(80))
        #expect(
            lines == [
                " a", "-‹\(start) characters›\(end)", "+‹\(start) characters›\(end) mallory",
                "\\ Line 2 first differs at character \(users.utf8.count + 1)", " b",
            ])
    }

    @Test func aLongLineThatDiffersAtItsBeginningKeepsIt() {
        let rest = String(repeating: "x", count: 2000)
        let lines = lines("a\(rest)\n", "b\(rest)\n")
        #expect(lines.map { String($0.prefix(3)) } == ["-ax", "+bx"])
    }

    /// Of several lines, the one that is meant is found by its beginning, not by its number.
    @Test func aLongLineAmongNewOnesIsStillCutAroundItsDifference() {
        let users = "AllowUsers " + (0..<300).map { "user\($0)" }.joined(separator: " ")
        let lines = lines("\(users)\n", "x\n\(users) mallory\ny\n")
        #expect(lines.contains { $0.hasPrefix("+‹") && $0.hasSuffix(" mallory") })
    }

    /// What all can see lies beyond what is shown.
    @Test func aLookalikeBeforeACutIsNamed() {
        let shared = String(repeating: "k", count: 500)
        let lines = lines(
            "admin\(shared)\(String(repeating: "y", count: 3000))\n",
            "\u{430}dmin\(shared)\(String(repeating: "z", count: 3000))\n")
        #expect(lines.first?.hasPrefix("-admink") == true)
        #expect(lines.dropFirst().first?.hasPrefix("+‹U+0430›dmink") == true)
    }

    // MARK: secrets

    /// What is shown of a line with a secret is the same whatever the secret is, and however long.
    @Test(arguments: ["c4n4ry", "c4n4ry-c4n4ry-c4n4ry", "hunter c4n4ry", "c4n4r\u{443}"])
    func aMaskTellsNothingOfTheDifference(secret: String) throws {
        func shown(_ secret: String) -> Mismatch? {
            mismatch(Array("a=1\npassword='wanted1'\n".utf8), Array("a=2\npassword='\(secret)'\n".utf8))
        }
        #expect(shown(secret) == shown("c4n4ry1"))
        #expect(try #require(shown(secret)?.diff).contains("\\ Line 2 differs in what is not shown\n"))
        #expect("\(String(describing: shown(secret)))".contains("c4n4r") == false)
    }

    @Test func sizesAreNotToldOfTextsWithSecrets() {
        let many = (0..<500).map { "line \($0)\n" }.joined()
        let open = textDiff([], Array(many.utf8)) ?? ""
        #expect(open.contains("of 0 expected and \(many.utf8.count) actual bytes"))
        let secret = textDiff([], Array((many + "password=c4n4ry1\n").utf8)) ?? ""
        #expect(secret.contains("All lines were compared; 302 more of this diff are not shown"))
    }

    @Test func severalLinesThatLookTheSameAreAllSaid() {
        let lines = lines("token=c4n4ry01\ntoken=c4n4ry02\n", "token=c4n4ry03\ntoken=c4n4ry04\ntoken=c4n4ry05\n")
        #expect(lines.contains("\\ Lines 1-3 differ in what is not shown"))
    }

    @Test func whatWasTooLargeToBeSentIsSaid() {
        let wanted = FileExpectation(path: "/a", content: template("a"))
        let entry = file(.of(size: 70_000), content: .read(anyDigest, bytes: nil))
        guard case .wrong(let mismatches) = judge(.file(wanted), Facts(files: ["/a": entry])) else {
            Issue.record("the content differs")
            return
        }
        #expect(
            mismatches.first?.actual["note"]
                == "only the hash was compared, of all 70000 bytes: texts of more than 65536 are not sent")
    }

    // MARK: any two texts

    /// No removed line looks like an added one beside it, unless a remark says so.
    @Test(arguments: 0..<8)
    func anyTwoTextsAreSeenToDiffer(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let (old, new) = generator.deceptivePair(withSecrets: true)
            guard old != new else { continue }
            let diff = try #require(textDiff(old, new))
            #expect(Reader.fault(in: diff) == nil, "\(String(decoding: old, as: UTF8.self)) \(diff)")
        }
    }

    /// The part that is shown looks the same on both sides, and the texts are too long to be matched sign by sign.
    @Test func ofLongValuesTheFirstDifferenceIsNamedAndNothingElse() throws {
        let same = String(repeating: "a0", count: 250)
        let (wanted, found) = (
            "0" + same + String(repeating: "b", count: 3000), "O" + same + String(repeating: "c", count: 3000)
        )
        let setting = SettingExpectation(name: "LESS", expected: wanted, kind: .environmentVariable)
        guard case .wrong(let mismatches) = judge(.setting(setting), Facts(environment: ["LESS": .value(found)])) else {
            Issue.record("no mismatch")
            return
        }
        let mismatch = try #require(mismatches.first)
        #expect(mismatch.expected["value"]?.hasPrefix("‹U+0030›a0a0a0") == true)
        #expect(mismatch.actual["value"]?.hasPrefix("‹U+004F›a0a0a0") == true)
    }

    @Test(arguments: 0..<4)
    func anyTwoValuesAreSeenToDiffer(seed: UInt64) {
        var generator = SeededGenerator(seed: 0xA1 + seed)
        for _ in 0..<300 {
            let (old, new) = generator.deceptivePair(withSecrets: true)
            let (wanted, found) = (String(decoding: old, as: UTF8.self), String(decoding: new, as: UTF8.self))
            let setting = SettingExpectation(name: "LESS", expected: wanted, kind: .environmentVariable)
            guard case .wrong(let mismatches) = judge(.setting(setting), Facts(environment: ["LESS": .value(found)]))
            else { continue }
            let (expected, actual) = (mismatches[0].expected["value"] ?? "", mismatches[0].actual["value"] ?? "")
            let isSaid = mismatches[0].actual["note"]?.contains(Mismatch.hiddenDifference) == true
            #expect(isSaid || !Reader.looksAlike(expected, actual), "\(expected) \(actual)")
        }
    }

    /// With its marks read back, a diff is one that `patch` takes: nothing shown can be mistaken for something else.
    @Test func marksCanBeReadBack() async throws {
        var generator = SeededGenerator(seed: 0xBACC)
        let pairs = (0..<200).map { _ in generator.deceptivePair(withSecrets: false) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "marks-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (number, (old, new)) in pairs.enumerated() where old != new {
            let diff = try #require(textDiff(old, new))
            try Data(old).write(to: folder.appending(path: "\(number).old"))
            try Data(new).write(to: folder.appending(path: "\(number).new"))
            try Data(Reader.bytes(of: diff)).write(to: folder.appending(path: "\(number).diff"))
        }
        let script = """
            for old in *.old; do
                n=${old%.old}
                patch --quiet --binary $old $n.diff || echo "$n refused"
                [ -e $old ] || : > $old
                cmp -s $old $n.new || echo "$n differs"
            done
            """
        #expect(try await Tool.run(script: script, in: folder.path) == "")
    }
}

/// Reads a diff as a person does, and as one who knows the marks.
private enum Reader {
    /// By Foundation's tables, not by ours, as far as they go.
    static func looksAlike(_ one: String, _ other: String) -> Bool { impression(one) == impression(other) }

    private static func impression(_ text: String) -> String {
        let lookalikes: [Character: String] = [
            "а": "a", "о": "o", "–": "-", "“": "\"", "”": "\"", "’": "'", "1": "l", "I": "l", "0": "O",
        ]
        return text.precomposedStringWithCompatibilityMapping.filter { !$0.isWhitespace }
            .map { lookalikes[$0] ?? String($0) }.joined()
    }

    static func fault(in diff: String) -> String? {
        var (removed, added, remarks): ([String], [String], [String]) = ([], [], [])
        var fault: String?
        func judge() {
            defer { (removed, added, remarks) = ([], [], []) }
            guard !remarks.contains(where: { $0.hasSuffix(" in what is not shown") }) else { return }
            for old in removed {
                for new in added where looksAlike(old, new) { fault = "\(old) looks like \(new)" }
            }
        }
        for line in diff.split(separator: "\n").dropFirst(2).map(String.init) {
            switch line.first {
            case "-":
                if !added.isEmpty { judge() }
                removed.append(String(line.dropFirst()))
            case "+": added.append(String(line.dropFirst()))
            case "\\":
                if line.hasSuffix("No newline at end of file") {
                    if !added.isEmpty {
                        added[added.count - 1] += "⏎"
                    } else if !removed.isEmpty {
                        removed[removed.count - 1] += "⏎"
                    }
                } else {
                    remarks.append(line)
                }
            default: judge()
            }
        }
        judge()
        return fault
    }

    /// The diff with its marks read back, and without remarks that `patch` does not know.
    static func bytes(of diff: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for line in diff.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("\\"), !line.hasSuffix("No newline at end of file") { continue }
            var rest = line.unicodeScalars[...]
            while let scalar = rest.popFirst() {
                if scalar == "‹" {
                    let mark = String(rest.prefix { $0 != "›" })
                    rest = rest.dropFirst(mark.unicodeScalars.count + 1)
                    bytes += meaning(of: mark)
                } else if (0x2400...0x2420).contains(scalar.value) {
                    bytes.append(UInt8(scalar.value - 0x2400))
                } else if scalar.value == 0x2421 {
                    bytes.append(0x7F)
                } else {
                    bytes += Array(String(scalar).utf8)
                }
            }
            bytes.append(0x0A)
        }
        return bytes.last == 0x0A ? bytes.dropLast() : bytes
    }

    private static func meaning(of mark: String) -> [UInt8] {
        if mark.hasPrefix("U+"), let value = UInt32(mark.dropFirst(2), radix: 16), let scalar = Unicode.Scalar(value) {
            return Array(String(scalar).utf8)
        }
        if mark.hasPrefix("0x"), let byte = UInt8(mark.dropFirst(2), radix: 16) { return [byte] }
        let words = mark.split(separator: " ")
        let count = words.count == 2 ? Int(words[0]) ?? 0 : 1
        let byte = UInt8(ascii: words.last?.hasPrefix("tab") == true ? "\t" : " ")
        return [UInt8](repeating: byte, count: count)
    }
}

extension SeededGenerator {
    /// Two texts that differ in what is hard to see, of lines and pieces that look like others, and like our own marks.
    fileprivate mutating func deceptivePair(withSecrets: Bool) -> (old: [UInt8], new: [UInt8]) {
        var old: [[[UInt8]]] = (0..<Int.random(in: 1...6, using: &self)).map { _ in
            (0..<Int.random(in: 0...6, using: &self)).map { _ in piece(withSecrets) }
        }
        let new = old.flatMap { line -> [[[UInt8]]] in
            var line = line
            switch Int.random(in: 0..<6, using: &self) {
            case 0: line.append(piece(withSecrets))
            case 1 where !line.isEmpty: line[Int.random(in: line.indices, using: &self)] = piece(withSecrets)
            case 2 where !line.isEmpty: line.remove(at: Int.random(in: line.indices, using: &self))
            case 3: return [line, line]
            case 4 where Bool.random(using: &self): return []
            default: break
            }
            return [line]
        }
        if withSecrets, Int.random(in: 0..<10, using: &self) == 0 { old = [] }
        return (text(old), text(new))
    }

    private mutating func piece(_ withSecrets: Bool) -> [UInt8] {
        let pieces = [
            "a", "o", "port", " ", "  ", "\t", "\u{A0}", "\u{2009}", "\u{3000}", "é", "e\u{301}", "\u{430}", "\u{43E}",
            "\r", "‹", "‹U+00A0›", "‹2 spaces›", "␍", "‹masked›", "\u{200B}", "-", "–", "\"", "“", "\u{FF21}", "A",
            "\u{301}\u{327}", "\u{327}\u{301}", "‹9 characters›", "\\", "+", "\u{1B}", "l", "1", "I", "O", "0",
        ]
        switch Int.random(in: 0..<24, using: &self) {
        case 0: return [0xE9]
        case 1: return [0xFF, 0xFE]
        case 2 where withSecrets: return Array(String(repeating: "x", count: 1100).utf8)
        case 3 where withSecrets: return Array("password=c4n4ry\(Int.random(in: 0..<99, using: &self))".utf8)
        default: return Array((pieces.randomElement(using: &self) ?? "").utf8)
        }
    }

    private mutating func text(_ lines: [[[UInt8]]]) -> [UInt8] {
        let joined = Array(lines.map { Array($0.joined()) }.joined(separator: [0x0A]))
        return joined + (Int.random(in: 0..<4, using: &self) == 0 ? [] : [0x0A])
    }
}
