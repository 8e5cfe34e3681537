internal import Redaction

/// What says that a server waits for a reboot.
struct RebootFacts: Hashable {
    private var flags: [String] = []
    private var running: String?
    private var installed: [String] = []
    /// The exit status of RHEL's `needs-restarting -r`: 0, or 1 if a reboot is required.
    private var needsRestarting: String?

    mutating func add(_ name: String, _ value: String) {
        switch name {
        case "flag": flags.append(value)
        case "running": running = value
        case "kernel": installed.append(value)
        case "needs-restarting": needsRestarting = value
        default: break
        }
    }

    var evidence: Evidence {
        if let flag = flags.first { return Self.required("\(flag) is there") }
        guard let running else { return .unreadable(.malformedAnswer) }
        if needsRestarting == "1" { return Self.required("needs-restarting says so") }
        // A container has no kernel of its own.
        guard !installed.isEmpty else { return .notApplicable("it has no kernel of its own") }
        let flavour = KernelVersion(running).flavour
        let sameFlavour = installed.map(KernelVersion.init).filter { $0.flavour == flavour }
        guard let newest = sameFlavour.max() else {
            // The kernel comes from outside: which one the next boot takes is not known.
            return .unreadable(.undecided, remark: "\(running) runs, and no kernel of its flavour is installed")
        }
        if KernelVersion(running) < newest { return Self.required("\(running) runs, and \(newest.text) is installed") }
        guard installed.contains(running) else {
            return Self.required("\(running) runs, and is not installed any more")
        }
        switch needsRestarting {
        case nil, "0": return .none
        case "slow": return .unreadable(.slow)
        default: return .unreadable(.readError)
        }
    }

    private static func required(_ why: String) -> Evidence {
        .wrong(
            .wrongSystem, expected: ["reboot_required": "false"], actual: ["reboot_required": "true", "note": why])
    }
}

/// The version of a kernel, as `uname -r` prints it.
struct KernelVersion: Hashable, Comparable {
    let text: String

    init(_ text: String) { self.text = text }

    /// What tells kernels apart that are installed side by side, such as `amd64`, `generic` or `lts`.
    ///
    /// The words at the end that do not begin with a digit: of `6.1.0-31-cloud-amd64` it is `cloud-amd64`. A release
    /// candidate, `-rc7`, is not a flavour.
    var flavour: String {
        let words = text.split(separator: "-")
        let last = words.lastIndex { $0.utf8.first?.isDigit == true } ?? words.startIndex
        let rest = words[min(last + 1, words.endIndex)...]
        return rest.filter { !($0.hasPrefix("rc") && $0.dropFirst(2).utf8.allSatisfy(\.isDigit)) }.joined(
            separator: "-")
    }

    static func < (left: Self, right: Self) -> Bool { left.order.order(against: right.order) < 0 }

    /// As rpm orders it; a release candidate comes before its release.
    private var order: RPMVersion {
        RPMVersion(text.replacing("-rc", with: "~rc").replacing("-", with: "."))
    }
}
