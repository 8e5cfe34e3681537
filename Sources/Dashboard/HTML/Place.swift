internal import DriftCore

/// A page of this dashboard, by its path.
struct Place: Sendable {
    let path: String

    private init(_ path: String) { self.path = path }

    static let stylesheet = Self("/style.css")

    static func fleet(page: Int = 1) -> Self { Self(page > 1 ? "/?page=\(page)" : "/") }

    static func alerts(all: Bool = false) -> Self { Self(all ? "/alerts?all" : "/alerts") }

    static func alert(_ id: Int64) -> Self { Self("/alerts/\(id)") }

    static func server(_ server: ServerID) -> Self { Self("/servers/\(server)") }

    /// The newest check, or `check`.
    static func diff(_ server: ServerID, _ pack: PackName, check: Int64? = nil, page: Int = 1) -> Self {
        let query = [check.map { "check=\($0)" }, page > 1 ? "page=\(page)" : nil].compactMap { $0 }
        return Self("/servers/\(server)/packs/\(pack)" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")))
    }
}
