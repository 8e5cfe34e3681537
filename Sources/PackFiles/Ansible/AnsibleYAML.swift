internal import DriftCore
import Yams

/// Reads an Ansible inventory in the form of a YAML file.
struct AnsibleYAML {
    private(set) var inventory = AnsibleInventory()
    var reader: FileReader

    init(reader: FileReader) { self.reader = reader }

    /// What could be read; `reader` has the errors.
    mutating func read(_ root: Node) throws(AnsibleFault) {
        guard let pairs = reader.mapping(root, of: "an Ansible inventory") else { return }
        if let plugin = pairs.first(where: { $0.key == "plugin" }) {
            throw AnsibleFault(
                "this file configures a plugin: it is not an inventory itself", hint: AnsibleReader.exportHint,
                at: plugin.entry.position)
        }
        for (_, entry) in pairs { try readGroup(entry) }
    }

    @discardableResult
    private mutating func readGroup(_ entry: Fields.Entry) throws(AnsibleFault) -> Int? {
        guard isEmpty(entry.node) || entry.node.mapping != nil else {
            reader.warn(
                "\(quoted(entry.key)) is not a group: it is \(reader.shownNoun(entry.node))", at: entry.position)
            return nil
        }
        guard !entry.key.isEmpty else { throw AnsibleFault("a group without a name", at: entry.position) }
        let group = try inventory.addGroup(entry.key, at: entry.position)
        guard !isEmpty(entry.node) else { return group }
        for (key, part) in reader.mapping(entry.node, of: "the group \(quoted(entry.key))") ?? [] {
            switch key {
            case "hosts": for host in members(part) { try readHost(host, in: group) }
            case "children":
                for child in members(part) {
                    guard let index = try readGroup(child) else { continue }
                    inventory.addChild(index, to: group, at: child.position)
                }
            case "vars":
                for (name, variable) in members(part).map({ ($0.key, Self.variable($0)) }) {
                    inventory.setVariable(name, variable, of: group)
                }
            default:
                reader.warn(
                    "\(quoted(key)) in the group \(quoted(entry.key)) is not read", at: part.position,
                    hint: "a group has hosts, children and vars")
            }
        }
        return group
    }

    /// The entries of `hosts`, `children` or `vars`; one name alone may be a text.
    private mutating func members(_ part: Fields.Entry) -> [Fields.Entry] {
        if isEmpty(part.node) { return [] }
        if case .scalar(let scalar) = part.node, case .text(let name) = ScalarValue(scalar), part.key != "vars" {
            return [Fields.Entry(key: name, node: Node("", Tag(.implicit), .plain), position: part.node.position)]
        }
        return (reader.mapping(part.node, of: quoted(part.key)) ?? []).map(\.entry)
    }

    private mutating func readHost(_ entry: Fields.Entry, in group: Int) throws(AnsibleFault) {
        do throws(Fault) {
            let pattern = try HostPattern(entry.key)
            var variables: [String: AnsibleInventory.Variable] = [:]
            if !isEmpty(entry.node) {
                for (name, variable) in reader.mapping(entry.node, of: "the host \(quoted(entry.key))") ?? [] {
                    variables[name] = Self.variable(variable)
                }
            }
            do throws(AnsibleFault) {
                try inventory.addHosts(pattern, to: group, variables: variables, at: entry.position)
            } catch {
                throw Fault(error.message, hint: error.hint)
            }
        } catch {
            throw AnsibleFault(error.message, hint: error.hint, at: entry.position)
        }
    }

    private static func variable(_ entry: Fields.Entry) -> AnsibleInventory.Variable {
        AnsibleInventory.Variable(value: value(entry.node), position: entry.position)
    }

    private static func value(_ node: Node) -> AnsibleValue {
        guard let scalar = node.scalar else { return .other(node.noun) }
        switch scalar.tag.description {
        case "!vault": return .vault
        case "!unsafe": return .text(scalar.string)
        case _ where !ScalarValue.hasPlainTag(node): return .other("a value with a tag")
        default: break
        }
        switch ScalarValue(scalar) {
        case .text(let text): return .text(text)
        case .number(_?, let written): return .text(written)
        case .blank, .null, .boolean, .number(nil, _): return .other(ScalarValue(scalar).noun)
        }
    }

    private func isEmpty(_ node: Node) -> Bool { node.isBlank || node.isNull }
}
