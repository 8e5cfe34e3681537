/// A Swift type that a column can be read as.
///
/// Raw-value types conform by an empty extension; a raw value that the type does not know is an error.
package protocol ColumnDecodable: ColumnDecodableElement {
    static func decode(_ cell: Cell) throws(CellError) -> Self
}

/// A type whose arrays can be read: every ``ColumnDecodable``, and `UInt8`, whose array is `bytea`.
package protocol ColumnDecodableElement {
    static func decodeArray(_ cell: Cell) throws(CellError) -> [Self]
}

extension ColumnDecodable where Self: RawRepresentable, RawValue: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Self {
        guard let value = Self(rawValue: try RawValue.decode(cell)) else { throw .invalid("\(Self.self)") }
        return value
    }
}

extension Optional: ColumnDecodableElement where Wrapped: ColumnDecodable {}

extension Optional: ColumnDecodable where Wrapped: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Wrapped? {
        cell.isNull ? nil : try Wrapped.decode(cell)
    }
}

extension Array: ColumnDecodableElement where Element: ColumnDecodableElement {}

extension Array: ColumnDecodable where Element: ColumnDecodableElement {
    package static func decode(_ cell: Cell) throws(CellError) -> [Element] { try Element.decodeArray(cell) }
}

extension ColumnDecodable {
    /// Reads a one-dimensional array: number of dimensions, a flag, the element type, per dimension its size and
    /// lower bound, then each element's length (-1 is NULL) and bytes.
    package static func decodeArray(_ cell: Cell) throws(CellError) -> [Self] {
        try cell.notNull()
        // Every array has at least three header words.
        guard cell.count >= 12, !cell.type.isScalar else { throw cell.mismatch() }
        let dimensions: Int32 = try cell.integer(at: 0)
        if dimensions == 0 { return [] }
        let type = ColumnType(oid: try cell.integer(at: 8))
        guard dimensions == 1 else { throw .typeMismatch("array of \(dimensions) dimensions") }
        let count = Int(try cell.integer(at: 12, Int32.self))
        guard count >= 0, count <= cell.count else { throw .invalid("array") }
        var elements: [Self] = []
        elements.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            let length = Int(try cell.integer(at: offset, Int32.self))
            offset += 4
            guard length >= 0 else {
                elements.append(try decode(cell.nullPart(type: type)))
                continue
            }
            elements.append(try decode(try cell.part(type: type, at: offset, count: length)))
            offset += length
        }
        return elements
    }
}
