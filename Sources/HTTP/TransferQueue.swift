internal import Dispatch
internal import Synchronization

/// Performs requests one after the other on one libcurl handle.
///
/// libcurl blocks, so it runs on a private serial queue and never on Swift's cooperative pool.
final class TransferQueue: Sendable {
    private struct State {
        var closed = false
        var live: [ObjectIdentifier: any Cancellable] = [:]
    }

    private let queue = DispatchQueue(label: "driftwatch.http")
    private let handle = EasyHandle()
    private let state = Mutex(State())

    /// Cancelling the task ends the request within about a second: at once while it waits for its turn.
    func perform<Reply: Sendable>(
        within limit: Duration, _ transfer: @escaping Exchange<Reply>.Transfer
    ) async throws(HTTPError) -> Reply {
        let exchange = Exchange(within: limit, transfer)
        guard enlist(exchange) else { throw HTTPError(.cancelled, host: nil, detail: "the client is closed") }
        defer { state.withLock { $0.live[ObjectIdentifier(exchange)] = nil } }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                exchange.wait(continuation)
                queue.async { [handle] in exchange.run(on: handle) }
                // The queue cannot look at the clock while another request blocks it.
                DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1)) { [weak exchange] in
                    exchange?.expire()
                }
            }
        } onCancel: {
            exchange.cancel()
        }
        return try result.get()
    }

    /// Cancels what is under way and drops the connections; further requests are refused as cancelled.
    func close() {
        let live = state.withLock { state in
            state.closed = true
            return Array(state.live.values)
        }
        for exchange in live { exchange.cancel() }
        queue.async { [handle] in handle.close() }
    }

    private func enlist(_ exchange: any Cancellable) -> Bool {
        state.withLock { state in
            guard !state.closed else { return false }
            state.live[ObjectIdentifier(exchange)] = exchange
            return true
        }
    }
}

/// Something under way that may be ended early.
protocol Cancellable: AnyObject, Sendable {
    func cancel()
}
