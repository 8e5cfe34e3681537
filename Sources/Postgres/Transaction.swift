/// A transaction in progress, lent to the closure of `withTransaction`.
///
/// It cannot be kept or sent elsewhere, and its closure cannot suspend: what happens in it happens on one
/// connection, between BEGIN and COMMIT, without a gap. After a statement failed, the server refuses all
/// others; the transaction then rolls back whatever the closure does.
package struct Transaction: ~Copyable {
    private let session: Session

    init(_ session: Session) { self.session = session }

    // MARK: Rows

    /// All rows as tuples, column by column.
    package borrowing func rows<each Column: ColumnDecodable>(
        _ sql: SQL, as types: (repeat each Column).Type
    ) throws(DatabaseError) -> [(repeat each Column)] {
        try naming(sql) { () throws(DatabaseError) in
            try run(sql).rows { (row) throws(DatabaseError) in try row.tuple(as: types) }
        }
    }

    /// All rows of one column.
    package borrowing func rows<Column: ColumnDecodable>(
        _ sql: SQL, as type: Column.Type
    ) throws(DatabaseError) -> [Column] {
        try naming(sql) { () throws(DatabaseError) in
            try run(sql).rows { (row) throws(DatabaseError) in try row.tuple(as: type) }
        }
    }

    /// All rows as values that know their columns by name.
    package borrowing func rows<Value: RowDecodable>(_ sql: SQL, of type: Value.Type) throws -> [Value] {
        try naming(sql) { try run(sql).rows { try Value(row: $0) } }
    }

    /// The first row, if there is one.
    package borrowing func first<each Column: ColumnDecodable>(
        _ sql: SQL, as types: (repeat each Column).Type
    ) throws(DatabaseError) -> (repeat each Column)? {
        try rows(sql, as: types).first
    }

    /// The only column of the first row, if there is one; a NULL shows in an optional `type`.
    package borrowing func first<Column: ColumnDecodable>(
        _ sql: SQL, as type: Column.Type
    ) throws(DatabaseError) -> Column? {
        try rows(sql, as: type).first
    }

    /// The first row, if there is one, as a value that knows its columns by name.
    package borrowing func first<Value: RowDecodable>(_ sql: SQL, of type: Value.Type) throws -> Value? {
        try rows(sql, of: type).first
    }

    /// The only row; none or several is an error of kind `rowCount`.
    package borrowing func one<each Column: ColumnDecodable>(
        _ sql: SQL, as types: (repeat each Column).Type
    ) throws(DatabaseError) -> (repeat each Column) {
        try only(rows(sql, as: types), of: sql)
    }

    /// The only column of the only row; none or several rows are an error of kind `rowCount`.
    package borrowing func one<Column: ColumnDecodable>(
        _ sql: SQL, as type: Column.Type
    ) throws(DatabaseError) -> Column {
        try only(rows(sql, as: type), of: sql)
    }

    /// The only row as a value that knows its columns by name; none or several are an error of kind `rowCount`.
    package borrowing func one<Value: RowDecodable>(_ sql: SQL, of type: Value.Type) throws -> Value {
        try only(rows(sql, of: type), of: sql)
    }

    // MARK: Commands

    /// Runs the statement; how many rows it touched (or, of a SELECT, gave).
    @discardableResult
    package borrowing func execute(_ sql: SQL) throws(DatabaseError) -> Int {
        try run(sql).affected
    }

    /// Runs the statements of a migration file, which must not end the transaction.
    package borrowing func executeScript(_ script: String) throws(DatabaseError) {
        do { try session.run(script: script) } catch {
            session.noteFailure(error)
            throw error
        }
    }

    /// Wakes the listeners of `channel` when the transaction commits.
    package borrowing func notify(_ channel: String, _ payload: String = "") throws(DatabaseError) {
        try execute("select pg_notify(\(channel), \(payload))")
    }

    private borrowing func run(_ sql: SQL) throws(DatabaseError) -> Answer {
        do { return try session.run(sql) } catch {
            session.noteFailure(error)
            throw error
        }
    }
}
