/// What the service manager says of the services that were asked about.
///
/// The first line of an answer is `manager systemd`, `manager openrc` or `manager none`. From systemd follow the blocks of
/// `systemctl show`, `templates`, and the lines of `systemctl list-unit-files`. From OpenRC follow `boots LEVEL…`, the
/// runlevels that a boot goes through, and `service NAME STATE LEVEL…`.
struct ServiceFacts: Topic {
    static let name = "services"

    private enum Manager: Hashable {
        case systemd(units: [String: Result<UnitState, UnreadableReason>], templates: TemplateStates)
        case openRC([String: Result<OpenRCService, UnreadableReason>])
        case none
    }

    private var manager: Manager?

    init(_ lines: [ArraySlice<UInt8>]) {
        let words = lines.map { String(decoding: $0, as: UTF8.self) }
        switch words.first {
        case "manager systemd":
            let parts = words.dropFirst().split(separator: "templates", maxSplits: 1, omittingEmptySubsequences: false)
            manager = .systemd(
                units: UnitState.units(in: parts[0]),
                templates: TemplateStates(parts.count == 2 ? parts[1] : []))
        case "manager openrc": manager = .openRC(OpenRCService.services(in: words.dropFirst()))
        case "manager none": manager = Manager.none
        default: manager = nil
        }
    }

    enum Seen {
        case service(any ServiceState)
        /// The server has no services, or none of this sort.
        case notApplicable(String)
        case unreadable(UnreadableReason)
    }

    /// What is known of a unit, by any of its names.
    func service(_ name: UnitName) -> Seen {
        switch manager {
        case .systemd(_, let templates) where name.isTemplate: Self.seen(templates.state(of: name.text))
        case .systemd(let units, _): Self.seen(units[name.text] ?? .failure(.readError))
        case .openRC where name.kind != "service": .notApplicable("OpenRC has no units of type \(name.kind)")
        case .openRC(let services): Self.seen(services[name.text] ?? .failure(.malformedAnswer))
        case Manager.none?: .notApplicable("neither systemd nor OpenRC runs there")
        case nil: .unreadable(.malformedAnswer)
        }
    }

    private static func seen(_ service: Result<some ServiceState, UnreadableReason>) -> Seen {
        switch service {
        case .success(let service): .service(service)
        case .failure(let reason): .unreadable(reason)
        }
    }
}

/// What a service manager knows of one service.
protocol ServiceState {
    /// Whether it is enabled, or is not, as it is wanted.
    func enabled(_ wanted: Bool) -> ServiceFinding
    /// Whether it runs, or does not, as it is wanted.
    func running(_ wanted: Bool) -> ServiceFinding
    /// What explains it, whatever is wrong.
    var notes: [String] { get }
}

/// What one half of an expectation comes to.
enum ServiceFinding: Hashable {
    /// It is as it is wanted; the text is what there is to say of it all the same.
    case met(String?)
    /// What it is in place of what is wanted, and what explains it.
    case wrong(String, note: String? = nil)
    /// The server gives no yes or no: what it says instead.
    case undecided(String)
    case unreadable(UnreadableReason)

    static let met = Self.met(nil)
}

/// The name of a unit, suffix included.
struct UnitName: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    var kind: Substring { text.split(separator: ".").last ?? "" }

    /// Whether it is a template, such as `getty@.service`, of which only instances run.
    var isTemplate: Bool {
        guard let mark = text.firstIndex(of: "@") else { return false }
        let rest = text[text.index(after: mark)...]
        return rest.first == "." && !rest.dropFirst().contains(".")
    }
}
