/// One row of an answer.
package struct Row {
    private let results: ResultSet
    private let index: Int

    init(_ results: ResultSet, _ index: Int) {
        self.results = results
        self.index = index
    }

    /// The value of the column of this name.
    ///
    /// - Throws: ``DatabaseError`` of kind `decoding`, with the column and both types, never the value.
    package func column<Value: ColumnDecodable>(
        _ name: String, as type: Value.Type = Value.self
    ) throws(DatabaseError) -> Value {
        guard let column = results.column(named: name) else {
            throw DatabaseError(.decoding, "the statement gives no column \"\(name)\"")
        }
        return try decode(column, as: type)
    }

    /// All columns in their order, as a tuple of as many types.
    func tuple<each Value: ColumnDecodable>(as types: (repeat each Value).Type) throws(DatabaseError) -> (
        repeat each Value
    ) {
        var wanted = 0
        for _ in repeat (each Value).self { wanted += 1 }
        guard wanted == results.columnCount else {
            throw DatabaseError(
                .decoding, "the statement gives \(results.columnCount) columns, \(wanted) were asked for")
        }
        var cursor = 0
        return (repeat try next(&cursor, as: (each Value).self))
    }

    private func next<Value: ColumnDecodable>(
        _ cursor: inout Int, as type: Value.Type
    ) throws(DatabaseError) -> Value {
        defer { cursor += 1 }
        return try decode(cursor, as: type)
    }

    private func decode<Value: ColumnDecodable>(
        _ column: Int, as type: Value.Type
    ) throws(DatabaseError) -> Value {
        do {
            return try type.decode(results.cell(row: index, column: column))
        } catch {
            let reason =
                switch error {
                case .null: "is NULL, not \(type)"
                case .typeMismatch(let actual): "is \(actual), which does not read as \(type)"
                case .invalid(let wanted): "holds a value that is not a valid \(wanted)"
                }
            throw DatabaseError(.decoding, "column \"\(results.columnName(column))\" \(reason)")
        }
    }
}

/// A type made from a row by the names of its columns.
package protocol RowDecodable {
    init(row: Row) throws
}
