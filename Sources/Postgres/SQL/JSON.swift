import FoundationEssentials

/// A `Codable` value in a `json` or `jsonb` place.
///
/// Dates in it are ISO 8601 text with milliseconds, in UTC, so that people can read them in `psql`.
package struct JSON<Value: Codable & Sendable>: Sendable {
    package var value: Value

    package init(_ value: Value) { self.value = value }
}

extension JSON: Equatable where Value: Equatable {}
extension JSON: Hashable where Value: Hashable {}

/// The text of a `json` or `jsonb` value, taken and given as it is.
package struct JSONText: RawRepresentable, Hashable, Sendable, Bindable, ColumnDecodable {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ text: String) { rawValue = text }

    package static func decode(_ cell: Cell) throws(CellError) -> JSONText { JSONText(try cell.jsonText()) }
}

extension JSON: BindableElement {}

extension JSON: Bindable {
    package func parameter() throws(DatabaseError) -> Parameter {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
            encoder.dateEncodingStrategy = .custom { date, encoder in
                var container = encoder.singleValueContainer()
                try container.encode(date.formatted(jsonDates))
            }
            return .text(String(decoding: try encoder.encode(value), as: UTF8.self))
        } catch {
            throw DatabaseError(.encoding, "a value of type \(Value.self) cannot be written as JSON")
        }
    }
}

extension JSON: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> JSON {
        let text = try cell.jsonText()
        do {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .custom { decoder in
                let text = try decoder.singleValueContainer().decode(String.self)
                return try (try? jsonDates.parse(text)) ?? Date.ISO8601FormatStyle().parse(text)
            }
            return JSON(try decoder.decode(Value.self, from: Data(text.utf8)))
        } catch {
            // The decoder's own text quotes the value.
            throw .invalid("JSON of \(Value.self)")
        }
    }
}

private let jsonDates = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
