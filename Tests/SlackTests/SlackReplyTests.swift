import DriftCore
import Foundation
import HTTP
import Slack
import TestSupport
import Testing

/// Slack's answers through the real client, each to its class.
@Suite("Slack replies", .timeLimit(.minutes(1)))
struct SlackReplyTests {
    enum Class: Hashable, Sendable {
        case sent, notNeeded, pace, badMessage, badDestination, notUnderstood, unreachable, noReply, serverError

        init(_ reply: DeliveryReply) {
            self =
                switch reply {
                case .sent: .sent
                case .notNeeded: .notNeeded
                case .pace: .pace
                case .badMessage: .badMessage
                case .badDestination: .badDestination
                case .unreachable: .unreachable
                case .noReply: .noReply
                case .notUnderstood: .notUnderstood
                case .serverError: .serverError
                }
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var status: Int
        var body: String
        var wanted: Class
        var testDescription: String { "\(status) \(body.prefix(60))" }

        init(_ status: Int, _ body: String, _ wanted: Class) {
            self.status = status
            self.body = body
            self.wanted = wanted
        }
    }

    private static let webhookRows =
        [
            Row(200, "ok", .sent), Row(200, "ok\n", .sent), Row(500, "ok", .serverError),
            Row(403, "ok", .badDestination),
        ]
        + ["invalid_payload", "no_text", "invalid_blocks", "too_many_attachments", "user_not_found"]
        .flatMap { [Row(400, $0, .badMessage), Row(200, $0, .badMessage), Row(500, $0, .badMessage)] }
        + ["action_prohibited", "posting_to_general_channel_denied", "invalid_token", "team_disabled"]
        .flatMap { [Row(403, $0, .badDestination), Row(400, $0, .badDestination), Row(200, $0, .badDestination)] }
        + ["no_service", "no_service_id", "no_active_hooks", "no_team", "channel_not_found"]
        .flatMap { [Row(404, $0, .badDestination), Row(400, $0, .badDestination), Row(500, $0, .badDestination)] }
        + [
            Row(410, "channel_is_archived", .badDestination), Row(429, "rate_limited", .pace), Row(429, "", .pace),
            Row(429, "{\"ok\":false,\"error\":\"rate_limited\",\"retry_after\":30}", .pace),
            Row(200, "rate_limited", .pace),
            Row(500, "rollup_error", .serverError), Row(503, "service_unavailable", .serverError),
            Row(500, "", .serverError), Row(502, "<html>Bad gateway</html>", .serverError), Row(504, "", .noReply),
            Row(524, "", .noReply),
            Row(504, "service_unavailable", .serverError),
            Row(400, "", .badDestination), Row(400, "<html>Bad request</html>", .badDestination),
            Row(413, "", .badDestination), Row(422, "{\"errors\":[\"no\"]}", .badDestination),
            Row(400, "forbidden", .badDestination), Row(200, "blocked", .notUnderstood),
            Row(400, "{\"error\":\"invalid_payload\"}", .badDestination),
            Row(400, "{\"ok\":false,\"errors\":[\"too long\"]}", .badMessage),
            Row(400, "a_code_of_tomorrow", .serverError), Row(403, "a_code_of_tomorrow", .badDestination),
            Row(200, "a_code_of_tomorrow", .serverError), Row(408, "", .serverError),
            Row(401, "", .badDestination), Row(403, "", .badDestination), Row(404, "", .badDestination),
            Row(407, "", .badDestination), Row(410, "", .badDestination), Row(418, "", .badDestination),
            Row(200, "", .notUnderstood), Row(200, "<html>Sign in to the hotel's network</html>", .notUnderstood),
            Row(200, "OK", .notUnderstood), Row(302, "", .badDestination), Row(307, "", .badDestination),
            Row(200, "okay then", .notUnderstood), Row(200, "{}", .notUnderstood), Row(200, "[1]", .notUnderstood),
        ]

    private static func json(_ code: String) -> String { "{\"ok\":false,\"error\":\"\(code)\"}" }

