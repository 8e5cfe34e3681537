import DriftCore
import Testing

@Suite("When an expectation applies")
struct ConditionTests {
    private let base = PackName(rawValue: "base")

    private static let debian = [
        "machine x86_64", "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"", "VERSION_ID=\"12\"", "ID=debian",
    ]
    private static let rocky = ["machine aarch64", "ID='rocky'", "ID_LIKE=\"rhel centos fedora\"", "VERSION_ID=9.3"]

    private func condition(_ change: (inout Condition) -> Void) -> Condition {
        var condition = Condition()
        change(&condition)
        return condition
    }

    /// What is found of a file that is missing.
    private func told(_ condition: Condition, _ lines: [String], labels: [String: String] = [:]) -> Told? {
        let expectation = Expectation(.file(FileExpectation(path: "/a")), condition: condition)
        let pack = Pack(name: base, expectations: [expectation])
        var facts = Facts(files: ["/a": .missing])
        for question in ProbeQuestions(packs: [pack], on: ServerVariables(labels: labels)).topics {
            facts.topics.read(question.topic, lines.map { Array($0.utf8)[...] })
        }
        return Told(
            Comparison.judge(facts, against: pack, digest: anyDigest, on: ServerVariables(labels: labels)).outcomes[0]
                .finding)
    }

    private let missing = Told.wrong(.missingFile, ["state": "file"], ["state": "absent"])

    @Test(
        arguments: [
            (["debian"], "debian", nil), (["ubuntu", "debian"], "debian", nil),
            (["ubuntu"], "debian", "the system is debian"),
            (["rocky"], "rocky", nil), (["rhel"], "rocky", "the system is rocky"),
        ] as [([String], String, String?)])
    func isToldByTheSystem(wanted: [String], system: String, why: String?) {
        let lines = system == "debian" ? Self.debian : Self.rocky
        #expect(told(condition { $0.systems = wanted }, lines) == why.map(Told.notApplicable) ?? missing)
    }

