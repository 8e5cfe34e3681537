/// One value of a result, in the server's binary form, which depends on no session setting.
@safe
package struct Cell {
    let type: ColumnType
    /// nil is NULL.
    ///
    /// Points into `owner`'s memory, which is why the cell keeps the owner.
    private let bytes: UnsafeRawBufferPointer?
    private let owner: ResultSet

    init(type: ColumnType, bytes: UnsafeRawBufferPointer?, owner: ResultSet) {
        self.type = type
        unsafe self.bytes = unsafe bytes
        self.owner = owner
    }

    package var isNull: Bool { unsafe bytes == nil }
    var count: Int { unsafe bytes?.count ?? 0 }

    /// The value's bytes as one big-endian integer of exactly this width.
    func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) throws(CellError) -> Value {
        try notNull()
        guard count == MemoryLayout<Value>.size else { throw .invalid("\(type)") }
        return try integer(at: 0)
    }

    /// A big-endian integer at a byte offset.
    func integer<Value: FixedWidthInteger>(at offset: Int, _: Value.Type = Value.self) throws(CellError) -> Value {
        guard let bytes = unsafe bytes, offset >= 0, offset <= count - MemoryLayout<Value>.size else {
            throw .invalid("\(type)")
        }
        defer { extendLifetime(owner) }
        return Value(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    func byteArray() throws(CellError) -> [UInt8] {
        guard let bytes = unsafe bytes else { throw .null }
        defer { extendLifetime(owner) }
        return unsafe Array(bytes)
    }

    func text(droppingFirst count: Int = 0) throws(CellError) -> String {
        guard let bytes = unsafe bytes else { throw .null }
        defer { extendLifetime(owner) }
        return unsafe String(decoding: bytes.dropFirst(count), as: UTF8.self)
    }

    func jsonText() throws(CellError) -> String {
        switch type {
        case .json: return try text()
        // jsonb travels as a version byte and text.
        case .jsonb where try integer(at: 0, UInt8.self) == 1: return try text(droppingFirst: 1)
        default: throw mismatch()
        }
    }

    /// A part of this value, such as an element of an array.
    func part(type: ColumnType, at offset: Int, count: Int) throws(CellError) -> Cell {
        guard let bytes = unsafe bytes, offset >= 0, count >= 0, offset <= self.count - count else {
            throw .invalid("\(self.type)")
        }
        return unsafe Cell(
            type: type, bytes: UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count]), owner: owner)
    }

    func nullPart(type: ColumnType) -> Cell { unsafe Cell(type: type, bytes: nil, owner: owner) }

    func notNull() throws(CellError) {
        if isNull { throw .null }
    }

    /// The error for a value whose type the caller cannot take: NULL counts first.
    func mismatch() -> CellError { isNull ? .null : .typeMismatch("\(type)") }
}

/// Why a value could not be decoded; never the value itself.
package enum CellError: Error, Equatable {
    case null
    /// The server's type is not one that the Swift type is read from.
    case typeMismatch(String)
    /// The type fits, the value does not: out of range, not a case of the enumeration.
    case invalid(String)
}
