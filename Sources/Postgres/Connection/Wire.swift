import CLibpq
import Glibc
import Logging

/// What the server answered to one request.
enum Answer {
    case rows(ResultSet)
    /// The command's tag, such as `COMMIT`, and how many rows it touched.
    case command(tag: String, affected: Int)
}

/// libpq's connection object, used without blocking: every wait is a `poll` that a deadline or an interrupt
/// can end.
///
/// Belongs to one thread.
@safe
final class Wire {
    private var connection: OpaquePointer?
    private let cancel: ServerCancel?
    private let notices: NoticeSink

    /// Takes ownership of an established connection.
    init(owning connection: OpaquePointer, logger: Logger) {
        unsafe self.connection = unsafe connection
        cancel = unsafe ServerCancel(of: connection)
        notices = NoticeSink(logger: logger)
        unsafe PQsetnonblocking(connection, 1)
        unsafe notices.attach(to: connection)
    }

    deinit { close() }

    func close() {
        guard let connection = unsafe connection else { return }
        unsafe self.connection = nil
        unsafe PQfinish(connection)
    }

    /// Closes without telling the server: for a server that does not answer.
    private func abandon() {
        guard let connection = unsafe connection else { return }
        shutdown(unsafe PQsocket(connection), Int32(SHUT_RDWR))
        close()
    }

    var isOpen: Bool {
        guard let connection = unsafe connection else { return false }
        return unsafe PQstatus(connection) == CONNECTION_OK && !notices.sawFatal
    }

    var isIdle: Bool { transactionStatus == PQTRANS_IDLE }
    var isInTransaction: Bool { transactionStatus == PQTRANS_INTRANS }
    var isInFailedTransaction: Bool { transactionStatus == PQTRANS_INERROR }

    private var transactionStatus: PGTransactionStatusType {
        guard let connection = unsafe connection else { return PQTRANS_UNKNOWN }
        return unsafe PQtransactionStatus(connection)
    }

    // MARK: Sending

    /// Hands a request to libpq; false when the connection is gone.
    ///
    /// A simple query may hold several statements and takes no values.
    func sendSimple(_ text: String) -> Bool {
        guard let connection = unsafe connection else { return false }
        return unsafe PQsendQuery(connection, text) == 1
    }

    func sendPrepare(_ text: String, as name: String) -> Bool {
        guard let connection = unsafe connection else { return false }
        return unsafe PQsendPrepare(connection, name, text, 0, nil) == 1
    }

    func sendPrepared(_ name: String, _ values: [String?]) -> Bool {
        guard let connection = unsafe connection else { return false }
        return unsafe withCStrings(values) { pointers in
            unsafe PQsendQueryPrepared(connection, name, Int32(values.count), pointers, nil, nil, 1) == 1
        }
    }

    func sendUnnamed(_ text: String, _ values: [String?]) -> Bool {
        guard let connection = unsafe connection else { return false }
        return unsafe withCStrings(values) { pointers in
            unsafe PQsendQueryParams(connection, text, Int32(values.count), nil, pointers, nil, nil, 1) == 1
        }
    }

    // MARK: Waiting

