import Foundation
package import Postgres

/// How a notifier says where it sends, and how others ask that (`sql/functions/f30_outbox.sql`, `f31_destinations.sql`).
package enum Destinations {
    package static let `default` = "default"

    /// The key for the fingerprint of a destination's secret.
    ///
    /// Creates the destination if there is none.
    package static func fingerprintKey(
        of name: String = `default`, in transaction: borrowing Transaction
    ) throws -> [UInt8] {
        let key = try transaction.one("select driftwatch.fingerprint_key_of(\(name))", as: UUID.self)
        return Array(key.uuidString.utf8)
    }

    /// Announces how messages are sent to a destination, and with which secret.
    ///
    /// A new secret ends its pause.
    package static func announce(
        _ name: String = `default`, kind: String, fingerprint: String?, in transaction: borrowing Transaction
    ) throws {
        try transaction.execute(
            "select driftwatch.announce_destination(\(name), \(kind), \(fingerprint))")
    }

    /// Whether the notifiers send to a destination in this way and with this secret.
    package static func isServed(
        _ name: String = `default`, kind: String, fingerprint: String?, in transaction: borrowing Transaction
    ) throws -> Bool {
        try transaction.one("select driftwatch.is_served(\(name), \(kind), \(fingerprint))", as: Bool.self)
    }
}
