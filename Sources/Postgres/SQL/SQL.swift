/// A statement whose values travel apart from its text.
///
/// ```swift
/// let sql: SQL = "select state from jobs where job_id = \(id) and kind = any(\(kinds))"
/// ```
///
/// A value becomes `$n`, whose type the server infers; write a cast where it cannot (`\(date)::timestamptz`).
/// A fragment (`SQL`) becomes part of the text, its values with it. The text is the key under which a
/// connection keeps the prepared statement, so build it from few constant pieces.
package struct SQL: Sendable, ExpressibleByStringInterpolation {
    private enum Piece: Sendable {
        case text(String)
        case value(any Bindable)
    }

    private var pieces: [Piece]
    /// Whether some of the text did not come from a literal.
    private(set) var isUnescaped = false

    package init(stringLiteral text: String) { pieces = [.text(text)] }
    package init(stringInterpolation: StringInterpolation) { self = stringInterpolation.sql }
    package init(trusted text: StaticString) { pieces = [.text(text.description)] }

    /// Takes the text as it is: for migration files, never for anything that came from outside.
    package init(unescaped text: String) {
        pieces = [.text(text)]
        isUnescaped = true
    }

    /// A quoted identifier, whatever characters `name` holds.
    package init(identifier name: String) { pieces = [.text(quotedIdentifier(name))] }

    private init() { pieces = [] }

    /// The fragments one after the other, `separator` between them.
    package static func joined(_ fragments: [SQL], separator: SQL) -> SQL {
        var whole = SQL()
        for (index, fragment) in fragments.enumerated() {
            if index > 0 { whole.append(separator) }
            whole.append(fragment)
        }
        return whole
    }

    private mutating func append(_ other: SQL) {
        pieces += other.pieces
        isUnescaped = isUnescaped || other.isUnescaped
    }

    /// The text with its placeholders, and the values in their order.
    func rendered() -> (text: String, values: [any Bindable]) {
        var text = ""
        var values: [any Bindable] = []
        for piece in pieces {
            switch piece {
            case .text(let part): text += part
            case .value(let value):
                values.append(value)
                text += "$\(values.count)"
            }
        }
        return (text, values)
    }

    package struct StringInterpolation: StringInterpolationProtocol, Sendable {
        fileprivate var sql = SQL()

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) { sql.pieces.append(.text(literal)) }
        package mutating func appendInterpolation(_ value: some Bindable) { sql.pieces.append(.value(value)) }
        package mutating func appendInterpolation<Value: Bindable>(_ value: Value?) { sql.pieces.append(.value(value)) }
        package mutating func appendInterpolation(_ fragment: SQL) { sql.append(fragment) }
        package mutating func appendInterpolation(fragment: SQL) { sql.append(fragment) }
        package mutating func appendInterpolation(identifier name: String) { sql.append(SQL(identifier: name)) }
        package mutating func appendInterpolation(unescaped text: String) { sql.append(SQL(unescaped: text)) }
    }
}

extension SQL: CustomStringConvertible {
    /// The text with its placeholders; values are never shown.
    package var description: String { rendered().text }
}

/// `name` as an SQL identifier.
func quotedIdentifier(_ name: String) -> String {
    var quoted = "\""
    for character in name {
        if character == "\"" { quoted.append("\"") }
        quoted.append(character)
    }
    return quoted + "\""
}
