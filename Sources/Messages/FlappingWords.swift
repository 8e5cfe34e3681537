internal import DriftCore

/// The words about alerts that open and resolve over and over.
enum FlappingWords {
    /// `Flapping on 3 servers: opened or resolved 4 times in 14 days`.
    static func began(_ facts: NotificationFacts, _ onServers: String? = nil) -> String {
        let turns = min(max(facts.turnCount ?? Flapping.turnLimit, 0), 1_000_000)
        return "Flapping\(onServers.map { " \($0)" } ?? ""): opened or resolved \(turns) times in \(Flapping.days) days"
    }

    static let quiet = "no more messages until \(Flapping.equalCheckLimit) checks in a row find the same"
    static let rest = "\(Flapping.equalCheckLimit) checks in a row found the same"

    /// What is true now; `wrong` says what is wrong, nil if nothing is.
    static func settled(_ wrong: String?, _ onServers: String? = nil) -> String {
        "Flapping no more\(onServers.map { " \($0)" } ?? ""): " + (wrong ?? "nothing is wrong")
    }
}
