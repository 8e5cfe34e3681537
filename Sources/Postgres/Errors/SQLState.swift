/// A five-character condition of PostgreSQL's Appendix A, or one that our own functions raise.
///
/// Matches in a `catch`: `catch let error as DatabaseError where error.sqlState == .uniqueViolation`, or
/// `catch SQLState.uniqueViolation`.
package struct SQLState: RawRepresentable, Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral value: String) { rawValue = value }

    /// The first two characters: the class of the condition.
    package var conditionClass: String { String(rawValue.prefix(2)) }
    package var description: String { rawValue }

    /// Lets a `catch` clause name the condition.
    package static func ~= (state: SQLState, error: any Error) -> Bool {
        (error as? DatabaseError)?.sqlState == state
    }
}

extension SQLState {
    package static let featureNotSupported: SQLState = "0A000"
    package static let cardinalityViolation: SQLState = "21000"
    package static let notNullViolation: SQLState = "23502"
    package static let foreignKeyViolation: SQLState = "23503"
    package static let uniqueViolation: SQLState = "23505"
    package static let checkViolation: SQLState = "23514"
    package static let exclusionViolation: SQLState = "23P01"
    package static let dependentObjectsStillExist: SQLState = "2BP01"
    package static let readOnlySQLTransaction: SQLState = "25006"
    package static let inFailedSQLTransaction: SQLState = "25P02"
    package static let invalidSQLStatementName: SQLState = "26000"
    package static let invalidAuthorization: SQLState = "28000"
    package static let invalidPassword: SQLState = "28P01"
    package static let invalidCatalogName: SQLState = "3D000"
    package static let serializationFailure: SQLState = "40001"
    package static let deadlockDetected: SQLState = "40P01"
    package static let insufficientPrivilege: SQLState = "42501"
    package static let syntaxError: SQLState = "42601"
    package static let undefinedColumn: SQLState = "42703"
    package static let undefinedFunction: SQLState = "42883"
    package static let undefinedTable: SQLState = "42P01"
    package static let duplicateDatabase: SQLState = "42P04"
    package static let duplicatePreparedStatement: SQLState = "42P05"
    package static let duplicateObject: SQLState = "42710"
    package static let tooManyConnections: SQLState = "53300"
    package static let lockNotAvailable: SQLState = "55P03"
    package static let objectInUse: SQLState = "55006"
    package static let queryCanceled: SQLState = "57014"
    package static let adminShutdown: SQLState = "57P01"
    package static let crashShutdown: SQLState = "57P02"
    package static let cannotConnectNow: SQLState = "57P03"
    package static let raiseException: SQLState = "P0001"
    package static let noDataFound: SQLState = "P0002"
    /// Raised by the queue's fence: the caller no longer holds the job.
    package static let leaseLost: SQLState = "JQ001"
}
