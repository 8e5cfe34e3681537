package import FoundationEssentials

extension String: ColumnDecodable {
    /// Reads the text types, enums and `numeric`; cast others (`inet`, `uuid`) to `text` in the statement.
    package static func decode(_ cell: Cell) throws(CellError) -> String {
        switch cell.type {
        case .text, .varchar, .bpchar, .name, .char, .unknown, .json: return try cell.text()
        case .jsonb: return try cell.jsonText()
        case .numeric: return try cell.numericText()
        default:
            // An enum's binary form is its label, a composite's holds NUL bytes.
            guard cell.type.isUserDefined, !(try cell.byteArray().contains(0)) else { throw cell.mismatch() }
            return try cell.text()
        }
    }
}

extension Bool: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Bool {
        guard cell.type == .bool else { throw cell.mismatch() }
        return try cell.integer(UInt8.self) != 0
    }
}

extension Int: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Int { try cell.anyInteger() }
}

extension Int16: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Int16 { try cell.anyInteger() }
}

extension Int32: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Int32 { try cell.anyInteger() }
}

extension Int64: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Int64 { try cell.anyInteger() }
}

extension Double: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Double {
        switch cell.type {
        case .float8: return Double(bitPattern: try cell.integer())
        case .float4: return Double(Float(bitPattern: try cell.integer()))
        case .int2, .int4: return Double(try cell.anyInteger(Int32.self))
        case .numeric:
            guard let value = Double(try cell.numericText()) else { throw .invalid("Double") }
            return value
        default: throw cell.mismatch()
        }
    }
}

extension UUID: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> UUID {
        guard cell.type == .uuid else { throw cell.mismatch() }
        let b = try cell.byteArray()
        guard b.count == 16 else { throw .invalid("uuid") }
        return UUID(
            uuid: (
                b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7],
                b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]
            ))
    }
}

/// Reads `timestamptz` only: a `timestamp` without time zone is not an instant.
extension Date: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Date {
        guard cell.type == .timestamptz else { throw cell.mismatch() }
        switch try cell.integer(Int64.self) {
        case .max: return .distantFuture
        case .min: return .distantPast
        case let microseconds: return Date(microsecondsSince1970: microseconds + serverEpoch)
        }
    }
}

/// Reads `interval`; a day counts 24 hours, a month has no length and is an error.
extension Duration: ColumnDecodable {
    package static func decode(_ cell: Cell) throws(CellError) -> Duration {
        guard cell.type == .interval else { throw cell.mismatch() }
        guard cell.count == 16, try cell.integer(at: 12, Int32.self) == 0 else { throw .invalid("Duration") }
        let microseconds: Int64 = try cell.integer(at: 0)
        let days: Int32 = try cell.integer(at: 8)
        return .microseconds(microseconds) + .seconds(86_400 * Int64(days))
    }
}

/// An array of bytes is `bytea`.
extension UInt8: ColumnDecodableElement {
    package static func decodeArray(_ cell: Cell) throws(CellError) -> [UInt8] {
        guard cell.type == .bytea else { throw cell.mismatch() }
        return try cell.byteArray()
    }
}

extension ColumnType {
    /// Whether it is one of the types read above, and so no array.
    var isScalar: Bool {
        switch self {
        case .bool, .bytea, .char, .name, .int8, .int2, .int4, .text, .oid, .json, .float4, .float8, .unknown, .bpchar,
            .varchar, .date, .timestamp, .timestamptz, .interval, .numeric, .uuid, .jsonb:
            true
        default: false
        }
    }
}
