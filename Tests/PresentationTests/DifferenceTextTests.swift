import DriftCore
import Presentation
import Testing

@Suite struct DifferenceTextTests {
    struct Case: Sendable {
        var type: MismatchType
        var expected: [String: String]
        var actual: [String: String]
        var headline: String
    }

    static let cases = [
        Case(type: .missingFile, expected: ["state": "file"], actual: ["state": "absent"], headline: "missing"),
        Case(
            type: .missingFile, expected: ["state": "directory"], actual: ["state": "absent"],
            headline: "missing: a directory is expected"),
        Case(
            type: .missingFile, expected: ["state": "file"],
            actual: ["state": "symlink", "target": "/gone", "note": "leads nowhere"],
            headline: "missing: it is a link to /gone; leads nowhere"),
        Case(
            type: .unexpectedFile, expected: ["state": "absent"], actual: ["state": "symlink"],
            headline: "should not exist: it is a symlink"),
        Case(
            type: .wrongType, expected: ["state": "file"], actual: ["state": "other"],
            headline: "wrong type of file: it is something else, expected a file"),
        Case(
            type: .wrongPermissions, expected: ["mode": "0644"], actual: ["mode": "0666"],
            headline: "wrong permissions: mode 0666, expected 0644"),
        Case(
            type: .wrongPermissions, expected: ["max_mode": "0644"], actual: ["/etc/cron.d/e2scrub_all": "mode 0666"],
            headline: "wrong permissions: /etc/cron.d/e2scrub_all mode 0666; max mode expected 0644"),
        Case(
            type: .wrongOwner, expected: ["owner": "root", "group": "root"], actual: ["owner": "web", "group": "web"],
            headline: "wrong owner: group web, expected root; owner web, expected root"),
        Case(
            type: .wrongContent, expected: ["content_hash": "a", "template": "motd"],
            actual: ["content_hash": "b", "note": "binary"], headline: "wrong content: binary"),
        Case(
            type: .wrongContent, expected: ["size": "6"], actual: ["size": "34603037"],
            headline: "wrong content: size 34603037, expected 6"),
        Case(
            type: .missingPackage, expected: ["state": "present"], actual: ["state": "absent"],
            headline: "not installed"),
        Case(
            type: .missingPackage, expected: ["state": "present", "min_version": "7.88"],
            actual: ["state": "half-configured"],
            headline: "not installed: dpkg says half-configured; version 7.88 or later is expected"),
        Case(
            type: .wrongVersion, expected: ["min_version": "7.88"], actual: ["version": "7.1"],
            headline: "wrong version: version 7.1, expected 7.88 or later"),
        Case(
            type: .wrongVersion, expected: ["version": "1.22.*"], actual: ["version": "1.24.0-1"],
            headline: "wrong version: version 1.24.0-1, expected 1.22.*"),
        Case(
            type: .wrongVersion, expected: ["min_version": "2", "max_version": "1"],
            actual: ["version": "1.5", "note": "why"],
            headline: "wrong version: version 1.5, expected 2 or later and 1 or earlier; why"),
        Case(
            type: .wrongHold, expected: ["held": "true"], actual: ["held": "false"],
            headline: "wrong hold: held false, expected true"),
        Case(
            type: .wrongSetting, expected: ["value": "vim"], actual: ["state": "unset"],
            headline: "wrong value: it is not set, expected vim"),
        Case(
            type: .wrongSetting, expected: ["value": "vim"], actual: ["value": ""],
            headline: "wrong value: (empty), expected vim"),
        Case(
            type: MismatchType(rawValue: "too_old"), expected: ["max_age": "26h"], actual: ["age": "30h"],
            headline: "too old: age 30h; max age expected 26h"),
    ]

    @Test(arguments: cases)
    func aDifferenceIsOneLine(of: Case) {
        let text = DifferenceText(of.type.rawValue, expected: of.expected, actual: of.actual)
        #expect(text.headline == of.headline)
    }

    @Test
    func hashesStandBehindTheHeadline() {
        let text = DifferenceText(
            "wrong_content", expected: ["content_hash": "a", "template": "motd"], actual: ["content_hash": "b"])
        #expect(text.headline == "wrong content")
        #expect(text.details.map(\.name) == ["content hash", "template"])
        #expect(text.details[0].expected == "a" && text.details[0].actual == "b")
    }

    @Test
    func everyTypeThatThisVersionFindsHasItsOwnWords() {
        let types: [MismatchType] = [
            .missingFile, .unexpectedFile, .wrongType, .wrongPermissions, .wrongOwner, .wrongContent, .wrongTarget,
            .missingPackage, .unexpectedPackage, .wrongVersion, .wrongHold, .wrongSetting, .wrongService,
        ]
        #expect(Set(types.map { DifferenceWords.of($0.rawValue) }).count == types.count)
        #expect(DifferenceWords.of("later_type") == "later type")
    }

    @Test(arguments: [(1, nil, "1 item"), (2, 2, "2 items"), (2, 3, "2 items, 3 differences"), (0, 0, "0 items")])
    func countsSayOfWhatTheyAre(items: Int, differences: Int?, text: String) {
        #expect(CountText.wrong(items: items, differences: differences) == text)
    }
}

@Suite struct OutcomeTextTests {
    private static let key = ItemKey(rawValue: "file:/etc/motd")

    private static func lines(_ mismatches: [Mismatch], unseen: UnreadableReason? = nil) -> [String] {
        let outcome = ItemOutcome(key: key, item: "/etc/motd", finding: .wrong(mismatches), unseenContent: unseen)
        return OutcomeText([outcome], palette: .plain).lines
    }

    @Test
    func theDiffStandsInPlaceOfTheHashes() {
        let mismatch = Mismatch(
            type: .wrongContent, item: "/etc/motd", key: Self.key, expected: ["content_hash": "a"],
            actual: ["content_hash": "b"], diff: "--- e\n+++ a\n@@ -1 +1 @@\n-x\n+y\n")
        #expect(
            Self.lines([mismatch])
                == ["  /etc/motd", "    wrong content"]
                + ["--- e", "+++ a", "@@ -1 +1 @@", "-x", "+y"].map { "      \($0)" })
        let binary = Mismatch(
            type: .wrongContent, item: "/etc/motd", key: Self.key, expected: ["content_hash": "a"],
            actual: ["content_hash": "b"])
        #expect(
            Self.lines([binary]) == [
                "  /etc/motd", "    wrong content", "      expected content hash a", "      actual content hash b",
            ])
    }

    @Test
    func allThatIsToBeSaidOfAnItemStandsUnderIt() {
        let mismatch = Mismatch(
            type: .wrongPermissions, item: "/etc/motd", key: Self.key, expected: ["mode": "0644"],
            actual: ["mode": "0666"])
        #expect(
            Self.lines([mismatch], unseen: .tooLarge) == [
                "  /etc/motd", "    wrong permissions: mode 0666, expected 0644",
                "    its content could not be read: the file is too large to be read (too_large)",
            ])
    }
}
