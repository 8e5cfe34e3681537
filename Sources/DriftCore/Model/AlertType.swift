/// What an alert is about.
///
/// Raw values are stored as `alerts.alert_type`.
package enum AlertType: String, Hashable, Sendable, Codable, CaseIterable {
    /// Something on the server is no longer as a pack expects.
    case configDrift = "config_drift"
    /// Slots cannot look at the server; with a pack: they can no longer read items of it.
    case checkFailing = "check_failing"
}
