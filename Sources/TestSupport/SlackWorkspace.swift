internal import Foundation
internal import Synchronization

/// A Slack workspace behind ``SlackStandIn``: bots post, reply and edit, and it keeps what people would see.
///
/// Its one channel is `#ops`, with the id `C0OPS`. As in Slack, a post may name either, an edit needs the id.
package final class SlackWorkspace: Sendable {
    package struct Message: Hashable, Sendable {
        package var ts: String
        /// The message that it replies to.
        package var thread: String?
        package var text: String
        package var headline: String?
        package var edits = 0
        /// It was posted, and the reply about that never arrived.
        package var replyWasLost = false
        package var isDeleted = false
        /// As it was first posted.
        package var firstText: String
    }

    package struct Call: Hashable, Sendable {
        package var method: String
        package var text: String
        package var isReply: Bool
        /// From 0.
        package var number: Int
    }

    /// What goes wrong with a call.
    package enum Fault: Hashable, Sendable {
        case none
        case pace(seconds: Int)
        case refuse(String)
        case status(Int)
        /// The connection closes without a reply, before or after the call took effect.
        case drop(after: Bool)
    }

    private struct Body: Decodable {
        struct Block: Decodable {
            struct Text: Decodable { var text: String }
            var text: Text?
        }

        var channel: String?
        var ts: String?
        var threadTS: String?
        var text: String?
        var blocks: [Block]?

        enum CodingKeys: String, CodingKey {
            case channel, ts, text, blocks
            case threadTS = "thread_ts"
        }
    }

    private struct State {
        var messages: [Message] = []
        var calls = 0
    }

    private final class Store: Sendable {
        let state = Mutex(State())
    }

    package static let channelID = "C0OPS"

    private let store: Store
    private let server: SlackStandIn

    /// Asks `fault` about each call, on a thread that it may block.
    package init(fault: @escaping @Sendable (Call) -> Fault = { _ in .none }) throws {
        let store = Store()
        self.store = store
        server = try SlackStandIn { request, _ in Self.answer(request, fault, store) }
    }

    /// For `SlackDestination.bot`.
    package var api: String { server.url + "/api" }

    /// In the order in which they were posted.
    package var messages: [Message] { store.state.withLock { $0.messages } }

    /// The requests so far, in order.
    package var received: [SlackStandIn.Request] { server.received }

    /// As a person deletes it in Slack.
    package func delete(_ ts: String) {
        store.state.withLock { state in
            for index in state.messages.indices where state.messages[index].ts == ts {
                state.messages[index].isDeleted = true
            }
        }
    }

    private static func answer(
        _ request: SlackStandIn.Request, _ fault: @Sendable (Call) -> Fault, _ store: Store
    ) -> SlackStandIn.Answer {
        let method = request.path.split(separator: "/").last.map(String.init) ?? ""
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(request.body)), let text = body.text else {
            return refusal("invalid_json")
        }
        let number = store.state.withLock { state in
            state.calls += 1
            return state.calls - 1
        }
        switch fault(Call(method: method, text: text, isReply: body.threadTS != nil, number: number)) {
        case .none: return store.state.withLock { carryOut(method, body, text, isLost: false, &$0) }
        case .pace(let seconds):
            return .reply(429, "{\"ok\":false,\"error\":\"ratelimited\"}", headers: ["Retry-After": "\(seconds)"])
        case .refuse(let code): return refusal(code)
        case .status(let status): return .reply(status, "")
        case .drop(let after):
            if after { _ = store.state.withLock { carryOut(method, body, text, isLost: true, &$0) } }
            return .drop
        }
    }

    private static func carryOut(
        _ method: String, _ body: Body, _ text: String, isLost: Bool, _ state: inout State
    ) -> SlackStandIn.Answer {
        func place(of ts: String?) -> Int? {
            state.messages.firstIndex { $0.ts == ts && !$0.isDeleted }
        }
        let headline = body.blocks?.first?.text?.text
        switch method {
        case "chat.postMessage":
            guard body.channel == "#ops" || body.channel == channelID else { return refusal("channel_not_found") }
            if let thread = body.threadTS {
                guard let parent = place(of: thread), state.messages[parent].thread == nil else {
                    return refusal("thread_not_found")
                }
            }
            let ts = "1795000000.\(String(format: "%06d", state.messages.count))"
            state.messages.append(
                Message(
                    ts: ts, thread: body.threadTS, text: text, headline: headline, replyWasLost: isLost, firstText: text
                ))
            return accepted(ts)
        case "chat.update":
            guard body.channel == channelID else { return refusal("channel_not_found") }
            guard let index = place(of: body.ts) else { return refusal("message_not_found") }
            state.messages[index].text = text
            if body.blocks != nil { state.messages[index].headline = headline }
            state.messages[index].edits += 1
            return accepted(state.messages[index].ts)
        default: return refusal("unknown_method")
        }
    }

    private static func refusal(_ code: String) -> SlackStandIn.Answer {
        .reply(200, "{\"ok\":false,\"error\":\"\(code)\"}")
    }

    private static func accepted(_ ts: String) -> SlackStandIn.Answer {
        .reply(200, "{\"ok\":true,\"channel\":\"\(channelID)\",\"ts\":\"\(ts)\"}")
    }
}
