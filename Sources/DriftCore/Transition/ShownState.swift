/// What is shown of an assignment; `driftwatch.shown_state` decides it.
///
/// What cannot be read is never shown as right. Other columns say whether it is stale, since when the server cannot be
/// checked, and whether it is disabled.
package enum ShownState: String, Hashable, Sendable, Codable, CaseIterable {
    /// Something is known to be wrong.
    case drifted
    /// Nothing is known to be wrong, but the last finished check could not read all items.
    case incomplete
    /// All was judged and right.
    case compliant
    /// Nothing was judged.
    case unknown
}

/// The one group in which an assignment is counted; the view `fleet_status` decides it.
package enum Standing: String, Hashable, Sendable, Codable, CaseIterable {
    case drifted
    /// The server cannot be looked at, or the newest check failed, and nothing is known to be wrong.
    case failed
    case incomplete
    case unknown
    case compliant
    case disabled
}
