internal import DriftCore

/// Makes one inventory of a file, of those that it includes, and of Ansible's.
struct InventoryAssembly {
    private let packs: Set<PackName>?
    /// Of the first file.
    private(set) var waivers: [WaiverDraft] = []
    /// Every file that was read, in reading order.
    private(set) var files: [String] = []
    private var readers: [String: FileReader] = [:]
    private var resolver = ServerResolver()

    init(packs: Set<PackName>?) { self.packs = packs }

    var problems: [Problem] { files.flatMap { readers[$0]?.problems ?? [] } }

    /// What could be read; `problems` has what is wrong.
    mutating func load(_ source: SourceFile, with named: InventoryFiles) -> (Inventory, InventoryReasons) {
        let draft = read(source, isIncluded: false)
        waivers = draft.waivers
        resolver.defaults = InFile(file: source.path, value: draft.defaults)
        resolver.groups = draft.groups.map { InFile(file: source.path, value: $0) }
        var servers = draft.servers.map { EnteredServer(file: source.path, draft: $0) }
        for found in includedFiles(draft.includes, named, mainFile: source.path) {
            let included = read(found, isIncluded: true)
            resolver.groups += included.groups.map { InFile(file: found.path, value: $0) }
            servers += included.servers.map {
                EnteredServer(file: found.path, draft: $0, defaults: included.defaults)
            }
        }
        let hosts = ansibleServers(draft.ansible, named, mainFile: source.path)
        resolver.ansiblePosition = draft.ansible?.position
        resolver.groups = withoutRepetition(resolver.groups)
        let (resolved, reasons) = resolver.resolve(withoutRepetition(servers), ansible: hosts, report: &readers)
        let inventory = Inventory(
            schedule: draft.schedule, servers: resolved, waivers: waivers.map(\.declaration))
        return (inventory, reasons)
    }

    private mutating func read(_ source: SourceFile, isIncluded: Bool) -> InventoryDraft {
        var reader = InventoryReader(file: source.path, packs: packs, isIncluded: isIncluded)
        let draft = reader.draft(of: source)
        files.append(source.path)
        readers[source.path] = reader.reader
        return draft
    }

    // MARK: Other files

    /// Each once.
    private mutating func includedFiles(
        _ includes: [InventoryDraft.Mention], _ named: InventoryFiles, mainFile: String
    ) -> [SourceFile] {
        var sources: [SourceFile] = []
        for mention in includes {
            let found = named.included[mention.text] ?? []
            if found.isEmpty {
                readers[mainFile]?.warn(
                    "no file matches \(quoted(mention.text))", at: mention.position,
                    hint: "patterns are relative to the inventory's folder")
            }
            if found.count > LoadingLimit.includedFiles {
                readers[mainFile]?.error(
                    "more than \(LoadingLimit.includedFiles) files match \(quoted(mention.text))", at: mention.position)
                continue
            }
            for file in found where !sources.contains(where: { $0.path == file.path }) {
                switch file.source {
                case .bytes(let bytes): sources.append(SourceFile(path: file.path, bytes: bytes))
                case .unusable(let why):
                    readers[mainFile]?.error(
                        "the file \(quoted(Self.short(file.path, besides: mainFile))) \(why)", at: mention.position)
                }
            }
        }
        return sources
    }

    /// The path as the inventory would write it.
    private static func short(_ path: String, besides mainFile: String) -> String {
        guard let slash = mainFile.lastIndex(of: "/"), path.hasPrefix(mainFile[...slash]) else { return path }
        return String(path[mainFile.index(after: slash)...])
    }

    private mutating func ansibleServers(
        _ mention: InventoryDraft.Mention?, _ named: InventoryFiles, mainFile: String
    ) -> InFile<[AnsibleServer]>? {
        guard let mention else { return nil }
        guard let found = named.ansible else {
            readers[mainFile]?.error(
                "the Ansible inventory \(quoted(mention.text)) does not exist", at: mention.position)
            return nil
        }
        switch found.source {
        case .unusable(let why):
            readers[mainFile]?.error("the Ansible inventory \(quoted(mention.text)) \(why)", at: mention.position)
            return nil
        case .bytes(let bytes):
            var reader = AnsibleReader(file: found.path)
            let servers = reader.servers(in: SourceFile(path: found.path, bytes: bytes))
            files.append(found.path)
            readers[found.path] = reader.reader
            return InFile(file: found.path, value: servers)
        }
    }

    // MARK: What may be written once only

    private mutating func withoutRepetition(_ servers: [EnteredServer]) -> [EnteredServer] {
        var firsts: [ServerID: EnteredServer] = [:]
        return servers.filter { server in
            guard let first = firsts.updateValue(server, forKey: server.draft.id) else { return true }
            firsts[server.draft.id] = first
            reportRepetition(
                "the server \(quoted(server.draft.id.rawValue))", at: server.draft.position, in: server.file,
                first: first.draft.position, in: first.file)
            return false
        }
    }

    private mutating func withoutRepetition(_ groups: [InFile<GroupDraft>]) -> [InFile<GroupDraft>] {
        var firsts: [String: InFile<GroupDraft>] = [:]
        return groups.filter { group in
            guard let first = firsts.updateValue(group, forKey: group.value.name) else { return true }
            firsts[group.value.name] = first
            reportRepetition(
                "the group \(quoted(group.value.name))", at: group.value.position, in: group.file,
                first: first.value.position, in: first.file)
            return false
        }
    }

    private mutating func reportRepetition(
        _ what: String, at position: Position, in file: String, first: Position, in firstFile: String
    ) {
        let place = file == firstFile ? "on line \(first.line)" : "at \(firstFile):\(first.line)"
        readers[file]?.error("\(what) appears twice", at: position, hint: "first \(place)")
    }
}

/// Something, and the file in which it is written.
struct InFile<Value> {
    var file: String
    var value: Value
}

/// An entry of `servers`, with the defaults of its file.
struct EnteredServer {
    var file: String
    var draft: ServerDraft
    /// Nil in the first file, whose defaults are those of all.
    var defaults: SharedSettings?
}
