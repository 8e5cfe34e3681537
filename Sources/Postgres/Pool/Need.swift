/// How badly a caller needs a connection: where there are too few, necessary work goes first.
package enum Need: Int, CaseIterable, Comparable, Sendable {
    /// At most half of the connections, and only what the others leave, such as for pages.
    case optional
    case ordinary
    /// Served before all others, from the reserve if need be, such as for the renewal of leases.
    case urgent

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
