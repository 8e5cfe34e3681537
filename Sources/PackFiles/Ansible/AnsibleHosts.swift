internal import DriftCore

/// A host of an Ansible inventory, as a server.
struct AnsibleServer {
    var id: ServerID
    var position: Position
    /// Nil where it is the id.
    var displayName: AnsibleSetting<String>?
    var address: AnsibleSetting<String>
    var port: AnsibleSetting<Int>?
    var user: AnsibleSetting<String>?
    /// One for each group, by its name.
    var labels: [String: String]
}

/// A value that a variable gives, or why it cannot be used.
struct AnsibleSetting<Value> {
    var value: Result<Value, AnsibleFault>
    var origin: InventoryReasons.Origin
}

/// Takes from an Ansible inventory what Driftwatch can use.
struct AnsibleHosts {
    /// The value of a label that says that a server is in an Ansible group.
    static let member = "member"

    private let inventory: AnsibleInventory

    init(_ inventory: AnsibleInventory) { self.inventory = inventory }

    /// The hosts in the order of the file, each id once.
    func servers(report reader: inout FileReader) throws(AnsibleFault) -> [AnsibleServer] {
        guard inventory.hosts.count <= LoadingLimit.servers else {
            throw AnsibleFault(
                "the inventory has \(inventory.hosts.count) hosts", hint: "at most \(LoadingLimit.servers)",
                at: inventory.hosts[LoadingLimit.servers].position)
        }
        let groups = try AnsibleGroups(inventory.groups)
        let labels = labels(&reader)
        reportUnused(&reader)
        var firsts: [ServerID: AnsibleInventory.Host] = [:]
        return inventory.hosts.compactMap { host in
            guard let id = Self.id(of: host, &reader) else { return nil }
            if let first = firsts.updateValue(host, forKey: id) {
                firsts[id] = first
                reader.error(
                    "the hosts \(quoted(first.name)) and \(quoted(host.name)) would both be the server \(quoted(id.rawValue))",
                    at: host.position, hint: "the first is on line \(first.position.line); give one another name")
                return nil
            }
            return server(host, id, groups.groups(of: host), labels)
        }
    }

    private func server(
        _ host: AnsibleInventory.Host, _ id: ServerID, _ groups: [Int], _ labels: [Int: String]
    ) -> AnsibleServer {
        AnsibleServer(
            id: id, position: host.position,
            displayName: host.name == id.rawValue
                ? nil : AnsibleSetting(value: .success(host.name), origin: .ansibleHost),
            address: setting(["ansible_host", "ansible_ssh_host"], of: host, groups, Self.address)
                ?? AnsibleSetting(
                    value: Self.address(host.name).mapError { fault in
                        AnsibleFault(fault.message, hint: fault.hint, at: host.position)
                    }, origin: .ansibleHost),
            port: setting(["ansible_port", "ansible_ssh_port"], of: host, groups, Self.port),
            user: setting(["ansible_user", "ansible_ssh_user"], of: host, groups, Self.user),
            labels: Dictionary(groups.compactMap { labels[$0] }.map { ($0, Self.member) }) { first, _ in first })
    }

    // MARK: Variables

    /// The value of the last of `names` that is set, as Ansible's ssh takes it.
    private func setting<Value>(
        _ names: [String], of host: AnsibleInventory.Host, _ groups: [Int],
        _ read: (String) -> Result<Value, Fault>
    ) -> AnsibleSetting<Value>? {
        for name in names.reversed() {
            guard let (variable, origin) = variable(name, of: host, groups) else { continue }
            func fault(_ message: String, _ hint: String? = nil) -> AnsibleSetting<Value> {
                let fault = AnsibleFault("\(quoted(name)): \(message)", hint: hint, at: variable.position)
                return AnsibleSetting(value: .failure(fault), origin: origin)
            }
            let instead = "write it out, or set it in groups or servers of the inventory of Driftwatch"
            switch variable.value {
            case .text(let text) where text.contains("{{") || text.contains("{%"):
                return fault("Ansible would compute the value \(quoted(text))", instead)
            case .vault: return fault("the value is encrypted with ansible-vault", instead)
            case .other(let noun): return fault("the value is \(noun)", instead)
            case .text(let text):
                switch read(text) {
                case .success(let value): return AnsibleSetting(value: .success(value), origin: origin)
                case .failure(let found): return fault(found.message, found.hint)
                }
            }
        }
        return nil
    }

