import DriftCore
import Presentation
import Testing

/// Causes and disagreements in words.
@Suite struct CauseTextTests {
    @Test(
        arguments: [
            (Cause(.pack), "the pack changed"),
            (Cause(.upgrade, package: "nginx", from: "1.22.1", to: "1.22.2"), "explained by nginx 1.22.1 → 1.22.2"),
            (Cause(.upgrade, package: "nginx", to: "1.22.2"), "explained by nginx 1.22.2, which was installed"),
            (Cause(.upgrade, package: "nginx", from: "1.22.2"), "explained by nginx 1.22.2, which was removed"),
            (
                Cause(.upgrade, package: "nginx", from: "1.22.2", to: "1.22.2"),
                "explained by nginx 1.22.2, which was installed again"
            ),
            (Cause(.upgrade, package: "nginx"), "explained by nginx"), (Cause(.upgrade), nil),
            (Cause(.server), nil), (Cause(.server, changedAt: "yesterday"), nil),
            (Cause(.server, changedAt: "2026-11-27T05:41:02Z"), "changed 2026-11-27 06:41 Europe/Berlin"),
            (
                Cause(.server, changedAt: "2026-11-27T05:41:02Z", loggedIn: ["deploy"]),
                "changed 2026-11-27 06:41 Europe/Berlin, deploy was logged in"
            ),
            (
                Cause(.server, changedAt: "2026-11-27T05:41:02Z", loggedIn: ["ann", "deploy"]),
                "changed 2026-11-27 06:41 Europe/Berlin, ann, deploy were logged in"
            ),
            (Cause(Cause.Kind(rawValue: "moon")), nil), (nil, nil),
        ] as [(Cause?, String?)])
    func aCauseIsOneShortLine(cause: Cause?, words: String?) {
        #expect(CauseText.of(cause, Times(zone: "Europe/Berlin")) == words)
    }

    private func outcome(_ finding: ItemOutcome.Finding, isUnconfirmed: Bool = true) -> ItemOutcome {
        let key = ItemKey(rawValue: "file:/a")
        let claimed = Mismatch(
            type: .wrongPermissions, item: "/a", key: key, expected: ["mode": "0644"], actual: ["mode": "0666"])
        return ItemOutcome(key: key, item: "/a", finding: finding, unconfirmed: isUnconfirmed ? [claimed] : [])
    }

    @Test func whatOnlyOneLookFoundIsSaidToBeUnconfirmed() {
        let claim = "unconfirmed: a first look found wrong permissions: mode 0666, expected 0644; "
        #expect(UnconfirmedText.of(outcome(.ok)) == claim + "a second look moments later did not find it")
        #expect(
            UnconfirmedText.of(outcome(.unreadable(.slow))) == claim + "a second look moments later could not read it")
        #expect(UnconfirmedText.of(outcome(.ok, isUnconfirmed: false)) == nil)
        let lines = OutcomeText([outcome(.ok)], palette: .plain).lines
        #expect(lines == ["  /a", "    " + claim + "a second look moments later did not find it"])
    }

    @Test func theCauseStandsBehindTheDifference() {
        let key = ItemKey(rawValue: "file:/a")
        let wrong = Mismatch(
            type: .wrongPermissions, item: "/a", key: key, expected: ["mode": "0644"], actual: ["mode": "0666"],
            cause: Cause(.upgrade, package: "\u{1b}[31mx", to: "2"))
        let lines = OutcomeText([ItemOutcome(key: key, item: "/a", finding: .wrong([wrong]))], palette: .plain).lines
        #expect(lines.count == 2)
        #expect(lines.last?.hasPrefix("    wrong permissions: mode 0666, expected 0644 (explained by ") == true)
        #expect(lines.last?.contains("\u{1b}") == false)
    }
}
