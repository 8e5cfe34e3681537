/// A unit, as `systemctl show` prints it.
struct UnitState: Hashable {
    /// The name of the unit itself; others are aliases.
    var id: String
    var names: [String]
    var loadState: String
    var activeState: String
    var subState: String
    /// Of a service, such as `oneshot`.
    var type: String
    /// How it ended last, such as `exit-code`.
    var result: String
    /// Empty if there is no unit file.
    var unitFileState: String
    /// The sockets, timers and paths that start it.
    var triggeredBy: [String]
    /// The file that the unit was generated from.
    var sourcePath: String
    var wantedBy: [String]
    /// Whether its main process has ended since the machine started.
    var hasEnded: Bool

    /// The units in the lines of an answer, by each of their names.
    static func units(in lines: ArraySlice<String>) -> [String: Result<UnitState, UnreadableReason>] {
        var units: [String: Result<UnitState, UnreadableReason>] = [:]
        for block in lines.split(separator: "") {
            guard let unit = UnitState(block) else { continue }
            for name in Set([unit.id] + unit.names) {
                // A unit that was asked about by two names comes twice, and may have changed in between.
                let isSame = units[name].map { $0 == .success(unit) } ?? true
                units[name] = isSame ? .success(unit) : .failure(.malformedAnswer)
            }
        }
        return units
    }

    /// Nil if what is judged is missing, or there twice.
    private init?(_ block: ArraySlice<String>) {
        var fields: [String: String] = [:]
        for line in block {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, fields.updateValue(parts[1], forKey: parts[0]) == nil else { return nil }
        }
        guard let id = fields["Id"], let names = fields["Names"], let loadState = fields["LoadState"],
            let activeState = fields["ActiveState"], let subState = fields["SubState"],
            let unitFileState = fields["UnitFileState"], !id.isEmpty
        else { return nil }
        self.id = id
        self.names = Self.list(names)
        self.loadState = loadState
        self.activeState = activeState
        self.subState = subState
        self.unitFileState = unitFileState
        // A mount has a type as well: that of its file system.
        type = UnitName(id).kind == "service" ? fields["Type"] ?? "" : ""
        result = fields["Result"] ?? ""
        triggeredBy = Self.list(fields["TriggeredBy"] ?? "")
        sourcePath = fields["SourcePath"] ?? ""
        wantedBy = Self.list(fields["WantedBy"] ?? "")
        hasEnded = fields["ExecMainExitTimestampMonotonic"].map { !["", "0"].contains($0) } ?? false
    }

    /// A list of names; those with a backslash are between quotation marks, with two of it.
    private static func list(_ text: String) -> [String] {
        text.split(separator: " ").map { word in
            guard word.utf8.count > 1, word.hasPrefix("\""), word.hasSuffix("\"") else { return String(word) }
            return String(word.dropFirst().dropLast()).replacing("\\\\", with: "\\")
        }
    }
}

extension UnitState: ServiceState {
    func enabled(_ wanted: Bool) -> ServiceFinding {
        if loadState == "not-found" { return UnitFileState.notFound.finding(wanted) }
        // The links in /etc/rc?.d decide which scripts the generator hangs below a target, and systemctl asks them as well.
        if unitFileState == "generated", sourcePath.hasPrefix("/etc/init.d/") || sourcePath.hasPrefix("/etc/rc.d/") {
            let isEnabled = !Self.runlevels.isDisjoint(with: wantedBy)
            return (isEnabled ? UnitFileState.enabled : .disabled).finding(wanted)
        }
        guard !unitFileState.isEmpty else { return .undecided("no state") }
        return UnitFileState(rawValue: unitFileState)?.finding(wanted) ?? .unreadable(.unsupported)
    }

    private static let runlevels: Set = [
        "multi-user.target", "graphical.target", "runlevel2.target", "runlevel3.target", "runlevel4.target",
        "runlevel5.target",
    ]

    func running(_ wanted: Bool) -> ServiceFinding {
        let isOnce = type == "oneshot"
        switch activeState {
        case "active", "reloading", "refreshing": return wanted ? .met : .wrong(shown)
        // What ends by itself is never more than this.
        case "activating" where isOnce && subState != "auto-restart": return wanted ? .met : .wrong(shown)
        // It is neither up nor stopped.
        case "activating", "deactivating": return .wrong(shown)
        case "inactive" where wanted && isOnce && hasEnded && result == "success":
            return .met("it is a oneshot, which ran and ended well")
        case "inactive" where wanted && isOnce && !hasEnded:
            return .wrong(shown, note: "it is a oneshot, and has not run since the machine started")
        case "inactive": return wanted ? .wrong(shown) : .met
        case "failed", "maintenance":
            return wanted ? .wrong(shown) : .met("it does not run because it failed (\(result))")
        default: return .unreadable(.unsupported)
        }
    }

    /// What people are shown of whether it runs.
    private var shown: String {
        switch loadState {
        case "not-found" where activeState == "inactive": "not-found"
        case "masked" where activeState == "inactive": "masked"
        default: "\(activeState) (\(activeState == "failed" ? result : subState))"
        }
    }

    var notes: [String] {
        var notes: [String] = []
        if activeState == "inactive", !triggeredBy.isEmpty {
            notes.append("\(triggeredBy.sorted().joined(separator: " and ")) may start it")
        }
        if !["loaded", "not-found", "masked"].contains(loadState) {
            notes.append("its unit file is wrong: \(loadState)")
        }
        return notes
    }
}
