/// A waiver as an inventory declares it.
package struct DeclaredWaiver: Hashable, Sendable {
    package enum Target: Hashable, Sendable {
        case server(ServerID)
        /// Every server that has all of these labels; never empty.
        case labels([String: String])
    }

    package var target: Target
    package var pack: PackName
    /// The item's key, or its name as people see it.
    package var item: String
    package var reason: String
    package var author: String
    /// When it ends; nil if it has no end.
    package var until: DayOrInstant?

    package init(
        _ target: Target, pack: PackName, item: String, reason: String, author: String, until: DayOrInstant? = nil
    ) {
        self.target = target
        self.pack = pack
        self.item = item
        self.reason = reason
        self.author = author
        self.until = until
    }
}

extension Server {
    /// Whether a waiver may be about it.
    package func isMeant(by target: DeclaredWaiver.Target) -> Bool {
        switch target {
        case .server(let id): id == self.id
        case .labels(let labels): labels.allSatisfy { self.labels[$0.key] == $0.value }
        }
    }
}
