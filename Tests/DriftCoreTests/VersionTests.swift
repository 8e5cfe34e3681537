import DriftCore
import Foundation
import TestSupport
import Testing

@Suite struct VersionTests {
    /// In their order; where a row has several, they are equal.
    static let ladder: [[String]] = [
        ["~~"], ["~~a"], ["~"], ["0~"], ["0", "00", "0:0", "0-0", "0-", " 0 "], ["0a"], ["0.0~~"], ["0.0~"], ["0.0"],
        ["1.0~beta1~svn1245"], ["1.0~beta1"], ["1.0~rc1-1"], ["1.0", "1.00", "1.0-0"], ["1.0-1~bpo12+1"], ["1.0-1"],
        ["1.0-1ubuntu1"], ["1.0-1+b1"], ["1.0-1+deb12u1"], ["1.0-1+deb12u2"], ["1.0-1+deb12u10"], ["1.0a"], ["1.0b"],
        ["1.0+git20240101"], ["1.2"], ["1.2.3"], ["1.10"], ["20240101"], ["99999999999999999999999999"], ["1:0.1"],
        ["1:1.0"], ["2:0~"], ["10:0"],
    ]

    @Test func theLadderIsInOrder() {
        for (lower, row) in Self.ladder.enumerated() {
            for (upper, otherRow) in Self.ladder.enumerated() {
                for (left, right) in row.flatMap({ left in otherRow.map { (left, $0) } }) {
                    #expect((DebianVersion(left) < DebianVersion(right)) == (lower < upper), "\(left) < \(right)")
                    #expect((DebianVersion(left) == DebianVersion(right)) == (lower == upper), "\(left) == \(right)")
                }
            }
        }
    }

    @Test(arguments: [
        "", " ", ":", "-", "1:", ":1", "-1", "1-", "a:1", "1:2:3", "1-2-3", "-:-", "\u{0}", "é", "1é2", "~:~",
        "99999999999999999999999999999999999999:1", "1 2", String(repeating: "9", count: 10_000),
    ])
    func nonsenseIsOrderedToo(text: String) {
        let version = DebianVersion(text)
        #expect(version == DebianVersion(text))
        #expect(!(version < version))
        #expect((version < DebianVersion("1.0")) != (version >= DebianVersion("1.0")))
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dpkg")))
    func dpkgAgreesOnRandomVersions() throws {
        var generator = SeededGenerator(seed: 0x5EED)
        let fixed = [
            ("0", "0+"), ("0-0a", "0-1"), ("1.0-1ubuntu1", "1.0-1+deb12u1"), ("1.0-a-1", "1.0-1"), ("1.0-1", "1.0-1.1"),
            ("1:1", "2"), ("1.0-~", "1.0"),
            ("1.a", "1.+"), ("1.0~", "1.0-1~"), ("0:1", "1"), ("1.01", "1.1"), ("1a1", "1a01"), ("1.-1", "1-1"),
        ]
        let pairs = fixed + (0..<1500).map { _ in generator.versionPair() }
        let answers = try dpkgOrder(of: pairs)
        try #require(answers.count == pairs.count)
        for ((left, right), answer) in zip(pairs, answers) where answer != "refused" {
            let (a, b) = (DebianVersion(left), DebianVersion(right))
            #expect((a < b ? "lt" : a == b ? "eq" : "gt") == answer, "\(left) \(right)")
        }
        // Should the generator ever make only nonsense, this would test nothing.
        for answer in ["lt", "eq", "gt"] { #expect(answers.count { $0 == answer } > 50) }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dpkg")))
    func complaintsAreDpkgsOwn() throws {
        var generator = SeededGenerator(seed: 0xBAD)
        let fixed = [
            "latest", "v1.20", "5.2.15-2_amd64", "1.2 3", ":1", "1:", "1-", "1-1-", " 1 ", "\t1", "+1:1", "+:1", "x:1",
            "1:a", "99999999999:1", "2147483648:1", "2147483647:1", "1:1:1", "1:-1", "~1", "1:~1", "1.é", "1^2", "1 :1",
            "1: 1", "0x1:1", "1-1_1", "1.0-1+deb12u1", "1:2.39.2-1", "7.88", "1-é", "1.0*", ">=1", "1,0",
        ]
        let texts = fixed + (0..<1500).map { _ in generator.oddVersion() }
        let script = """
            while IFS= read -r version; do
                said=$(dpkg --validate-version "$version" 2>&1)
                status=$?
                said=${said##*has bad syntax: }
                printf '%s %s\\n' "$status" "$said"
            done
            """
        let answers = try shell(script, lines: texts)
        try #require(answers.count == texts.count)
        for (text, answer) in zip(texts, answers) {
            let complaint = DebianVersion.Complaint(about: text)
            #expect(answer == complaint.map { "\($0.isRefusal ? 2 : 1) \($0.words)" } ?? "0 ", "\(text)")
        }
        for status in ["0", "1", "2"] { #expect(answers.count { $0.hasPrefix(status) } > 50) }
    }

    /// One shell asks dpkg of all pairs.
    private func dpkgOrder(of pairs: [(String, String)]) throws -> [String] {
        let script = """
            while read -r a b; do
                if dpkg --compare-versions "$a" lt "$b"; then echo lt
                elif dpkg --compare-versions "$a" eq "$b"; then echo eq
                elif dpkg --compare-versions "$a" gt "$b"; then echo gt
                else echo refused
                fi
            done 2>/dev/null
            """
        return try shell(script, lines: pairs.map { "\($0.0) \($0.1)" })
    }

    private func shell(_ script: String, lines: [String]) throws -> [String] {
        let input = FileManager.default.temporaryDirectory.appending(path: "versions-\(UUID().uuidString)")
        try Data(lines.map { "\($0)\n" }.joined().utf8).write(to: input)
        defer { try? FileManager.default.removeItem(at: input) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", script]
        process.standardInput = try FileHandle(forReadingFrom: input)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let answer = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: answer, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

extension SeededGenerator {
    /// Two versions, often close to each other.
    fileprivate mutating func versionPair() -> (String, String) {
        let left = version()
        guard Int.random(in: 0..<3, using: &self) > 0 else { return (left, version()) }
        // One character changed, dropped or added keeps the pair close.
        var right = Array(left)
        let place = Int.random(in: 0..<right.count, using: &self)
        let character = Self.alphabet.randomElement(using: &self) ?? "0"
        switch Int.random(in: 0..<4, using: &self) {
        case 0: right[place] = character
        case 1: right.insert(character, at: place)
        case 2 where right.count > 1: right.remove(at: place)
        default: break
        }
        return (left, String(right))
    }

    /// Often not a version, and never what the command line would take for an option.
    fileprivate mutating func oddVersion() -> String {
        let alphabet = Array("0123456789019abzA.+~~::--_^ é")
        let text = String(
            (0..<Int.random(in: 1...9, using: &self)).compactMap { _ in alphabet.randomElement(using: &self) })
        return text.hasPrefix("-") ? "1" + text : text
    }

    private static let alphabet = Array("0123456789019abzA.+~~")

    private mutating func version() -> String {
        let epoch = Int.random(in: 0..<4, using: &self) == 0 ? "\(Int.random(in: 0...2, using: &self)):" : ""
        let revision = Bool.random(using: &self) ? "-" + characters(1...4) : ""
        return epoch + "\(Int.random(in: 0...12, using: &self))" + characters(0...6) + revision
    }

    private mutating func characters(_ count: ClosedRange<Int>) -> String {
        String((0..<Int.random(in: count, using: &self)).compactMap { _ in Self.alphabet.randomElement(using: &self) })
    }
}
