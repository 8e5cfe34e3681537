/// Why an item that was right is wrong now, as far as that can be told.
///
/// As JSON: `{"kind": …, "package": …, "from": …, "to": …, "changed_at": …, "logged_in": […]}`, without what is not known.
/// All of it is safe to store and to show.
package struct Cause: Hashable, Sendable, Codable {
    /// An open set: a later version may know more.
    package struct Kind: RawRepresentable, Hashable, Sendable, Codable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        /// What the pack expects of this server changed.
        package static let pack = Self(rawValue: "pack")
        /// A file belongs to a package that was upgraded, installed or removed.
        package static let upgrade = Self(rawValue: "upgrade")
        /// Anything else that happened on the server.
        package static let server = Self(rawValue: "server")
    }

    package var kind: Kind
    /// Of an upgrade.
    package var package: String?
    /// Its version before, and after; nil where there was none, or the package manager does not say it.
    package var from: String?
    package var to: String?
    /// When the file was changed, by the server's clock: RFC 3339, UTC, whole seconds.
    package var changedAt: String?
    /// Who was logged in then: names of accounts, in order.
    package var loggedIn: [String]?

    package init(
        _ kind: Kind, package: String? = nil, from: String? = nil, to: String? = nil, changedAt: String? = nil,
        loggedIn: [String]? = nil
    ) {
        self.kind = kind
        self.package = package
        self.from = from
        self.to = to
        self.changedAt = changedAt
        self.loggedIn = loggedIn
    }

    enum CodingKeys: String, CodingKey {
        case kind, package, from, to
        case changedAt = "changed_at"
        case loggedIn = "logged_in"
    }
}