    @Test func aFamilyHasTheLikesOfIt() {
        #expect(told(condition { $0.families = ["rhel"] }, Self.rocky) == missing)
        #expect(told(condition { $0.families = ["debian"] }, Self.debian) == missing)
        #expect(
            told(condition { $0.families = ["debian"] }, Self.rocky)
                == .notApplicable("the system is rocky, like rhel, like centos, like fedora"))
    }

    @Test(arguments: [
        (">= 12", true), (">= 12.0", true), ("> 12", false), ("> 11.99", true), ("<= 12", true), ("< 12", false),
        ("< 12.1", true), ("12", true), ("= 12.0.0", true), ("13", false), (">=9", true), ("< 100", true),
    ])
    func versionsAreNumbers(bound: String, holds: Bool) throws {
        let bound = try #require(VersionBound(bound))
        let found = told(
            condition {
                $0.systems = ["debian"]; $0.versions = [bound]
            }, Self.debian)
        #expect(found == (holds ? missing : .notApplicable("the version is 12")))
    }

    @Test(arguments: [
        "", ">=", "twelve", ">= 12-1", "~> 12", ">= 1..2", "=> 12", ">= 99999999999999999999", "1.2.3.4.5.6.7.8.9",
    ])
    func whatIsNotABoundIsNone(text: String) { #expect(VersionBound(text) == nil) }

    @Test func allBoundsHold() throws {
        let bounds = try [">= 9", "< 9.3"].map { try #require(VersionBound($0)) }
        #expect(
            told(
                condition {
                    $0.systems = ["rocky"]; $0.versions = bounds
                }, Self.rocky)
                == .notApplicable("the version is 9.3"))
    }

    @Test(arguments: [("x86_64", true), ("amd64", true), ("arm64", false), ("aarch64", false)])
    func anArchitectureHasDebiansWordToo(wanted: String, holds: Bool) {
        let found = told(condition { $0.architectures = [wanted] }, Self.debian)
        #expect(found == (holds ? missing : .notApplicable("the architecture is x86_64")))
    }

    @Test func labelsAreThoseOfTheInventory() {
        let web = condition { $0.labels = ["role": "web"] }
        #expect(told(web, [], labels: ["role": "web", "site": "a"]) == missing)
        #expect(told(web, [], labels: ["role": "db"]) == .notApplicable("the label role is db"))
        #expect(told(web, []) == .notApplicable("there is no label role"))
    }

    @Test func whatIsNotAboutTheServerIsNotAsked() {
        let web = Expectation(.file(FileExpectation(path: "/a")), condition: condition { $0.labels = ["role": "web"] })
        let pack = Pack(name: base, expectations: [web])
        #expect(ProbeQuestions(packs: [pack]) == ProbeQuestions())
        #expect(
            ProbeQuestions(packs: [pack], on: ServerVariables(labels: ["role": "web"]))
                == ProbeQuestions(files: [.init(path: "/a")]))
    }

    /// Nobody knows whether it applies, so it is neither met nor broken.
    @Test(arguments: [
        [], ["machine x86_64"], ["ID=\"deb ian\""], ["ID="], ["ID"], ["ID=debian\u{0}"], ["id=debian"],
    ])
    func anUnknownSystemProvesNothing(lines: [String]) {
        #expect(told(condition { $0.systems = ["debian"] }, lines) == .unreadable(.malformedAnswer))
        #expect(told(condition { $0.families = ["debian"] }, lines) == .unreadable(.malformedAnswer))
    }

    @Test func anUnknownVersionOrMachineProvesNothing() throws {
        let bound = try #require(VersionBound(">= 12"))
        let versioned = condition {
            $0.systems = ["arch"]; $0.versions = [bound]
        }
        #expect(told(versioned, ["ID=arch"]) == .notApplicable("the system has no version"))
        #expect(told(versioned, ["ID=arch", "VERSION_ID=rolling"]) == .unreadable(.malformedAnswer))
        #expect(told(condition { $0.architectures = ["arm64"] }, ["ID=arch"]) == .unreadable(.malformedAnswer))
    }

    // MARK: What is only for information

    @Test func aDifferenceForInformationIsNoDrift() throws {
        let expectation = Expectation(.file(FileExpectation(path: "/a")), severity: .info)
        let pack = Pack(name: base, expectations: [expectation])
        let check = Comparison.judge(Facts(files: ["/a": .missing]), against: pack, digest: anyDigest)
        #expect(Told(check.outcomes[0].finding) == .notable(.missingFile, ["state": "file"], ["state": "absent"]))
        #expect(check.verdict == .compliant)
        #expect((check.itemCount, check.okCount, check.mismatchCount) == (1, 1, 0))
        #expect(check.mismatches.isEmpty)
        #expect(try StoredItems(json: check.detailsJSON()).outcomes == check.outcomes)
        let unreadable = Comparison.judge(Facts(), against: pack, digest: anyDigest)
        #expect(unreadable.verdict == .incomplete)
    }

    @Test func whatDoesNotApplyCountsForNothing() throws {
        let expectation = Expectation(
            .file(FileExpectation(path: "/a")), condition: condition { $0.labels = ["role": "web"] })
        let pack = Pack(name: base, expectations: [expectation, Expectation(.file(FileExpectation(path: "/b")))])
        let check = Comparison.judge(
            Facts(files: ["/b": .missing]), against: pack, digest: anyDigest,
            on: ServerVariables(labels: ["role": "db"]))
        #expect((check.itemCount, check.okCount, check.mismatchCount, check.unreadableCount) == (1, 0, 1, 0))
        #expect(try StoredItems(json: check.detailsJSON()).outcomes == check.outcomes)
    }

    @Test func eachOfThemHasAFingerprintOfItsOwn() {
        func fingerprint(_ finding: ItemOutcome.Finding) -> SHA256Digest {
            let outcome = ItemOutcome(key: ItemKey(rawValue: "file:/a"), item: "/a", finding: finding)
            return Check(packName: base, packDigest: anyDigest, outcomes: [outcome]).fingerprint
        }
        let mismatch = Mismatch(
            type: .missingFile, item: "/a", key: ItemKey(rawValue: "file:/a"), expected: ["state": "file"],
            actual: ["state": "absent"])
        let findings: [ItemOutcome.Finding] = [
            .ok, .wrong([mismatch]), .notable([mismatch]), .notApplicable("a"), .notApplicable("b"), .unreadable(.slow),
        ]
        #expect(Set(findings.map(fingerprint)).count == findings.count)
    }
}
