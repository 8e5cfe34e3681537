import Cron
internal import DriftCore
import Yams

/// Reads the inventory file.
struct InventoryReader {
    var reader: FileReader
    /// Nil if nobody knows which packs there are.
    let packs: Set<PackName>?

    init(file: String, packs: Set<PackName>?) {
        reader = FileReader(file: file)
        self.packs = packs
    }

    /// What could be read; `reader` has the errors.
    mutating func inventory(in source: SourceFile) -> Inventory {
        var inventory = Inventory()
        do throws(Problem) {
            let root = try YAMLDocument.root(of: source, byteLimit: LoadingLimit.inventoryFileBytes)
            guard let root, !root.isBlank else {
                reader.error(
                    "the file is empty", at: Position(line: 1, column: 1), hint: "write servers: [] if there are none")
                return inventory
            }
            guard let fields = reader.fields(root, of: .inventory)
            else { return inventory }
            inventory.schedule = schedule(in: fields)
            inventory.servers = servers(in: fields, defaults: defaults(in: fields))
        } catch {
            reader.report(error)
        }
        return inventory
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

    private mutating func defaults(in fields: Fields) -> Shared {
        guard let entry = fields["defaults"], !entry.node.isBlank, !entry.node.isNull,
            let fields = reader.fields(entry.node, of: .defaults)
        else { return Shared() }
        return shared(in: fields)
    }

    private mutating func servers(in fields: Fields, defaults: Shared) -> [Server] {
        guard let entry = fields["servers"] else {
            reader.error(
                "the inventory needs `servers`", at: fields.position, hint: "write servers: [] if there are none")
            return []
        }
        guard let nodes = reader.list(entry) else { return [] }
        guard nodes.count <= LoadingLimit.servers else {
            reader.error(
                "the inventory has \(nodes.count) servers", at: entry.position, hint: "at most \(LoadingLimit.servers)")
            return []
        }
        var firsts: [ServerID: Position] = [:]
        return nodes.compactMap { node in
            guard let server = server(node, defaults: defaults) else { return nil }
            if let first = firsts[server.id] {
                reader.error(
                    "the server \(quoted(server.id.rawValue)) appears twice", at: node.position,
                    hint: "first on line \(first.line)")
                return nil
            }
            firsts[server.id] = node.position
            return server
        }
    }

    private mutating func server(_ node: Node, defaults: Shared) -> Server? {
        guard let fields = reader.fields(node, of: .server) else { return nil }
        let id = reader.requiredText("id", in: fields, of: "a server") { Grammar.name($0, of: "server id") }
        let literal = reader.boolean("literal", in: fields) ?? false
        let name = reader.text("name", in: fields) { Grammar.line($0, limit: 200, literal: literal) }
        if !literal { reader.doubt("name", in: fields, name.flatMap(ItemDoubt.displayName)) }
        let address = reader.text("address", in: fields, where: Grammar.address)
        let own = shared(in: fields)
        let driftDetection = reader.boolean("drift_detection", in: fields) ?? true
        let packs = own.packs ?? defaults.packs ?? []
        let asksNothing = fields["packs"].map { $0.node.sequence?.isEmpty ?? false } ?? packs.isEmpty
        if asksNothing, driftDetection {
            reader.warn("the server has no packs: nothing is checked on it", at: fields.position)
        }
        guard let id else { return nil }
        return Server(
            id: ServerID(rawValue: id), displayName: name, address: address, port: own.port ?? defaults.port,
            user: own.user ?? defaults.user, configUser: own.configUser ?? defaults.configUser,
            connection: own.connection ?? defaults.connection ?? .ssh,
            queue: own.queue ?? defaults.queue ?? "default", packs: packs,
            labels: (defaults.labels ?? [:]).merging(own.labels ?? [:]) { _, own in own },
            driftDetection: driftDetection)
    }
}

// MARK: What servers and defaults have in common

extension InventoryReader {
    /// Keys that may stand at a server and under `defaults`; nil if one is absent.
    struct Shared {
        var port: Int?
        var user: String?
        var configUser: String?
        var connection: Server.Transport?
        var queue: String?
        var packs: [PackName]?
        var labels: [String: String]?
    }

    private mutating func shared(in fields: Fields) -> Shared {
        Shared(
            port: reader.integer("port", in: fields, where: Grammar.port),
            user: reader.text("user", in: fields, where: Grammar.user),
            configUser: reader.text("config_user", in: fields, where: Grammar.user),
            connection: reader.choice("connection", in: fields),
            queue: reader.text("queue", in: fields) { Grammar.name($0, of: "queue name") },
            packs: packList(in: fields),
            labels: reader.labels("labels", in: fields))
    }

    private mutating func packList(in fields: Fields) -> [PackName]? {
        guard let entry = fields["packs"], let nodes = reader.list(entry) else { return nil }
        var names: [PackName] = []
        for node in nodes {
            let text = reader.text(node, named: "packs", at: node.position) { Grammar.name($0, of: "pack name") }
            guard let name = text.map(PackName.init(rawValue:)) else { continue }
            if names.contains(name) {
                reader.error("the pack \(quoted(name.rawValue)) appears twice", at: node.position, hint: "keep one")
            } else {
                refuseUnknown(name, at: node.position)
                names.append(name)
            }
        }
        return names
    }

    private mutating func refuseUnknown(_ name: PackName, at position: Position) {
        guard let packs, !packs.contains(name) else { return }
        reader.error(
            "the pack \(quoted(name.rawValue)) does not exist", at: position,
            hint: didYouMean(name.rawValue, among: packs.map(\.rawValue)) ?? "looked for packs/\(name).yaml")
    }
}
