import DriftCore
import Redaction
import Testing

@Suite struct ComparisonFileTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        var wanted: FileExpectation
        var fact: FileFact?
        var told: Told
        var testDescription: String { name }

        init(_ name: String, _ wanted: FileExpectation, _ fact: FileFact?, _ told: Told) {
            self.name = name
            self.wanted = wanted
            self.fact = fact
            self.told = told
        }
    }

    static func wanted(
        _ state: FileExpectation.State = .file, mode: UInt16? = nil, owner: String? = nil, group: String? = nil,
        content: FileExpectation.Content? = nil, target: String? = nil
    ) -> FileExpectation {
        FileExpectation(
            path: "/etc/motd", state: state, mode: mode, owner: owner, group: group, content: content, target: target)
    }

    static func hashes(_ expected: String, _ actual: String) -> Told {
        .wrong(
            .wrongContent, ["content_hash": SHA256Digest(of: Array(expected.utf8)).description],
            ["content_hash": SHA256Digest(of: Array(actual.utf8)).description])
    }

    static let states: [Case] = [
        Case("there", wanted(), file(), .ok),
        Case("missing", wanted(), .missing, .wrong(.missingFile, ["state": "file"], ["state": "absent"])),
        Case(
            "missing directory", wanted(.directory), .missing,
            .wrong(.missingFile, ["state": "directory"], ["state": "absent"])),
        Case(
            "missing link", wanted(.symlink), .missing,
            .wrong(.missingFile, ["state": "symlink"], ["state": "absent"])),
        Case("not in the answer", wanted(), nil, .unreadable(.malformedAnswer)),
        Case("absent but not in the answer", wanted(.absent), nil, .unreadable(.malformedAnswer)),
        Case("unreadable", wanted(), .unreadable(.permissionDenied), .unreadable(.permissionDenied)),
        Case("absent but unreadable", wanted(.absent), .unreadable(.sudoRefused), .unreadable(.sudoRefused)),
        Case("absent", wanted(.absent), .missing, .ok),
        Case(
            "unexpected", wanted(.absent), file(),
            .wrong(.unexpectedFile, ["state": "absent"], ["state": "file"])),
        Case(
            "unexpected, dangling", wanted(.absent), link(to: "gone", nil),
            .wrong(.unexpectedFile, ["state": "absent"], ["state": "symlink"])),
        Case("a link to a file is a file", wanted(), link(to: "x", .of()), .ok),
        Case("a link to a directory is a directory", wanted(.directory), link(to: "x", .of(.directory)), .ok),
        Case(
            "dangling", wanted(), link(to: "gone", nil),
            .wrong(.missingFile, ["state": "file"], ["state": "symlink", "target": "gone", "note": "leads nowhere"])),
        Case("a link without its target", wanted(), file(.of(.symlink)), .unreadable(.malformedAnswer)),
        Case(
            "a file where a link is wanted", wanted(.symlink, target: "x"), file(),
            .wrong(.wrongType, ["state": "symlink"], ["state": "file"])),
        Case("a dangling link is a link", wanted(.symlink), link(to: "gone", nil), .ok),
        Case("the right target", wanted(.symlink, target: "../x"), link(to: "../x", .of()), .ok),
        Case(
            "another target", wanted(.symlink, target: "../x"), link(to: "./../x", .of()),
            .wrong(.wrongTarget, ["target": "../x"], ["target": "./../x"])),
        Case(
            "a link's target is not seen", wanted(.symlink, target: "x"), file(.of(.symlink)),
            .unreadable(.malformedAnswer)),
        Case(
            "a FIFO", wanted(mode: 0o600, content: template("x")), file(.of(.fifo)),
            .wrong(.wrongType, ["state": "file"], ["state": "fifo"])),
        Case(
            "wrong type ends it", wanted(mode: 0o600, owner: "deploy", content: template("x")), file(.of(.directory)),
            .wrong(.wrongType, ["state": "file"], ["state": "directory"])),
        Case(
            "a file where a directory is wanted", wanted(.directory), link(to: "x", .of(.file)),
            .wrong(.wrongType, ["state": "directory"], ["state": "file"])),
        Case("a target of a plain file", wanted(target: "x"), file(), .unreadable(.unsupported)),
        Case(
            "the content of a directory", wanted(.directory, content: template("x")), file(.of(.directory)),
            .unreadable(.notRegular)),
    ]

    static let attributes: [Case] = [
        Case("right mode", wanted(mode: 0o644), file(), .ok),
        Case(
            "wrong mode", wanted(mode: 0o600), file(),
            .wrong(.wrongPermissions, ["mode": "0600"], ["mode": "0644"])),
        Case(
            "twelve bits", wanted(mode: 0o644), file(.of(mode: 0o4644)),
            .wrong(.wrongPermissions, ["mode": "0644"], ["mode": "4644"])),
        Case("no more than twelve bits", wanted(mode: 0o644), file(.of(mode: 0o100644)), .ok),
        Case(
            "mode zero", wanted(mode: 0), file(.of(mode: 0o1000)),
            .wrong(.wrongPermissions, ["mode": "0000"], ["mode": "1000"])),
        Case("the mode of what the link leads to", wanted(mode: 0o600), link(to: "x", .of(mode: 0o600)), .ok),
        Case(
            "the link's own mode does not count", wanted(mode: 0o777), link(to: "x", .of(mode: 0o600)),
            .wrong(.wrongPermissions, ["mode": "0777"], ["mode": "0600"])),
        Case("the owner of a link itself", wanted(.symlink, owner: "root"), link(to: "x", .of(owner: .deploy)), .ok),
        Case("owner by name", wanted(owner: "root"), file(), .ok),
        Case("owner by number", wanted(owner: "0"), file(), .ok),
        Case(
            "wrong owner by name", wanted(owner: "root"), file(.of(owner: .deploy)),
            .wrong(.wrongOwner, ["owner": "root"], ["owner": "deploy"])),
        Case(
            "wrong owner by number", wanted(owner: "0"), file(.of(owner: .deploy)),
            .wrong(.wrongOwner, ["owner": "0"], ["owner": "1000"])),
        Case(
            "an owner without a name", wanted(owner: "root"), file(.of(owner: .nameless)),
            .wrong(.wrongOwner, ["owner": "root"], ["owner": "1234"])),
        Case("an owner without a name, by number", wanted(owner: "1234"), file(.of(owner: .nameless)), .ok),
        Case("a name made of digits", wanted(owner: "77"), file(.of(owner: .digits)), .ok),
        Case(
            "no sign before a number", wanted(owner: "+0"), file(),
            .wrong(.wrongOwner, ["owner": "+0"], ["owner": "root"])),
        Case(
            "wrong group", wanted(owner: "root", group: "adm"), file(.of(group: .deploy)),
            .wrong(.wrongOwner, ["group": "adm"], ["group": "deploy"])),
        Case(
            "owner and group are one mismatch", wanted(owner: "a", group: "b"), file(),
            .wrong(.wrongOwner, ["owner": "a", "group": "b"], ["owner": "root", "group": "root"])),
        Case(
            "everything wrong", wanted(mode: 0, owner: "a", content: template("x")), file(content: text("y")),
            .several([.wrongPermissions, .wrongOwner, .wrongContent])),
    ]

    static let contents: [Case] = [
        Case("right content", wanted(content: template("a\n")), file(content: text("a\n")), .ok),
        Case("right hash", wanted(content: .hash(SHA256Digest(of: Array("a".utf8)))), file(content: text("a")), .ok),
        Case(
            "wrong hash", wanted(content: .hash(SHA256Digest(of: Array("a".utf8)))), file(content: text("b")),
            hashes("a", "b")),
        Case("content not in the answer", wanted(content: template("a")), file(), .unreadable(.malformedAnswer)),
        Case(
            "content that cannot be read", wanted(content: template("a")),
            file(content: .unreadable(.permissionDenied)), .unreadable(.permissionDenied)),
        Case(
            "what is proven wrong wins", wanted(mode: 0o600, content: template("a")),
            file(content: .unreadable(.permissionDenied)),
            .wrong(.wrongPermissions, ["mode": "0600"], ["mode": "0644"])),
        Case("content nobody asks for", wanted(), file(content: text("b")), .ok),
        Case("content through a link", wanted(content: template("a")), link(to: "x", .of(), content: text("a")), .ok),
    ]

    static let reasonsThatLeaveTheSize: [UnreadableReason] = [
        .permissionDenied, .sudoRefused, .tooLarge, .privateText, .slow, .plantedLink, .unsupported,
    ]

    @Test(arguments: UnreadableReason.allCases)
    func aSizeThatDiffersIsProofWithoutTheContent(reason: UnreadableReason) {
        func judged(_ fact: FileFact) -> Told? {
            Told(judge(.file(Self.wanted(content: template("six by"))), Facts(files: ["/etc/motd": fact])))
        }
        let large = file(.of(size: 34_603_037), content: .unreadable(reason))
        let linked = link(to: "x", .of(size: 7), content: .unreadable(reason))
        guard Self.reasonsThatLeaveTheSize.contains(reason) else {
            #expect(judged(large) == .unreadable(reason))
            return
        }
        let note = "the size differs; not read: \(reason.words)"
        let expected = ["template": "motd", "size": "6"]
        #expect(judged(large) == .wrong(.wrongContent, expected, ["size": "34603037", "note": note]))
        #expect(judged(linked) == .wrong(.wrongContent, expected, ["size": "7", "note": note]))
        #expect(judged(file(.of(size: 6), content: .unreadable(reason))) == .unreadable(reason))
    }

    @Test func aHashProvesNothingBySize() {
        let wanted = Self.wanted(content: .hash(SHA256Digest(of: [1])))
        let fact = file(.of(size: 40_000_000), content: .unreadable(.tooLarge))
        #expect(Told(judge(.file(wanted), Facts(files: ["/etc/motd": fact]))) == .unreadable(.tooLarge))
    }

    @Test(arguments: [
        FileExpectation(path: "/etc/motd", content: template("six by"), show: .hidden),
        FileExpectation(path: "/root/.pgpass", content: template("six by"), show: .text),
    ])
    func theSizeOfWhatIsNotShownIsNotShownEither(wanted: FileExpectation) throws {
        let fact = file(.of(mode: 0o600, size: 7), content: .unreadable(.permissionDenied))
        let finding = judge(.file(wanted), Facts(files: [ServerPath(wanted.path): fact]))
        guard case .wrong(let mismatches) = finding else {
            Issue.record("not wrong")
            return
        }
        #expect(mismatches.map(\.type) == [.wrongContent])
        #expect(mismatches.first?.expected == ["template": "motd"])
        let note = "the size differs, and is not shown; not read: the login user may not read it"
        #expect(mismatches.first?.actual == ["note": note])
    }

    @Test func aContentProvenWrongBySizeIsJudgedWhole() {
        let expectation = DriftCore.Expectation(.file(Self.wanted(mode: 0o600, content: template("six by"))))
        let pack = Pack(name: PackName(rawValue: "base"), expectations: [expectation])
        let fact = file(.of(size: 7), content: .unreadable(.tooLarge))
        let check = Comparison.judge(Facts(files: ["/etc/motd": fact]), against: pack, digest: anyDigest)
        #expect(check.outcomes.first?.unseenContent == nil)
        #expect(check.mismatches.map(\.type) == [.wrongPermissions, .wrongContent])
    }

    @Test(arguments: states)
    func stateIsJudged(_ test: Case) {
        #expect(Told(judge(.file(test.wanted), Facts(files: fact(test)))) == test.told)
    }

    @Test(arguments: attributes)
    func modeAndOwnersAreJudged(_ test: Case) {
        #expect(Told(judge(.file(test.wanted), Facts(files: fact(test)))) == test.told)
    }

    @Test(arguments: contents)
    func contentIsJudged(_ test: Case) {
        #expect(Told(judge(.file(test.wanted), Facts(files: fact(test)))) == test.told)
    }

    @Test func aContentOutOfSightIsToldBesideWhatWasSeen() {
        let unseen = file(content: .unreadable(.permissionDenied))
        func outcome(_ mode: UInt16?, _ fact: FileFact) -> ItemOutcome? {
            let expectation = DriftCore.Expectation(.file(Self.wanted(mode: mode, content: template("a"))))
            let pack = Pack(name: PackName(rawValue: "base"), expectations: [expectation])
            return Comparison.judge(Facts(files: ["/etc/motd": fact]), against: pack, digest: anyDigest).outcomes.first
        }
        #expect(outcome(0o600, unseen)?.unseenContent == .permissionDenied)
        #expect(outcome(0o644, unseen)?.unseenContent == .permissionDenied)
        #expect(outcome(0o644, file(content: text("b")))?.unseenContent == nil)
        #expect(outcome(0o644, .missing)?.unseenContent == nil, "it is proven to have no content")
        #expect(outcome(0o644, .unreadable(.sudoRefused))?.unseenContent == nil, "nothing of it was seen")
    }

    /// Linux tells names apart that `String` takes for one.
    @Test func namesThatOnlyLookAlikeAreTwoFiles() {
        let composed = "/srv/caf\u{E9}"
        let decomposed = "/srv/cafe\u{301}"
        let packs = [composed, decomposed].map { path in
            Pack(
                name: PackName(rawValue: "base"),
                expectations: [DriftCore.Expectation(.file(FileExpectation(path: path, mode: 0o644)))])
        }
        #expect(ProbeQuestions(packs: packs).files.count == 2)
        let facts = Facts(files: [ServerPath(composed): file(), ServerPath(decomposed): file(.of(mode: 0o600))])
        let verdicts = packs.map { Comparison.judge(facts, against: $0, digest: anyDigest).verdict }
        #expect(verdicts == [.compliant, .drifted])
        #expect(Set(packs.flatMap(\.expectations).map(\.key)).count == 2)
    }

    private func fact(_ test: Case) -> [ServerPath: FileFact] {
        test.fact.map { ["/etc/motd": $0] } ?? ["/etc/issue": file()]
    }
}
