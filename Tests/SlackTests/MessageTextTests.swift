import DriftCore
import Foundation
import Messages
import Testing

@Suite("MessageText")
struct MessageTextTests {
    private static let base = URL(string: "https://drift.example.net")
    private static let page = "https://drift.example.net/servers/web-1/packs/base?check=42"

    private func lines(_ facts: NotificationFacts, baseURL: URL? = base) -> [String] {
        MessageText(facts, outboxID: 7, baseURL: baseURL, escaping: .none).lines()
    }

    @Test func aDetectedDriftSaysAllInItsFirstLine() {
        #expect(
            lines(facts(.driftDetected, items: threeItems)) == [
                "Web 1: /etc/motd: wrong permissions (+2) · Configuration drift detected · Web 1 (web-1) · pack base · "
                    + "3 items · \(Self.page)",
                "  /etc/motd: wrong permissions", "  curl: not installed", "  EDITOR: wrong value",
                "since 2026-11-21 06:00 UTC", "alert 42 · outbox 7 · 2026-11-22 06:00 UTC",
            ])
    }

    @Test func aKnownCauseStandsBehindItsItem() {
        var facts = facts(.driftDetected, items: threeItems)
        facts.items[0].cause = Cause(.upgrade, package: "base-files<", from: "12.4", to: "12.5")
        facts.items[1].cause = Cause(.server)
        let text = MessageText(facts, outboxID: 7, baseURL: Self.base, escaping: .slack)
        #expect(text.items[0] == "/etc/motd: wrong permissions – explained by base-files&lt; 12.4 → 12.5")
        #expect(text.items[1] == "curl: not installed")
    }

    /// The values and the changed lines of a mismatch as a check finds it.
    private static let motd = NotificationFacts.Item(
        Mismatch(
            type: .wrongContent, item: "/etc/motd", key: ItemKey(rawValue: "file:/etc/motd"),
            expected: ["content_hash": "sha256:aa"], actual: ["content_hash": "sha256:bb"],
            diff: "--- expected\n+++ actual\n@@ -1,3 +1,3 @@\n Welcome\n-to <web-1>\n+to web-2\n+or so\n-a\n+b\n"),
        description: "the greeting")

    private static func mode(of path: String) -> NotificationFacts.Item {
        NotificationFacts.Item(
            Mismatch(
                type: .wrongPermissions, item: path, key: ItemKey(rawValue: "file:\(path)"),
                expected: ["mode": "0644"], actual: ["mode": "0640"]), description: nil)
    }

    @Test func eachItemSaysWhatIsThereAndWhatIsExpected() {
        var detected = facts(.driftDetected, count: 2)
        detected.items = [Self.mode(of: "/etc/motd"), Self.motd, Self.mode(of: "/etc/issue")]
        #expect(
            lines(detected) == [
                "Web 1: /etc/motd: wrong permissions (+1) · Configuration drift detected · Web 1 (web-1) · pack base · "
                    + "2 items · \(Self.page)",
                "  /etc/motd: wrong permissions: mode 0640, expected 0644; wrong content",
                "  /etc/issue: wrong permissions: mode 0640, expected 0644",
                "    /etc/motd", "    -to <web-1>", "    +to web-2", "    +or so", "    -a",
                "since 2026-11-21 06:00 UTC", "alert 42 · outbox 7 · 2026-11-22 06:00 UTC",
            ])
    }

    @Test func timesAreInTheSchedulesZoneAndLabelsAreNamed() {
        var detected = facts(.driftDetected, items: threeItems)
        detected.timeZone = "Asia/Kolkata"
        detected.labels = ["role": "web", "site": "north", "bare": ""]
        #expect(
            lines(detected).suffix(3) == [
                "since 2026-11-21 11:30 Asia/Kolkata", "bare=, role=web, site=north",
                "alert 42 · outbox 7 · 2026-11-22 11:30 Asia/Kolkata",
            ])
        detected.labels = Dictionary(uniqueKeysWithValues: (1...7).map { ("l\($0)", "x") })
        #expect(lines(detected).contains("l1=x, l2=x, l3=x, l4=x, l5=x, +2"))
        detected.timeZone = "Nowhere/At_All"
        #expect(lines(detected).contains("since 2026-11-21 06:00 UTC"))
    }

    @Test func whoIsAtWorkAndWhatWasSaidIsTold() {
        var changed = facts(.driftChanged, count: 3, added: 1, previous: 2, items: [(.wrongVersion, "openssl")])
        changed.acknowledgedBy = "alice"
        #expect(lines(changed).contains("open again: alice had acknowledged it"))
        var resolved = facts(.driftResolved, resolution: .manual, actor: "alice")
        resolved.comment = "deploy 42, as announced"
        #expect(lines(resolved).contains("deploy 42, as announced"))
        #expect(lines(resolved)[0].contains("resolved by hand by alice · "))
    }

    @Test func aPayloadIsReadAsItWasWritten() throws {
        var written = facts(.driftChanged, items: threeItems)
        written.items.append(Self.motd)
        written.labels = ["role": "web"]
        (written.timeZone, written.acknowledgedBy, written.comment) = ("UTC", "alice", "soon")
        #expect(try NotificationFacts(json: Array(JSONEncoder().encode(written))) == written)
    }

    @Test func valuesOfAPayloadAreShort() {
        let long = String(repeating: "x", count: 5000)
        let item = NotificationFacts.Item(
            Mismatch(
                type: .wrongContent, item: "/a", key: ItemKey(rawValue: "file:/a"), expected: ["value": long],
                actual: ["value": "y"], diff: "@@ -1 +1 @@\n" + String(repeating: "-\(long)\n", count: 50)),
            description: nil)
        #expect(item.expected?["value"]?.count == 120)
        #expect(item.lines?.map(\.count) == [120, 120, 120, 120])
    }

    @Test func manyItemsFollowTheFirstLine() {
        let items = (1...10).map { (MismatchType.missingFile, "/etc/f\($0)") }
        let lines = lines(facts(.driftDetected, count: 25, added: 25, items: items))
        #expect(lines[0].hasPrefix("Web 1: /etc/f1: missing (+24) · Configuration drift detected · "))
        #expect(lines[0].contains(" · 25 items · "))
        #expect(Array(lines[1...11]) == (1...10).map { "  /etc/f\($0): missing" } + ["  +15 more"])
    }

    @Test func severalMismatchesOfAnItemAreOneLine() {
        let items: [(MismatchType, String)] = [(.wrongPermissions, "/etc/motd"), (.wrongOwner, "/etc/motd")]
        let lines = lines(facts(.driftDetected, count: 1, differences: 2, items: items))
        #expect(lines[0].contains("· 1 item, 2 differences · "))
        #expect(lines[1] == "  /etc/motd: wrong permissions; wrong owner")
    }

    @Test func whatNeverCompliedIsNotSaidToHaveDrifted() {
        let items: [(MismatchType, String)] = [(.wrongPermissions, "/etc/motd"), (.wrongContent, "/etc/motd")]
        let detected = facts(.driftDetected, count: 2, differences: 3, never: 1, added: 1, items: items)
        #expect(
            lines(detected)[0].contains(
                "· 2 items, 3 differences, 1 never complied, 1 new · http")
        )
    }

    @Test func anItemIsNamedWithWhatItIsFor() {
        var detected = facts(.driftDetected, count: 1)
        detected.items = [.init(type: .wrongOwner, item: "/etc/motd", description: "the <greeting>")]
        #expect(lines(detected)[1] == "  /etc/motd (the <greeting>): wrong owner")
    }

    @Test func aTypeOfALaterVersionIsReadable() {
        let later = lines(facts(.driftDetected, count: 1, items: [(MismatchType(rawValue: "too_old"), "/var/x")]))
        #expect(later[0].hasPrefix("Web 1: /var/x: too old · "))
        #expect(later[1] == "  /var/x: too old")
    }

    @Test func aChangedDriftSaysFromWhatToWhat() {
        let changed = facts(.driftChanged, count: 3, added: 1, previous: 2, items: [(.wrongVersion, "openssl")])
        #expect(
            lines(changed) == [
                "Web 1: openssl: wrong version · Configuration drift changed: 2 → 3 · Web 1 (web-1) · pack base · "
                    + "3 items, 1 new · \(Self.page)",
                "  openssl: wrong version", "open since 2026-11-21 06:00 UTC",
                "alert 42 · outbox 7 · 2026-11-22 06:00 UTC",
            ])
    }

    @Test func aCompliantResolutionSaysSinceWhenItHadDrifted() {
        #expect(
            lines(facts(.driftResolved, count: 0, resolution: .compliant, actor: "driftwatch")) == [
                "Web 1: Configuration compliant · Web 1 (web-1) · pack base · drifted since 2026-11-21 06:00 UTC · "
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
        #expect(text.hasPrefix("Web 1: \(title) · Web 1 (web-1) · pack base · drifted since"), "\(text)")
    }

    @Test func aFlappingAlertIsToldOnceAndThenWhatIsTrue() {
        var began = facts(.driftFlapping, count: 2)
        began.turnCount = 4
        #expect(
            lines(began)[0].hasPrefix(
                "Web 1: Flapping: opened or resolved 4 times in 14 days · Web 1 (web-1) · pack base · 2 items"))
        #expect(lines(began).contains("only other items are told until 3 checks in a row find the same"))
        #expect(
            lines(facts(.driftSettled, count: 2))[0].hasPrefix(
                "Web 1: No longer flapping: 2 items wrong · Web 1 (web-1)"))
        let items = lines(facts(.driftSettled, count: 12, items: threeItems))
        #expect(
            items[0].hasPrefix(
                "Web 1: No longer flapping: /etc/motd: wrong permissions (+11) · Web 1 (web-1) · pack base · 12 items · "
            ))
        #expect(
            items[1...4] == [
                "  /etc/motd: wrong permissions", "  curl: not installed", "  EDITOR: wrong value", "  +9 more",
            ])
    }

    @Test(arguments: [
        (NotificationFacts.Resolution.compliant, "nothing is wrong"), (.waived, "what is still wrong is waived"),
        (.manual, "the alert is closed"),
    ])
    func whatSettledWithoutAnAlertSaysOnlyWhatIsKnown(resolution: NotificationFacts.Resolution, words: String) {
        let right = lines(facts(.driftSettled, count: 2, resolution: resolution))[0]
        #expect(right.hasPrefix("Web 1: No longer flapping: \(words) · Web 1 (web-1)"), "\(right)")
    }

    /// Who works on what is over, or had, is of no interest.
    @Test(arguments: [NotificationFacts.Kind.driftFlapping, .driftSettled, .driftResolved, .checkRecovered])
    func nobodyIsAtWorkOnWhatIsOver(kind: NotificationFacts.Kind) {
        var over = facts(kind, resolution: .compliant)
        (over.status, over.acknowledgedBy) = (.resolved, "ann")
        #expect(!lines(over).contains { $0.contains("ann") }, "\(lines(over))")
    }

    @Test(arguments: [
        (
            NotificationFacts.Resolution.compliant, "Web 1: compliant again: /etc/motd (+4) · Configuration compliant",
            "5 items had drifted:"
        ),
        (.manual, "Web 1: Alert resolved by hand by ann", "  /etc/motd: wrong permissions"),
        (.disabled, "Web 1: Alert closed, because ann disabled drift detection", "5 items wrong at the last check:"),
    ])
    func anEndNamesWhatHadBeenWrong(resolution: NotificationFacts.Resolution, start: String, label: String) {
        var over = facts(.driftResolved, count: 5, resolution: resolution, actor: "ann")
        over.wrongItems = threeItems.map { .init(type: $0.0, item: $0.1) }
        let lines = lines(over)
        #expect(lines[0].hasPrefix("\(start) · Web 1 (web-1) · "), "\(lines)")
        #expect(lines[1] == label)
        #expect(lines.contains("  EDITOR: wrong value") && lines.contains("  +2 more"))
    }

    @Test func aServerWhoseNameIsItsIDIsNamedOnce() {
        let same = lines(facts(.driftResolved, resolution: .compliant, serverName: "web-1"))[0]
        #expect(same.hasPrefix("web-1: Configuration compliant · pack base · "), "\(same)")
        var canary = facts(.driftDetected, items: threeItems, serverName: "web-1")
        canary.labels = ["canary": "true"]
        let opened = lines(canary)[0]
        #expect(
            opened.hasPrefix(
                "Canary: web-1: /etc/motd: wrong permissions (+2) · Configuration drift detected · pack base · "),
            "\(opened)")
    }

    @Test(arguments: [
        (NotificationFacts.Resolution.compliant, 0, 0, "Configuration compliant"),
        (.compliant, 2, 1, "Configuration compliant · 2 waived · 1 due"),
        (.waived, 2, 1, "What is still wrong is waived · 2 waived, 1 due"),
        (.due, 0, 1, "What is still wrong is wanted only later · 1 due"),
    ])
    func aResolutionNamesWhatIsWrongAllTheSame(
        resolution: NotificationFacts.Resolution, waived: Int, due: Int, title: String
    ) {
        var resolved = facts(.driftResolved, count: 0, resolution: resolution, actor: "driftwatch")
        (resolved.waivedCount, resolved.dueCount) = (waived, due)
        let first = lines(resolved)[0]
        #expect(first.hasPrefix("Web 1: \(title) · Web 1 (web-1) · pack base · drifted since"), "\(first)")
    }

    @Test(
        "any other resolution says who closed the alert and how",
        arguments: [
            (.manual, "Alert resolved by hand by alice"),
            (.disabled, "Alert closed, because alice disabled drift detection"),
            (.unassigned, "Alert closed, because alice removed the pack from the server"),
            (.removed, "Alert closed, because alice removed the server"),
            (.settings, "Alert closed, because alice changed failing_after or expect"),
        ] as [(NotificationFacts.Resolution, String)])
    func anyOtherResolutionSaysWhoAndHow(resolution: NotificationFacts.Resolution, words: String) {
        let first = lines(facts(.driftResolved, count: 0, resolution: resolution, actor: "alice"))[0]
        #expect(first.hasPrefix("Web 1: \(words) · Web 1 (web-1) · pack base · open since "), "\(first)")
        let nobody = lines(facts(.driftResolved, resolution: resolution))[0]
        #expect(nobody.hasPrefix("Web 1: \(words.replacing("alice", with: "somebody")) · Web 1 (web-1)"))
    }

    /// Where the server or its pack is gone, `driftwatch diff` knows neither.
    @Test(
        arguments: [NotificationFacts.Resolution.removed, .unassigned],
        [NotificationFacts.Kind.driftResolved, .checkRecovered])
    func whatIsGoneLeadsToItsAlert(resolution: NotificationFacts.Resolution, kind: NotificationFacts.Kind) {
        let gone = facts(kind, resolution: resolution, actor: "alice")
        #expect(lines(gone, baseURL: nil)[0].hasSuffix(" · driftwatch alerts show 42"))
        #expect(lines(gone)[0].hasSuffix(" · https://drift.example.net/alerts/42"))
        #expect(MessageText(gone, outboxID: 7, baseURL: nil, escaping: .none).linkLabel == "The alert")
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

    @Test func aResolutionThatIsAllThatIsToldSaysWhatItResolves() {
        var resolved = facts(.driftResolved, count: 3, items: threeItems, resolution: .compliant)
        resolved.openingFolded = true
        let words = lines(resolved)
        #expect(
            words[1].hasPrefix(
                "It was over before its opening could be sent: Configuration drift detected 2026-11-21 06:00 UTC, 3 items: "
            ))
        resolved.openingUndelivered = true
        #expect(lines(resolved)[1].hasPrefix("Its opening may not have been delivered: "))
    }

    @Test func anOpeningThatSomebodyAcknowledgedMeanwhileSaysSo() {
        var opened = facts(.driftDetected, count: 3, items: threeItems)
        opened.acknowledgedBy = "ann"
        opened.status = .acknowledged
        #expect(lines(opened).contains("ann is at work on it"))
        opened.status = .open
        #expect(lines(opened).contains("open again: ann had acknowledged it"))
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
        #expect(message.contains("\n  /etc/]0;title<b> /x: missing\n  +2 more\n"))
        #expect(message.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        #expect(!message.hasSuffix("\n"))
    }
}
