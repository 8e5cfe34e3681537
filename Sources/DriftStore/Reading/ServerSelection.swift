package import DriftCore
package import Postgres

/// Which servers a person means; all that is given has to hold.
package struct ServerSelection: Hashable, Sendable {
    /// One of these; empty means any.
    package var servers: [ServerID]
    /// Each of these.
    package var labels: [String: String]
    /// Checked against this one.
    package var pack: PackName?

    package init(servers: [ServerID] = [], labels: [String: String] = [:], pack: PackName? = nil) {
        self.servers = servers
        self.labels = labels
        self.pack = pack
    }

    /// The condition on a row `s` of `driftwatch.all_servers`.
    package var condition: SQL {
        """
        (cardinality(\(servers)::text[]) = 0 or s.server_id = any(\(servers)::text[])) and s.labels @> \(JSON(labels))
        and (\(pack)::text is null or exists (
            select from driftwatch.all_assignments a where a.server_id = s.server_id and a.pack_name = \(pack)))
        """
    }
}
