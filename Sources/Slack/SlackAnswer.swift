internal import Foundation

/// What a reply's body says, before its status is looked at.
///
/// Webhooks answer in plain text, `ok` or an error code, the Web API in JSON, `{"ok": false, "error": …}`.
struct SlackAnswer: Hashable {
    private(set) var isAccepted = false
    /// Such as `no_service`; only what looks like one of Slack's codes.
    private(set) var code: String?
    /// Where in the message the mistake is.
    private(set) var details: [String] = []
    private(set) var retryAfter: String?
    /// The `ts` of the posted message.
    private(set) var remoteID: String?
    /// The id of the channel that it was posted to.
    private(set) var channelID: String?

    init(_ body: [UInt8]) {
        if let object = try? JSONDecoder().decode(Object.self, from: Data(body)) {
            isAccepted = object.ok == true
            // Whatever else answers in JSON has no `ok`, and its errors are not about our message.
            if object.ok == false {
                code = object.error.flatMap(Self.code)
                details = object.details
            }
            retryAfter = object.retryAfter
            remoteID = object.ts.flatMap(Self.timestamp)
            channelID = object.channel.flatMap(Self.channel)
        } else {
            let text = String(decoding: body.prefix(256), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            isAccepted = text == "ok"
            code = isAccepted ? nil : Self.code(text).flatMap(Self.ofWebhook)
        }
    }

    private static func code(_ text: String) -> String? {
        let isCode = text.utf8.count <= 64 && text.utf8.first.map { $0 >= 0x61 && $0 <= 0x7a } == true
        guard isCode, text.utf8.allSatisfy({ "abcdefghijklmnopqrstuvwxyz0123456789_".utf8.contains($0) }) else {
            return nil
        }
        return text
    }

    /// All of Slack's codes for webhooks are several words; one word, such as `forbidden`, is a proxy's.
    private static func ofWebhook(_ code: String) -> String? {
        code.contains("_") || SlackErrorCode.fault(of: code) != nil ? code : nil
    }

    private static func timestamp(_ text: String) -> String? {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy({ "0123456789.".utf8.contains($0) }) else {
            return nil
        }
        return text
    }

    private static func channel(_ text: String) -> String? {
        let isID =
            (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789".utf8.contains)
        return isID ? text : nil
    }

    /// Each field on its own: one of another type does not hide the others.
    private struct Object: Decodable {
        private struct Metadata: Decodable {
            var messages: [String]?
        }

        var ok: Bool?
        var error: String?
        var ts: String?
        var channel: String?
        var retryAfter: String?
        var details: [String] = []

        enum CodingKeys: String, CodingKey {
            case ok, error, ts, channel, errors
            case retryAfter = "retry_after"
            case metadata = "response_metadata"
        }

        init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: CodingKeys.self)
            ok = try? object.decode(Bool.self, forKey: .ok)
            error = try? object.decode(String.self, forKey: .error)
            ts = try? object.decode(String.self, forKey: .ts)
            channel = try? object.decode(String.self, forKey: .channel)
            retryAfter =
                (try? object.decode(String.self, forKey: .retryAfter))
                ?? (try? object.decode(Double.self, forKey: .retryAfter)).map { "\($0)" }
            let errors = (try? object.decode([String].self, forKey: .errors)) ?? []
            let messages = (try? object.decode(Metadata.self, forKey: .metadata))?.messages ?? []
            details = errors + messages
        }
    }
}
