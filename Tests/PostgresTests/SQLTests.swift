import Postgres
import Testing

@Suite struct SQLTests {
    @Test func valuesBecomePlaceholders() {
        let sql: SQL = "select \(1), \("secret") where x = any(\([1, 2]))"
        #expect(sql.description == "select $1, $2 where x = any($3)")
        #expect(!"\(sql)".contains("secret"))
    }

    @Test func fragmentsBringTheirValuesAlong() {
        let condition: SQL = "kind = \("check") and attempt < \(3)"
        let sql: SQL = "update jobs set state = \("failed") where \(condition) and \(fragment: condition)"
        #expect(
            sql.description
                == "update jobs set state = $1 where kind = $2 and attempt < $3 and kind = $4 and attempt < $5")
    }

    @Test func fragmentsJoin() {
        let pairs: [SQL] = ["(\(1), \(2))", "(\(3), \(4))"]
        #expect(SQL.joined(pairs, separator: ", ").description == "($1, $2), ($3, $4)")
        #expect(SQL.joined([], separator: ", ").description == "")
    }

    @Test func identifiersAreQuoted() {
        #expect("drop table \(identifier: #"a"b"#)" as SQL == #"drop table "a""b""#)
        #expect(SQL(identifier: "x; y").description == #""x; y""#)
    }

    @Test func rawTextIsTakenAsItIs() {
        #expect(SQL(trusted: "select 1").description == "select 1")
        #expect("\(unescaped: "select 1") where \(true)" as SQL == "select 1 where $1")
    }
}

private func == (sql: SQL, text: String) -> Bool { sql.description == text }