    /// The whole answer to what was sent: the last result, or the first error.
    ///
    /// - Throws: ``DatabaseError``; after `deadline`, and after `cancelled` without an answer, the connection
    ///   is closed.
    func answer(_ patience: inout Patience) throws(DatabaseError) -> Answer {
        var answer = Answer.command(tag: "", affected: 0)
        var failure: DatabaseError?
        while true {
            try waitForResult(&patience)
            guard let connection = unsafe connection else { throw connectionLost() }
            guard let result = unsafe PQgetResult(connection) else { break }
            switch unsafe PQresultStatus(result) {
            case PGRES_TUPLES_OK:
                answer = .rows(unsafe ResultSet(owning: result))
            case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                answer = unsafe .command(
                    tag: String(cString: PQcmdStatus(result)), affected: Int(String(cString: PQcmdTuples(result))) ?? 0)
                unsafe PQclear(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                unsafe PQclear(result)
                abandon()
                throw DatabaseError(.misuse, "COPY is not supported")
            default:
                let report = unsafe ServerReport(result)
                unsafe PQclear(result)
                failure = failure ?? report.error(or: connectionLost())
            }
        }
        if let failure { throw failure }
        return answer
    }

    /// Blocks until a result can be fetched without blocking.
    private func waitForResult(_ patience: inout Patience) throws(DatabaseError) {
        while let connection = unsafe connection {
            let unsent = unsafe PQflush(connection)
            // libpq keeps the cause of a failed connection for PQgetResult, which then does not block.
            if unsafe PQisBusy(connection) == 0 || unsent < 0 { return }
            switch unsafe wait(PQsocket(connection), writable: unsent == 1, patience) {
            case .ready:
                if unsafe PQconsumeInput(connection) == 0 { return }
            case .interrupted:
                cancel?.send()
                patience.interrupted()
            case .late where patience.wasInterrupted:
                abandon()
                throw DatabaseError(.cancelled, "cancelled; the server did not confirm it")
            case .late:
                cancel?.send()
                abandon()
                throw DatabaseError(.deadline, "the server did not answer before the call's deadline")
            }
        }
    }

    private enum Wakeup { case ready, interrupted, late }

    private func wait(_ socket: Int32, writable: Bool, _ patience: Patience) -> Wakeup {
        if patience.isOver { return .late }
        let events = Int16(POLLIN) | (writable ? Int16(POLLOUT) : 0)
        // poll passes over a negative descriptor.
        var descriptors = [
            pollfd(fd: socket, events: events, revents: 0),
            pollfd(fd: patience.interrupt?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&descriptors, 2, patience.pollTimeout)
        if descriptors[1].revents != 0 { return .interrupted }
        return descriptors[0].revents != 0 || !patience.isOver ? .ready : .late
    }

    // MARK: Between requests

    /// Whether the connection is still open, as far as can be seen without sending anything.
    func looksAlive() -> Bool {
        guard let connection = unsafe connection else { return false }
        while isOpen {
            var descriptor = pollfd(fd: unsafe PQsocket(connection), events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&descriptor, 1, 0) != 0 else { return isOpen }
            // Unexpected input: a notice, the end of the session, or the end of the stream.
            if unsafe PQconsumeInput(connection) == 0 { return false }
            _ = unsafe PQisBusy(connection)
        }
        return false
    }

    /// Blocks until notifications came, or for `limit`; the oldest first.
    ///
    /// nil when interrupted.
    func notifications(_ interrupt: Interrupt, for limit: Duration) throws(DatabaseError) -> [Notification]? {
        let end = ContinuousClock.now + limit
        while let connection = unsafe connection {
            var notifications: [Notification] = []
            while let notification = unsafe PQnotifies(connection) {
                notifications.append(
                    unsafe Notification(
                        channel: String(cString: notification.pointee.relname),
                        payload: String(cString: notification.pointee.extra)))
                unsafe PQfreemem(notification)
            }
            if !notifications.isEmpty { return notifications }
            let patience = Patience(deadline: end, interrupt: interrupt)
            switch unsafe wait(PQsocket(connection), writable: false, patience) {
            case .interrupted: return nil
            case .late: return []
            case .ready: break
            }
            if unsafe PQconsumeInput(connection) == 0 { throw connectionLost() }
        }
        throw connectionLost()
    }

    private func connectionLost() -> DatabaseError {
        DatabaseError(.connection, "the connection to the server was lost")
    }
}

/// Lends `values` as C strings; nil stays nil.
///
/// The caller has made sure that none holds a NUL.
func withCStrings<R>(
    _ values: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R
) -> R {
    var bytes: [CChar] = []
    let offsets = values.map { value -> Int? in
        guard let value else { return nil }
        defer {
            bytes.append(contentsOf: value.utf8.lazy.map(CChar.init(bitPattern:)))
            bytes.append(0)
        }
        return bytes.count
    }
    return unsafe bytes.withUnsafeBufferPointer { buffer in
        let pointers = unsafe offsets.map { offset in
            unsafe offset.flatMap { offset in unsafe buffer.baseAddress.map { unsafe $0 + offset } }
        }
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }
}
