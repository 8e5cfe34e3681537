package import FoundationEssentials
package import Postgres

/// One destination: what it takes, and whether messages reach it.
package struct DestinationLine: Hashable, Sendable, RowDecodable {
    package var name: String
    package var kind: String
    /// Where and how, as JSON without secrets.
    package var settings: String
    /// It takes alerts of these packs; empty: of all.
    package var packs: [String]
    /// Of servers with each of these labels, as a JSON object.
    package var labels: String
    /// Of these severities; empty: of all.
    package var severities: [String]
    package var pausedAt: Date?
    /// The person who paused it; nil if it is paused because it refuses every message.
    package var pausedBy: String?
    package var pausedReason: String?
    package var nextSendAt: Date
    package var nextProbeAt: Date?
    package var failures: Int
    /// Why the oldest waiting message that was tried has not been sent; nil if the last attempt did not fail.
    package var lastError: String?
    /// The notifier that holds it now.
    package var notifierID: String?
    package var waiting: Int
    package var dead: Int
    /// Why no notifier can send to it.
    package var unservedReason: String?
    /// That it answers late; nil if it does not.
    package var notice: String?

    package init(row: Row) throws {
        name = try row.column("destination")
        kind = try row.column("kind")
        settings = try row.column("settings")
        packs = try row.column("packs")
        labels = try row.column("labels")
        severities = try row.column("severities")
        pausedAt = try row.column("paused_at")
        pausedBy = try row.column("paused_by")
        pausedReason = try row.column("paused_reason")
        nextSendAt = try row.column("next_send_at")
        nextProbeAt = try row.column("next_probe_at")
        failures = try row.column("failures")
        lastError = try row.column("last_error")
        notifierID = try row.column("notifier_id")
        waiting = try row.column("waiting")
        dead = try row.column("dead")
        unservedReason = try row.column("unserved_reason")
        notice = try row.column("notice")
    }
}
