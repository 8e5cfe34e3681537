import DriftCore
import Foundation
import HTTPTypes
import Presentation

/// The body of `POST /api/holds`.
struct HoldRequest: Sendable {
    enum End: Sendable {
        case at(Date)
        case after(Duration)
    }

    static let maximumBody = 16 << 10
    private static let keys = "server, labels, pack, minutes, until, reason, by"

    private(set) var server: ServerID?
    private(set) var labels: [String: String] = [:]
    private(set) var pack: PackName?
    private(set) var end: End
    private(set) var reason: String
    /// Who asks, in the caller's words.
    private(set) var person: String?

    /// - Throws: ``APIRefusal`` for anything that is not exactly a request.
    init(json: [UInt8]) throws(APIRefusal) {
        let value: JSONValue
        do { value = try JSONDecoder().decode(JSONValue.self, from: Data(json)) } catch {
            throw APIRefusal(.badRequest, "the body is not JSON, or has a number that is not whole")
        }
        guard case .object(let members) = value else {
            throw APIRefusal(.badRequest, "the body is not a JSON object", hint: "keys: \(Self.keys)")
        }
        var (end, reason): (End?, String?)
        for (key, value) in members {
            switch (key, value) {
            case ("server", .text(let text)) where isWellFormedName(text): server = ServerID(rawValue: text)
            case ("pack", .text(let text)) where isWellFormedName(text): pack = PackName(rawValue: text)
            case ("labels", .object(let pairs)):
                for (name, label) in pairs {
                    guard case .text(let text) = label else { throw Self.malformed("labels", "a map of texts") }
                    labels[name] = text
                }
            case ("reason", .text(let text)) where Self.isShort(text, Self.reasonLimit): reason = text
            case ("by", .text(let text)) where Self.isShort(text, Self.personLimit): person = text
            case ("minutes", .number(let minutes)) where (1...100_000).contains(minutes):
                guard end == nil else { throw Self.twoEnds }
                end = .after(.seconds(60 * minutes))
            case ("until", .text(let text)):
                guard end == nil else { throw Self.twoEnds }
                guard let date = try? Date(text, strategy: .iso8601) else {
                    throw Self.malformed(key, "an instant in RFC 3339, such as 2026-12-01T06:00:00Z")
                }
                end = .at(date)
            case ("server", _), ("pack", _): throw Self.malformed(key, "the name of a \(key)")
            case ("labels", _): throw Self.malformed(key, "a map of texts")
            case ("reason", _): throw Self.malformed(key, "one line of at most \(Self.reasonLimit) characters")
            case ("by", _): throw Self.malformed(key, "one line of at most \(Self.personLimit) characters")
            case ("minutes", _): throw Self.malformed(key, "a whole number from 1 to 100000")
            case ("until", _): throw Self.malformed(key, "an instant in RFC 3339, such as 2026-12-01T06:00:00Z")
            default: throw APIRefusal(.badRequest, "there is no key \(visible(key))", hint: "keys: \(Self.keys)")
            }
        }
        guard let end else { throw APIRefusal(.badRequest, "a hold needs an end", hint: "give minutes or until") }
        guard let reason else { throw APIRefusal(.badRequest, "a hold needs a reason", hint: "give reason") }
        self.end = end
        self.reason = reason
    }

    private static let reasonLimit = 300
    private static let personLimit = 80

    private static let twoEnds = APIRefusal(.badRequest, "give minutes or until, not both")

    private static func malformed(_ key: String, _ wanted: String) -> APIRefusal {
        APIRefusal(.badRequest, "\(key) is not \(wanted)")
    }

    private static func isShort(_ text: String, _ limit: Int) -> Bool {
        !text.isEmpty && text.count <= limit && text == visible(text)
    }
}
