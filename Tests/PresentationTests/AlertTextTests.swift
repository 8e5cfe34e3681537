import Presentation
import Testing

/// What alerts say to people.
@Suite struct AlertTextTests {
    @Test(arguments: [
        ("held until 2026-11-28T07:42:50Z (deploy 42)", "held until 2026-11-28 08:42 Europe/Berlin (deploy 42)"),
        (
            "since 2026-07-01T00:00:00.250Z, until 2026-07-02T00:00:00Z",
            "since 2026-07-01 02:00 Europe/Berlin, until 2026-07-02 02:00 Europe/Berlin"
        ),
        ("on 2026-11-28", "on 2026-11-28"),
    ])
    func instantsInATextAreShownInTheZoneOfTheSchedule(text: String, shown: String) {
        #expect(Times(zone: "Europe/Berlin").local(text) == shown)
    }

    @Test(arguments: [
        ("settings", "because failing_after or expect changes"),
        ("unassigned", "because no pack of the server wants these items any more"), ("moon", "as moon"),
    ])
    func whyAnAlertCloses(resolution: String, words: String) {
        #expect(AlertText.closing(resolution) == words)
    }
}
