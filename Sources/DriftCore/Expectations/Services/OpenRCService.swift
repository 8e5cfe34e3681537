/// A service of OpenRC, as its folders have it.
struct OpenRCService: Hashable {
    enum State: String {
        case started, starting, stopping, stopped, inactive, wasinactive, failed, scheduled
        /// Started, but its daemon is gone.
        case crashed
        /// Started, but it cannot be seen whether its daemon is there.
        case unsure
        /// Neither known to OpenRC nor started.
        case absent
    }

    var state: State
    /// The runlevels that it is in.
    var levels: [String]
    /// The runlevels that a boot goes through.
    var boots: Set<String>

    static func services(in lines: ArraySlice<String>) -> [String: Result<OpenRCService, UnreadableReason>] {
        var boots: Set<String> = []
        var services: [String: Result<OpenRCService, UnreadableReason>] = [:]
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "boots": boots.formUnion(words.dropFirst())
            case "service" where words.count >= 3:
                let state = services[words[1]] == nil ? State(rawValue: words[2]) : nil
                services[words[1]] =
                    state.map { .success(OpenRCService(state: $0, levels: Array(words[3...]), boots: boots)) }
                    ?? .failure(.malformedAnswer)
            default: break
            }
        }
        return boots.isEmpty ? [:] : services
    }
}

extension OpenRCService: ServiceState {
    func enabled(_ wanted: Bool) -> ServiceFinding {
        let isEnabled = !boots.isDisjoint(with: levels)
        guard isEnabled != wanted else { return .met }
        if isEnabled { return .wrong("in runlevel \(levels.filter(boots.contains).joined(separator: ", "))") }
        if state == .absent, levels.isEmpty { return .wrong("not-found") }
        return .wrong(levels.isEmpty ? "in no runlevel" : "only in runlevel \(levels.joined(separator: ", "))")
    }

    func running(_ wanted: Bool) -> ServiceFinding {
        switch state {
        case .started: wanted ? .met : .wrong(state.rawValue)
        case .starting, .stopping: .wrong(state.rawValue)
        case .absent: wanted ? .wrong("not-found") : .met
        case .failed, .crashed: wanted ? .wrong(state.rawValue) : .met("it does not run because it \(state.rawValue)")
        case .stopped, .inactive, .wasinactive, .scheduled: wanted ? .wrong(state.rawValue) : .met
        case .unsure: .unreadable(.permissionDenied)
        }
    }

    var notes: [String] { [] }
}
