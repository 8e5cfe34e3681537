/// The server's type of a column: the object identifiers of the built-in types are fixed.
struct ColumnType: Hashable, Sendable, CustomStringConvertible {
    let oid: UInt32

    static let bool = ColumnType(oid: 16)
    static let bytea = ColumnType(oid: 17)
    static let char = ColumnType(oid: 18)
    static let name = ColumnType(oid: 19)
    static let int8 = ColumnType(oid: 20)
    static let int2 = ColumnType(oid: 21)
    static let int4 = ColumnType(oid: 23)
    static let text = ColumnType(oid: 25)
    static let oid = ColumnType(oid: 26)
    static let json = ColumnType(oid: 114)
    static let float4 = ColumnType(oid: 700)
    static let float8 = ColumnType(oid: 701)
    static let unknown = ColumnType(oid: 705)
    static let bpchar = ColumnType(oid: 1042)
    static let varchar = ColumnType(oid: 1043)
    static let date = ColumnType(oid: 1082)
    static let timestamp = ColumnType(oid: 1114)
    static let timestamptz = ColumnType(oid: 1184)
    static let interval = ColumnType(oid: 1186)
    static let numeric = ColumnType(oid: 1700)
    static let uuid = ColumnType(oid: 2950)
    static let jsonb = ColumnType(oid: 3802)

    /// Whether somebody created the type in this database: an enum, a composite, an extension's type.
    var isUserDefined: Bool { oid >= 16384 }

    private static let names: [ColumnType: String] = [
        .bool: "boolean", .bytea: "bytea", .char: "\"char\"", .name: "name", .int8: "bigint", .int2: "smallint",
        .int4: "integer", .text: "text", .oid: "oid", .json: "json", .float4: "real", .float8: "double precision",
        .unknown: "unknown", .bpchar: "character", .varchar: "character varying", .date: "date",
        .timestamp: "timestamp without time zone", .timestamptz: "timestamptz", .interval: "interval",
        .numeric: "numeric", .uuid: "uuid", .jsonb: "jsonb",
    ]

    var description: String { Self.names[self] ?? "type \(oid)" }
}
