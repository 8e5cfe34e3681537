package import Postgres

/// Deletes history, one batch of old rows per call and transaction.
package enum HistoryStore {
    /// How far a round over the checks has come.
    package struct Place: Hashable, Sendable {
        fileprivate var at: String
        fileprivate var id: Int64

        package static let start = Self(at: "-infinity", id: 0)
    }

    /// Returns how many checks were deleted, and where the next batch starts: nil at the end.
    ///
    /// - Throws: `DatabaseError`
    package static func forgetChecks(
        olderThan age: Duration, after place: Place, atMost limit: Int = 1000, in transaction: borrowing Transaction
    ) throws -> (forgotten: Int, next: Place?) {
        let (forgotten, at, id) = try transaction.one(
            """
            select forgotten, last_at::text, last_id
            from driftwatch.forget_checks(\(age), \(place.at)::timestamptz, \(place.id), \(limit))
            """, as: (Int, String?, Int64?).self)
        guard let at, let id else { return (forgotten, nil) }
        return (forgotten, Place(at: at, id: id))
    }

    /// What is deleted beside checks.
    package enum Kind: Sendable {
        /// With their attempts.
        case jobs
        /// With their events and messages.
        case alerts
        /// Audit entries, slots, replaced versions of packs, removed servers.
        case records
    }

    /// Returns how many rows were deleted: fewer than `limit` at the end.
    ///
    /// - Throws: `DatabaseError`
    package static func forget(
        _ kind: Kind, olderThan age: Duration, atMost limit: Int = 1000, in transaction: borrowing Transaction
    ) throws -> Int {
        switch kind {
        case .jobs: try transaction.one("select driftwatch.forget_jobs(\(age), \(limit))", as: Int.self)
        case .alerts: try transaction.one("select driftwatch.forget_alerts(\(age), \(limit))", as: Int.self)
        case .records: try transaction.one("select driftwatch.forget_records(\(age), \(limit))", as: Int.self)
        }
    }
}
