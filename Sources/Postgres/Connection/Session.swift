import Logging

/// One connection to the server and what we know of it: what is prepared, and whether it may be used again.
///
/// Belongs to the thread of its ``Connection``.
final class Session {
    private let wire: Wire
    private let settings: DatabaseSettings
    private let interrupt: Interrupt
    private var statements = StatementCache()
    private var patience = Patience(deadline: nil)
    private var deadline: ContinuousClock.Instant?
    private var cancellation = Cancellation.allowed
    private var callsBegun = 0
    // A late cancel request could hit the next statement, or the server is ending the connection: do not use it again.
    private var isSpent = false
    /// The first error of the current transaction, in case its body swallows it.
    private var firstFailure: DatabaseError?
    /// Whether something of the caller's has been sent in this call.
    private(set) var hasRun = false

    init(_ settings: DatabaseSettings, interrupt: Interrupt, logger: Logger) throws(DatabaseError) {
        wire = try Wire.connect(ConnectionOptions(settings), logger: logger)
        self.settings = settings
        self.interrupt = interrupt
    }

    /// Whether another call may use the connection.
    var isReusable: Bool { !isSpent && wire.isOpen && wire.isIdle }

    /// Whether the call failed because the connection had died while it was idle, and nothing was done on it.
    func mayTryAnotherConnection(after error: any Error) -> Bool {
        guard callsBegun > 1, !hasRun, !isReusable, let error = error as? DatabaseError else { return false }
        return error.kind == .connection || error.sqlState?.endsConnection == true
    }

    func close() { wire.close() }

    /// Starts a call; first checks whether the connection died while it was idle.
    func beginCall(_ cancellation: Cancellation, within limit: Duration) throws(DatabaseError) {
        callsBegun += 1
        hasRun = false
        self.cancellation = cancellation
        deadline = limit > .zero ? .now + limit : nil
        guard wire.looksAlive() else { throw DatabaseError(.connection, "the connection was closed while idle") }
    }

    // MARK: Lone statements

    /// Runs a statement that is a transaction by itself.
    func alone(_ sql: SQL) throws(DatabaseError) -> Answer {
        try markingCommits { () throws(DatabaseError) in try run(sql) }
    }

    func scriptAlone(_ script: String) throws(DatabaseError) {
        try markingCommits { () throws(DatabaseError) in try run(script: script) }
    }

    /// Adds to an error whether the statement may have taken effect anyway.
    private func markingCommits<R>(_ body: () throws(DatabaseError) -> R) throws(DatabaseError) -> R {
        do {
            return try body()
        } catch {
            var error = error
            switch error.kind {
            case .connection, .deadline, .cancelled: error.mayHaveCommitted = hasRun && !wire.isOpen
            case .server(.readOnlySQLTransaction): isSpent = true
            default: break
            }
            throw error
        }
    }

    // MARK: Statements

    func run(_ sql: SQL) throws(DatabaseError) -> Answer {
        try naming(sql) { () throws(DatabaseError) in
            let (text, bound) = sql.rendered()
            let values = try bound.map { (value) throws(DatabaseError) -> String? in
                switch try value.parameter() {
                case .null: nil
                case .text(let text), .array(let text): text
                }
            }
            return try run(text, values)
        }
    }

    /// Runs several statements by the simple protocol; results are dropped, the first error ends it.
    func run(script: String) throws(DatabaseError) {
        guard !script.utf8.contains(0) else { throw DatabaseError(.encoding, "a script holds a NUL character") }
        _ = try exchange { $0.sendSimple(script) }
    }

    private func run(_ text: String, _ values: [String?]) throws(DatabaseError) -> Answer {
        guard settings.pooler == .none else { return try exchange { $0.sendUnnamed(text, values) } }
        do {
            return try runPrepared(text, values)
        } catch  where error.isStalePlan {
            // In a transaction the whole of it has failed; `RetryPolicy` runs it again.
            forget(text, after: error)
            guard isReusable else { throw error }
            return try runPrepared(text, values)
        }
    }

    private func forget(_ text: String, after error: DatabaseError) {
        if error.sqlState == .invalidSQLStatementName {
            statements.forgetAll()
        } else {
            statements.forget(text)
        }
    }

