internal import Redaction

/// Judges one setting.
enum SettingComparison {
    typealias Reading = ConfigurationText.Reading

    static func evidence(on wanted: SettingExpectation, facts: Facts) -> Evidence {
        switch wanted.kind {
        case .environmentVariable: evidence(on: wanted, variable(wanted.name, facts))
        case .sysctl:
            evidence(
                on: wanted, facts.topics.seen(SysctlFacts.self).flatMap { $0.reading(of: SysctlName(wanted.name)) })
        case .sshd: sshdEvidence(on: wanted, facts.topics.seen(SSHDFacts.self))
        case .config: configEvidence(on: wanted, facts)
        }
    }

    private static func variable(_ name: String, _ facts: Facts) -> Result<Reading, UnreadableReason> {
        switch facts.environment[name] {
        case nil: .failure(.malformedAnswer)
        case .unreadable(let reason): .failure(reason)
        case .unset: .success(.unset)
        case .value(let value): .success(.value(value))
        }
    }

    private static func sshdEvidence(
        on wanted: SettingExpectation, _ seen: Result<SSHDFacts, UnreadableReason>
    ) -> Evidence {
        if case .success(let sshd) = seen, sshd.isAbsent { return .notApplicable("the server has no sshd") }
        return evidence(on: wanted, seen.flatMap { $0.reading(of: wanted.name) })
    }

    private static func configEvidence(on wanted: SettingExpectation, _ facts: Facts) -> Evidence {
        guard let file = wanted.file else { return .unreadable(.unsupported) }
        switch ConfigurationFile.text(at: file, showsPrivateText: wanted.showsPrivateText, in: facts) {
        case .failure(let reason): return .unreadable(reason)
        case .success(nil): return wrong(wanted, actual: ["state": "unset", "note": "the file does not exist"])
        case .success(let bytes?):
            guard let text = facts.configurations.text(bytes, path: file, style: wanted.style) else {
                return .unreadable(.malformedFile)
            }
            return evidence(on: wanted, .success(text.reading(of: wanted.name)))
        }
    }

    private static func evidence(on wanted: SettingExpectation, _ seen: Result<Reading, UnreadableReason>) -> Evidence {
        let reading: Reading
        switch seen {
        case .failure(let reason): return .unreadable(reason)
        case .success(let found): reading = found
        }
        switch reading {
        case .unset: return wrong(wanted, actual: ["state": "unset"])
        case .computed: return .unreadable(.computedValue)
        case .ambiguous(let values):
            switch wanted.wanted.judgement(ofAny: values) {
            case .met: return .none
            case .unclear: return .unreadable(.ambiguousValue)
            case .unmet: return wrong(wanted, value: values[0])
            }
        case .value(let value):
            let spellings = wanted.kind == .sshd ? SSHDSpelling.all(of: value, keyword: wanted.name) : [value]
            let judgements = spellings.map { wanted.wanted.judgement(of: $0) }
            if judgements.contains(.met) { return .none }
            return judgements.contains(.unclear) ? .unreadable(.notANumber) : wrong(wanted, value: spellings[0])
        }
    }

    private static func wrong(_ wanted: SettingExpectation, value: String) -> Evidence {
        wrong(wanted, actual: ["value": .setting(value, ofKey: wanted.name)])
    }

    private static func wrong(_ wanted: SettingExpectation, actual: [String: EvidenceValue]) -> Evidence {
        var evidence = Evidence.none
        evidence.add(.wrongSetting, Sides(expected: ["value": wanted.wanted.shown(ofKey: wanted.name)], actual: actual))
        return evidence
    }
}

/// The names that sshd has for one value.
private enum SSHDSpelling {
    /// That of its manual first.
    static func all(of value: String, keyword: String) -> [String] {
        keyword.lowercased() == "permitrootlogin" && value == "without-password"
            ? ["prohibit-password", value] : [value]
    }
}
