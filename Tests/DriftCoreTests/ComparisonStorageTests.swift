import Testing

@testable import DriftCore

@Suite struct ComparisonStorageTests {
    private static func sample() -> Check {
        let key = ItemKey(rawValue: "file:/etc/motd")
        return Check(
            packName: PackName(rawValue: "base"), packDigest: anyDigest,
            outcomes: [
                ItemOutcome(key: ItemKey(rawValue: "file:/etc/issue"), item: "/etc/issue", finding: .ok),
                ItemOutcome(
                    key: key, item: "/etc/motd",
                    finding: .wrong([
                        Mismatch(
                            type: .wrongPermissions, item: "/etc/motd", key: key, expected: ["mode": "0644"],
                            actual: ["mode": "0600"]),
                        Mismatch(
                            type: .wrongContent, item: "/etc/motd", key: key, expected: ["content_hash": "sha256:aa"],
                            actual: ["content_hash": "sha256:bb"], diff: "--- expected\n+++ actual\n"),
                    ])),
                ItemOutcome(
                    key: ItemKey(rawValue: "file:/root/x"), item: "/root/x", finding: .unreadable(.permissionDenied)),
            ])
    }

    private static let golden = """
        [{"item":"/etc/motd","key":"file:/etc/motd","mismatches":[{"actual":{"mode":"0600"},"expected":\
        {"mode":"0644"},"item":"/etc/motd","key":"file:/etc/motd","type":"wrong_permissions"},{"actual":\
        {"content_hash":"sha256:bb"},"diff":"--- expected\\n+++ actual\\n","expected":{"content_hash":"sha256:aa"},\
        "item":"/etc/motd","key":"file:/etc/motd","type":"wrong_content"}],"status":"wrong"},\
        {"item":"/root/x","key":"file:/root/x","reason":"permission_denied","status":"unreadable"}]
        """

    @Test func detailsAreReadableJSONOfWhatIsNotOK() throws {
        #expect(try Self.sample().detailsJSON() == Self.golden)
    }

    @Test func detailsReadBackAsTheyWere() throws {
        let check = Self.sample()
        #expect(try StoredItems(json: check.detailsJSON()).outcomes == Array(check.outcomes.dropFirst()))
        #expect(try StoredItems(json: "[]").outcomes.isEmpty)
    }

    @Test func aContentOutOfSightIsKeptAndTellsFindingsApart() throws {
        var check = Self.sample()
        let whole = check.fingerprint
        check.outcomes[1].unseenContent = .sudoRefused
        check.outcomes[2].unseenContent = .permissionDenied
        #expect(try StoredItems(json: check.detailsJSON()).outcomes == Array(check.outcomes.dropFirst()))
        #expect(check.fingerprint != whole)
    }

    @Test func aRemarkOnWhatIsOKIsKeptAndTellsFindingsApart() throws {
        var check = Self.sample()
        let without = check.fingerprint
        check.outcomes[0].remark = "an epoch"
        #expect(try StoredItems(json: check.detailsJSON()).outcomes == check.outcomes)
        let first = check.fingerprint
        check.outcomes[0].remark = "another epoch"
        #expect(Set([without, first, check.fingerprint]).count == 3)
        #expect(check.verdict == .drifted && check.okCount == 1, "it counts as ok")
    }

    @Test func descriptionsTravelWithTheOutcome() throws {
        let wanted = DriftCore.Expectation(.file(.init(path: "/a")), description: "for \u{1B}root\npassword=c4n4ry1")
        let pack = Pack(name: PackName(rawValue: "base"), expectations: [wanted])
        let check = Comparison.judge(Facts(files: ["/a": .missing]), against: pack, digest: anyDigest)
        let stored = try StoredItems(json: check.detailsJSON()).outcomes
        #expect(stored.map(\.description) == ["for ␛root␊password=‹masked›"])
        #expect(try check.detailsJSON().hasPrefix(#"[{"description":"for ␛root␊password=‹masked›","item":"/a""#))
        // Of an item that is missing, nothing else is told: neither mode nor owner nor content.
        #expect(check.mismatches.map(\.type) == [.missingFile])
    }

