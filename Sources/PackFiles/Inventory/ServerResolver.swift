internal import DriftCore

/// Fills in what servers do not say themselves.
///
/// From the weakest to the strongest: `defaults`, the `defaults` of an included file, Ansible, the groups in their order, the
/// server itself. Packs of groups add to those of `defaults`; a server's `packs` replaces all of them, and `also` adds.
struct ServerResolver {
    typealias Origin = InventoryReasons.Origin

    /// What one place says, under its name.
    struct Layer {
        var origin: Origin
        var settings: SharedSettings
    }

    /// One server, before its settings are filled in: an entry, an Ansible host, or both.
    struct Candidate {
        var id: ServerID
        var file: String
        var position: Position
        var entered: EnteredServer?
        var host: AnsibleServer?
    }

    /// Of the first file, for all servers.
    var defaults = InFile(file: "", value: SharedSettings())
    var groups: [InFile<GroupDraft>] = []
    /// Where the first file names Ansible's.
    var ansiblePosition: Position?
    private var members: [[ServerID]] = []
    private var reasons = InventoryReasons()
    private var ansibleFile = ""
    private var bareHosts: [ServerID] = []
    private var faultyHosts: [AnsibleFault: [ServerID]] = [:]

    /// The servers in the order of the files, Ansible's hosts first.
    mutating func resolve(
        _ entries: [EnteredServer], ansible: InFile<[AnsibleServer]>?, report readers: inout [String: FileReader]
    ) -> ([Server], InventoryReasons) {
        members = groups.map { _ in [] }
        ansibleFile = ansible?.file ?? ""
        refuseLabelsOfAnsible(entries, ansible?.value ?? [], &readers)
        let candidates = candidates(entries, ansible)
        if candidates.count > LoadingLimit.servers {
            let file = candidates[LoadingLimit.servers].file
            readers[file]?.error(
                "the inventory has \(candidates.count) servers", at: candidates[LoadingLimit.servers].position,
                hint: "at most \(LoadingLimit.servers)")
            return ([], reasons)
        }
        let servers = candidates.map { server($0, &readers) }
        reasons.groups = zip(groups, members).map { group, members in
            InventoryReasons.Group(
                name: group.value.name,
                match: Dictionary(group.value.match.map { ($0.label, $0.values) }) { first, _ in first },
                packs: group.value.settings.packs ?? [], servers: members)
        }
        reportBareHosts(&readers)
        reportFaults(&readers)
        warnOfEmptyGroups(servers, &readers)
        return (servers, reasons)
    }

    private func candidates(_ entries: [EnteredServer], _ ansible: InFile<[AnsibleServer]>?) -> [Candidate] {
        var entered = Dictionary(entries.map { ($0.draft.id, $0) }) { first, _ in first }
        var candidates = (ansible?.value ?? []).map { host in
            Candidate(
                id: host.id, file: ansibleFile, position: host.position,
                entered: entered.removeValue(forKey: host.id), host: host)
        }
        candidates += entries.filter { entered[$0.draft.id] != nil }.map { entry in
            Candidate(id: entry.draft.id, file: entry.file, position: entry.draft.position, entered: entry)
        }
        return candidates
    }

    // MARK: One server

    private mutating func server(_ candidate: Candidate, _ readers: inout [String: FileReader]) -> Server {
        let draft = candidate.entered?.draft
        var reason = InventoryReasons.Server(file: candidate.file, line: candidate.position.line)
        let labels = labels(of: candidate, &reason, &readers)
        var weak = [Layer(origin: .defaults, settings: defaults.value)]
        if let entered = candidate.entered, let own = entered.defaults {
            weak.append(Layer(origin: .defaultsOf(file: entered.file), settings: own))
        }
        var strong: [Layer] = []
        for (index, group) in groups.enumerated() where group.value.matches(labels) {
            members[index].append(candidate.id)
            reason.groups.append(group.value.name)
            strong.append(Layer(origin: .group(group.value.name), settings: group.value.settings))
        }
        let packs = packs(draft, weak: weak, groups: strong, &reason)
        if let draft { strong.append(Layer(origin: .server, settings: draft.own)) }

        var choice = Choice(weak: weak, strong: strong)
        let expect = choice.value("expect", \.expect) ?? .always
        let server = Server(
            id: candidate.id, displayName: choice.own("name", draft?.name, candidate.host?.displayName),
            address: choice.own("address", draft?.address, candidate.host?.address),
            port: choice.value("port", \.port, candidate.host?.port),
            user: choice.value("user", \.user, candidate.host?.user),
            configUser: choice.value("config_user", \.configUser),
            connection: choice.value("connection", \.connection) ?? .ssh,
            queue: choice.value("queue", \.queue) ?? "default", packs: packs, labels: labels,
            driftDetection: draft?.driftDetection ?? true, expect: expect,
            failingAfter: choice.value("failing_after", \.failingAfter) ?? Server.defaultFailingAfter,
            staleAfter: choice.value("stale_after", \.staleAfter)
                ?? (expect == .sometimes ? Server.defaultStaleAfterOfSometimes : nil))
        for fault in choice.faults { faultyHosts[fault, default: []].append(candidate.id) }
        reason.settings = choice.origins
        reasons.servers[candidate.id] = reason
        noteWithoutPacks(server, draft, candidate, &readers)
        return server
    }

