extension Answer {
    /// The rows, each through `decode`; a command gives none.
    func rows<Value, Failure>(_ decode: (Row) throws(Failure) -> Value) throws(Failure) -> [Value] {
        guard case .rows(let results) = self else { return [] }
        var values: [Value] = []
        values.reserveCapacity(results.rowCount)
        for index in 0..<results.rowCount { values.append(try decode(Row(results, index))) }
        return values
    }

    /// How many rows the statement touched, or gave.
    var affected: Int {
        switch self {
        case .rows(let results): results.rowCount
        case .command(_, let affected): affected
        }
    }
}

/// The only element.
func only<Value>(_ values: [Value], of sql: SQL) throws(DatabaseError) -> Value {
    guard let value = values.first, values.count == 1 else {
        throw DatabaseError(.rowCount, "the statement gave \(values.count) rows, exactly one was expected")
            .naming(sql)
    }
    return value
}
