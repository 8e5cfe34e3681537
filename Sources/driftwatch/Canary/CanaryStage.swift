import DriftStore
import Presentation

/// The steps from a planted drift to the message that it is gone, in their order.
enum CanaryStage: CaseIterable {
    case checked, opened, sent, resolved, told

    /// Those of the planted drift, then those of its repair.
    static let afterPlanting: [Self] = [.checked, .opened, .sent]
    static let afterRepair: [Self] = [.resolved, .told]

    func isReached(_ facts: CanaryFacts) -> Bool {
        switch self {
        case .checked: facts.isChecked
        case .opened: facts.alert != nil
        case .sent, .told: facts.messages > 0 && facts.sent == facts.messages
        case .resolved: facts.resolution == "compliant"
        }
    }

    func reached(_ facts: CanaryFacts) -> String {
        switch self {
        case .checked: "checked"
        case .opened: "alert \(facts.alert ?? 0) opened"
        case .sent: "its message was sent"
        case .resolved: "alert \(facts.alert ?? 0) resolved"
        case .told: "the message about that was sent"
        }
    }

    /// What failed, and where to look.
    func missing(_ facts: CanaryFacts) -> (message: String, hint: String) {
        switch self {
        case .checked:
            (
                "not checked" + (facts.failure.map { ": the check failed (\(visible($0)))" } ?? ": no check came"),
                "driftwatch schedule show, driftwatch jobs list"
            )
        case .opened:
            (
                "not opened: a check ran, and found "
                    + (facts.isWrong
                        ? "the drift, but no alert opened" : "no drift: does the worker run on this machine?"),
                "driftwatch worker --local ID has to see the file of the canary"
            )
        case .sent, .told:
            (
                facts.messages == 0
                    ? "not sent: no destination takes the alert"
                    : "not sent: \(visible(facts.why ?? "no reason known"))",
                "driftwatch outbox list, driftwatch doctor"
            )
        case .resolved:
            (
                "not resolved: "
                    + (facts.isChecked
                        ? "a check ran, and the alert is still open" : facts.failure.map(visible) ?? "no check came"),
                "driftwatch alerts show \(facts.alert ?? 0)"
            )
        }
    }
}
