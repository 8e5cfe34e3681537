import Foundation
import Postgres
import TestSupport
import Testing

private enum Colour: String, Bindable, ColumnDecodable, CaseIterable {
    case red, green
}

private struct Identifier: RawRepresentable, Hashable, Sendable, Bindable, ColumnDecodable {
    let rawValue: String
}

private struct Number: RawRepresentable, Hashable, Sendable, Bindable, ColumnDecodable {
    let rawValue: Int64
}

private struct Payload: Codable, Hashable, Sendable {
    var name: String
    var at: Date
    var tags: [String]?
}

@Suite(.database)
struct ConversionTests {
    private func check<Value: Bindable & ColumnDecodable & Equatable & Sendable>(
        _ type: SQL, _ values: [Value], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let database = TestDatabase.current.database
        for value in values {
            let back = try await database.rows("select \(value)::\(type)", as: Value.self)
            #expect(back == [value], sourceLocation: sourceLocation)
        }
        let nothing = try await database.rows("select \(nil as Value?)::\(type)", as: Value?.self)
        #expect(nothing == [nil], sourceLocation: sourceLocation)
    }

    @Test func integersOfEveryWidth() async throws {
        try await check("smallint", [Int16.min, -1, 0, .max])
        try await check("integer", [Int32.min, -1, 0, .max])
        try await check("bigint", [Int64.min, -1, 0, .max])
        try await check("bigint", [Int.min, -1, 0, .max])
    }

    @Test func integersReadFromOtherWidthsWhenTheyFit() async throws {
        let database = TestDatabase.current.database
        let row = try await database.rows(
            "select 7::smallint, 8::bigint, sum(x), 3::oid from generate_series(1, 4) x",
            as: (Int, Int16, Int, Int).self)
        #expect(row.first?.2 == 10)
        await #expect(throws: DatabaseError.self) { try await database.rows("select 70000", as: Int16.self) }
        await #expect(throws: DatabaseError.self) { try await database.rows("select 1.5", as: Int.self) }
    }

    @Test func booleansAndFloats() async throws {
        try await check("boolean", [true, false])
        try await check("float8", [0.1, -0.0, 1e300, .leastNonzeroMagnitude, .infinity, -.infinity, .pi])
        let database = TestDatabase.current.database
        #expect(try await database.rows("select 'NaN'::float8", as: Double.self).first?.isNaN == true)
        #expect(try await database.rows("select \(Double.nan)::float8 = 'NaN'", as: Bool.self) == [true])
        #expect(try await database.rows("select 1.5::real", as: Double.self) == [1.5])
    }

    @Test(arguments: [
        "0", "0.00", "1", "-1", "10000", "100000000", "0.0001", "0.00001", "-123456789.000100020003", "9999.9999",
        "12345678901234567890123456789.5", "1e-20", "NaN", "Infinity", "-Infinity",
    ])
    func numericReadsAsItsExactText(text: String) async throws {
        let rows = try await TestDatabase.current.database.rows(
            "select \(text)::numeric, (\(text)::numeric)::text", as: (String, String).self)
        let row = try #require(rows.first)
        #expect(row.0 == row.1)
    }

    @Test func textOfAllKinds() async throws {
        let strings = ["", "a", "ünïcode 🐘", "'; drop table x; --", "\\", "\"", "{a,b}", "NULL", "$1", " \n\t"]
        try await check("text", strings)
        try await check("varchar", strings)
        try await check("text[]", [strings, [], ["NULL", "null"]])
        try await check("text[]", [["a", nil, "NULL"] as [String?]])
    }

