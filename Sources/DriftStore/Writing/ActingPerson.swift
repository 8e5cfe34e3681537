package import Postgres

/// The person who acts, as the operators' functions record it.
package enum ActingPerson: Hashable, Sendable {
    /// A name that the caller gave. The database refuses it if the session's role may not act for others.
    case named(String)
    /// The login name of the caller; nil if it does not identify a person.
    ///
    /// If the role may not act for others, the role's own name is used instead.
    case account(String?)

    /// The name, as the database decides it.
    package var sql: SQL {
        switch self {
        case .named(let name): "\(name)::text"
        case .account(let name): "driftwatch.own_actor(\(name))"
        }
    }
}
