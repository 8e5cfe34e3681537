import DriftCore
import Redaction
import Remote
import Testing

/// Answers that lie, break off or make no sense.
@Suite struct ProbeAnswerTests {
    private static let hash = SHA256Digest(of: Array("x\n".utf8))
    private static let questions = ProbeQuestions(
        files: [.init(path: "/a", expectedHashes: [SHA256Digest(of: [1])]), .init(path: "~/b"), .init(path: "/link")],
        packages: true, environment: ["E", "U"])
    private let request = ProbeRequest(questions, nonce: "d1")

    private static let files = [
        "stat 0 81a4:0:0:2:root:root", "hash 0 \(hash.hexadecimal)", "text 0 base64 eAo=", "gone 1 missing",
        "stat 2 a1ff:0:0:1:root:UNKNOWN", #"link 2 "t""#, "dangling 2",
    ]
    private static let others = [
        "Package: curl", "Status: install ok installed", "Architecture: amd64", "Version: 7.88.1-10", "", "pkgs dpkg",
        "env E=vim", "unset U", "envs complete",
    ]
    private static let good = section(1, files) + others

    /// Statuses and contents do not differ in how they are read, so the order is not that of the script.
    private static func section(_ number: Int, _ records: [String]) -> [String] {
        ["try \(number)"] + records + ["status \(number)", "done \(number)"]
    }

