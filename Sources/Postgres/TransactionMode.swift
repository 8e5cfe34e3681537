/// What a transaction sees of others, in the words of SQL.
package enum Isolation: String, Sendable, CaseIterable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

/// Whether a transaction may write.
package enum Access: Sendable {
    case readWrite, readOnly
}

/// Whether cancelling the task ends the call.
package enum Cancellation: Sendable {
    /// The statement is cancelled on the server, and the call throws ``DatabaseError`` of kind `cancelled`.
    case allowed
    /// The call runs to its end: for bookkeeping that must be written although its task was cancelled.
    case shielded
}

struct TransactionMode {
    let isolation: Isolation
    let access: Access

    /// The statement that begins the transaction.
    ///
    /// Behind a pooler in transaction mode the session's timeouts do not hold, so the transaction brings them.
    func begin(_ settings: DatabaseSettings) -> String {
        // READ WRITE is left out: a standby would refuse it with an error that does not say why.
        let begin = "BEGIN ISOLATION LEVEL \(isolation.rawValue)\(access == .readOnly ? " READ ONLY" : "")"
        guard settings.pooler == .transaction else { return begin }
        return ([begin] + settings.serverTimeouts.map { "SET LOCAL \($0) = \($1)" }).joined(separator: "; ")
    }
}
