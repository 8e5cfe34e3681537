internal import DriftCore
internal import Presentation

/// The words about what cannot be checked: a server that slots cannot look at, and items that can no longer be read.
///
/// What ssh said comes from the network: it is escaped and cut like every name.
struct CheckingText {
    private static let maximumReason = 120
    private static let maximumDetail = 300
    private static let maximumItem = 100

    let headline: String
    /// Why, where, and how to fix it; or the items, each with its reason.
    var items: [String] = []
    var more = 0
    var added: String?
    let since: String
    let linkLabel: String
    var resolves: String?

    /// Nil for facts about something else.
    init?(_ facts: NotificationFacts, opened: String, times: Times, escaping: Escaping) {
        let server = escaping.fit(MessageText.place(facts), 45)
        let failing = facts.failing
        let began = failing.map { escaping.fit(MessageText.instant($0.since, times), 40) }
        let slots = failing.map { MessageText.bounded($0.slots) }.flatMap {
            $0 > 0 ? ", \(plural($0, "slot")) in a row" : nil
        }
        let isRecovered = facts.resolution == .recovered
        let closed = MessageText.title(ofEnd: facts, escaping)
        switch facts.kind {
        case .checkFailing:
            let reason = escaping.fit(ReasonText.words(failure: failing?.reason), 60)
            headline = "\(server): cannot be checked: \(reason)"
            items = Self.why(failing, facts, escaping)
            since = began.map { "since \($0)\(slots ?? "")" } ?? "alert open since \(opened)"
            linkLabel = "The server"
        case .checkRecovered:
            headline = "\(server): \(isRecovered ? "can be checked again" : closed)"
            since = began.map { "could not be checked since \($0)" } ?? "alert opened \(opened)"
            linkLabel = MessageText.linkLabel(facts, "The server")
            resolves = MessageText.opening(facts).map {
                "\($0): Server cannot be checked\(began.map { " since \($0)" } ?? ""): "
                    + Self.reason(failing, escaping, Self.maximumReason)
            }
        case .itemsUnreadable:
            let count = MessageText.bounded(facts.mismatchCount)
            let new = max(facts.addedCount.map(MessageText.bounded) ?? 0, facts.items.count)
            let pack = facts.packName.map { " of \(escaping.fit($0.rawValue, 40))" } ?? ""
            headline = "\(server): \(plural(count, "item"))\(pack) can no longer be read"
            items = facts.items.prefix(10).map { Self.line(on: $0, escaping) }
            more = new - items.count
            added = new < count ? "\(new) new" : nil
            since = began.map { "since \($0)\(slots ?? "")" } ?? "alert open since \(opened)"
            linkLabel = "What could be read"
        case .itemsReadable:
            headline = "\(server): \(isRecovered ? "all items can be read again" : closed)"
            since = began.map { "could not be read since \($0)" } ?? "alert opened \(opened)"
            linkLabel = MessageText.linkLabel(facts, "What is true now")
            let count = plural(MessageText.bounded(facts.mismatchCount), "item")
            resolves = MessageText.opening(facts).map {
                "\($0): \(count) could not be read\(began.map { " since \($0)" } ?? ", alert opened \(opened)")"
            }
        default: return nil
        }
    }

    private static func reason(_ failing: NotificationFacts.Failing?, _ escaping: Escaping, _ limit: Int) -> String {
        escaping.fit(ReasonText.of(failure: failing?.reason), limit)
    }

    private static func why(
        _ failing: NotificationFacts.Failing?, _ facts: NotificationFacts, _ escaping: Escaping
    ) -> [String] {
        var lines = [reason(failing, escaping, maximumReason)]
        if let detail = failing?.detail {
            let shown = escaping.fit(detail, maximumDetail)
            if !shown.isEmpty { lines.append(shown) }
        }
        let places = [
            failing?.jumpHost.map { "at the jump host \(escaping.fit($0, 80))" },
            failing?.address.map { "address \(escaping.fit($0, 80))" },
            failing?.workerHost.map { "tried from \(escaping.fit($0, 80))" },
        ].compactMap(\.self)
        if !places.isEmpty { lines.append(places.joined(separator: ", ")) }
        return lines + ["driftwatch doctor \(escaping.fit(facts.serverID.rawValue, 80)) says how to fix it"]
    }

    /// `/etc/shadow: the login user may not read it (permission_denied)`.
    static func line(on item: NotificationFacts.Item, _ escaping: Escaping) -> String {
        "\(escaping.fit(item.item, maximumItem)): \(escaping.fit(ReasonText.of(unreadable: item.type), maximumReason))"
    }
}
