package import Postgres

/// Who acts, as the operators' functions write it down.
package enum ActingPerson: Hashable, Sendable {
    /// Somebody said who it is: the database refuses that where the session's role may not name another.
    case named(String)
    /// The account of the person who asks, nil where it does not tell.
    ///
    /// The role's own name takes its place where the role may not name another.
    case account(String?)

    /// The name, worked out by the database.
    package var sql: SQL {
        switch self {
        case .named(let name): "\(name)::text"
        case .account(let name): "driftwatch.own_actor(\(name))"
        }
    }
}
