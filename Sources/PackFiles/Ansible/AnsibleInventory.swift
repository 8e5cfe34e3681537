internal import DriftCore

/// What Ansible's inventory plugins `ini` and `yaml` make of a file: hosts, nested groups, and the variables of both.
///
/// Only variables whose names begin with `ansible_` are kept.
struct AnsibleInventory {
    struct Variable {
        var value: AnsibleValue
        var position: Position
    }

    struct Group {
        var name: String
        /// Of its first mention.
        var position: Position
        var children: [(group: Int, position: Position)] = []
        var variables: [String: Variable] = [:]
    }

    struct Host {
        var name: String
        var position: Position
        var variables: [String: Variable] = [:]
        /// Where it is written, each group once.
        var groups: [Int] = []
    }

    static let all = 0
    static let ungrouped = 1

    private(set) var groups: [Group] = []
    private(set) var hosts: [Host] = []
    private var groupIndices: [String: Int] = [:]
    private var hostIndices: [String: Int] = [:]
    private var membershipCount = 0

    init() {
        for name in ["all", "ungrouped"] {
            groupIndices[name] = groups.count
            groups.append(Group(name: name, position: Position(line: 1, column: 1)))
        }
    }

    /// The group of that name, which is there afterwards.
    @discardableResult
    mutating func addGroup(_ name: String, at position: Position) throws(AnsibleFault) -> Int {
        if let index = groupIndices[name] { return index }
        guard groups.count < LoadingLimit.groups else {
            throw AnsibleFault("too many groups", hint: "at most \(LoadingLimit.groups)", at: position)
        }
        groupIndices[name] = groups.count
        groups.append(Group(name: name, position: position))
        return groups.count - 1
    }

    func group(named name: String) -> Int? { groupIndices[name] }

    mutating func addChild(_ child: Int, to parent: Int, at position: Position) {
        guard !groups[parent].children.contains(where: { $0.group == child }) else { return }
        groups[parent].children.append((child, position))
    }

    /// Puts the hosts that a pattern stands for into a group.
    mutating func addHosts(
        _ pattern: HostPattern, to group: Int, variables: [String: Variable], at position: Position
    ) throws(AnsibleFault) {
        do throws(Fault) {
            let names = try pattern.names(atMost: LoadingLimit.servers)
            membershipCount += names.count
            guard membershipCount <= LoadingLimit.ansibleMemberships else {
                throw Fault("too many hosts in groups", hint: "at most \(LoadingLimit.ansibleMemberships)")
            }
            let variables = Self.kept(variables)
            for name in names { addHost(name, port: pattern.port, to: group, variables: variables, at: position) }
        } catch {
            throw AnsibleFault(error.message, hint: error.hint, at: position)
        }
    }

    /// The port counts only where the host is first mentioned, as in Ansible.
    private mutating func addHost(
        _ name: String, port: Int?, to group: Int, variables: [String: Variable], at position: Position
    ) {
        let index = hostIndices[name] ?? hosts.count
        if index == hosts.count {
            hostIndices[name] = index
            hosts.append(Host(name: name, position: position))
            if let port {
                hosts[index].variables["ansible_port"] = Variable(value: .text(String(port)), position: position)
            }
        }
        hosts[index].variables.merge(variables) { $1 }
        if !hosts[index].groups.contains(group) { hosts[index].groups.append(group) }
    }

    mutating func setVariable(_ name: String, _ variable: Variable, of group: Int) {
        groups[group].variables.merge(Self.kept([name: variable])) { $1 }
    }

    private static func kept(_ variables: [String: Variable]) -> [String: Variable] {
        variables.filter { $0.key.hasPrefix("ansible_") }
    }
}

/// The value of a variable.
enum AnsibleValue: Hashable {
    case text(String)
    /// A mapping, a boolean or the like; the text says what it is.
    case other(String)
    /// Encrypted with ansible-vault.
    case vault
}

extension Position: Comparable {
    static func < (left: Self, right: Self) -> Bool { (left.line, left.column) < (right.line, right.column) }
}