    /// As versions before this one stored it: two sides that are the same.
    @Test func equalSidesOfAnOlderVersionAreSaidToDiffer() throws {
        let pair = #"{"masked_content_hash":"sha256:aa"}"#
        let json = """
            [{"item":"/a","key":"file:/a","mismatches":[{"actual":\(pair),"expected":\(pair),"item":"/a",\
            "key":"file:/a","type":"wrong_content"}],"status":"wrong"}]
            """
        guard case .wrong(let mismatches) = try StoredItems(json: json).outcomes.first?.finding else {
            Issue.record("it is wrong")
            return
        }
        #expect(mismatches.first?.actual["note"] == Mismatch.hiddenDifference)
    }

    @Test(arguments: ["", "{}", "[{}]", #"[{"key":"k","item":"i","status":"wrong"}]"#, #"[{"status":"ok"}]"#])
    func otherJSONIsRefused(json: String) {
        #expect(throws: DecodingError.self) { try StoredItems(json: json) }
    }

    /// A change here splits every stored finding from the ones to come: it wants a reason.
    @Test func fingerprintsStayWhatTheyAre() {
        #expect(
            Self.sample().fingerprint.description
                == "sha256:18c01a47889fa0e117cac066ce6cd32b65c44e78225a359a2fba4d4a1df07258")
        #expect(
            Check(packName: PackName(rawValue: "base"), packDigest: anyDigest, outcomes: []).fingerprint.description
                == "sha256:c70eb0ce96470de8d2484152ea40d6157079a3c5f8145ea25aad7aa2832b84f1")
    }

    @Test func fingerprintsIgnoreWhatIsOKTheDiffsAndTheOrder() {
        var check = Self.sample()
        let fingerprint = check.fingerprint
        check.outcomes.removeFirst()
        check.outcomes.reverse()
        guard case .wrong(var mismatches) = check.outcomes[1].finding else {
            Issue.record("the sample has a wrong item")
            return
        }
        mismatches[1].diff = nil
        mismatches.reverse()
        check.outcomes[1].finding = .wrong(mismatches)
        check.packDigest = SHA256Digest(of: [1])
        #expect(check.fingerprint == fingerprint)
    }

    static let changes: [@Sendable (inout Check) -> Void] = [
        { $0.outcomes[2].finding = .unreadable(.tooLarge) },
        { $0.outcomes[2].finding = .ok },
        { $0.outcomes[0].finding = .unreadable(.tooLarge) },
        { $0.outcomes[2].description = "what it is for" },
        { $0.outcomes[2].key = ItemKey(rawValue: "file:/root/y") },
        { change(&$0) { $0[0].actual["mode"] = "0601" } },
        { change(&$0) { $0[0].expected["mode"] = "0601" } },
        { change(&$0) { $0[0].actual["note"] = "" } },
        { change(&$0) { $0[0].type = .wrongOwner } },
        { change(&$0) { $0.removeLast() } },
    ]

    private static func change(_ check: inout Check, _ body: (inout [Mismatch]) -> Void) {
        guard case .wrong(var mismatches) = check.outcomes[1].finding else { return }
        body(&mismatches)
        check.outcomes[1].finding = .wrong(mismatches)
    }

    @Test(arguments: changes.indices)
    func fingerprintsTellFindingsApart(index: Int) {
        var check = Self.sample()
        Self.changes[index](&check)
        #expect(check.fingerprint != Self.sample().fingerprint)
    }

    @Test func outcomesFollowTheKeysAndCarryThePack() {
        let pack = Pack(
            name: PackName(rawValue: "base"),
            expectations: [
                DriftCore.Expectation(.package(.init(name: "curl"))), DriftCore.Expectation(.file(.init(path: "/b"))),
                DriftCore.Expectation(.file(.init(path: "/a"))),
            ])
        let check = Comparison.judge(
            Facts(files: ["/a": file(), "/b": .missing]), against: pack, digest: SHA256Digest(of: [7]))
        #expect(check.packName == pack.name && check.packDigest == SHA256Digest(of: [7]))
        #expect(check.outcomes.map(\.key.rawValue) == ["file:/a", "file:/b", "package:curl"])
        #expect(check.outcomes.map(\.item) == ["/a", "/b", "curl"])
        #expect(check.verdict == .drifted)
        #expect([check.itemCount, check.okCount, check.mismatchCount, check.unreadableCount] == [3, 1, 1, 1])
        #expect(check.mismatches.map(\.key.rawValue) == ["file:/b"])
    }
}
