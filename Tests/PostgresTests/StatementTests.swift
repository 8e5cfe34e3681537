import Postgres
import TestSupport
import Testing

@Suite(.database)
struct StatementTests {
    private func database(_ change: (inout DatabaseSettings) -> Void = { _ in }) -> Database {
        TestDatabase.current.anotherDatabase { settings in
            settings.poolSize = 1
            change(&settings)
        }
    }

    private static let prepared: SQL = "select name, statement from pg_prepared_statements"

    @Test func aStatementIsPreparedOncePerConnection() async throws {
        let database = database()
        for number in 1...5 {
            #expect(try await database.rows("select \(number)::int as once", as: Int.self) == [number])
        }
        let statements = try await database.rows(Self.prepared, as: (String, String).self)
        #expect(statements.filter { $0.1.contains("as once") }.count == 1)
        await database.close()
    }

    @Test func nothingIsPreparedBehindATransactionPooler() async throws {
        let database = database { $0.pooler = .transaction }
        let mode = try await database.withTransaction { transaction in
            #expect(try transaction.one("select \(1)::int", as: Int.self) == 1)
            #expect(try transaction.rows(Self.prepared, as: (String, String).self).isEmpty)
            return try transaction.one("show statement_timeout", as: String.self)
        }
        #expect(mode == "30s")
        // Not of the session, which is shared.
        #expect(try await database.rows("show statement_timeout", as: String.self) == ["0"])
        await database.close()
    }

    @Test func theSessionHasOurTimeoutsUnlessTheUserSetsOthers() async throws {
        let ours = database { $0.lockTimeout = .milliseconds(1500) }
        #expect(try await ours.rows("show lock_timeout", as: String.self) == ["1500ms"])
        #expect(try await ours.rows("show statement_timeout", as: String.self) == ["30s"])
        await ours.close()
        let conninfo = TestDatabase.current.conninfo
        let users = database {
            $0.conninfo = conninfo + "&options=-c%20statement_timeout%3D7s&application_name=theirs"
        }
        #expect(try await users.rows("show statement_timeout", as: String.self) == ["7s"])
        #expect(try await users.rows("show lock_timeout", as: String.self) == ["10s"])
        #expect(try await users.rows("show application_name", as: String.self) == ["theirs"])
        await users.close()
    }

    @Test func aPlanThatNoLongerFitsIsPreparedAnew() async throws {
        let database = database()
        try await database.execute("create table shifting (a int)")
        try await database.execute("insert into shifting values (1)")
        #expect(try await database.rows("select * from shifting", as: Int.self) == [1])
        try await database.execute("alter table shifting alter a type text")
        #expect(try await database.rows("select * from shifting", as: String.self) == ["1"])
        try await database.execute("alter table shifting alter a type bigint using a::bigint")
        let again = try await database.withTransaction { transaction in
            try transaction.one("select * from shifting", as: Int.self)
        }
        #expect(again == 1)
        await database.close()
    }

    @Test func statementsThatTheServerForgotArePreparedAnew() async throws {
        let database = database()
        for _ in 0..<2 {
            #expect(try await database.rows("select 1 as forgotten", as: Int.self) == [1])
            try await database.executeScript("deallocate all")
        }
        let inside = try await database.withTransaction { transaction in
            try transaction.one("select 1 as forgotten", as: Int.self)
        }
        #expect(inside == 1)
        await database.close()
    }

    @Test func theServerKeepsABoundedNumberOfStatements() async throws {
        let database = database()
        for number in 0..<230 { try await database.execute("select \(unescaped: String(number))") }
        let count = try await database.rows("select count(*) from pg_prepared_statements", as: Int.self)
        #expect(try #require(count.first) <= 201)
        await database.close()
    }

    @Test func copyIsRefusedAndTheConnectionReplaced() async throws {
        let database = database()
        let error = await #expect(throws: DatabaseError.self) {
            try await database.executeScript("copy (select 1) to stdout")
        }
        #expect(error?.kind == .misuse)
        #expect(try await database.rows("select 1", as: Int.self) == [1])
        await database.close()
    }

    @Test func aTransactionLeftOpenByAScriptIsNotHandedOn() async throws {
        let database = database()
        try await database.executeScript("begin; create table leaked ()")
        #expect(try await database.rows("select to_regclass('leaked') is null", as: Bool.self) == [true])
        await database.close()
    }
}
