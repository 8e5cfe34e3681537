/// A Swift value that can stand in a statement.
///
/// Raw-value types conform by an empty extension: `extension ServerID: Bindable, ColumnDecodable {}`.
package protocol Bindable: BindableElement {
    /// The value in the server's text form.
    ///
    /// - Throws: ``DatabaseError`` of kind `encoding`, never naming the value.
    func parameter() throws(DatabaseError) -> Parameter
}

/// A type whose arrays can stand in a statement: every ``Bindable``, and `UInt8`, whose array is `bytea`.
package protocol BindableElement: Sendable {
    static func arrayParameter(_ elements: [Self]) throws(DatabaseError) -> Parameter
}

/// A value on its way to the server.
///
/// Text, whose input forms do not depend on any session setting, because the server converts it to the
/// type that it infers: an `Int` fits `smallint`, `bigint` and `numeric`.
package enum Parameter: Sendable, Equatable {
    case null
    case text(String)
    /// Text of an array: stands unquoted inside another array.
    case array(String)
}

extension Bindable {
    package static func arrayParameter(_ elements: [Self]) throws(DatabaseError) -> Parameter {
        var text = "{"
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            switch try element.parameter() {
            case .null: text += "NULL"
            case .array(let inner): text += inner
            case .text(let inner): text += quotedElement(inner)
            }
        }
        return .array(text + "}")
    }
}

extension Bindable where Self: RawRepresentable, RawValue: Bindable {
    package func parameter() throws(DatabaseError) -> Parameter { try rawValue.parameter() }
}

extension Optional: BindableElement where Wrapped: Bindable {}

extension Optional: Bindable where Wrapped: Bindable {
    package func parameter() throws(DatabaseError) -> Parameter {
        guard let self else { return .null }
        return try self.parameter()
    }
}

extension Array: BindableElement where Element: BindableElement {}

extension Array: Bindable where Element: BindableElement {
    package func parameter() throws(DatabaseError) -> Parameter { try Element.arrayParameter(self) }
}

private func quotedElement(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
        quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
}
