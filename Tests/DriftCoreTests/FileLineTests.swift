import DriftCore
import Testing

@Suite("Lines, sizes and ages of files")
struct FileLineTests {
    private func read(_ text: String, mode: UInt16 = 0o644, withheld: UnreadableReason? = nil) -> FileFact {
        let bytes = Array(text.utf8)
        var entry = FileEntry(
            status: .of(mode: mode, size: bytes.count),
            content: .read(SHA256Digest(of: bytes), bytes: withheld == nil ? bytes : nil))
        entry.textWithheld = withheld
        return .present(entry)
    }

    private func told(_ fact: FileFact, _ change: (inout FileExpectation) -> Void) -> Told? {
        var wanted = FileExpectation(path: "/etc/app.conf")
        change(&wanted)
        return Told(judge(.file(wanted), Facts(files: ["/etc/app.conf": fact])))
    }

    private func pattern(_ text: String) throws -> LineExpectation { .pattern(try LinearPattern(text)) }

    @Test(arguments: [
        ("PORT=443\n", true), ("A=1\nPORT=443", true), ("PORT=443\r\n", false), (" PORT=443\n", false), ("", false),
        ("PORT=4433\n", false), ("#PORT=443\n", false), ("PORT=443\n\n", true),
    ])
    func aLineIsAWholeLine(text: String, isThere: Bool) {
        let missing = Told.wrong(.missingLine, ["contains line": "PORT=443"], ["note": "no line is like this"])
        #expect(told(read(text)) { $0.contains = [.line("PORT=443")] } == (isThere ? .ok : missing))
        let found = told(read(text)) { $0.lacks = [.line("PORT=443")] }
        #expect((found == .ok) == !isThere)
    }

