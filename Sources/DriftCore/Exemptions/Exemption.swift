/// Why a difference counts for nothing for now: it is shown, and is neither drift nor alerted.
package enum Exemption: Hashable, Sendable, Codable {
    /// Somebody accepts it.
    case waived(Waiver)
    /// The pack wants the item only from then on.
    case due(from: String)
}

/// Somebody's word that an item of a pack may differ, for a reason and mostly for a time.
package struct Waiver: Hashable, Sendable, Codable {
    package var reason: String
    package var author: String
    /// When it ends, in RFC 3339; nil if it has no end.
    package var until: String?

    package init(reason: String, author: String, until: String? = nil) {
        self.reason = reason
        self.author = author
        self.until = until
    }
}

/// Which differences of a server count for nothing in one pack at one time.
package struct Exemptions: Hashable, Sendable {
    /// Nothing is waived, and everything counts from now on.
    package static let none = Exemptions(waivers: [:], now: nil)

    private let waivers: [ItemKey: Waiver]
    private let now: Moment?

    private init(waivers: [ItemKey: Waiver], now: Moment?) {
        self.waivers = waivers
        self.now = now
    }

    /// `waivers` are those in force.
    package init(waivers: [ItemKey: Waiver], at now: Moment) { self.init(waivers: waivers, now: now) }

    /// A waiver is named first: it says who answers for the difference.
    func exemption(of expectation: Expectation, key: ItemKey) -> Exemption? {
        if let waiver = waivers[key] { return .waived(waiver) }
        guard let now, let start = expectation.start, !start.hasCome(at: now) else { return nil }
        return .due(from: start.text)
    }
}
