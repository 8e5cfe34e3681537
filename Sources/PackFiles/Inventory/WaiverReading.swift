internal import DriftCore
import Yams

/// One of `waivers`, and where it stands.
struct WaiverDraft {
    var declaration: DeclaredWaiver
    /// Also if it is not one that can be read.
    var hasEnd: Bool
    var position: Position
}

extension Form {
    static let waiver = Form(
        "a waiver",
        [
            Key("server", .text(.name), "The server that it is for"),
            Key(
                "label", .named(.label, .text(.line)),
                "The labels of the servers that it is for: those that have all of these"),
            Key("pack", .text(.packName), .required, "The pack that has the item"),
            Key(
                "item", .text(.line), .required,
                "The item as people see it, such as `/etc/motd`, or its key, such as `file:/etc/motd`"),
            Key("reason", .text(.line), .required, "Why the difference is accepted"),
            Key("author", .text(.line), .required, "Who answers for it"),
            Key(
                "until", .text(.dayOrInstant),
                "When it ends: the start of that day in the schedule's time zone, or an instant; without it, never"),
        ], rules: [.exactlyOne(["server", "label"])])
}

extension InventoryReader {
    /// The waivers in the order in which they are written.
    mutating func waivers(in fields: Fields) -> [WaiverDraft] {
        guard let entry = fields["waivers"], !entry.node.isBlank, !entry.node.isNull,
            let nodes = reader.list(entry)
        else { return [] }
        guard nodes.count <= LoadingLimit.waivers else {
            reader.error("\(nodes.count) waivers", at: entry.position, hint: "at most \(LoadingLimit.waivers)")
            return []
        }
        return nodes.compactMap { waiver($0) }
    }

    private mutating func waiver(_ node: Node) -> WaiverDraft? {
        guard let fields = reader.fields(node, of: .waiver) else { return nil }
        let target = target(in: fields)
        let pack = reader.requiredText("pack", in: fields, of: "a waiver") { Grammar.name($0, of: "pack name") }
        let item = reader.requiredText("item", in: fields, of: "a waiver") { Self.words($0, limit: 4096) }
        let reason = reader.requiredText("reason", in: fields, of: "a waiver") { Self.words($0, limit: 1000) }
        let author = reader.requiredText("author", in: fields, of: "a waiver") { Self.words($0, limit: 200) }
        let until = reader.text("until", in: fields, where: Grammar.dayOrInstant).flatMap(DayOrInstant.init)
        guard let target, let pack, let item, let reason, let author else { return nil }
        return WaiverDraft(
            declaration: DeclaredWaiver(
                target, pack: PackName(rawValue: pack), item: item, reason: reason, author: author, until: until),
            hasEnd: fields["until"].map { !$0.node.isNull } ?? false,
            position: fields.position)
    }

    private mutating func target(in fields: Fields) -> DeclaredWaiver.Target? {
        let server = reader.text("server", in: fields) { Grammar.name($0, of: "server id") }
        let labels = reader.labels("label", in: fields)
        let given = ["server", "label"].filter { fields[$0].map { !$0.node.isNull } ?? false }
        guard given.count == 1 else {
            reader.error(
                "a waiver names either `server` or `label`", at: fields.position,
                hint: "server: web-1, or label: { role: web }")
            return nil
        }
        if let labels, labels.isEmpty, let entry = fields["label"] {
            reader.error("`label` is empty", at: entry.position, hint: "such as label: { role: web }")
            return nil
        }
        return server.map { .server(ServerID(rawValue: $0)) } ?? labels.map { .labels($0) }
    }

    private static func words(_ text: String, limit: Int) -> Fault? {
        text.allSatisfy(\.isWhitespace) ? Fault("is empty") : Grammar.line(text, limit: limit)
    }
}
