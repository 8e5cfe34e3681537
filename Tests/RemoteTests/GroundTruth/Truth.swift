import DriftCore

/// What must come out for one item, by the documentation and by how its server was made.
enum Truth: Hashable, CustomStringConvertible {
    case ok
    /// Mismatches of these types.
    case wrong(Set<String>)
    /// The same, of an item with `severity: info`.
    case notable(Set<String>)
    /// It cannot be judged, for one of these reasons.
    case unreadable(Set<String>)
    case notApplicable

    static func wrong(_ types: String...) -> Truth { .wrong(Set(types)) }
    static func unreadable(_ reasons: String...) -> Truth { .unreadable(Set(reasons)) }

    /// What only root may see, asked by an account that may not become root.
    static let denied = Truth.unreadable("permission_denied", "sudo_refused")

    /// Ok if nothing is wrong.
    init(_ types: Set<String>) { self = types.isEmpty ? .ok : .wrong(types) }

    /// What was found; each mismatch type must appear once.
    init(_ finding: ItemOutcome.Finding) {
        switch finding {
        case .ok: self = .ok
        case .wrong(let mismatches): self = .wrong(Self.types(of: mismatches))
        case .notable(let mismatches), .exempt(let mismatches, _): self = .notable(Self.types(of: mismatches))
        case .unreadable(let reason): self = .unreadable([reason.rawValue])
        case .notApplicable: self = .notApplicable
        }
    }

    private static func types(of mismatches: [Mismatch]) -> Set<String> {
        let types = mismatches.map(\.type.rawValue)
        return Set(types).count == types.count ? Set(types) : ["twice"]
    }

    func allows(_ found: Truth) -> Bool {
        switch (self, found) {
        case (.unreadable(let reasons), .unreadable(let found)): found.isSubset(of: reasons)
        default: self == found
        }
    }

    /// Mismatch types, reasons, `ok`, `n/a`.
    var words: Set<String> {
        switch self {
        case .ok: ["ok"]
        case .wrong(let words), .notable(let words), .unreadable(let words): words
        case .notApplicable: ["n/a"]
        }
    }

    var description: String {
        func list(_ words: Set<String>) -> String { words.sorted().joined(separator: "+") }
        return switch self {
        case .ok: "ok"
        case .wrong(let types): list(types)
        case .notable(let types): "info:" + list(types)
        case .unreadable(let reasons): "?" + list(reasons)
        case .notApplicable: "n/a"
        }
    }
}
