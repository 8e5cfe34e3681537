import Logging

/// A server connection on its own thread: callers suspend, and only that thread blocks.
actor Connection {
    /// How a call ended, and what is left of the connection.
    struct Reply<R: Sendable>: Sendable {
        let result: Result<R, any Error>
        /// Whether the connection may serve another call.
        let isReusable: Bool
        /// Whether the call hit a connection that was dead already, and changed nothing.
        let mayTryAnotherConnection: Bool
    }

    nonisolated let interrupt: Interrupt
    private let thread: ConnectionThread
    private var session: Session?

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    private init() throws(DatabaseError) {
        thread = try ConnectionThread()
        interrupt = try Interrupt()
    }

    /// Suspends until the connection is established.
    static func open(_ settings: DatabaseSettings, logger: Logger) async throws(DatabaseError) -> Connection {
        let connection = try Connection()
        try await connection.connect(settings, logger: logger)
        return connection
    }

    private func connect(_ settings: DatabaseSettings, logger: Logger) throws(DatabaseError) {
        session = try Session(settings, interrupt: interrupt, logger: logger)
    }

    /// Runs `work` on the connection's thread; a connection that cannot be reused is closed before it returns.
    func perform<R: Sendable>(
        _ cancellation: Cancellation, within limit: Duration, _ work: @Sendable (Session) throws -> R
    ) -> Reply<R> {
        guard let session else {
            let error = DatabaseError(.connection, "the connection is closed")
            return Reply(result: .failure(error), isReusable: false, mayTryAnotherConnection: true)
        }
        let result = Result {
            try session.beginCall(cancellation, within: limit)
            return try work(session)
        }
        let isReusable = session.isReusable
        let mayTryAnother =
            switch result {
            case .success: false
            case .failure(let error): session.mayTryAnotherConnection(after: error)
            }
        if !isReusable { close() }
        return Reply(result: result, isReusable: isReusable, mayTryAnotherConnection: mayTryAnother)
    }

    func close() {
        session?.close()
        session = nil
    }
}
