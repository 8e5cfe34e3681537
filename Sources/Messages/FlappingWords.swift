internal import DriftCore

/// The words about alerts that open and resolve over and over.
enum FlappingWords {
    /// `Flapping on 3 servers: opened or resolved 4 times in 14 days`.
    static func began(_ facts: NotificationFacts, _ onServers: String? = nil) -> String {
        let turns = min(max(facts.turnCount ?? Flapping.turnLimit, 0), 1_000_000)
        return "Flapping\(onServers.map { " \($0)" } ?? ""): opened or resolved \(turns) times in \(Flapping.days) days"
    }

    /// What follows for later messages, or what ended it; nil of a message about something else.
    static func note(_ kind: NotificationFacts.Kind) -> String? {
        switch kind {
        case .driftFlapping: "only other items are told until \(Flapping.equalCheckLimit) checks in a row find the same"
        case .driftSettled: "\(Flapping.equalCheckLimit) checks in a row found the same"
        default: nil
        }
    }

    static let name = "No longer flapping"

    /// `what` is true now.
    static func settled(_ what: String, _ onServers: String? = nil) -> String {
        "\(name)\(onServers.map { " \($0)" } ?? ""): \(what)"
    }

    /// What is true where no alert is open.
    static func over(_ resolution: NotificationFacts.Resolution?) -> String {
        switch resolution {
        case .compliant: "nothing is wrong"
        case .waived, .due: ExemptWords.title(of: resolution).lowercasedFirst
        default: "the alert is closed"
        }
    }
}

extension String {
    fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
