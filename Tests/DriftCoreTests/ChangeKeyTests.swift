import DriftCore
import Testing

/// What counts as the same change on two servers.
struct ChangeKeyTests {
    private static func key(
        pack: String = "base", _ mismatches: [Mismatch], added: Set<MismatchID>? = nil
    ) -> String {
        let check = Check(
            packName: PackName(rawValue: pack), packDigest: SHA256Digest(of: []),
            outcomes: mismatches.map { .init(key: $0.key, item: $0.item, finding: .wrong([$0])) })
        return check.changeKey(of: added ?? Set(mismatches.map(\.id)))
    }

    @Test func thePathInTheHeadOfADiffIsOfOneServer() {
        func key(_ path: String, _ line: String) -> String {
            let diff = "--- expected \(path)\n+++ actual \(path)\n@@ -1 +1 @@\n-a\n+\(line)\n"
            return Self.key([
                Mismatch(
                    type: .wrongContent, item: path, key: ItemKey(rawValue: "file:/srv/{{ server.id }}/cfg"),
                    expected: [:], actual: [:], diff: diff)
            ])
        }
        #expect(key("/srv/web-1/cfg", "b") == key("/srv/web-2/cfg", "b"))
        #expect(key("/srv/web-1/cfg", "b") != key("/srv/web-1/cfg", "c"))
    }

    private static func mismatch(
        _ path: String = "/etc/motd", _ type: MismatchType = .wrongContent, expected: String = "a",
        actual: String = "b",
        diff: String? = nil
    ) -> Mismatch {
        Mismatch(
            type: type, item: path, key: ItemKey(rawValue: "file:\(path)"), expected: ["v": expected],
            actual: ["v": actual], diff: diff)
    }

    @Test
    func itIsThatOfWhatIsThereNow() {
        let key = Self.key([Self.mismatch()])
        #expect(key.utf8.count == 20 && key.allSatisfy(\.isHexDigit))
        #expect(key == Self.key([Self.mismatch()]))
        #expect(key == Self.key([Self.mismatch(expected: "of this server")]))
        let others = [
            Self.key(pack: "more", [Self.mismatch()]), Self.key([Self.mismatch("/etc/issue")]),
            Self.key([Self.mismatch(actual: "c")]), Self.key([Self.mismatch("/etc/motd", .wrongOwner)]),
            Self.key([Self.mismatch(diff: "+c")]), Self.key([Self.mismatch(), Self.mismatch("/etc/issue")]),
        ]
        #expect(Set(others + [key]).count == others.count + 1)
    }

    @Test
    func itIsOnlyOfWhatIsNewInWhateverOrder() {
        let (motd, issue) = (Self.mismatch(), Self.mismatch("/etc/issue"))
        #expect(Self.key([motd, issue]) == Self.key([issue, motd]))
        #expect(Self.key([motd, issue], added: [issue.id]) == Self.key([issue]))
    }
}
