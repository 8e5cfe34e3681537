import Cron
internal import DriftCore
import Yams

/// Reads one inventory file: the first, or one that it includes.
struct InventoryReader {
    var reader: FileReader
    /// Nil if nobody knows which packs there are.
    let packs: Set<PackName>?
    private let isIncluded: Bool

    init(file: String, packs: Set<PackName>?, isIncluded: Bool = false) {
        reader = FileReader(file: file)
        self.packs = packs
        self.isIncluded = isIncluded
    }

    /// What could be read; `reader` has the errors.
    mutating func draft(of source: SourceFile) -> InventoryDraft {
        var draft = InventoryDraft()
        do throws(Problem) {
            let root = try YAMLDocument.root(of: source, byteLimit: LoadingLimit.inventoryFileBytes)
            guard let root, !root.isBlank else {
                reader.error(
                    "the file is empty", at: Position(line: 1, column: 1), hint: "write servers: [] if there are none")
                return draft
            }
            if let fields = reader.fields(root, of: isIncluded ? .includedFile : .inventory) {
                draft = self.draft(in: fields)
            }
        } catch {
            reader.report(error)
        }
        return draft
    }

    private mutating func draft(in fields: Fields) -> InventoryDraft {
        var draft = InventoryDraft(
            defaults: defaults(in: fields), groups: groups(in: fields), servers: servers(in: fields))
        guard !isIncluded else { return draft }
        draft.schedule = schedule(in: fields)
        draft.waivers = waivers(in: fields)
        draft.includes = mentions("include", in: fields)
        draft.ansible = mentions("ansible", in: fields).first
        if ["servers", "include", "ansible"].allSatisfy({ fields[$0]?.node.isNull ?? true }) {
            reader.error(
                "the inventory needs `servers`", at: fields.position, hint: "write servers: [] if there are none")
        }
        return draft
    }

    private mutating func schedule(in fields: Fields) -> ScheduleSetting? {
        guard let entry = fields["schedule"], !entry.node.isNull,
            let fields = reader.fields(entry.node, of: .schedule)
        else { return nil }
        let cron = reader.requiredText("cron", in: fields, of: "schedule") { text in
            Grammar.line(text, limit: 200) ?? Self.fault { () throws(CronError) in _ = try CronExpression(text) }
        }
        let timeZone = reader.text("time_zone", in: fields) { text in
            Grammar.line(text, limit: 100) ?? Self.fault { () throws(CronError) in _ = try namedTimeZone(text) }
        }
        let spread = reader.text("spread", in: fields) { text in
            Self.fault { () throws(CronError) in
                let spread = try Spread(text)
                // A fault in the others is reported where it is.
                guard let cron, let schedule = try? Schedule(cron: cron, timeZone: timeZone ?? "UTC") else { return }
                try spread.require(within: schedule)
            }
        }
        return cron.map {
            ScheduleSetting(
                cron: $0, timeZone: timeZone ?? "UTC", spreadSeconds: spread.flatMap { try? Spread($0).seconds })
        }
    }

    private static func fault(_ parse: () throws(CronError) -> Void) -> Fault? {
        do {
            try parse()
            return nil
        } catch {
            return Fault(error.message, hint: error.hint)
        }
    }

    private mutating func defaults(in fields: Fields) -> SharedSettings {
        guard let entry = fields["defaults"], !entry.node.isBlank, !entry.node.isNull,
            let fields = reader.fields(entry.node, of: .defaults)
        else { return SharedSettings() }
        return shared(in: fields, withLabels: true)
    }

    private mutating func servers(in fields: Fields) -> [ServerDraft] {
        guard let entry = fields["servers"], let nodes = reader.list(entry) else { return [] }
        guard nodes.count <= LoadingLimit.servers else {
            reader.error(
                "the inventory has \(nodes.count) servers", at: entry.position, hint: "at most \(LoadingLimit.servers)")
            return []
        }
        return nodes.compactMap { server($0) }
    }

    private mutating func server(_ node: Node) -> ServerDraft? {
        guard let fields = reader.fields(node, of: .server) else { return nil }
        let id = reader.requiredText("id", in: fields, of: "a server") { Grammar.name($0, of: "server id") }
        let literal = reader.boolean("literal", in: fields) ?? false
        let name = reader.text("name", in: fields) { Grammar.line($0, limit: 200, literal: literal) }
        if !literal { reader.doubt("name", in: fields, name.flatMap(ItemDoubt.displayName)) }
        let address = reader.text("address", in: fields, where: Grammar.address)
        let own = shared(in: fields, withLabels: true)
        let also = packList("also", in: fields) ?? []
        let driftDetection = reader.boolean("drift_detection", in: fields) ?? true
        guard let id else { return nil }
        return ServerDraft(
            id: ServerID(rawValue: id), position: fields.position, name: name, address: address, own: own, also: also,
            driftDetection: driftDetection,
            hasUnreadPacks: ["packs", "also"].contains { key in
                fields[key].map { $0.node.sequence?.isEmpty != true } ?? false
            })
    }
}
