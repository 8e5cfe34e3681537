import DriftCore
import Testing

@Suite struct ComparisonSettingTests {
    @Test(
        arguments: [
            ("vim", .value("vim"), .ok),
            ("", .value(""), .ok),
            ("vim", .value("vi"), .wrong(.wrongSetting, ["value": "vim"], ["value": "vi"])),
            ("vim", .value("vim "), .wrong(.wrongSetting, ["value": "vim"], ["value": "vim‹space›"])),
            ("vim", .value(""), .wrong(.wrongSetting, ["value": "vim"], ["value": ""])),
            ("", .value("vi"), .wrong(.wrongSetting, ["value": ""], ["value": "vi"])),
            ("vim", .unset, .wrong(.wrongSetting, ["value": "vim"], ["state": "unset"])),
            ("", .unset, .wrong(.wrongSetting, ["value": ""], ["state": "unset"])),
            ("vim", nil, .unreadable(.malformedAnswer)),
            ("vim", .unreadable(.unsupported), .unreadable(.unsupported)),
            // Two spellings of one letter are two values to a program.
            (
                "\u{E9}", .value("e\u{301}"),
                .wrong(
                    .wrongSetting, ["value": "‹U+00E9›"],
                    [
                        "value": "e‹U+0301›",
                        "note": "‹U+00E9› is LATIN SMALL LETTER E WITH ACUTE; ‹U+0301› is COMBINING ACUTE ACCENT",
                    ])
            ),
        ] as [(String, SettingFact?, Told)])
    func environmentVariablesAreJudged(expected: String, fact: SettingFact?, told: Told) {
        let wanted = SettingExpectation(name: "EDITOR", expected: expected, kind: .environmentVariable)
        let facts = Facts(environment: fact.map { ["EDITOR": $0] } ?? ["PAGER": .unset])
        #expect(Told(judge(.setting(wanted), facts)) == told)
    }
}