    @Test func textWithANulIsRefusedBeforeItIsSent() async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await TestDatabase.current.database.rows("select \("secret\0text")::text", as: String.self)
        }
        #expect(error?.kind == .encoding)
        #expect(error?.description.contains("secret") == false)
    }

    @Test func bytesAndTheirArrays() async throws {
        let all = Array(UInt8.min...UInt8.max)
        try await check("bytea", [[], [0], all])
        try await check("bytea[]", [[all, [], [92, 34]], []])
    }

    @Test func identifiersAndEnumerations() async throws {
        try await check("uuid", [UUID(), UUID(uuidString: "00000000-0000-0000-0000-000000000000") ?? UUID()])
        try await check("uuid[]", [[UUID(), UUID()], []])
        try await check("text", Colour.allCases)
        try await check("text[]", [Colour.allCases])
        try await check("text", [Identifier(rawValue: "web-1")])
        try await check("text[]", [[Identifier(rawValue: "web-1"), Identifier(rawValue: "{}")]])
        try await check("bigint[]", [[Number(rawValue: .min), Number(rawValue: .max)]])
        try await check("bigint[]", [[Int.min, 0, .max]])
        try await check("boolean[]", [[true, false]])
        let database = TestDatabase.current.database
        let error = await #expect(throws: DatabaseError.self) {
            try await database.rows("select \("blue-secret") as colour", as: Colour.self)
        }
        #expect(error?.kind == .decoding)
        #expect(error?.description.contains("colour") == true)
        #expect(error?.description.contains("blue-secret") == false)
    }

    @Test func enumsOfTheServerReadAsText() async throws {
        let database = TestDatabase.current.database
        try await database.execute("create type colour as enum ('red', 'green')")
        try await check("colour", Colour.allCases)
        try await database.execute("create type pair as (a int, b text)")
        await #expect(throws: DatabaseError.self) { try await database.rows("select (1, 'x')::pair", as: String.self) }
    }

    private struct Columns: RowDecodable {
        let found: [String: Int]

        init(row: Row) throws {
            let names = ["c", "a", "b", "a", "c"]
            found = Dictionary(try names.map { ($0, try row.column($0)) }) { first, second in
                first == second ? first : -1
            }
            #expect(throws: DatabaseError.self) { try row.column("d", as: Int.self) }
        }
    }

    @Test func columnsAreFoundByNameInAnyOrder() async throws {
        let rows = try await TestDatabase.current.database.rows(
            "select 1 as a, 2 as b, 3 as c, 4 as a union all select 5, 6, 7, 8", of: Columns.self)
        #expect(rows.map(\.found) == [["a": 1, "b": 2, "c": 3], ["a": 5, "b": 6, "c": 7]])
    }

    @Test func datesToTheMicrosecond() async throws {
        let dates = [
            Date(timeIntervalSince1970: 0), Date(timeIntervalSince1970: -0.000001),
            Date(timeIntervalSince1970: 1_790_000_000.123456), Date(timeIntervalSince1970: 951_782_399.999999),
            Date(timeIntervalSince1970: -62_135_596_800), Date(timeIntervalSince1970: -62_135_596_800.5),
            Date(timeIntervalSince1970: -70_000_000_000), Date(timeIntervalSince1970: 253_402_300_800),
            .distantFuture, .distantPast,
        ]
        for date in dates {
            let back = try await TestDatabase.current.database.rows("select \(date)::timestamptz", as: Date.self)
            #expect(abs(try #require(back.first).timeIntervalSince(date)) < 0.000_001)
        }
        let infinite = try await TestDatabase.current.database.rows(
            "select \(Date.distantFuture)::timestamptz = 'infinity'", as: Bool.self)
        #expect(infinite == [true])
    }

    @Test func everyDayReadsBackAsItself() async throws {
        // The server's own calendar against ours, over leap years and centuries.
        let rows = try await TestDatabase.current.database.rows(
            "select d, extract(epoch from d)::float8 from generate_series('1890-01-01Z'::timestamptz, '2110-01-01Z', '24 hours') d",
            as: (Date, Double).self)
        #expect(rows.count == 80_354)
        #expect(rows.allSatisfy { $0.0.timeIntervalSince1970 == $0.1 })
        let dates = rows.map(\.0)
        let same = try await TestDatabase.current.database.rows(
            """
            select count(*) from unnest(\(dates)::timestamptz[]) with ordinality d(day, n)
            where day = '1890-01-01Z'::timestamptz + (n - 1) * interval '24 hours'
            """, as: Int.self)
        #expect(same == [rows.count])
    }

    @Test func durations() async throws {
        try await check(
            "interval",
            [
                .zero, .microseconds(1), .microseconds(-1), .seconds(90), .seconds(-90), .seconds(3_000_000_000),
                .milliseconds(1500),
            ]
                as [Duration])
        let database = TestDatabase.current.database
        #expect(try await database.rows("select interval '2 days 1 second'", as: Duration.self) == [.seconds(172_801)])
        await #expect(throws: DatabaseError.self) {
            try await database.rows("select interval '1 month'", as: Duration.self)
        }
    }

    @Test func jsonOfCodableValues() async throws {
        let payload = Payload(
            name: "a \"quoted\" \\ näme", at: Date(timeIntervalSince1970: 1_790_000_000.25), tags: nil)
        for type in ["json", "jsonb"] as [SQL] {
            let back = try await TestDatabase.current.database.rows(
                "select \(JSON(payload))::\(type)", as: JSON<Payload>.self)
            #expect(back == [JSON(payload)])
        }
        let database = TestDatabase.current.database
        #expect(
            try await database.rows("select \(JSON(payload))::jsonb ->> 'at'", as: String.self) == [
                "2026-09-21T14:13:20.250Z"
            ])
        #expect(
            try await database.rows("select \(JSONText(#"{"a": [1]}"#))::jsonb", as: JSONText.self) == [
                JSONText(#"{"a": [1]}"#)
            ])
        let error = await #expect(throws: DatabaseError.self) {
            try await database.rows(
                "select \(#"{"name": "secret"}"#)::jsonb", as: JSON<Payload>.self)
        }
        #expect(error?.kind == .decoding)
        #expect(error?.description.contains("secret") == false)
    }

    @Test(arguments: [
        "set timezone to 'America/St_Johns'", "set datestyle to 'SQL, DMY'", "set datestyle to 'German'",
        "set intervalstyle to 'sql_standard'", "set bytea_output to 'escape'", "set extra_float_digits to 0",
    ])
    func conversionsDependOnNoSessionSetting(setting: String) async throws {
        let date = Date(timeIntervalSince1970: 1_790_000_000.123456)
        let row = try await TestDatabase.current.database.withTransaction { transaction in
            try transaction.executeScript(setting)
            return try transaction.one(
                "select \(date)::timestamptz, \(Duration.seconds(-90_061))::interval, \([0, 92, 255] as [UInt8])::bytea, \(0.1)::float8",
                as: (Date, Duration, [UInt8], Double).self)
        }
        #expect(abs(row.0.timeIntervalSince(date)) < 0.000_001)
        #expect(row.1 == .seconds(-90_061))
        #expect(row.2 == [0, 92, 255])
        #expect(row.3 == 0.1)
    }

    @Test func aNullWhereNoneMayBeNamesTheColumn() async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await TestDatabase.current.database.rows("select null::int as retries", as: Int.self)
        }
        #expect(error?.kind == .decoding)
        #expect(error?.description.contains("\"retries\" is NULL, not Int") == true)
    }

    @Test func aTimestampWithoutZoneIsNoInstant() async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await TestDatabase.current.database.rows("select now()::timestamp as at", as: Date.self)
        }
        #expect(error?.description.contains("timestamp without time zone") == true)
    }
}
