package import Foundation
package import Postgres

/// How a notifier says where it sends, and how others ask that (`sql/functions/f30_outbox.sql`, `f31_destinations.sql`).
package enum Destinations {
    /// The one of the notifier's own settings.
    package static let `default` = "default"

    /// A destination, as a notifier needs to know it.
    package struct Known: Hashable, Sendable {
        package var name: String
        package var kind: String
        /// JSON without secrets; empty for `default`.
        package var settings: String
        /// Of the fingerprint of its secret, and of this one destination: another of the same name has another.
        package var key: UUID
    }

    /// All of them, by name.
    ///
    /// `creatingDefault`: `default` too if there is none yet.
    package static func toServe(
        creatingDefault: Bool, in transaction: borrowing Transaction
    ) throws -> [Known] {
        func all() throws -> [Known] {
            try transaction.rows(
                """
                select destination, kind, settings::text, fingerprint_key from driftwatch.destinations_to_serve()
                """, as: (String, String, String, UUID).self
            ).map { Known(name: $0, kind: $1, settings: $2, key: $3) }
        }
        let known = try all()
        guard creatingDefault, !known.contains(where: { $0.name == `default` }) else { return known }
        _ = try fingerprintKey(in: transaction)
        return try all()
    }

    /// The key for the fingerprint of a destination's secret; nil if there is no such destination.
    ///
    /// Creates `default`.
    package static func fingerprintKey(
        of name: String = `default`, in transaction: borrowing Transaction
    ) throws -> UUID? {
        try transaction.one("select driftwatch.fingerprint_key_of(\(name))", as: UUID?.self)
    }

    /// Announces how messages are sent to a destination, and with which secret.
    ///
    /// A new secret ends its pause. `key` is that of the destination that is meant, unless it is `default`.
    ///
    /// - Returns: Whether it is still there.
    package static func announce(
        _ name: String = `default`, key: UUID, kind: String, fingerprint: String?, in transaction: borrowing Transaction
    ) throws -> Bool {
        guard name == `default` else {
            return try transaction.one(
                "select driftwatch.announce_added_destination(\(name), \(key), \(fingerprint))", as: Bool.self)
        }
        try transaction.execute("select driftwatch.announce_destination(\(name), \(kind), \(fingerprint))")
        return true
    }

    /// Says why this notifier cannot send to a destination.
    package static func reportUnserved(
        _ name: String, because reason: String, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute("select driftwatch.report_unserved(\(name), \(reason))")
    }

    /// Whether the notifiers send to a destination in this way and with this secret.
    package static func isServed(
        _ name: String, kind: String, fingerprint: String?, in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.one("select driftwatch.is_served(\(name), \(kind), \(fingerprint))", as: Bool.self)
    }
}
