import CLibpq
import Synchronization

/// The rows of one answer, in libpq's memory, which lives as long as any row or cell of it.
@safe
final class ResultSet: Sendable {
    // A finished PGresult is never written again, and only this object frees it.
    private nonisolated(unsafe) let result: OpaquePointer
    let rowCount: Int
    let columnCount: Int
    private let lookup = Mutex(Lookup())

    /// Rows are mostly read in the order of their columns, so each search begins where the last one ended.
    private struct Lookup {
        /// Nil where an earlier column has the same name.
        var names: [String?] = []
        var next = 0
    }

    /// Takes ownership of `result`, whose values must be in binary format.
    init(owning result: OpaquePointer) {
        unsafe self.result = unsafe result
        rowCount = Int(unsafe PQntuples(result))
        columnCount = Int(unsafe PQnfields(result))
    }

    deinit { unsafe PQclear(result) }

    func columnName(_ column: Int) -> String {
        guard let name = unsafe PQfname(result, Int32(column)) else { return "?" }
        return unsafe String(cString: name)
    }

    /// The column's place, by its exact name.
    func column(named name: String) -> Int? {
        lookup.withLock { lookup in
            if lookup.names.isEmpty {
                var seen: Set<String> = []
                lookup.names = (0..<columnCount).map(columnName).map { seen.insert($0).inserted ? $0 : nil }
            }
            let after = lookup.names[lookup.next...].firstIndex(of: name)
            guard let found = after ?? lookup.names[..<lookup.next].firstIndex(of: name) else { return nil }
            lookup.next = found + 1
            return found
        }
    }

    func cell(row: Int, column: Int) -> Cell {
        let type = ColumnType(oid: unsafe PQftype(result, Int32(column)))
        guard unsafe PQgetisnull(result, Int32(row), Int32(column)) == 0,
            let start = unsafe PQgetvalue(result, Int32(row), Int32(column))
        else {
            return unsafe Cell(type: type, bytes: nil, owner: self)
        }
        let length = Int(unsafe PQgetlength(result, Int32(row), Int32(column)))
        return unsafe Cell(type: type, bytes: UnsafeRawBufferPointer(start: start, count: length), owner: self)
    }
}