    private func runPrepared(_ text: String, _ values: [String?]) throws(DatabaseError) -> Answer {
        if let name = statements.name(of: text) { return try exchange { $0.sendPrepared(name, values) } }
        let name = statements.newName()
        _ = try exchange { $0.sendPrepare(text, as: name) }
        statements.prepared(text, as: name)
        for name in statements.takeGarbage() { _ = try exchange { $0.sendSimple("DEALLOCATE \(name)") } }
        return try exchange { $0.sendPrepared(name, values) }
    }

    // MARK: Exchanges

    private func exchange(_ send: (Wire) -> Bool) throws(DatabaseError) -> Answer {
        let interrupt = cancellation == .allowed ? interrupt : nil
        if interrupt?.isRaised == true { throw .beforeSending }
        return try exchange(Patience(deadline: deadline, interrupt: interrupt), mine: false, send)
    }

    /// `mine`: the request is this module's own, such as BEGIN, and has no effect if it gets lost.
    private func exchange(
        _ patience: Patience, mine: Bool, _ send: (Wire) -> Bool
    ) throws(DatabaseError) -> Answer {
        if patience.isOver {
            throw DatabaseError(.deadline, "the call's deadline passed before the statement was sent")
        }
        guard wire.isOpen, send(wire) else {
            isSpent = true
            throw DatabaseError(.connection, "the connection to the server was lost")
        }
        if !mine { hasRun = true }
        var patience = patience
        defer { if patience.wasInterrupted { isSpent = true } }
        do {
            return try wire.answer(&patience)
        } catch {
            if error.isFatal || error.sqlState?.endsConnection == true { isSpent = true }
            guard patience.wasInterrupted, error.sqlState == .queryCanceled else { throw error }
            throw DatabaseError(.cancelled, "cancelled")
        }
    }

    // MARK: Transactions

    /// Runs `body` between BEGIN and COMMIT; its own error passes through, after ROLLBACK.
    func transaction<R>(_ mode: TransactionMode, _ body: (borrowing Transaction) throws -> R) throws -> R {
        firstFailure = nil
        _ = try exchange(Patience(deadline: deadline), mine: true) {
            $0.sendSimple(mode.begin(settings))
        }
        let transaction = Transaction(self)
        let result: R
        do {
            result = try body(transaction)
            try checkBeforeCommit()
        } catch {
            rollback()
            // The server has become a standby: the next connection may find the new primary.
            if mode.access == .readWrite, SQLState.readOnlySQLTransaction ~= error { isSpent = true }
            throw error
        }
        try commit(mode)
        return result
    }

    func noteFailure(_ error: DatabaseError) {
        if firstFailure == nil { firstFailure = error }
    }

    private func checkBeforeCommit() throws(DatabaseError) {
        if cancellation == .allowed, interrupt.isRaised { throw .beforeSending }
        guard !isSpent, wire.isOpen else {
            throw firstFailure ?? DatabaseError(.connection, "the connection to the server was lost")
        }
        if wire.isInFailedTransaction {
            throw firstFailure
                ?? DatabaseError(.server(.inFailedSQLTransaction), "a statement of the transaction had failed")
        }
        guard wire.isInTransaction else {
            throw DatabaseError(.misuse, "a statement ended the transaction by hand")
        }
    }

    private func commit(_ mode: TransactionMode) throws(DatabaseError) {
        do throws(DatabaseError) {
            // Not interruptible: a commit is short, and its outcome must be known.
            let answer = try exchange(Patience(deadline: deadline), mine: true) {
                $0.sendSimple("COMMIT")
            }
            guard case .command("COMMIT", _) = answer else {
                throw DatabaseError(.server(.inFailedSQLTransaction), "the transaction was rolled back")
            }
        } catch  where mode.access == .readWrite && hasRun && (!wire.isOpen || error.isFatal) {
            throw DatabaseError(
                .commitUnknown, "COMMIT got no answer: the transaction may or may not stand", mayHaveCommitted: true)
        }
    }

    private static let rollbackGrace = Duration.seconds(5)

    private func rollback() {
        guard !isSpent, wire.isOpen, !wire.isIdle else { return }
        let patience = Patience(deadline: .now + Self.rollbackGrace)
        do {
            _ = try exchange(patience, mine: true) { $0.sendSimple("ROLLBACK") }
        } catch {
            isSpent = true
        }
    }
}

extension DatabaseError {
    fileprivate static var beforeSending: DatabaseError { DatabaseError(.cancelled, "cancelled") }
}
