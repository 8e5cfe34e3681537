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
        var text = ""
        write(to: &text, indent)
        return text
    }

    private func write(to text: inout String, _ indent: Int?) {
        switch self {
        case .null: text += "null"
        case .text(let value): Self.quote(value, to: &text)
        case .number(let number): text += String(number)
        case .flag(let flag): text += flag ? "true" : "false"
        case .list(let values):
            Self.wrap(values, in: ("[", "]"), to: &text, indent) { $0.write(to: &$1, $2) }
        case .object(let pairs):
            Self.wrap(pairs, in: ("{", "}"), to: &text, indent) { pair, text, inner in
                Self.quote(pair.0, to: &text)
                text += indent == nil ? ":" : ": "
                pair.1.write(to: &text, inner)
            }
        }
    }

    private static func wrap<Part>(
        _ parts: [Part], in ends: (String, String), to text: inout String, _ indent: Int?,
        _ write: (Part, inout String, Int?) -> Void
    ) {
        func breakLine(_ depth: Int?) {
            guard let depth else { return }
            text += "\n"
            for _ in 0..<depth { text += "  " }
        }
        let inner = indent.map { $0 + 1 }
        text += ends.0
        for (number, part) in parts.enumerated() {
            if number > 0 { text += "," }
            breakLine(inner)
            write(part, &text, inner)
        }
        if !parts.isEmpty { breakLine(indent) }
        text += ends.1
    }

    private static func quote(_ value: String, to text: inout String) {
        text += "\""
        defer { text += "\"" }
        if value.utf8.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        {
            text += value
            return
        }
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            // Beyond those that JSON asks for, what a terminal would obey.
            case "\0"..<" ", "\u{7f}"..."\u{9f}", "\u{2028}"..."\u{202e}", "\u{2066}"..."\u{2069}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
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
