/// A value of a stored item: any JSON value.
package indirect enum StoredValue: Hashable, Sendable, Codable {
    case null
    case flag(Bool)
    case whole(Int64)
    case number(Double)
    case text(String)
    case list([StoredValue])
    case object([String: StoredValue])

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let flag = try? value.decode(Bool.self) {
            self = .flag(flag)
        } else if let whole = try? value.decode(Int64.self) {
            self = .whole(whole)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([StoredValue].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: StoredValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .flag(let flag): try value.encode(flag)
        case .whole(let whole): try value.encode(whole)
        case .number(let number): try value.encode(number)
        case .text(let text): try value.encode(text)
        case .list(let list): try value.encode(list)
        case .object(let object): try value.encode(object)
        }
    }

    /// Nil for everything but a text.
    var text: String? { if case .text(let text) = self { text } else { nil } }

    /// The same bytes for the same value: a text as it is, all else written like JSON.
    var canonical: String {
        switch self {
        case .null: "null"
        case .flag(let flag): flag ? "true" : "false"
        case .whole(let whole): String(whole)
        case .number(let number): "\(number)"
        case .text(let text): text
        case .list(let list): "[" + list.map(\.quoted).joined(separator: ",") + "]"
        case .object(let object):
            "{"
                + object.sorted { $0.key.precedesBytewise($1.key) }
                .map { "\(StoredValue.text($0.key).quoted):\($0.value.quoted)" }.joined(separator: ",") + "}"
        }
    }

    /// Each text with its length before it, so that no two values give the same bytes.
    private var quoted: String { text.map { "\($0.utf8.count)\"\($0)\"" } ?? canonical }
}
