/// A port that must be open, or all that may be.
package enum PortExpectation: Hashable, Sendable {
    /// Something listens there.
    case listen(ListenAddress)
    /// Nothing else listens.
    case only(AllowedPorts)
}

/// The only ports at which a server may listen.
package struct AllowedPorts: Hashable, Sendable {
    package var addresses: [ListenAddress]
    /// Which protocols are looked at.
    package var transports: Set<ListenAddress.Transport>
    /// Whether sockets count that only programs of the same machine can reach.
    package var loopback: Bool

    /// By default the protocols that the addresses have.
    package init(
        _ addresses: [ListenAddress], transports: Set<ListenAddress.Transport>? = nil, loopback: Bool = false
    ) {
        self.addresses = addresses.sorted { $0.text.precedesBytewise($1.text) }
        self.transports = transports ?? Set(addresses.map(\.transport))
        self.loopback = loopback
    }
}

extension PortExpectation: KnownKind {
    static let section = Expectation.Section.ports
    var noun: String { "port" }
    var subject: Expectation.Subject { .port(self) }

    var key: ItemKey {
        switch self {
        case .listen(let address): ItemKey(rawValue: "port:\(address.text)")
        case .only: ItemKey(rawValue: "ports:only")
        }
    }

    var item: String {
        switch self {
        case .listen(let address): address.text
        case .only: "only these ports"
        }
    }

    init?(_ fields: inout StoredFields) {
        if let address = fields.read("listen", { $0.text.flatMap(ListenAddress.init) }) {
            self = .listen(address)
            return
        }
        guard let texts = fields.texts("only"), let transports = fields.texts("protocols"),
            let loopback = fields.flag("loopback")
        else { return nil }
        let addresses = texts.compactMap(ListenAddress.init)
        let known = transports.compactMap(ListenAddress.Transport.init)
        guard addresses.count == texts.count, known.count == transports.count else { return nil }
        self = .only(AllowedPorts(addresses, transports: Set(known), loopback: loopback))
    }

    var stored: [String: StoredValue] {
        var fields: [String: StoredValue] = [:]
        switch self {
        case .listen(let address): fields[text: "listen"] = address.text
        case .only(let allowed):
            fields[texts: "only"] = allowed.addresses.map(\.text)
            fields[texts: "protocols"] = allowed.transports.map(\.rawValue).sorted()
            fields[flag: "loopback"] = allowed.loopback
        }
        return fields
    }

    func ask(_ questions: inout QuestionSet) { questions.ask(PortFacts.self) }

    func evidence(in facts: Facts) -> Evidence {
        switch facts.topics.seen(PortFacts.self).flatMap(\.sockets) {
        case .failure(let reason): .unreadable(reason)
        case .success(let ports):
            switch self {
            case .listen(let address): Self.evidence(that: address, isAmong: ports)
            case .only(let allowed): Self.evidence(that: ports, areAmong: allowed)
            }
        }
    }

    private static func evidence(that wanted: ListenAddress, isAmong ports: PortFacts) -> Evidence {
        let same = ports.listening.filter { $0.transport == wanted.transport && $0.port == wanted.port }
        // Wherever it listens for all of a family, it listens for every address of that family.
        let covering = same.filter { wanted.host == .any ? $0.isWildcard : $0.covers(wanted) }
        if covering.contains(where: { $0.host == wanted.host || wanted.host == .any }) { return .none }
        if let wider = covering.first { return .remark("it listens at \(wider.text), which covers it") }
        // A socket for all of IPv6 may take IPv4 as well; the kernel does not list whether it does.
        if case .version4 = wanted.host, let wildcard = same.first(where: { $0.isWildcard }) {
            return .unreadable(.undecided, remark: "it listens at \(wildcard.text), which may take IPv4 as well")
        }
        var actual = ["listen": "nothing"]
        if !same.isEmpty { actual["listen"] = shown(same, ports) }
        return .wrong(.missingPort, expected: ["listen": wanted.text], actual: actual)
    }

    private static func evidence(that ports: PortFacts, areAmong allowed: AllowedPorts) -> Evidence {
        let unexpected = ports.listening.filter { socket in
            allowed.transports.contains(socket.transport) && (allowed.loopback || !socket.isLoopback)
                && !ports.isClient(socket) && !allowed.addresses.contains { $0.covers(socket) }
        }
        guard !unexpected.isEmpty else { return .none }
        let expected = allowed.addresses.isEmpty ? "nothing" : allowed.addresses.map(\.text).joined(separator: ", ")
        return .wrong(.unexpectedPort, expected: ["only": expected], actual: ["also": shown(unexpected, ports)])
    }

    private static func shown(_ sockets: Set<ListenAddress>, _ ports: PortFacts) -> String {
        let sorted = sockets.sorted {
            ($0.transport.rawValue, $0.port, $0.text) < ($1.transport.rawValue, $1.port, $1.text)
        }
        let more = sorted.count > 20 ? " and \(sorted.count - 20) more" : ""
        let texts = sorted.prefix(20).map { socket in
            let programs = ports.programs(at: socket)
            return socket.text + (programs.isEmpty ? "" : " (\(programs.joined(separator: ", ")))")
        }
        return texts.joined(separator: ", ") + more
    }

    /// Two lists may both be met, by what is in both.
    func contradiction(to other: Self) -> PackConflicts.Contradiction? { nil }
}
