/// Judges one setting.
enum SettingComparison {
    static func evidence(on wanted: SettingExpectation, facts: Facts) -> Evidence {
        guard wanted.kind == .environmentVariable else { return .unreadable(.unsupported) }
        switch facts.environment[wanted.key] {
        case nil: return .unreadable(.malformedAnswer)
        case .unreadable(let reason): return .unreadable(reason)
        case .unset:
            return wrong(wanted, actual: ["state": "unset"])
        case .value(let value):
            // Compared byte by byte: canonically equivalent spellings are different values to a program.
            if value.utf8.elementsEqual(wanted.expected.utf8) { return .none }
            return wrong(wanted, actual: ["value": .setting(value, ofKey: wanted.key)])
        }
    }

    private static func wrong(_ wanted: SettingExpectation, actual: [String: EvidenceValue]) -> Evidence {
        var evidence = Evidence.none
        evidence.add(
            .wrongSetting,
            Sides(expected: ["value": .setting(wanted.expected, ofKey: wanted.key)], actual: actual))
        return evidence
    }
}