    private func answer(_ records: [String]) -> [UInt8] { Self.answer(records) }
    private static func answer(_ records: [String]) -> [UInt8] {
        let lines =
            ["noise", "driftwatch-probe d1 begin 2", "topics files packages environment", "home /home/x"] + records
            + [
                "answered files", "answered packages", "answered environment", "driftwatch-probe d1 end 3",
                "more noise",
            ]
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    @Test(arguments: [
        ["Status: install perhaps installed"], ["Status: install ok"], [],
        ["Status: install ok installed", "Version: 1"], ["Status: install ok installed", "Architecture: \u{1}"],
        ["Status: install ok installed", "Architecture: amd64", "Version: 7.88.1-10"],
        ["Status: install ok installed", "Architecture: amd64", "Package: wget"],
        ["Status: install ok installed", "Architecture: amd64", "Architecture: i386"],
        ["Status: install ok installed", "Status: purge ok not-installed", "Architecture: amd64"],
        ["Status: install ok installed", "Architecture: amd64", "", "pkgs dpkg"],
    ])
    func aPackageThatMakesNoSenseMakesTheListUnreadable(fields: [String]) throws {
        let packages = ["Package: curl", "Version: 7.88.1-10"] + fields + ["", "pkgs dpkg"]
        let facts = try ProbeAnswer.facts(in: answer(Self.section(1, Self.files) + packages), to: request)
        #expect(facts?.packages == .unreadable(.malformedAnswer))
    }

    @Test(arguments: [
        (["pkgs dpkg"], UnreadableReason.unsupported), (["pkgs rpm"], .malformedAnswer), (["pkgs error"], .readError),
        ([], .malformedAnswer),
    ])
    func aListOfNoPackageProvesNothing(ending: [String], reason: UnreadableReason) throws {
        let records = Self.section(1, Self.files) + ending + ["env E=vim", "unset U", "envs complete"]
        let facts = try #require(try ProbeAnswer.facts(in: answer(records), to: request))
        #expect(facts.packages == .unreadable(reason))
    }

    /// As dpkg may leave them.
    @Test(arguments: [("deinstall ok config-files", "rc "), ("install reinstreq half-installed", "iHR")])
    func whatIsLeftOfAPackageMayLackTheRest(status: String, letters: String) throws {
        let packages = ["Package: left", "Status: \(status)", ""] + Self.others
        let facts = try #require(try ProbeAnswer.facts(in: answer(Self.section(1, Self.files) + packages), to: request))
        let left = [InstalledPackage(dpkgLetters: letters, version: "", architecture: "")]
        guard case .listed(let database) = facts.packages else {
            Issue.record("\(facts.packages)")
            return
        }
        #expect(database.packages["left"] == left)
        #expect(database.packages.count == 2)
    }

    @Test func aWholeAnswerIsReadWhole() throws {
        let facts = try #require(try ProbeAnswer.facts(in: answer(Self.good), to: request))
        #expect(facts.home == "/home/x")
        let root = Account(name: "root", number: 0)
        #expect(
            facts.files["/a"]
                == .present(
                    FileEntry(
                        status: FileStatus(type: .file, mode: 0o644, owner: root, group: root, size: 2),
                        content: .read(Self.hash, bytes: Array("x\n".utf8)))))
        #expect(facts.files["~/b"] == .missing)
        guard case .present(let link) = facts.files["/link"] else {
            Issue.record("no link")
            return
        }
        #expect(link.link == .init(target: "t", destination: nil))
        #expect(link.status.group.name == nil)
        #expect(
            facts.packages
                == .listed(
                    PackageDatabase(
                        .dpkg, ["curl": [.init(dpkgLetters: "ii ", version: "7.88.1-10", architecture: "amd64")]])))
        #expect(facts.environment == ["E": .value("vim"), "U": .unset])
    }

    @Test func noAnswerAtAllIsNone() throws {
        #expect(try ProbeAnswer.facts(in: [], to: request) == nil)
        #expect(try ProbeAnswer.facts(in: Array("driftwatch-probe d2 begin 1\n".utf8), to: request) == nil)
    }

    @Test(arguments: Self.good.indices) func aRecordThatIsMissingProvesNothing(index: Int) throws {
        var records = Self.good
        records.remove(at: index)
        let whole = try #require(try ProbeAnswer.facts(in: answer(Self.good), to: request))
        do {
            let facts = try #require(try ProbeAnswer.facts(in: answer(records), to: request))
            expectNoInvention(facts, whole)
        } catch let failure as ProbeFailure {
            #expect(failure.reason == .malformedAnswer, "\(records)")
        }
    }

    @Test(arguments: [
        "stat 99 81a4:0:0:2:root:root", "stat -1 81a4:0:0:2:root:root", "stat x", "boo", "gone", "hash",
        "stat 18446744073709551616 81a4:0:0:2:root:root", "status 2", "done 7", "try x",
    ])
    func aRecordOfNoQuestionFailsTheWhole(record: String) {
        let records = Self.section(1, Self.files + [record]) + Self.others
        #expect(throws: ProbeFailure.self) { try ProbeAnswer.facts(in: answer(records), to: request) }
    }

    @Test func aRecordOutsideOfASectionFailsTheWhole() {
        #expect(throws: ProbeFailure.self) {
            try ProbeAnswer.facts(in: answer(Self.good + ["stat 0 81a4:0:0:2:root:root"]), to: request)
        }
    }

    /// That make no sense, or contradict what was said before.
    @Test(arguments: [
        "stat 0 81a4:0:0:2:root", "stat 0 zzzz:0:0:2:root:root", "stat 0 81a4:-1:0:2:root:root", "stat 0 ",
        "hash 0 abc", "gone 0 whatever", "gone 0", "stat 0 81ff:0:0:2:root:root", "nohash 0 denied",
        "hash 0 \(String(repeating: "0", count: 64))",
    ])
    func aRecordThatMakesNoSenseMakesItsItemUnreadable(record: String) throws {
        for records in [Self.files + [record], [record] + Self.files] {
            let facts = try #require(
                try ProbeAnswer.facts(in: answer(Self.section(1, records) + Self.others), to: request))
            switch facts.files["/a"] {
            case .unreadable(.malformedAnswer): break
            case .present(let entry): #expect(entry.content == .unreadable(.malformedAnswer))
            default: Issue.record("\(facts.files)")
            }
            #expect(facts.files["~/b"] == .missing, "its neighbours are judged")
        }
    }

    @Test func aTextThatIsNotTheHashedOneIsDropped() throws {
        let records = Self.files.map { $0.hasPrefix("text") ? "text 0 base64 eQo=" : $0 }
        #expect(try content(of: "/a", records) == .read(Self.hash, bytes: nil))
    }

    @Test func aTextOfAFileThatNotEveryAccountMayReadIsDropped() throws {
        let records = Self.files.map { $0.replacing("stat 0 81a4", with: "stat 0 81a0") }
        #expect(try content(of: "/a", records) == .read(Self.hash, bytes: nil))
        var shown = Self.questions
        shown.files[0].show = .text
        let request = ProbeRequest(shown, nonce: "d1")
        #expect(
            try content(of: "/a", records, request: request) == .read(Self.hash, bytes: Array("x\n".utf8)),
            "but where the pack says so")
        shown.files[0].show = .hidden
        #expect(
            try content(of: "/a", Self.files, request: ProbeRequest(shown, nonce: "d1")) == .read(Self.hash, bytes: nil)
        )
    }

    @Test func secretPlacesAreNeverTold() throws {
        for show in [FileExpectation.Show.worldReadable, .text] {
            let request = ProbeRequest(
                ProbeQuestions(files: [.init(path: "/etc/shadow", expectedHashes: [SHA256Digest(of: [1])], show: show)]
                ),
                nonce: "d1")
            #expect(!String(decoding: request.input, as: UTF8.self).contains(" c "))
            #expect(!String(decoding: request.input, as: UTF8.self).contains(" t "))
            #expect(
                try content(of: "/etc/shadow", Array(Self.files[...2]), request: request)
                    == .read(Self.hash, bytes: nil))
        }
    }

    @Test(arguments: [
        ("real 30 =/srv/x", true), ("real 30 =/etc/ppp/chap-secrets", false), ("real 30 =", false), ("real 30", false),
        ("real 30 srv/x", false),
    ])
    func whereAPathEndsDecidesToo(record: String, isShown: Bool) throws {
        #expect(
            try content(of: "/a", ["open 0 30", record] + Self.files)
                == .read(Self.hash, bytes: isShown ? Array("x\n".utf8) : nil))
    }

    /// A link in place of the home itself shows only to one who knows the home.
    @Test func aTildeIsTheHomeThatItStandsFor() throws {
        let tilde = ProbeRequest(
            ProbeQuestions(files: [.init(path: "~/a", expectedHashes: [SHA256Digest(of: [1])])]), nonce: "d1")
        for (home, isShown) in [("/home/x", true), ("/srv/secrets/x", false)] {
            let bytes = Self.answer(Self.section(1, Array(Self.files[...2])))
            let facts = try #require(
                try ProbeAnswer.facts(
                    in: Array(String(decoding: bytes, as: UTF8.self).replacing("/home/x", with: home).utf8), to: tilde))
            guard case .present(let entry) = facts.files["~/a"] else {
                Issue.record("no entry")
                return
            }
            #expect(entry.content == .read(Self.hash, bytes: isShown ? Array("x\n".utf8) : nil))
        }
    }

    @Test func controlCharactersAndBrokenTextBecomeHarmless() throws {
        for target in [#""a\000b\a""#, "=a\u{0}b\u{7}"] {
            let records = ["stat 2 a1ff:0:0:1:ro\u{1B}ot:UNKNOWN", "link 2 \(target)", "dangling 2"]
            let facts = try #require(try ProbeAnswer.facts(in: answer(Self.section(1, records)), to: request))
            guard case .present(let link) = facts.files["/link"] else {
                Issue.record("no link")
                return
            }
            #expect(link.link?.target == "a\u{FFFD}b\u{FFFD}")
            #expect(link.status.owner.name == "ro\u{FFFD}ot")
        }
    }

    @Test(arguments: [
        (#""a\nb'c""#, "a\nb'c"), (#""s\303\274\303\237""#, "s\u{FC}\u{DF}"), (#""\"\\""#, #""\"#), ("=\"x", "\"x"),
    ])
    func aQuotedLinkIsReadAsItIs(record: String, target: String) throws {
        let records = ["stat 2 a1ff:0:0:1:root:root", "link 2 \(record)", "dangling 2"]
        let facts = try #require(try ProbeAnswer.facts(in: answer(Self.section(1, records)), to: request))
        #expect(facts.files["/link"] == .present(linkEntry(target)))
    }

    @Test(arguments: [#""a"#, #""a\q""#, #""a\9""#, #""\12""#, #""\""#, "a"]) func aQuotedLinkThatIsCutProvesNothing(
        record: String
    ) throws {
        let records = ["stat 2 a1ff:0:0:1:root:root", "link 2 \(record)", "dangling 2"]
        let facts = try #require(try ProbeAnswer.facts(in: answer(Self.section(1, records)), to: request))
        #expect(facts.files["/link"] == .unreadable(.malformedAnswer))
    }

    // MARK: sections

    @Test func whatAGivenUpSectionSaysOfStatusesStands() throws {
        let records = ["try 1"] + Self.files.filter { !$0.hasPrefix("hash") && !$0.hasPrefix("text") } + ["status 1"]
        let facts = try #require(try ProbeAnswer.facts(in: answer(records + Self.others), to: request))
        #expect(facts.files["~/b"] == .missing)
        guard case .present(let entry) = facts.files["/a"] else {
            Issue.record("no entry")
            return
        }
        #expect(entry.content == .unreadable(.slow))
    }

    @Test func aSectionWithoutStatusesCountsForNothing() throws {
        let facts = try #require(
            try ProbeAnswer.facts(in: answer(["try 1"] + Self.files + Self.others), to: request))
        #expect(facts.files.values.allSatisfy { $0 == .unreadable(.slow) })
    }

    @Test func aLaterSectionReplacesAnEarlierOne() throws {
        let again = Self.section(2, ["gone 0 slow"])
        let facts = try #require(try ProbeAnswer.facts(in: answer(Self.good + again), to: request))
        #expect(facts.files["/a"] == .unreadable(.slow))
        #expect(facts.files["~/b"] == .missing)
    }

    @Test func rootAnswersWhatWasDenied() throws {
        let denied = Self.section(1, ["stat 0 8180:0:0:2:root:root", "nohash 0 denied"] + Self.files[3...])
        let root = Self.section(1, ["stat 0 8180:0:0:2:root:root", "hash 0 \(Self.hash.hexadecimal)"])
        let inner =
            ["driftwatch-probe d10 begin 2", "topics files"] + root + ["answered files", "driftwatch-probe d10 end 1"]
        #expect(
            try content(of: "/a", whole: denied + ["elevate", "a lecture"] + inner + ["elevated d1"] + Self.others)
                == .read(Self.hash, bytes: nil))
        #expect(
            try content(of: "/a", whole: denied + ["elevate", "a lecture", "elevated d1"] + Self.others)
                == .unreadable(.sudoRefused))
        #expect(try content(of: "/a", whole: denied + Self.others) == .unreadable(.permissionDenied))
        let cut = Array(inner[...4])
        #expect(
            try content(of: "/a", whole: denied + ["elevate"] + cut + ["elevated d1"] + Self.others)
                != .read(Self.hash, bytes: nil))
    }

    @Test func rootAnswersNothingElse() throws {
        let root = Self.section(1, ["gone 0 missing"])
        let inner = ["elevate", "driftwatch-probe d10 begin 2"] + root + ["driftwatch-probe d10 end 0", "elevated d1"]
        let facts = try #require(
            try ProbeAnswer.facts(in: answer(Self.section(1, Self.files) + inner + Self.others), to: request))
        #expect(facts.files["/a"] == .unreadable(.malformedAnswer))
    }

    @Test func aTopicThatTheScriptDoesNotKnowIsUnsupported() throws {
        let lines = [
            "driftwatch-probe d1 begin 2", "topics weather", "answered weather", "driftwatch-probe d1 end 1", "",
        ]
        let facts = try #require(
            try ProbeAnswer.facts(in: Array(lines.joined(separator: "\n").utf8), to: request))
        #expect(facts.files.values.allSatisfy { $0 == .unreadable(.unsupported) })
        #expect(facts.packages == .unreadable(.unsupported))
        #expect(facts.environment.values.allSatisfy { $0 == .unreadable(.unsupported) })
    }

    @Test(arguments: [
        ("envs error", UnreadableReason.readError), ("envs slow", .slow), ("envs unsupported", .unsupported),
    ])
    func anEnvironmentThatWasNotPrintedToItsEndProvesNothing(ending: String, reason: UnreadableReason) throws {
        let records = Self.good.map { $0.hasPrefix("envs") ? ending : $0 }
        let facts = try #require(try ProbeAnswer.facts(in: answer(records), to: request))
        #expect(facts.environment == ["E": .unreadable(reason), "U": .unreadable(reason)])
    }

    @Test func aVariableWithTwoValuesProvesNothing() throws {
        let facts = try #require(
            try ProbeAnswer.facts(in: answer(["env E=emacs"] + Self.good), to: request))
        #expect(facts.environment["E"] == .unreadable(.malformedAnswer))
        #expect(facts.environment["U"] == .unset)
    }

    @Test func aLineBreakInAValueTravelsAsOne() throws {
        let records = Self.good.map { $0 == "env E=vim" ? "env E=a\u{1}b\u{2}" : $0 }
        let facts = try #require(try ProbeAnswer.facts(in: answer(records), to: request))
        #expect(facts.environment["E"] == .value("a\nb\u{FFFD}"))
    }

    private func content(
        of path: ServerPath, _ records: [String], request: ProbeRequest? = nil
    ) throws -> FileContent? {
        try content(of: path, whole: Self.section(1, records), request: request)
    }

    private func content(
        of path: ServerPath, whole records: [String], request: ProbeRequest? = nil
    ) throws -> FileContent? {
        let facts = try #require(try ProbeAnswer.facts(in: answer(records), to: request ?? self.request))
        guard case .present(let entry) = facts.files[path] else {
            Issue.record("no entry: \(facts.files)")
            return nil
        }
        return entry.content
    }

    private func linkEntry(_ target: String) -> FileEntry {
        let root = Account(name: "root", number: 0)
        return FileEntry(
            status: FileStatus(type: .symlink, mode: 0o777, owner: root, group: root, size: 1),
            link: .init(target: target, destination: nil))
    }

    /// Cut, flipped, doubled and shuffled answers: never a crash, and nothing turns missing, unset or read by chance.
    @Test(arguments: 0..<40) func brokenAnswersInventNothing(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let whole = try #require(try ProbeAnswer.facts(in: answer(Self.good), to: request))
        for _ in 0..<50 {
            var bytes = answer(Self.good)
            switch random.next() % 4 {
            case 0: bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
            case 1:
                for _ in 0..<(1 + random.next() % 3) { bytes.remove(at: Int(random.next() % UInt64(bytes.count))) }
            case 2:
                let start = Int(random.next() % UInt64(bytes.count))
                bytes.insert(contentsOf: bytes[start...].prefix(20), at: start)
            default: bytes.removeSubrange(Int(random.next() % UInt64(bytes.count / 2))..<(bytes.count / 2))
            }
            do {
                guard let facts = try ProbeAnswer.facts(in: bytes, to: request) else { continue }
                for (path, fact) in facts.files where fact == .missing { #expect(path == "~/b") }
                for (name, fact) in facts.environment where fact == .unset { #expect(name == "U") }
                if case .present(let entry) = facts.files["/a"], case .read(let digest, let bytes) = entry.content {
                    #expect(bytes == nil || SHA256Digest(of: bytes ?? []) == digest)
                }
                _ = whole
            } catch {
                #expect([.truncated, .malformedAnswer, .probeOutdated].contains(error.reason))
            }
        }
    }

    private func expectNoInvention(_ facts: Facts, _ whole: Facts) {
        for (path, fact) in facts.files where fact == .missing { #expect(whole.files[path] == .missing) }
        for (name, fact) in facts.environment where fact == .unset { #expect(whole.environment[name] == .unset) }
        if case .listed = facts.packages { #expect(facts.packages == whole.packages) }
    }
}

/// A small generator with a seed, so that a failure can be seen again.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
