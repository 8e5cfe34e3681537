/// What a pack may say with a placeholder and only a server knows.
package enum ServerPlaceholder: Hashable, Sendable {
    case id, name, address
    case label(String)
    case system, version, architecture

    /// Reads `server.name`, `labels.role` or `facts.os.id`; nil for others.
    package init?(_ name: String) {
        if name.hasPrefix(Self.labelPrefix), name.utf8.count > Self.labelPrefix.utf8.count {
            self = .label(String(name.dropFirst(Self.labelPrefix.count)))
        } else if let known = Self.names.first(where: { $0.value == name })?.key {
            self = known
        } else {
            return nil
        }
    }

    /// As packs write it.
    package var reference: String {
        if case .label(let name) = self { Self.labelPrefix + name } else { Self.names[self] ?? "" }
    }

    /// Whether the server has to be looked at to know it.
    package var isFact: Bool { [.system, .version, .architecture].contains(self) }

    package static var known: [String] { names.values.sorted() }

    private static let labelPrefix = "labels."
    private static let names: [Self: String] = [
        .id: "server.id", .name: "server.name", .address: "server.address", .system: "facts.os.id",
        .version: "facts.os.version", .architecture: "facts.architecture",
    ]
}

/// What is known of a server before it is looked at, for placeholders and conditions.
package struct ServerVariables: Hashable, Sendable {
    package var id: ServerID?
    package var name: String?
    package var address: String?
    package var labels: [String: String]

    package init(
        id: ServerID? = nil, name: String? = nil, address: String? = nil, labels: [String: String] = [:]
    ) {
        self.id = id
        self.name = name
        self.address = address
        self.labels = labels
    }

    /// Nil if the server has no such value.
    func value(of placeholder: ServerPlaceholder, _ system: OSFacts?) -> String? {
        switch placeholder {
        case .id: id?.rawValue
        case .name: name
        case .address: address
        case .label(let name): labels[name]
        case .system: system?.id
        case .version: system?.version
        case .architecture: system?.machine
        }
    }
}

/// Texts that take the place of a server's values while no server is known.
///
/// Of one form all have the same length, so that none is a part of another.
package enum StandIn: CaseIterable, Sendable {
    case word, number, address
    /// An address for that of the server, and numbers for all else.
    case mixed

    /// The text for the value with this number; those of another `round` differ.
    package func text(for placeholder: ServerPlaceholder, _ number: Int, round: Int = 0) -> String {
        switch self {
        case .mixed: (placeholder == .address ? Self.address : .number).text(for: placeholder, number, round: round)
        case .word: "zq\(round)x\(10000 + number)y"
        case .number: String(61000 - 2000 * round + number)
        case .address: "10.20\(round).\(100 + number / 150).\(100 + number % 150)"
        }
    }
}
