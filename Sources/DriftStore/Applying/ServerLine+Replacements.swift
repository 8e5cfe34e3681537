import DriftCore

extension ServerLine {
    /// The values of this server that the inventory changes, without its assignments.
    func replacements(by declared: Server) -> [ApplyReport.Replacement] {
        let isLocal = connection == .local || declared.connection == .local
        let pairs: [(String, String?, String?)] = [
            ("name", displayName, declared.displayName),
            ("address", address, declared.address),
            ("port", port.map(String.init), declared.port.map(String.init)),
            ("user", sshUser, declared.user),
            ("config_user", configUser, declared.configUser),
            ("connection", connection.rawValue, declared.connection.rawValue),
            // The queue of a local server is its own, whatever the inventory says.
            ("queue", isLocal ? nil : queue, isLocal ? nil : declared.queue),
            ("labels", Self.text(of: labels), Self.text(of: declared.labels)),
            ("expect", expect.rawValue, declared.expect.rawValue),
            ("failing_after", String(failingAfter), String(declared.failingAfter)),
            ("stale_after", staleAfter.map(Quantity.age), declared.staleAfter.map(Quantity.age)),
            ("drift_detection", String(driftDetectionEnabled), String(declared.driftDetection)),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { ApplyReport.Replacement(name: $0.0, old: $0.1, new: $0.2) }
    }

    private static func text(of labels: [String: String]) -> String? {
        labels.isEmpty ? nil : labels.labelWords.joined(separator: " ")
    }
}