    @Test func aPatternMatchesInALine() throws {
        let level = try pattern("^LOG_LEVEL=(info|warn)$")
        #expect(told(read("A\nLOG_LEVEL=warn\n")) { $0.contains = [level] } == .ok)
        #expect(
            told(read("LOG_LEVEL=debug\n")) { $0.contains = [level] }
                == .wrong(
                    .missingLine, ["contains regex": "^LOG_LEVEL=(info|warn)$"], ["note": "no line is like this"]))
        // Never over the end of a line.
        let across = try pattern("A.*B|A\\nB")
        #expect(told(read("A\nB\n")) { $0.lacks = [across] } == .ok)
    }

    @Test func whatMustNotBeThereIsShownWithItsPlace() throws {
        let debug = try pattern("(?i)debug")
        #expect(
            told(read("a\nDEBUG=1\nb\nx debug\n")) { $0.lacks = [debug] }
                == .wrong(
                    .unexpectedLine, ["lacks regex": "(?i)debug"], ["line 2": "DEBUG=1", "line 4": "x debug"]))
        let many = String(repeating: "debug\n", count: 9)
        guard case .wrong(_, _, let actual) = told(read(many), { $0.lacks = [debug] }) else {
            Issue.record("not wrong")
            return
        }
        #expect(actual.count == 6)
        #expect(actual["note"] == "9 such lines")
    }

    @Test func aSecretInALineIsNotShown() throws {
        let any = try pattern("password")
        guard case .wrong(_, _, let actual) = told(read("password=hunter2hunter2\n"), { $0.lacks = [any] }) else {
            Issue.record("not wrong")
            return
        }
        #expect(actual["line 1"]?.contains("hunter2") == false)
    }

    @Test func severalLinesAreOneMismatch() {
        let found = told(read("a\n")) { $0.contains = [.line("b"), .line("a"), .line("c")] }
        #expect(
            found
                == .wrong(
                    .missingLine, ["contains line (1)": "b", "contains line (2)": "c"],
                    ["note": "none of these 2 is there"]))
    }

    @Test(arguments: [UnreadableReason.privateText, .tooLarge, .malformedAnswer])
    func aTextThatDidNotComeProvesNothing(reason: UnreadableReason) {
        for wanted in [[LineExpectation.line("a")], []] {
            let found = told(read("a\n", withheld: reason)) {
                $0.contains = wanted
                $0.lacks = wanted.isEmpty ? [.line("b")] : []
            }
            #expect(found == .unreadable(reason))
        }
    }

    /// What another pack may see, or an old probe sends unasked, is not this pack's.
    @Test func onlyWhatThePackMayShowIsRead() {
        let secret = read("a\n", mode: 0o600)
        #expect(told(secret) { $0.contains = [.line("b")] } == .unreadable(.privateText))
        #expect(
            told(secret) {
                $0.contains = [.line("a")]
                $0.show = .text
            } == .ok)
        #expect(
            told(read("a\n")) {
                $0.contains = [.line("b")]
                $0.show = .hidden
            } == .unreadable(.privateText))
    }

    @Test func whatIsNotTextHasNoLines() {
        #expect(told(read("a\0b\n")) { $0.lacks = [.line("c")] } == .unreadable(.notText))
        #expect(told(.present(FileEntry(status: .of()))) { $0.lacks = [.line("c")] } == .unreadable(.malformedAnswer))
        let fifo = FileFact.present(FileEntry(status: .of(), content: .unreadable(.notRegular)))
        #expect(told(fifo) { $0.contains = [.line("c")] } == .unreadable(.notRegular))
        #expect(
            told(.missing) { $0.contains = [.line("c")] }
                == .wrong(.missingFile, ["state": "file"], ["state": "absent"]))
    }

    // MARK: Modes, sizes, ages

    @Test(
        arguments: [
            (0o644, true), (0o600, true), (0o400, true), (0o000, true), (0o664, false), (0o645, false), (0o1644, false),
        ] as [(UInt16, Bool)])
    func aMaximumModeIsASetOfBits(mode: UInt16, isMet: Bool) {
        let found = told(read("a\n", mode: mode)) { $0.maximumMode = 0o644 }
        #expect((found == .ok) == isMet)
        if mode == 0o664 {
            #expect(found == .wrong(.wrongPermissions, ["max_mode": "0644"], ["mode": "0664"]))
        }
    }

    @Test func whatIsOptionalMayBeMissing() {
        #expect(told(.missing) { $0.isOptional = true } == .ok)
        #expect(
            told(read("a\n", mode: 0o666)) {
                $0.isOptional = true
                $0.mode = 0o644
            } == .wrong(.wrongPermissions, ["mode": "0644"], ["mode": "0666"]))
        #expect(told(.unreadable(.permissionDenied)) { $0.isOptional = true } == .unreadable(.permissionDenied))
    }

    @Test func aFileMayBeTooSmall() {
        #expect(told(.present(FileEntry(status: .of(size: 1024)))) { $0.minimumSize = 1024 } == .ok)
        #expect(
            told(.present(FileEntry(status: .of(size: 1023)))) { $0.minimumSize = 1 << 20 }
                == .wrong(.tooSmall, ["min_size": "1 MiB"], ["size": "1023 B"]))
    }

    private func age(modified: Int?, clock lines: [String]?, limit: Int = 93600) -> Told? {
        var status = FileStatus.of()
        status.modified = modified
        var wanted = FileExpectation(path: "/dump")
        wanted.maximumAge = limit
        var facts = Facts(files: ["/dump": .present(FileEntry(status: status))])
        let pack = Pack(name: PackName(rawValue: "a"), expectations: [Expectation(.file(wanted))])
        for question in ProbeQuestions(packs: [pack]).topics {
            if let lines {
                facts.topics.read(question.topic, lines.map { Array($0.utf8)[...] })
            } else {
                facts.topics.miss(question.topic, because: .slow)
            }
        }
        return Told(judge(.file(wanted), facts))
    }

    @Test func aFileMayBeTooOldByItsOwnServersClock() {
        #expect(age(modified: 1000, clock: ["now 94600"]) == .ok)
        #expect(
            age(modified: 999, clock: ["now 94600"]) == .wrong(.tooOld, ["max_age": "1 d 2 h"], ["age": "1 d 2 h 1 s"]))
        #expect(
            age(modified: 0, clock: ["now 1000000"])
                == .wrong(.tooOld, ["max_age": "1 d 2 h"], ["age": "11 d 13 h 46 min 40 s"]))
        // In the future, and so not old.
        #expect(age(modified: 200_000, clock: ["now 100"]) == .ok)
        #expect(age(modified: nil, clock: ["now 100"]) == .unreadable(.unsupported))
        #expect(age(modified: 1, clock: nil) == .unreadable(.slow))
        for lines in [[], ["now"], ["now x"], ["now 0"], ["now -5"], ["now 1", "now 2"], ["then 5"]] {
            #expect(age(modified: 1, clock: lines) == .unreadable(.malformedAnswer))
        }
    }

    @Test(
        arguments: [
            ("1MiB", 1 << 20), ("1 KiB", 1024), ("5B", 5), ("2GB", 2_000_000_000), ("1kB", 1000), ("", nil),
            ("MiB", nil),
            ("1", nil), ("1.5MiB", nil), ("-1B", nil), ("1mib", nil), ("9223372036854775807GiB", nil), ("１B", nil),
        ] as [(String, Int?)])
    func sizesHaveAUnit(text: String, bytes: Int?) { #expect(Quantity.bytes(text) == bytes) }

    @Test(
        arguments: [
            ("26h", 93600), ("2d", 172_800), ("90s", 90), ("5min", 300), ("5m", 300), ("1w", nil), ("h", nil),
            ("26", nil),
        ] as [(String, Int?)])
    func agesHaveAUnit(text: String, seconds: Int?) { #expect(Quantity.seconds(text) == seconds) }

    // MARK: Questions and content

    @Test func aTextThatIsNeededIsAskedFor() {
        var lines = FileExpectation(path: "/a")
        lines.contains = [.line("x")]
        let content = FileExpectation(path: "/a", content: .text("hello\n"))
        var directory = FileExpectation(path: "/b", state: .directory)
        directory.lacks = [.line("x")]
        let packs = [lines, content, directory].map {
            Pack(name: PackName(rawValue: "a"), expectations: [Expectation(.file($0))])
        }
        #expect(
            ProbeQuestions(packs: packs).files == [
                .init(path: "/a", expectedHashes: [SHA256Digest(of: Array("hello\n".utf8))], needsText: true),
                .init(path: "/b"),
            ])
    }

    @Test func aContentInThePackIsComparedLikeATemplate() {
        let wanted = FileExpectation(path: "/etc/issue", content: .text("Authorised use only\n"))
        let facts = Facts(files: ["/etc/issue": read("Welcome\n")])
        #expect(judge(.file(wanted), Facts(files: ["/etc/issue": read("Authorised use only\n")])) == .ok)
        guard case .wrong(let mismatches) = judge(.file(wanted), facts) else {
            Issue.record("not wrong")
            return
        }
        #expect(mismatches.map(\.type) == [.wrongContent])
        #expect(mismatches[0].diff?.contains("-Authorised use only\n+Welcome") == true)
    }

    /// A mismatch of lines that was seen stays known while the text cannot be read.
    @Test(arguments: [MismatchType.missingLine, .unexpectedLine, .wrongContent])
    func aContentThatCannotBeReadResolvesNothing(type: MismatchType) {
        let key = ItemKey(rawValue: "file:/a")
        let mismatch = Mismatch(type: type, item: "/a", key: key, expected: ["a": "b"], actual: ["a": "c"])
        let name = PackName(rawValue: "base")
        func check(_ outcome: ItemOutcome) -> Check {
            Check(packName: name, packDigest: anyDigest, outcomes: [outcome])
        }
        let compliant = Transition.decide(
            DriftState(status: .unknown, mismatches: [], unverified: [key]),
            seeing: check(ItemOutcome(key: key, item: "/a", finding: .ok)), alert: nil)
        let drifted = Transition.decide(
            compliant.state, seeing: check(ItemOutcome(key: key, item: "/a", finding: .wrong([mismatch]))), alert: nil)
        let unseen = ItemOutcome(
            key: key, item: "/a", finding: .unreadable(.privateText), unseenContent: .privateText)
        let after = Transition.decide(drifted.state, seeing: check(unseen), alert: LiveAlert(mismatchCount: 1))
        #expect(after.state.status == .drifted)
        #expect(after.action != .resolve(.compliant))
    }
}
