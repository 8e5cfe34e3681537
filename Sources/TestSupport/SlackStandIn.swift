internal import Foundation
internal import Glibc
internal import Synchronization

/// A real HTTP server on 127.0.0.1 in the place of Slack: records what it is asked and answers by script.
///
/// It stops when it is released. Threads of its own do the blocking.
package final class SlackStandIn: Sendable {
    package struct Request: Hashable, Sendable {
        package var method: String
        /// With its query.
        package var path: String
        /// Names in lower case.
        package var headers: [String: String]
        package var body: [UInt8]
        /// Which connection it came on, from 0.
        package var connection: Int

        /// The `text` of a Slack message.
        package var text: String? { try? JSONDecoder().decode(Message.self, from: Data(body)).text }

        private struct Message: Decodable {
            var text: String
        }
    }

    package enum Answer: Sendable {
        case reply(Int, String, headers: [String: String] = [:])
        /// A whole reply that promises to keep the connection, which then is closed without a word.
        case replyThenClose(Int, String)
        case delayed(Duration, Int, String)
        /// Reads the request and says nothing until the peer gives up.
        case silence
        /// Reads the request and closes the connection: the reply is lost.
        case drop
        /// An interim reply, 100 Continue, and nothing after it.
        case interim
        /// A head that promises a body, and nothing after it.
        case headAlone(Int, headers: [String: String] = [:])
        /// A head that promises a body, then one byte of it at a time, for ever.
        case drip(every: Duration)
        /// A body of so many bytes, of no announced length.
        case flood(Int)

        /// As webhooks accept a message.
        package static let ok = Answer.reply(200, "ok")
    }

    /// `http://127.0.0.1:port`, without a slash at the end.
    package let url: String
    private let shared: StandInState

    /// Answers by `script`, then with `otherwise` for good.
    package convenience init(_ script: [Answer] = [], otherwise: Answer = .ok) throws {
        try self.init { _, index in index < script.count ? script[index] : otherwise }
    }

    /// Asks `answer` about each request, given its number from 0 in the order of arrival.
    package init(answer: @escaping @Sendable (Request, Int) -> Answer) throws {
        let listener = try Socket.listening()
        url = "http://127.0.0.1:\(try listener.port())"
        let shared = try StandInState(answer)
        self.shared = shared
        Thread.detachNewThread {
            while listener.waitForInput(orEndOf: shared.stop, for: nil) == .ready {
                guard let connection = listener.accept() else { continue }
                let number = shared.countConnection()
                Thread.detachNewThread { StandInConnection(connection, number, shared).serve() }
            }
        }
    }

    deinit {
        stop()
    }

    /// What has come in so far, in order.
    package var received: [Request] { shared.received }

    /// Every request from the first on, as it comes in; what one consumer took, no other gets.
    package var requests: AsyncStream<Request> { shared.stream }

    /// Waits for the next request that was not yet taken from `requests`.
    package func nextRequest() async -> Request? {
        await requests.first { _ in true }
    }

    /// Refuses connections from now on and closes those that are open.
    package func stop() {
        shared.end()
    }
}

/// What the threads of one stand-in share.
final class StandInState: Sendable {
    private struct Log {
        var requests: [SlackStandIn.Request] = []
        var connections = 0
        var stopper: Socket?
    }

    let stream: AsyncStream<SlackStandIn.Request>
    /// Readable as soon as all is to stop.
    let stop: Socket
    private let answer: @Sendable (SlackStandIn.Request, Int) -> SlackStandIn.Answer
    private let continuation: AsyncStream<SlackStandIn.Request>.Continuation
    private let log: Mutex<Log>

    init(_ answer: @escaping @Sendable (SlackStandIn.Request, Int) -> SlackStandIn.Answer) throws {
        let (stop, stopper) = try Socket.pair()
        self.stop = stop
        self.answer = answer
        log = Mutex(Log(stopper: stopper))
        (stream, continuation) = AsyncStream.makeStream()
    }

    var received: [SlackStandIn.Request] { log.withLock { $0.requests } }

    func countConnection() -> Int {
        log.withLock { log in
            log.connections += 1
            return log.connections - 1
        }
    }

    func record(_ request: SlackStandIn.Request) -> SlackStandIn.Answer {
        let index = log.withLock { log in
            log.requests.append(request)
            return log.requests.count - 1
        }
        continuation.yield(request)
        return answer(request, index)
    }

    func end() {
        // Its end of the pair closes with the last reference, which makes the other end readable for every thread.
        log.withLock { $0.stopper = nil }
        continuation.finish()
    }
}