    private func variable(
        _ name: String, of host: AnsibleInventory.Host, _ groups: [Int]
    ) -> (AnsibleInventory.Variable, InventoryReasons.Origin)? {
        if let own = host.variables[name] { return (own, .ansibleHost) }
        for index in groups.reversed() {
            guard let variable = inventory.groups[index].variables[name] else { continue }
            return (variable, .ansibleGroup(inventory.groups[index].name))
        }
        return nil
    }

    private static func address(_ text: String) -> Result<String, Fault> {
        Grammar.address(text).map(Result.failure) ?? .success(text)
    }

    private static func user(_ text: String) -> Result<String, Fault> {
        Grammar.user(text).map(Result.failure) ?? .success(text)
    }

    private static func port(_ text: String) -> Result<Int, Fault> {
        guard let number = Int(text), Grammar.port(number) == nil else {
            return .failure(Fault("\(quoted(text)) is not a port", hint: "1 to 65535"))
        }
        return .success(number)
    }

    // MARK: Names

    /// Lower-case letters, and `-` for what an id may not have.
    private static func id(of host: AnsibleInventory.Host, _ reader: inout FileReader) -> ServerID? {
        let id = String(
            host.name.lowercased().unicodeScalars.map { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                        || "._-".unicodeScalars.contains(scalar))
                    ? Character(scalar) : "-"
            })
        guard let fault = Grammar.name(id, of: "server id") else { return ServerID(rawValue: id) }
        reader.error(
            "the host \(quoted(host.name)) cannot be a server: \(fault.message)", at: host.position,
            hint: "give it a short name in Ansible, and its address by ansible_host")
        return nil
    }

    /// The labels of all groups but `all` and `ungrouped`, in which every host is.
    private func labels(_ reader: inout FileReader) -> [Int: String] {
        var labels: [Int: String] = [:]
        for (index, group) in inventory.groups.enumerated() where index > AnsibleInventory.ungrouped {
            if let fault = Grammar.labelName(group.name) {
                reader.warn(
                    "the group \(quoted(group.name)) gives no label: \(fault.message)", at: group.position,
                    hint: fault.hint)
            } else {
                labels[index] = group.name
            }
        }
        return labels
    }
}

// MARK: What is not used

extension AnsibleHosts {
    private static let used: Set = [
        "ansible_host", "ansible_ssh_host", "ansible_port", "ansible_ssh_port", "ansible_user", "ansible_ssh_user",
        // These matter to nobody but Ansible.
        "ansible_group_priority", "ansible_python_interpreter",
    ]

    /// Each variable that changes how Ansible connects, once.
    private func reportUnused(_ reader: inout FileReader) {
        var places: [String: (first: Position, count: Int)] = [:]
        for variables in inventory.groups.map(\.variables) + inventory.hosts.map(\.variables) {
            for (name, variable) in variables where !Self.used.contains(name) && !Self.isUsual(name, variable.value) {
                let place = places[name] ?? (variable.position, 0)
                places[name] = (min(place.first, variable.position), place.count + 1)
            }
        }
        for (name, place) in places.sorted(by: { $0.key < $1.key }) {
            let others = place.count > 1 ? " (\(place.count) times)" : ""
            reader.warn("\(quoted(name)) is not used\(others)", at: place.first, hint: Self.hint(name))
        }
    }

    private static func isUsual(_ name: String, _ value: AnsibleValue) -> Bool {
        name == "ansible_connection" && (value == .text("ssh") || value == .text("smart"))
    }

    private static func hint(_ name: String) -> String? {
        switch name {
        case "ansible_connection": "connection: local at a server or in a group is what Driftwatch knows besides ssh"
        case _ where name.hasPrefix("ansible_become"): "what a login may do by sudo is said on the server"
        case _ where name.contains("pass"): "Driftwatch logs in with a key"
        case _ where name.contains("ssh") || name.contains("key"): "say it in ssh's configuration"
        default: nil
        }
    }
}
