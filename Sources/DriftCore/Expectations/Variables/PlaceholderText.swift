/// A text in which `{{ name }}` stands for a value.
package struct PlaceholderText: Hashable, Sendable {
    package enum Part: Hashable, Sendable {
        case text(String)
        /// The name of the value.
        case placeholder(String)
    }

    /// Why a text is not one.
    package struct Fault: Error, Hashable, Sendable {
        package var message: String
        /// In bytes from the start of the text.
        package var offset: Int
    }

    package let parts: [Part]

    /// `{{`, a name of letters, digits, `.`, `_`, `/` and `-`, and `}}`; blanks around the name say nothing.
    package init(_ text: String) throws(Fault) {
        let bytes = Array(text.utf8)
        var parts: [Part] = []
        var start = 0
        var place = 0
        func add(upTo end: Int) {
            if start < end { parts.append(.text(String(decoding: bytes[start..<end], as: UTF8.self))) }
        }
        while place + 1 < bytes.count {
            guard bytes[place] == UInt8(ascii: "{"), bytes[place + 1] == UInt8(ascii: "{") else {
                place += 1
                continue
            }
            let (name, end) = try Self.name(in: bytes, from: place)
            add(upTo: place)
            parts.append(.placeholder(name))
            place = end
            start = end
        }
        add(upTo: bytes.count)
        self.parts = parts
    }

    package var placeholders: [String] {
        parts.compactMap { if case .placeholder(let name) = $0 { name } else { nil } }
    }

    package static func written(_ name: String) -> String { "{{ \(name) }}" }

    /// The name between braces that begin at `open`, and where its placeholder ends.
    private static func name(in bytes: [UInt8], from open: Int) throws(Fault) -> (String, Int) {
        let inner = bytes[(open + 2)...].prefix(nameLimit)
        guard
            let length = zip(inner, inner.dropFirst()).enumerated()
                .first(where: { $1 == (UInt8(ascii: "}"), UInt8(ascii: "}")) })?.offset
        else { throw Fault(message: "`{{` without `}}`", offset: open) }
        let text = String(decoding: inner.prefix(length), as: UTF8.self)
        let name = text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        let isName =
            !name.isEmpty
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._/-".contains($0)) }
        guard isName else {
            throw Fault(message: "\(quoted("{{\(text)}}")) is not a placeholder", offset: open)
        }
        return (String(name), open + 2 + length + 2)
    }

    private static let nameLimit = 128
}
