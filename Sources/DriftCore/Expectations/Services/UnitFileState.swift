/// Whether something starts a unit at boot, in the words of `systemctl is-enabled`.
enum UnitFileState: String, CaseIterable {
    case enabled
    case enabledRuntime = "enabled-runtime"
    case linked
    case linkedRuntime = "linked-runtime"
    case alias
    case masked
    case maskedRuntime = "masked-runtime"
    case `static`
    case indirect
    case disabled
    case generated
    case transient
    case bad
    case notFound = "not-found"

    /// What it means for `enabled: true` and for `enabled: false`.
    ///
    /// Enabled is what starts at every boot. `systemctl is-enabled` succeeds for more than that: for what is enabled only
    /// until the next boot, and for what nobody can enable or disable (`static`, `indirect`, `generated`, `alias`),
    /// because something else starts it, or nothing does. Of these, neither can be proven.
    func finding(_ wanted: Bool) -> ServiceFinding {
        switch (self, wanted) {
        //                                            is-enabled says
        case (.enabled, true): .met  //               0
        case (.enabled, false): .wrong(rawValue)
        case (.enabledRuntime, _):  //                0, but not after the next boot
            .wrong(rawValue, note: "it is enabled until the next boot")
        case (.disabled, true), (.linked, true), (.linkedRuntime, true), (.masked, true):  // 1
            .wrong(rawValue)
        case (.disabled, false), (.linked, false), (.linkedRuntime, false), (.masked, false): .met
        case (.maskedRuntime, true): .wrong(rawValue)  // 1, but after the next boot it may be enabled
        case (.maskedRuntime, false): .undecided(rawValue)
        case (.transient, true):  //                  0 or 1, and the next boot has no such unit
            .wrong(rawValue, note: "the unit ends with this boot")
        case (.transient, false): .met
        case (.notFound, true): .wrong(rawValue)  //  4, or 1
        case (.notFound, false): .met
        case (.bad, true): .wrong(rawValue)  //       1: it cannot be loaded, whatever its links are
        case (.bad, false): .undecided(rawValue)
        case (.static, _), (.indirect, _), (.generated, _), (.alias, _): .undecided(rawValue)  // 0
        }
    }
}

/// The templates among the unit files, as `systemctl list-unit-files` prints them.
struct TemplateStates: Hashable {
    private var states: [String: String] = [:]
    private var isWhole = false

    init(_ lines: ArraySlice<String>) {
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 2 else { continue }
            if words[0] == "basic.target" { isWhole = true }
            states[words[0]] = words[1]
        }
    }

    func state(of name: String) -> Result<Template, UnreadableReason> {
        guard isWhole else { return .failure(.readError) }
        guard let word = states[name] else { return .success(Template(state: .notFound)) }
        return UnitFileState(rawValue: word).map { .success(Template(state: $0)) } ?? .failure(.unsupported)
    }

    struct Template: ServiceState {
        var state: UnitFileState

        func enabled(_ wanted: Bool) -> ServiceFinding { state.finding(wanted) }
        func running(_ wanted: Bool) -> ServiceFinding {
            wanted ? .wrong("inactive", note: "it is a template, which never runs itself") : .met
        }
        var notes: [String] { [] }
    }
}
