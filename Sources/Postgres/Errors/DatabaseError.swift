/// What went wrong with the database: the only error that this module throws.
///
/// A closure's own error passes through `withTransaction` as it is. `description` is safe to log: it shows
/// SQLSTATE, constraint and the statement with its placeholders, never a bound value, a password or DETAIL.
package struct DatabaseError: Error, Sendable, Equatable {
    /// What failed.
    package enum Kind: Sendable, Equatable {
        /// No connection could be made, or the connection was lost.
        case connection
        /// The server answered with an error.
        case server(SQLState)
        /// A value of the result does not have the wanted Swift type, or is NULL.
        case decoding
        /// A value cannot be sent: it holds a NUL character, or its JSON cannot be written.
        case encoding
        /// A statement gave more or fewer rows than the caller asked for.
        case rowCount
        /// No connection of the pool came free in time.
        case poolTimeout
        /// The task was cancelled; the statement was cancelled on the server too.
        case cancelled
        /// The server did not answer in time; the connection was given up.
        case deadline
        /// COMMIT was sent and its answer never came: the transaction may or may not stand.
        case commitUnknown
        /// The `Database` is closed.
        case closed
        /// The connection settings cannot be used.
        case settings
        /// The caller broke a rule of this module, such as ending a transaction by hand.
        case misuse
    }

    package let kind: Kind
    /// The violated constraint, as the server names it.
    package let constraint: String?
    /// The server's primary message.
    ///
    /// It may quote a value (`invalid input syntax for type integer: "…"`), so
    /// show it to the person who sent the value, and do not log it.
    package let serverMessage: String?
    /// The server's hint, to be treated alike.
    package internal(set) var serverHint: String?
    /// The SQL with its placeholders, shortened; nil when it holds unescaped text.
    package private(set) var statement: String?
    /// Whether the effects may stand although the call threw: COMMIT, or a lone statement, got no answer.
    package internal(set) var mayHaveCommitted: Bool
    /// Whether the server ended the connection with this error.
    var isFatal = false
    /// Whether a prepared statement no longer fits the schema; preparing it again fixes that.
    var isStalePlan = false
    private let explanation: String

    init(
        _ kind: Kind, _ explanation: String, constraint: String? = nil, serverMessage: String? = nil,
        mayHaveCommitted: Bool = false
    ) {
        self.kind = kind
        self.explanation = explanation
        self.constraint = constraint
        self.serverMessage = serverMessage
        self.mayHaveCommitted = mayHaveCommitted
    }

    package var sqlState: SQLState? {
        guard case .server(let state) = kind else { return nil }
        return state
    }

    /// A name from a bounded set, for metrics and `error.label`: the SQLSTATE when the server answered.
    package var label: String {
        switch kind {
        case .connection: "connection"
        case .server(let state): "sqlstate_\(state)"
        case .decoding: "decoding"
        case .encoding: "encoding"
        case .rowCount: "row_count"
        case .poolTimeout: "pool_timeout"
        case .cancelled: "cancelled"
        case .deadline: "deadline"
        case .commitUnknown: "commit_unknown"
        case .closed: "closed"
        case .settings: "settings"
        case .misuse: "misuse"
        }
    }

    /// Whether the fault passes by itself: a lost connection, a full server, a restart, a deadlock.
    ///
    /// Whether the call may simply be repeated is another question: look at ``mayHaveCommitted``.
    package var isTransient: Bool {
        switch kind {
        case .connection, .poolTimeout, .deadline, .commitUnknown: true
        case .server(let state): state.isTransient
        case .decoding, .encoding, .rowCount, .cancelled, .closed, .settings, .misuse: false
        }
    }
}

extension DatabaseError: CustomStringConvertible {
    package var description: String {
        var text = explanation
        if let constraint { text += ", constraint \"\(constraint)\"" }
        if mayHaveCommitted, kind != .commitUnknown { text += " (its effects may stand)" }
        if let statement { text += ", in: \(statement)" }
        if sqlState == .duplicatePreparedStatement || sqlState == .invalidSQLStatementName {
            text +=
                ": this session has another session's statements, so there is a connection pooler in between; set "
                + "DRIFTWATCH_DATABASE_POOLER=transaction"
        }
        return text
    }
}

extension SQLState {
    /// Whether a later attempt can succeed without anybody changing anything.
    var isTransient: Bool {
        switch self {
        case .serializationFailure, .deadlockDetected, .lockNotAvailable, .readOnlySQLTransaction: true
        case .adminShutdown, .crashShutdown, .cannotConnectNow: true
        default: conditionClass == "08" || conditionClass == "53"
        }
    }

    /// Whether the server has said that this connection can no longer be used.
    var endsConnection: Bool {
        switch self {
        case .adminShutdown, .crashShutdown, .cannotConnectNow: true
        default: conditionClass == "08"
        }
    }

    /// Whether primary messages of this class name only objects and conditions, never values.
    var hasPlainMessage: Bool {
        ["08", "0A", "23", "25", "26", "28", "3D", "3F", "40", "42", "53", "54", "55", "57", "58", "XX"]
            .contains(conditionClass)
    }
}

extension DatabaseError {
    /// The same error, with the statement that it came from.
    func naming(_ sql: SQL) -> DatabaseError {
        guard statement == nil, !sql.isUnescaped else { return self }
        let line = sql.description.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        var named = self
        named.statement = line.count > 160 ? "\(line.prefix(160))…" : line
        return named
    }
}

/// Runs `body` and adds the statement to its errors.
func naming<R>(_ sql: SQL, _ body: () throws(DatabaseError) -> R) throws(DatabaseError) -> R {
    do { return try body() } catch { throw error.naming(sql) }
}

/// The same for a body that may throw a caller's own errors, which stay as they are.
func naming<R>(_ sql: SQL, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as DatabaseError { throw error.naming(sql) }
}
