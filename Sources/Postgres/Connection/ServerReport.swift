import CLibpq

/// The fields of a server's error or notice that we use; DETAIL, which quotes values, is not among them.
struct ServerReport {
    let sqlState: SQLState?
    let severity: String
    let message: String
    let hint: String?
    private let constraint: String?
    private let sourceFunction: String?

    init(_ result: OpaquePointer) {
        func field(_ code: driftwatch_report_field) -> String? {
            guard let text = unsafe PQresultErrorField(result, Int32(code.rawValue)) else { return nil }
            return unsafe String(cString: text)
        }
        sqlState = field(DRIFTWATCH_FIELD_SQLSTATE).map(SQLState.init(rawValue:))
        severity = field(DRIFTWATCH_FIELD_SEVERITY) ?? ""
        message = field(DRIFTWATCH_FIELD_MESSAGE) ?? ""
        hint = field(DRIFTWATCH_FIELD_HINT)
        constraint = field(DRIFTWATCH_FIELD_CONSTRAINT)
        sourceFunction = field(DRIFTWATCH_FIELD_SOURCE_FUNCTION)
    }

    /// Whether the server closes the connection after this.
    var isFatal: Bool { severity == "FATAL" || severity == "PANIC" }

    /// The error to throw; `fallback` when libpq, not the server, made the report.
    func error(or fallback: DatabaseError) -> DatabaseError {
        guard let sqlState else { return fallback }
        let text = sqlState.hasPlainMessage ? "server error \(sqlState): \(message)" : "server error \(sqlState)"
        var error = DatabaseError(.server(sqlState), text, constraint: constraint, serverMessage: message)
        error.serverHint = hint
        error.isFatal = isFatal
        error.isStalePlan =
            sqlState == .invalidSQLStatementName
            // The message would depend on the server's language.
            || (sqlState == .featureNotSupported && sourceFunction == "RevalidateCachedQuery")
        return error
    }
}
