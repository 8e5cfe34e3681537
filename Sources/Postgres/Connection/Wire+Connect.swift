import CLibpq
import Logging

extension Wire {
    /// Blocks until the connection is established, or libpq has tried every host.
    static func connect(_ options: ConnectionOptions, logger: Logger) throws(DatabaseError) -> Wire {
        let keywords = options.pairs.map { Optional($0.keyword) } + [nil]
        let values = options.pairs.map { Optional($0.value) } + [nil]
        let connection = unsafe withCStrings(keywords) { keywords in
            unsafe withCStrings(values) { values in unsafe PQconnectdbParams(keywords, values, 0) }
        }
        guard let connection = unsafe connection else {
            throw DatabaseError(.connection, "no memory is left for a connection")
        }
        guard unsafe PQstatus(connection) == CONNECTION_OK else {
            let message = unsafe String(cString: PQerrorMessage(connection))
            unsafe PQfinish(connection)
            throw DatabaseError(.connection, options.describe(message))
        }
        return unsafe Wire(owning: connection, logger: logger)
    }
}