    private static let apiRows =
        [
            Row(200, "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"1503435956.000247\"}", .sent),
            Row(500, "{\"ok\":true}", .serverError),
        ]
        + ["internal_error", "fatal_error", "service_unavailable", "request_timeout"]
        .map { Row(200, json($0), .serverError) }
        + [
            "not_authed", "invalid_auth", "token_revoked", "account_inactive", "missing_scope", "not_in_channel",
            "channel_not_found", "is_archived", "restricted_action", "restricted_action_read_only_channel",
            "deprecated_endpoint", "method_deprecated", "as_user_not_supported",
        ].map { Row(200, json($0), .badDestination) }
        // About a message that was to be edited or replied to, of which there is none here.
        + [
            "message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found",
            "cannot_reply_to_message", "no_dual_broadcast_content_update", "streaming_state_conflict",
            "restricted_action_thread_locked", "restricted_action_non_threadable_channel", "update_failed",
            "external_channel_migrating",
        ].map { Row(200, json($0), .serverError) }
        + ["block_mismatch", "attachment_payload_limit_exceeded", "invalid_arg_name", "invalid_array_arg"]
        .map { Row(200, json($0), .badMessage) }
        + ["invalid_charset", "invalid_form_data", "invalid_post_type", "missing_post_type"]
        .map { Row(200, json($0), .badMessage) }
        + ["no_text", "invalid_blocks", "msg_too_long", "msg_blocks_too_long", "too_many_attachments"]
        .map { Row(200, json($0), .badMessage) }
        + [
            Row(200, json("ratelimited"), .pace), Row(429, json("ratelimited"), .pace), Row(429, "", .pace),
            Row(200, json("a_code_of_tomorrow"), .serverError), Row(503, "", .serverError),
            Row(200, "<html></html>", .notUnderstood), Row(404, "", .badDestination), Row(302, "", .badDestination),
            Row(200, "{\"ok\":\"yes\",\"error\":7,\"errors\":{},\"ts\":[]}", .notUnderstood),
        ]

    private func reply(_ answer: SlackStandIn.Answer, bot: Bool = false) async throws -> DeliveryReply {
        let server = try SlackStandIn([answer])
        let destination: SlackDestination =
            bot
            ? .bot(token: "xoxb-secret", channel: "#ops", api: server.url) : .webhook(url: server.url + "/T0/B0/secret")
        return await SlackSender(destination: destination, client: HTTPClient(), baseURL: nil).send(notification())
    }

    @Test("a webhook's answers", arguments: webhookRows)
    func aWebhooksAnswers(_ row: Row) async throws {
        #expect(Class(try await reply(.reply(row.status, row.body))) == row.wanted)
    }

    @Test("the Web API's answers", arguments: apiRows)
    func theWebAPIsAnswers(_ row: Row) async throws {
        #expect(Class(try await reply(.reply(row.status, row.body), bot: true)) == row.wanted)
    }

    @Test func aPostedMessageHasItsTimestampAsID() async throws {
        let answer = SlackStandIn.Answer.reply(200, "{\"ok\":true,\"ts\":\"1503435956.000247\"}")
        #expect(try await reply(answer, bot: true) == .sent(remoteID: "1503435956.000247"))
        #expect(try await reply(.reply(200, "{\"ok\":true,\"ts\":\"<b>\"}"), bot: true) == .sent(remoteID: nil))
        #expect(try await reply(.ok) == .sent(remoteID: nil))
    }

    @Test(
        "a pace is read from the header, then the body, then assumed",
        arguments: [
            (["Retry-After": "5"], "rate_limited", .seconds(5)),
            (["Retry-After": "5"], "{\"ok\":false,\"error\":\"rate_limited\",\"retry_after\":9}", .seconds(5)),
            ([:], "{\"ok\":false,\"error\":\"rate_limited\",\"retry_after\":9}", .seconds(9)),
            ([:], "{\"ok\":false,\"error\":\"rate_limited\",\"retry_after\":\"9\"}", .seconds(9)),
            (["Retry-After": "soon"], "{\"retry_after\":1.5}", .milliseconds(1500)),
            ([:], "rate_limited", .seconds(30)), (["Retry-After": "-3"], "", .zero),
            (
                ["Retry-After": "Sun, 22 Nov 2026 06:00:42 GMT", "Date": "Sun, 22 Nov 2026 06:00:00 GMT"], "",
                .seconds(42)
            ),
        ] as [([String: String], String, Duration)])
    func aPaceIsRead(headers: [String: String], body: String, wait: Duration) async throws {
        #expect(try await reply(.reply(429, body, headers: headers)) == .pace(wait))
    }

    @Test func theReasonNamesStatusCodeAndPlace() async throws {
        #expect(try await reply(.reply(404, "no_service")) == .badDestination("HTTP 404 no_service"))
        #expect(try await reply(.reply(302, "")) == .badDestination("HTTP 302, a redirect"))
        #expect(try await reply(.reply(200, "")) == .notUnderstood("HTTP 200, but not an answer of Slack's"))
        let body = "{\"ok\":false,\"error\":\"invalid_blocks\",\"errors\":[\"too long [/blocks/2]\"]}"
        #expect(
            try await reply(.reply(200, body), bot: true)
                == .badMessage("HTTP 200 invalid_blocks: too long [/blocks/2]"))
    }
}
