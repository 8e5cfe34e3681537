import Foundation
import Postgres
import TestSupport
import Testing

private struct OwnError: Error, Equatable { let code: Int }

private struct Job: RowDecodable, Equatable {
    let id: Int
    let kind: String
    let priority: Int?

    init(id: Int, kind: String, priority: Int?) {
        self.id = id
        self.kind = kind
        self.priority = priority
    }

    init(row: Row) throws {
        id = try row.column("job_id")
        kind = try row.column("kind")
        priority = try row.column("priority", as: Int?.self)
    }
}

@Suite(.database)
struct TransactionTests {
    private let database = TestDatabase.current.database

    private func table(_ name: String) async throws -> SQL {
        let table = SQL(identifier: name)
        try await database.execute("create table \(table) (job_id int primary key, kind text not null, priority int)")
        return table
    }

    @Test func whatTheBodyDidIsCommitted() async throws {
        let table = try await table("committed")
        let affected = try await database.withTransaction { transaction in
            try transaction.execute("insert into \(table) values (1, 'a', null), (2, 'b', 5)")
        }
        #expect(affected == 2)
        let jobs = try await database.rows("select * from \(table) order by job_id", of: Job.self)
        #expect(jobs == [Job(id: 1, kind: "a", priority: nil), Job(id: 2, kind: "b", priority: 5)])
    }

    @Test func anErrorOfTheBodyRollsBackAndComesOutAsItIs() async throws {
        let table = try await table("rolled_back")
        let error = await #expect(throws: OwnError.self) {
            try await database.withTransaction { transaction in
                try transaction.execute("insert into \(table) values (1, 'a', null)")
                throw OwnError(code: 7)
            }
        }
        #expect(error == OwnError(code: 7))
        #expect(try await database.rows("select count(*) from \(table)", as: Int.self) == [0])
    }

    @Test func aViolatedConstraintIsCaughtByItsState() async throws {
        let table = try await table("constraints")
        try await database.execute("insert into \(table) values (1, 'secret-value', null)")
        do {
            try await database.execute("insert into \(table) values (1, \("other-secret"), null)")
            Issue.record("the second row went in")
        } catch let error as DatabaseError where error.sqlState == .uniqueViolation {
            #expect(error.constraint == "constraints_pkey")
            #expect(error.label == "sqlstate_23505")
            #expect(!error.isTransient)
            #expect(error.description.contains("values (1, $1, null)"))
            #expect(!error.description.contains("secret"))
        }
        do {
            try await database.execute("insert into \(table) values (1, 'a', null)")
        } catch SQLState.uniqueViolation {}
    }

    @Test func noErrorTextShowsABoundValue() async throws {
        for sql in [
            "select \("s3cret")::int", "select \("s3cret")::timestamptz", "select \(["s3cret"])::int[]",
            "select \("{s3cret}")::jsonb", "select 1 / (length(\("s3cret")) - 6)",
        ] as [SQL] {
            let error = await #expect(throws: DatabaseError.self) { try await database.execute(sql) }
            #expect(error?.description.contains("s3cret") == false)
        }
        // It is there for the person who sent it.
        let error = await #expect(throws: DatabaseError.self) { try await database.execute("select \("s3cret")::int") }
        #expect(error?.serverMessage?.contains("s3cret") == true)
    }

    @Test func aSwallowedErrorStillFailsTheTransaction() async throws {
        let table = try await table("swallowed")
        let error = await #expect(throws: DatabaseError.self) {
            try await database.withTransaction { transaction in
                try transaction.execute("insert into \(table) values (1, 'a', null)")
                _ = try? transaction.execute("insert into \(table) values (1, 'a', null)")
            }
        }
        #expect(error?.sqlState == .uniqueViolation)
        #expect(try await database.rows("select count(*) from \(table)", as: Int.self) == [0])
    }

    @Test func aDeferredConstraintFailsTheCommit() async throws {
        try await database.executeScript(
            "create table parent (id int primary key); create table child (id int references parent deferrable initially deferred)"
        )
        let error = await #expect(throws: DatabaseError.self) {
            try await database.withTransaction { transaction in try transaction.execute("insert into child values (1)")
            }
        }
        #expect(error?.sqlState == .foreignKeyViolation)
        #expect(error?.mayHaveCommitted == false)
    }

    @Test(arguments: ["commit", "rollback"])
    func endingTheTransactionByHandIsMisuse(script: String) async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await database.withTransaction { transaction in try transaction.executeScript(script) }
        }
        #expect(error?.kind == .misuse)
    }

    @Test func aReadOnlyTransactionWritesNothing() async throws {
        let table = try await table("read_only")
        let error = await #expect(throws: DatabaseError.self) {
            try await database.read { transaction in
                try transaction.execute("insert into \(table) values (1, 'a', null)")
            }
        }
        #expect(error?.sqlState == .readOnlySQLTransaction)
    }

    @Test func aReadSeesOneSnapshot() async throws {
        let table = try await table("snapshot")
        let other = TestDatabase.current.anotherDatabase()
        let (before, after) = try await database.read { transaction in
            let before = try transaction.one("select count(*) from \(table)", as: Int.self)
            let gate = DispatchSemaphore(value: 0)
            Task {
                try await other.execute("insert into \(table) values (1, 'a', null)")
                gate.signal()
            }
            gate.wait()
            return (before, try transaction.one("select count(*) from \(table)", as: Int.self))
        }
        await other.close()
        #expect(before == 0)
        #expect(after == 0)
    }

    @Test(arguments: Isolation.allCases)
    func theWantedIsolationHolds(isolation: Isolation) async throws {
        let actual = try await database.withTransaction(isolation: isolation) { transaction in
            try transaction.one("show transaction_isolation", as: String.self)
        }
        #expect(actual == isolation.rawValue.lowercased())
    }

    @Test func rowsAreAskedForInManyShapes() async throws {
        try await database.read { transaction in
            #expect(try transaction.first("select 1 where false", as: Int.self) == nil)
            #expect(try transaction.first("select generate_series(4, 6)", as: Int.self) == 4)
            #expect(try transaction.first("select null::int", as: Int?.self) == .some(nil))
            let pair = try transaction.one("select 1, 'a'", as: (Int, String).self)
            #expect(pair == (1, "a"))
            #expect(try transaction.one("select 1 as job_id, 'k' as kind, 2 as priority", of: Job.self).priority == 2)
            for sql in ["select 1 where false", "select generate_series(1, 2)"] as [SQL] {
                let error = #expect(throws: DatabaseError.self) { try transaction.one(sql, as: Int.self) }
                #expect(error?.kind == .rowCount)
            }
            let error = #expect(throws: DatabaseError.self) { try transaction.rows("select 1, 2", as: Int.self) }
            #expect(error?.kind == .decoding)
        }
    }

    @Test func anUnknownColumnNameIsAnError() async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await database.rows("select 1 as id", of: Job.self)
        }
        #expect(error?.description.contains("\"job_id\"") == true)
    }

    @Test func aScriptRunsManyStatementsInTheTransaction() async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await database.withTransaction { transaction in
                try transaction.executeScript("create table script_a (); create table script_b (); select 1 / 0")
            }
        }
        #expect(error?.sqlState == "22012")
        #expect(try await database.rows("select to_regclass('script_a') is null", as: Bool.self) == [true])
        try await database.executeScript("create table script_a (); create table script_b ()")
        #expect(try await database.rows("select to_regclass('script_b') is not null", as: Bool.self) == [true])
    }
}
