package import FoundationEssentials

extension String: Bindable {
    package func parameter() throws(DatabaseError) -> Parameter {
        // PostgreSQL's text has no NUL, and the C interface would cut the value there without a word.
        if utf8.contains(0) { throw DatabaseError(.encoding, "a text value holds a NUL character") }
        return .text(self)
    }
}

extension Bool: Bindable {
    package func parameter() -> Parameter { .text(self ? "t" : "f") }
}

extension Int: Bindable { package func parameter() -> Parameter { .text(String(self)) } }
extension Int16: Bindable { package func parameter() -> Parameter { .text(String(self)) } }
extension Int32: Bindable { package func parameter() -> Parameter { .text(String(self)) } }
extension Int64: Bindable { package func parameter() -> Parameter { .text(String(self)) } }

extension Double: Bindable {
    package func parameter() -> Parameter {
        if isNaN { return .text("NaN") }
        if isInfinite { return .text(self < 0 ? "-Infinity" : "Infinity") }
        return .text(description)
    }
}

extension UUID: Bindable {
    package func parameter() -> Parameter { .text(uuidString) }
}

/// `timestamptz`, to the microsecond. `distantFuture` and `distantPast` stand for `infinity` and `-infinity`.
extension Date: Bindable {
    package func parameter() throws(DatabaseError) -> Parameter {
        switch self {
        case .distantFuture: return .text("infinity")
        case .distantPast: return .text("-infinity")
        default:
            guard let text = timestampText(self) else {
                throw DatabaseError(.encoding, "a date is outside the range of timestamptz")
            }
            return .text(text)
        }
    }
}

/// `interval`, to the microsecond.
extension Duration: Bindable {
    package func parameter() throws(DatabaseError) -> Parameter {
        guard let microseconds = wholeMicroseconds else {
            throw DatabaseError(.encoding, "a duration is outside the range of interval")
        }
        return .text("\(microseconds) microseconds")
    }
}

/// An array of bytes is `bytea`.
extension UInt8: BindableElement {
    package static func arrayParameter(_ elements: [UInt8]) -> Parameter {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = Array(#"\x"#.utf8)
        text.reserveCapacity(2 + 2 * elements.count)
        for byte in elements {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return .text(String(decoding: text, as: UTF8.self))
    }
}
