import Foundation
import Testing

@testable import DriftCore

/// Why an item is newly wrong.
@Suite struct CauseTests {
    private static let now = 1_764_284_000
    private static let hour = Duration.seconds(3600)

    private static func origin(_ lines: [String]) -> OriginFacts {
        OriginFacts(lines.map { Array($0.utf8)[...] })
    }

    private func cause(
        of path: String = "/etc/x", changed: Int? = nil, _ lines: [String], age: Duration = hour
    ) -> Cause? {
        let pack = Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.file(.init(path: path)))])
        var status = FileStatus.of()
        status.modified = changed
        var facts = Facts(files: [ServerPath(path): .present(FileEntry(status: status, realPath: .asAsked))])
        facts.topics.read(OriginFacts.self, (["now \(Self.now)"] + lines).map { Array($0.utf8)[...] })
        let finding = CauseFinding(
            pack: pack, on: ServerVariables(), last: .init(pack: pack, server: ServerVariables(), age: age),
            facts: facts)
        return finding.cause(of: pack.expectations[0].key)
    }

    @Test(arguments: [
        (["/var/lib/dpkg/info/x.list:/etc/x", "log upgrade x:amd64 1 2"], "1 2"),
        (["/var/lib/dpkg/info/x:amd64.list:/etc/x", "log upgrade x:amd64 1 2"], "1 2"),
        (["/var/lib/dpkg/info/x.list:/etc/x", "log upgrade x:all 1 2", "log upgrade x:all 2 3"], "1 3"),
        (["/var/lib/dpkg/info/x.list:/etc/x", "log install x:all <none> 2"], "- 2"),
        (["/var/lib/dpkg/info/x.list:/etc/x", "log remove x:all 1 <none>"], "1 -"),
        (["/var/lib/dpkg/info/x.list:/etc/x", "log install x:all <none> 2", "log upgrade x:all 2 3"], "- 3"),
        (["/var/lib/dpkg/info/y.list:/etc/x", "log upgrade x:all 1 2"], nil),
        (["/var/lib/dpkg/info/x.list:/etc/y", "log upgrade x:all 1 2"], nil),
        (["/var/lib/dpkg/info/x.list:/etc/x"], nil),
        (["rpm /etc/x", "rpm-package x 1-2 \(now - 60)"], "- 1-2"),
        (["rpm /etc/x", "rpm-package x 1-2 \(now - 7200)"], nil),
        (["rpm /etc/y", "rpm-package x 1-2 \(now - 60)"], nil),
        (["rpm-package x 1-2 \(now - 60)"], nil),
    ])
    func aPackageOfTheFileThatChangedSinceExplainsIt(lines: [String], versions: String?) {
        let cause = cause(lines + ["packages-end"])
        #expect(cause?.kind == (versions == nil ? .server : .upgrade))
        #expect(versions == nil || cause?.package == "x")
        #expect(versions == nil || "\(cause?.from ?? "-") \(cause?.to ?? "-")" == versions)
    }

    @Test func aPartThatWasCutOffCountsForNothing() {
        #expect(cause(["/var/lib/dpkg/info/x.list:/etc/x", "log upgrade x:all 1 2"]) == Cause(.server))
        let people = cause(changed: Self.now - 60, ["login ann 2025-11-27T00:00:00+00:00 still"])
        #expect(people?.loggedIn == nil)
    }

    @Test(arguments: [
        ("/usr/bin/x", "/bin/x"), ("/bin/x", "/usr/bin/x"), ("/lib/systemd/x", "/usr/lib/systemd/x"),
        ("/usr/lib64/x", "/lib64/x"),
    ])
    func aFileIsFoundUnderTheNameThatItHadBeforeUsrWasMerged(path: String, owned: String) {
        let cause = cause(
            of: path, ["/var/lib/dpkg/info/x.list:\(owned)", "log upgrade x:all 1 2", "packages-end"])
        #expect(cause?.kind == .upgrade)
    }

    /// 2025-11-27 22:53:20 UTC is the server's time.
    @Test(arguments: [
        ("2025-11-27T22:00:00+00:00 still", true), ("2025-11-27T22:00:00+00:00 2025-11-27T22:52:00+00:00", true),
        ("2025-11-27T22:00:00+00:00 2025-11-27T22:40:00+00:00", false),
        ("2025-11-27T23:00:00+0100 2025-11-27T23:52:00+0100", true), ("2025-11-27T22:58:00+00:00 still", false),
        ("2025-11-27T22:52:00+00:00 gone", true), ("2025-11-27T12:00:00+00:00 gone", false), ("nonsense still", false),
    ])
    func whoWasLoggedInWhenTheFileChangedIsNamed(login: String, isNamed: Bool) {
        let cause = cause(changed: Self.now - 60, ["login ann \(login)", "login ann \(login)", "logins-end"])
        #expect(cause?.kind == .server)
        #expect(cause?.changedAt == "2025-11-27T22:52:20Z")
        #expect(cause?.loggedIn == (isNamed ? ["ann"] : nil))
    }

    @Test(arguments: [(-3600 - 61, false), (-3600, true), (0, true), (61, false)])
    func aTimeOfChangeOutsideTheSpanSinceTheLastLookSaysNothing(offset: Int, counts: Bool) {
        #expect((cause(changed: Self.now + offset, [])?.changedAt != nil) == counts)
    }

    @Test func namesFromTheServerAreMadeVisibleAndCut() throws {
        let hostile = "a\u{202E}" + String(repeating: "b", count: 500)
        let cause = cause(
            changed: Self.now, ["login \(hostile) 2025-11-27T22:00:00+00:00 still", "logins-end"])
        let name = try #require(cause?.loggedIn?.first)
        #expect(name.hasPrefix("a‹U+202E›b"))
        #expect(name.count < 120)
    }

    // MARK: two looks

    private func check(_ wrong: [String: MismatchType?]) -> Check {
        Check(
            packName: PackName(rawValue: "base"), packDigest: anyDigest,
            outcomes: wrong.sorted { $0.key < $1.key }.map { path, type in
                let key = ItemKey(rawValue: "file:\(path)")
                let finding: ItemOutcome.Finding =
                    type.map {
                        .wrong([
                            Mismatch(
                                type: $0, item: path, key: key, expected: ["a": "1"], actual: ["a": "2"], diff: "d")
                        ])
                    }
                    ?? .ok
                return ItemOutcome(key: key, item: path, finding: finding)
            })
    }

    private let nothing = DriftState(status: .compliant, mismatches: [], unverified: [])

    @Test func theSecondLookCountsAndADisagreementIsNoted() {
        let first = check(["/a": .missingFile, "/b": .missingFile, "/c": nil])
        let both = first.confirmed(by: check(["/a": nil, "/b": .wrongOwner]), remembered: nothing)
        #expect(both.outcomes.map(\.finding)[0] == .ok)
        #expect(both.outcomes[0].unconfirmed.map(\.type) == [.missingFile])
        #expect(both.outcomes[0].unconfirmed.map(\.diff) == [nil])
        #expect(both.mismatches.map(\.type) == [.wrongOwner], "wrong twice, if not in the same way")
        #expect(both.outcomes[1].unconfirmed.isEmpty)
        #expect(both.outcomes[2] == first.outcomes[2])
        #expect(both.verdict == .drifted)
    }

    @Test func whatIsKnownToBeWrongConfirmsNothingNew() {
        var remembered = nothing
        remembered.mismatches = [MismatchID(key: ItemKey(rawValue: "file:/a"), type: .wrongOwner)]
        let both = check(["/a": .missingFile]).confirmed(by: check(["/a": .wrongOwner]), remembered: remembered)
        #expect(both.mismatches.map(\.type) == [.wrongOwner])
        #expect(both.outcomes[0].unconfirmed.map(\.type) == [.missingFile])
    }

    @Test func itIsStoredWithTheCheckAndPartOfItsFingerprint() throws {
        let first = check(["/a": .missingFile])
        let both = first.confirmed(by: check(["/a": nil]), remembered: nothing)
        #expect(both.fingerprint != check(["/a": nil]).fingerprint)
        #expect(try StoredItems(json: both.detailsJSON()).outcomes == both.outcomes)
        let explained = first.explained { _ in Cause(.upgrade, package: "x", from: "1", to: "2") }
        #expect(explained.fingerprint != first.fingerprint)
        #expect(try StoredItems(json: explained.detailsJSON()).outcomes == explained.outcomes)
        #expect(explained.mismatches[0].cause?.package == "x")
    }
}
