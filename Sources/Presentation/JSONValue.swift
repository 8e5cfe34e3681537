package import Foundation

/// JSON with its keys in the order given, for people and scripts that read it.
package indirect enum JSONValue: Sendable {
    case null
    case text(String)
    case number(Int64)
    case flag(Bool)
    case list([JSONValue])
    case object([(String, JSONValue)])

    package static func optional(_ text: String?) -> Self { text.map(Self.text) ?? .null }
    package static func optional(_ number: (some BinaryInteger)?) -> Self { number.map { .number(Int64($0)) } ?? .null }
    package static func optional(_ flag: Bool?) -> Self { flag.map(Self.flag) ?? .null }
    /// RFC 3339 in UTC.
    package static func optional(_ date: Date?) -> Self { date.map { .text($0.formatted(.iso8601)) } ?? .null }
    package static func texts(_ texts: [String]) -> Self { .list(texts.map(Self.text)) }

    /// JSON that is text already, such as a column of the database; that text itself where it cannot be read.
    package init(parsing text: String) {
        self = (try? JSONDecoder().decode(Self.self, from: Data(text.utf8))) ?? .text(text)
    }

    /// Without line breaks.
    package var line: String { rendered(indent: nil) }
    package var pretty: String { rendered(indent: 0) }
    /// The lines of ``pretty`` as a member of something that deep; the first one is not indented.
    package func pretty(depth: Int) -> String { rendered(indent: depth) }

    private func rendered(indent: Int?) -> String {
        switch self {
        case .null: return "null"
        case .text(let text): return Self.quoted(text)
        case .number(let number): return String(number)
        case .flag(let flag): return flag ? "true" : "false"
        case .list(let values):
            return Self.wrapped(values.map { $0.rendered(indent: indent.map { $0 + 1 }) }, in: ("[", "]"), indent)
        case .object(let pairs):
            let colon = indent == nil ? ":" : ": "
            let members = pairs.map { Self.quoted($0.0) + colon + $0.1.rendered(indent: indent.map { $0 + 1 }) }
            return Self.wrapped(members, in: ("{", "}"), indent)
        }
    }

    private static func wrapped(_ parts: [String], in ends: (String, String), _ indent: Int?) -> String {
        guard !parts.isEmpty else { return ends.0 + ends.1 }
        guard let indent else { return ends.0 + parts.joined(separator: ",") + ends.1 }
        let inner = String(repeating: "  ", count: indent + 1)
        let outer = String(repeating: "  ", count: indent)
        return ends.0 + "\n" + parts.map { inner + $0 }.joined(separator: ",\n") + "\n" + outer + ends.1
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            // Beyond those that JSON asks for, what a terminal would obey.
            case "\0"..<" ", "\u{7f}"..."\u{9f}", "\u{2028}"..."\u{202e}", "\u{2066}"..."\u{2069}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension JSONValue: Decodable {
    package init(from decoder: any Decoder) throws {
        if let members = try? decoder.container(keyedBy: AnyKey.self) {
            self = .object(
                try members.allKeys.sorted { $0.stringValue < $1.stringValue }.map {
                    ($0.stringValue, try members.decode(JSONValue.self, forKey: $0))
                })
            return
        }
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .null
        } else if let flag = try? single.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? single.decode(Int64.self) {
            self = .number(number)
        } else if let text = try? single.decode(String.self) {
            self = .text(text)
        } else {
            self = .list(try single.decode([JSONValue].self))
        }
    }

    private struct AnyKey: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}
