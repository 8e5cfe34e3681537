import DriftCore
import Foundation
import Slack
import Testing

@Suite("MessageText")
struct MessageTextTests {
    private static let base = URL(string: "https://drift.example.net")
    private static let page = "https://drift.example.net/servers/web-1/packs/base?check=42"

    private func lines(_ facts: NotificationFacts, baseURL: URL? = base) -> [String] {
        MessageText(facts, outboxID: 7, baseURL: baseURL, escaping: .none).lines
    }

    @Test func aDetectedDriftSaysAllInItsFirstLine() {
        #expect(
            lines(facts(.driftDetected, items: threeItems)) == [
                "Configuration drift detected · Web 1 (web-1) · pack base · "
                    + "3 items: /etc/motd: wrong permissions; curl: not installed; EDITOR: wrong value · \(Self.page)",
                "since 2026-11-21 06:00 UTC", "alert 42 · outbox 7 · 2026-11-22 06:00 UTC",
            ])
    }

    @Test func manyItemsFollowTheFirstLine() {
        let items = (1...10).map { (MismatchType.missingFile, "/etc/f\($0)") }
        let lines = lines(facts(.driftDetected, count: 25, added: 25, items: items))
        #expect(
            lines[0].contains(
                "25 items: /etc/f1: missing; /etc/f2: missing; /etc/f3: missing; +22 more"))
        #expect(Array(lines[1...8]) == (4...10).map { "  /etc/f\($0): missing" } + ["  +15 more"])
    }

    @Test func severalMismatchesOfAnItemAreOneLine() {
        let items: [(MismatchType, String)] = [(.wrongPermissions, "/etc/motd"), (.wrongOwner, "/etc/motd")]
        let line = lines(facts(.driftDetected, count: 1, differences: 2, items: items))[0]
        #expect(line.contains("1 item, 2 differences: /etc/motd: wrong permissions, wrong owner · "))
    }

    @Test func whatNeverCompliedIsNotSaidToHaveDrifted() {
        let items: [(MismatchType, String)] = [(.wrongPermissions, "/etc/motd"), (.wrongContent, "/etc/motd")]
        let detected = facts(.driftDetected, count: 2, differences: 3, never: 1, added: 1, items: items)
        #expect(
            lines(detected)[0].contains(
                "· 2 items, 3 differences, 1 never complied, 1 new: /etc/motd: wrong permissions, wrong content · http")
        )
    }

    @Test func anItemIsNamedWithWhatItIsFor() {
        var detected = facts(.driftDetected, count: 1)
        detected.items = [.init(type: .wrongOwner, item: "/etc/motd", description: "the <greeting>")]
        #expect(lines(detected)[0].contains("1 item: /etc/motd (the <greeting>): wrong owner"))
    }

    @Test func aTypeOfALaterVersionIsReadable() {
        let line = lines(facts(.driftDetected, count: 1, items: [(MismatchType(rawValue: "too_old"), "/var/x")]))[0]
        #expect(line.contains("1 item: /var/x: too old"))
    }

    @Test func aChangedDriftSaysFromWhatToWhat() {
        let changed = facts(.driftChanged, count: 3, added: 1, previous: 2, items: [(.wrongVersion, "openssl")])
        #expect(
            lines(changed) == [
                "Configuration drift changed: 2 → 3 · Web 1 (web-1) · pack base · "
                    + "3 items, 1 new: openssl: wrong version · \(Self.page)",
                "open since 2026-11-21 06:00 UTC", "alert 42 · outbox 7 · 2026-11-22 06:00 UTC",
            ])
    }

    @Test func aCompliantResolutionSaysSinceWhenItHadDrifted() {
        #expect(
            lines(facts(.driftResolved, count: 0, resolution: .compliant, actor: "driftwatch")) == [
                "Configuration compliant · Web 1 (web-1) · pack base · drifted since 2026-11-21 06:00 UTC · "
                    + "https://drift.example.net/servers/web-1/packs/base",
                "alert 42 · outbox 7 · 2026-11-22 06:00 UTC",
            ])
    }

    @Test(arguments: [
        ((unreadable: 3, items: 27), "What had drifted is right again · 3 of 27 items could not be read"),
        ((unreadable: 1, items: 1), "What had drifted is right again · 1 of 1 item could not be read"),
        ((unreadable: 0, items: 27), "Configuration compliant"), (nil, "What had drifted is right again"),
    ])
    func aResolutionSaysCompliantOnlyWhereAllWasSeen(seen: (unreadable: Int, items: Int)?, title: String) {
        let text = lines(facts(.driftResolved, count: 0, resolution: .compliant, seen: seen))[0]
        #expect(text.hasPrefix("\(title) · Web 1 (web-1) · pack base · drifted since"), "\(text)")
    }

    @Test(
        "any other resolution says who closed the alert and how",
        arguments: NotificationFacts.Resolution.allCases.filter { $0 != .compliant })
    func anyOtherResolutionSaysWhoAndHow(resolution: NotificationFacts.Resolution) {
        let first = lines(facts(.driftResolved, resolution: resolution, actor: "alice"))[0]
        #expect(
            first.hasPrefix("Alert closed: \(resolution.rawValue) by alice · Web 1 (web-1) · pack base · open since "))
        let nobody = lines(facts(.driftResolved, resolution: resolution))[0]
        #expect(nobody.hasPrefix("Alert closed: \(resolution.rawValue) · Web 1 (web-1)"))
    }

    @Test func aResolutionWhoseOpeningWasNeverDeliveredSaysWhatItResolves() {
        let resolved = facts(.driftResolved, count: 3, items: threeItems, resolution: .compliant, undelivered: true)
        #expect(
            lines(resolved).dropFirst().first
                == "Its opening may not have been delivered: Configuration drift detected 2026-11-21 06:00 UTC, 3 items: "
                + "/etc/motd: wrong permissions; curl: not installed; EDITOR: wrong value")
        let bare = facts(.driftResolved, count: 0, resolution: .compliant, undelivered: true)
        #expect(
            lines(bare).dropFirst().first
                == "Its opening may not have been delivered: Configuration drift detected 2026-11-21 06:00 UTC")
    }

    @Test func theLinkOfAResolutionLeadsToWhatIsTrueNow() {
        let resolved = facts(.driftResolved, resolution: .manual)
        #expect(lines(resolved)[0].hasSuffix(" · https://drift.example.net/servers/web-1/packs/base"))
        #expect(lines(resolved, baseURL: nil)[0].hasSuffix(" · driftwatch diff web-1 --pack base"))
    }

    @Test func withoutABaseURLTheCommandIsNamed() {
        let detected = facts(.driftDetected, items: threeItems)
        #expect(lines(detected, baseURL: nil)[0].hasSuffix(" · driftwatch diff web-1 --pack base --check 42"))
        #expect(
            lines(facts(.driftDetected, checkID: nil), baseURL: nil)[0].hasSuffix(
                " · driftwatch diff web-1 --pack base"))
    }

    @Test(
        "links are joined to the base URL",
        arguments: [
            ("https://drift.example.net/", page), ("https://drift.example.net///", page),
            ("HTTPS://drift.example.net", page),
            ("https://alice:password@drift.example.net/?q=1#f", page),
            ("http://[::1]:8080/watch/", "http://[::1]:8080/watch/servers/web-1/packs/base?check=42"),
            ("https://example.net/a%20b", "https://example.net/a%20b/servers/web-1/packs/base?check=42"),
            ("ftp://drift.example.net", nil), ("javascript:alert(1)", nil), ("/relative", nil), ("https://", nil),
            ("https://drift.example.net/" + String(repeating: "long", count: 200), nil),
        ] as [(String, String?)])
    func linksAreJoinedToTheBaseURL(base: String, link: String?) {
        let text = MessageText(facts(.driftDetected), outboxID: 7, baseURL: URL(string: base), escaping: .none)
        #expect(text.link == (link.map(MessageLink.page) ?? .command("driftwatch diff web-1 --pack base --check 42")))
    }

    @Test func aPathCannotEndItsLinkEarly() {
        var hostile = facts(.driftDetected)
        hostile.diffPath = "/servers/a|b>c<d e\"f`g*h\u{202e}?check=1&x=2"
        let text = MessageText(hostile, outboxID: 7, baseURL: Self.base, escaping: .slack)
        #expect(
            text.link
                == .page(
                    "https://drift.example.net/servers/a%7Cb%3Ec%3Cd%20e%22f%60g%2Ah%E2%80%AE?check=1&amp;x=2"))
        hostile.diffPath = "javascript:alert(1)"
        #expect(
            MessageText(hostile, outboxID: 7, baseURL: Self.base, escaping: .slack).link
                == .command("driftwatch diff web-1 --pack base --check 42"))
    }

    @Test(
        "a server is named once or twice", arguments: [("web-1", "web-1"), ("", "web-1"), ("Web 1", "Web 1 (web-1)")])
    func aServerIsNamedOnceOrTwice(name: String, shown: String) {
        let text = MessageText(facts(.driftDetected, serverName: name), outboxID: 7, baseURL: nil, escaping: .none)
        #expect(text.server == shown)
    }

    @Test func aTestSaysWhatItIsAndNoMore() {
        var test = facts(.test)
        test.serverName = "watch"
        test.serverID = ServerID(rawValue: "watch")
        test.diffPath = "/"
        let end = "driftwatch notify-test · 2026-11-22 06:00 UTC"
        let begin = "Test message, nothing is wrong · watch · sent 2026-11-22 06:00 UTC"
        #expect(lines(test, baseURL: nil) == [begin, end])
        #expect(lines(test) == ["\(begin) · https://drift.example.net/", end])
    }

    struct Full: Error {}

    @Test func whatStandardOutputDoesNotTakeIsNotSent() async {
        let sender = ConsoleSender(baseURL: Self.base) { _ in throw Full() }
        #expect(await sender.send(notification()) == .unreachable("standard output cannot be written"))
    }

    @Test func theConsoleGetsOneWholeMessage() async {
        let written = Written()
        let sender = ConsoleSender(baseURL: Self.base) { written.append($0) }
        let hostile = facts(.driftDetected, added: 3, items: [(.missingFile, "/etc/\u{1b}]0;title\u{7}<b>\n/x")])
        #expect(await sender.send(notification(hostile)) == .sent(remoteID: nil))
        let message = written.all.first ?? ""
        #expect(written.all.count == 1)
        #expect(message.contains("/etc/]0;title<b> /x: missing; +2 more"))
        #expect(message.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        #expect(!message.hasSuffix("\n"))
    }
}
