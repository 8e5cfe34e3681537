internal import DriftCore

/// The words about alerts that open and resolve over and over.
enum FlappingWords {
    /// `Flapping: opened or resolved 4 times in 14 days`.
    static func began(_ facts: NotificationFacts) -> String {
        let turns = min(max(facts.turnCount ?? Flapping.turnLimit, 0), 1_000_000)
        return "Flapping: opened or resolved \(turns) times in \(Flapping.days) days"
    }

    static let quiet = "no more messages until \(Flapping.equalCheckLimit) checks in a row find the same"

    /// What is true now; `count` says what is wrong.
    static func settled(_ facts: NotificationFacts, _ count: String) -> String {
        "Flapping no more: " + (facts.resolution == nil ? "\(count) wrong" : "nothing is wrong")
    }
}
