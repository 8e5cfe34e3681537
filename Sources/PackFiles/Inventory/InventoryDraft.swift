internal import DriftCore

/// One inventory file as it is written, before its parts are merged.
struct InventoryDraft {
    /// A path or a pattern that names other files.
    struct Mention {
        var text: String
        var position: Position
    }

    var schedule: ScheduleSetting?
    var includes: [Mention] = []
    var ansible: Mention?
    var defaults = SharedSettings()
    var groups: [GroupDraft] = []
    var servers: [ServerDraft] = []
    var waivers: [WaiverDraft] = []
}

/// One entry of `servers`.
struct ServerDraft {
    var id: ServerID
    var position: Position
    var name: String?
    var address: String?
    var own: SharedSettings
    var also: [PackName]
    var driftDetection: Bool
    /// Whether it has packs that could not be read, so that it only seems to have none.
    var hasUnreadPacks: Bool
}

/// One of `groups`.
struct GroupDraft {
    /// A label, and the values that are meant.
    struct Term {
        var label: String
        var values: [String]
        var position: Position
    }

    var name: String
    var position: Position
    var match: [Term]
    var settings: SharedSettings

    func matches(_ labels: [String: String]) -> Bool {
        match.allSatisfy { term in labels[term.label].map(term.values.contains) ?? false }
    }
}