    private func labels(
        of candidate: Candidate, _ reason: inout InventoryReasons.Server, _ readers: inout [String: FileReader]
    ) -> [String: String] {
        var labels: [String: String] = [:]
        func add(_ more: [String: String]?, _ origin: (String) -> Origin) {
            for (key, value) in more ?? [:] {
                labels[key] = value
                reason.labels[key] = origin(key)
            }
        }
        add(defaults.value.labels?.values) { _ in .defaults }
        if let entered = candidate.entered {
            add(entered.defaults?.labels?.values) { _ in .defaultsOf(file: entered.file) }
        }
        add(candidate.host?.labels) { .ansibleGroup($0) }
        add(candidate.entered?.draft.own.labels?.values) { _ in .server }
        if labels.count > LoadingLimit.labels {
            readers[candidate.file]?.error(
                "the server \(quoted(candidate.id.rawValue)) has \(labels.count) labels", at: candidate.position,
                hint: "at most \(LoadingLimit.labels), those of defaults and Ansible's groups included")
        }
        return labels
    }

    private func packs(
        _ draft: ServerDraft?, weak: [Layer], groups: [Layer], _ reason: inout InventoryReasons.Server
    ) -> [PackName] {
        var packs: [PackName] = []
        func add(_ more: [PackName]?, _ origin: Origin) {
            for pack in more ?? [] {
                if reason.packs[pack, default: []].isEmpty { packs.append(pack) }
                reason.packs[pack, default: []].append(origin)
            }
        }
        if let own = draft?.own.packs {
            add(own, .server)
        } else {
            if let layer = weak.last(where: { $0.settings.packs != nil }) { add(layer.settings.packs, layer.origin) }
            for layer in groups { add(layer.settings.packs, layer.origin) }
        }
        add(draft?.also, .also)
        return packs
    }

    private mutating func noteWithoutPacks(
        _ server: Server, _ draft: ServerDraft?, _ candidate: Candidate, _ readers: inout [String: FileReader]
    ) {
        guard server.packs.isEmpty, server.driftDetection, draft?.hasUnreadPacks != true else { return }
        guard candidate.host == nil else { return bareHosts.append(server.id) }
        readers[candidate.file]?.warn("the server has no packs: nothing is checked on it", at: candidate.position)
    }
}

// MARK: What is wrong with all of it

extension ServerResolver {
    /// A label with the name of an Ansible group says whether a host is in the group, and nothing else may.
    private func refuseLabelsOfAnsible(
        _ entries: [EnteredServer], _ hosts: [AnsibleServer], _ readers: inout [String: FileReader]
    ) {
        let names = hosts.reduce(into: Set<String>()) { $0.formUnion($1.labels.keys) }
        guard !names.isEmpty else { return }
        func refuse(_ labels: WrittenLabels?, in file: String) {
            guard let labels else { return }
            for name in labels.values.keys.sorted() where names.contains(name) {
                readers[file]?.error(
                    "the label \(quoted(name)) has the name of an Ansible group", at: labels.position,
                    hint: "a host of that group has it already; give this label another name")
            }
        }
        refuse(defaults.value.labels, in: defaults.file)
        var seen: Set<String> = []
        for entry in entries {
            if seen.insert(entry.file).inserted { refuse(entry.defaults?.labels, in: entry.file) }
            refuse(entry.draft.own.labels, in: entry.file)
        }
    }

    /// One warning for all of Ansible's hosts: most inventories have more of them than Driftwatch shall watch.
    private func reportBareHosts(_ readers: inout [String: FileReader]) {
        guard !bareHosts.isEmpty else { return }
        let verb = bareHosts.count == 1 ? "has" : "have"
        readers[defaults.file]?.warn(
            "\(Self.names(bareHosts)) \(verb) no packs: nothing is checked there", at: ansiblePosition,
            hint: "assign some in defaults or groups")
    }

    /// Values that Ansible would compute, and that nothing else replaces.
    private func reportFaults(_ readers: inout [String: FileReader]) {
        for (fault, servers) in faultyHosts.sorted(by: { $0.key.position < $1.key.position }) {
            readers[ansibleFile]?.error(
                "\(fault.message): of \(Self.names(servers))", at: fault.position, hint: fault.hint)
        }
    }

    private static func names(_ servers: [ServerID]) -> String {
        let shown = servers.prefix(3).map(\.rawValue).joined(separator: ", ")
        return servers.count > 3 ? "\(shown) and \(servers.count - 3) more" : shown
    }

    private func warnOfEmptyGroups(_ servers: [Server], _ readers: inout [String: FileReader]) {
        guard zip(groups, members).contains(where: { $1.isEmpty }) else { return }
        var known: [String: Set<String>] = [:]
        for server in servers {
            for (label, value) in server.labels { known[label, default: []].insert(value) }
        }
        for (group, members) in zip(groups, members) where members.isEmpty {
            let (why, hint) = Self.reason(group.value, known)
            readers[group.file]?.warn(
                "the group \(quoted(group.value.name)) matches no server\(why.map { ": " + $0 } ?? "")",
                at: group.value.position, hint: hint)
        }
    }

    private static func reason(_ group: GroupDraft, _ known: [String: Set<String>]) -> (String?, String?) {
        for term in group.match {
            guard let values = known[term.label] else {
                return ("none has the label \(quoted(term.label))", didYouMean(term.label, among: known.keys.sorted()))
            }
            guard term.values.allSatisfy({ !values.contains($0) }) else { continue }
            let hint = term.values.lazy.compactMap { didYouMean($0, among: values.sorted()) }.first
            let wanted = term.values.map { quoted("\(term.label)=\($0)") }.joined(separator: " or ")
            return ("none has the label \(wanted)", hint)
        }
        return (group.match.count > 1 ? "none has all of these labels" : nil, nil)
    }
}
