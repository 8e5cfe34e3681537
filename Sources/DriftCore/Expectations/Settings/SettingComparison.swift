/// Judges one setting.
enum SettingComparison {
    static func evidence(on wanted: SettingExpectation, facts: Facts) -> Evidence {
        guard wanted.kind == .environmentVariable else { return .unreadable(.unsupported) }
        switch facts.environment[wanted.name] {
        case nil: return .unreadable(.malformedAnswer)
        case .unreadable(let reason): return .unreadable(reason)
        case .unset:
            return wrong(wanted, actual: ["state": "unset"])
        case .value(let value):
            // Compared byte by byte: canonically equivalent spellings are different values to a program.
            if value.utf8.elementsEqual(wanted.expected.utf8) { return .none }
            return wrong(wanted, actual: ["value": .setting(value, ofKey: wanted.name)])
        }
    }

    private static func wrong(_ wanted: SettingExpectation, actual: [String: EvidenceValue]) -> Evidence {
        var evidence = Evidence.none
        evidence.add(
            .wrongSetting,
            Sides(expected: ["value": .setting(wanted.expected, ofKey: wanted.name)], actual: actual))
        return evidence
    }
}
