package import Postgres

/// Why a database takes no writes, so that no process can work.
package enum ReadOnlyCause: Hashable, Sendable, CustomStringConvertible {
    case standby
    /// `default_transaction_read_only`, with the place where it is set, as `pg_settings` says it.
    case setting(source: String)

    /// Nil if it takes writes.
    package static func current(in transaction: borrowing Transaction) throws -> Self? {
        let (isStandby, isReadOnly, source) = try transaction.one(
            """
            select pg_is_in_recovery(), s.setting = 'on', s.source
            from pg_settings s where s.name = 'default_transaction_read_only'
            """, as: (Bool, Bool, String).self)
        return isStandby ? .standby : isReadOnly ? .setting(source: source) : nil
    }

    package var description: String {
        switch self {
        case .standby: "it is a standby and takes no writes: no process can work"
        case .setting(let source):
            "it takes no writes: default_transaction_read_only is on (from: \(source)), and no process can work"
        }
    }

    package var remedy: String {
        switch self {
        case .standby:
            "name the primary in DRIFTWATCH_DATABASE_URL, or several hosts and target_session_attrs=read-write"
        case .setting("user"), .setting("database user"): "alter role … reset default_transaction_read_only"
        case .setting("database"): "alter database … reset default_transaction_read_only"
        case .setting: "set it off in postgresql.conf, or in the options of DRIFTWATCH_DATABASE_URL"
        }
    }
}
