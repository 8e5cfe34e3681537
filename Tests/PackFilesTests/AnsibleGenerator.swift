import TestSupport

/// Writes inventories of nested groups in both of Ansible's forms.
struct AnsibleGenerator {
    private struct Group {
        var name: String
        var hosts: [(pattern: String, variables: [(String, String)])] = []
        var children: [Int] = []
        var variables: [(String, String)] = []
    }

    private var groups: [Group] = []

    init(_ random: inout SeededGenerator) {
        let names = ["all", "ungrouped", "web", "Db", "eu-west", "a_1", "z", "m.x", "prod"]
        groups = names.map { Group(name: $0) }
        for index in groups.indices {
            for _ in 0..<Int.random(in: 0...3, using: &random) { addHost(to: index, &random) }
            groups[index].variables = Self.variables(of: "group", &random)
            guard index > 1 else { continue }
            // Later groups only, so that there is no circle.
            groups[index].children = groups.indices.filter { $0 > index && Int.random(in: 0..<4, using: &random) == 0 }
        }
        if groups.allSatisfy(\.hosts.isEmpty) { groups[2].hosts = [("lonely", [])] }
    }

    private mutating func addHost(to group: Int, _ random: inout SeededGenerator) {
        let patterns = [
            "h\(Int.random(in: 1...6, using: &random))", "n[1:3].example.net", "n[2:5].example.net:2200", "k[08:10]",
            "x[a:c]-[1:4:3]", "h1:\(Int.random(in: 1...99, using: &random))", "192.0.2.[7:9]",
        ]
        groups[group].hosts.append(
            (patterns.randomElement(using: &random) ?? "", Self.variables(of: "host", &random)))
    }

    private static func variables(of what: String, _ random: inout SeededGenerator) -> [(String, String)] {
        var variables: [(String, String)] = []
        func maybe(_ name: String, _ value: String, oneOf chances: Int, _ random: inout SeededGenerator) {
            if Int.random(in: 0..<chances, using: &random) == 0 { variables.append((name, value)) }
        }
        let number = Int.random(in: 1...9999, using: &random)
        maybe("ansible_user", "u\(number)", oneOf: 2, &random)
        maybe("ansible_ssh_user", "old\(number)", oneOf: 9, &random)
        maybe("ansible_port", "\(number)", oneOf: 3, &random)
        maybe("ansible_host", "192.0.2.\(number % 256)", oneOf: 4, &random)
        maybe("other", "x y", oneOf: 4, &random)
        if what == "group" { maybe("ansible_group_priority", "\(number % 5)", oneOf: 4, &random) }
        return variables
    }

    func ini(_ random: inout SeededGenerator) -> String {
        var sections: [String] = []
        for group in groups {
            let hosts = group.hosts.map { host in
                let quotes = ["", "\"", "'"].randomElement(using: &random) ?? ""
                return
                    ([host.pattern]
                    + host.variables.map { name, value in
                        let sign = value.contains(" ") && quotes.isEmpty ? "\"" : quotes
                        return "\(name)=\(sign)\(value)\(sign)"
                    }).joined(separator: "  ")
            }
            sections.append((["[\(group.name)]"] + hosts).joined(separator: "\n"))
            if !group.children.isEmpty {
                sections.append(
                    "[\(group.name):children]\n" + group.children.map { groups[$0].name }.joined(separator: " # x\n"))
            }
            if !group.variables.isEmpty {
                sections.append(
                    "[\(group.name):vars]\n" + group.variables.map { "\($0.0) = \($0.1)" }.joined(separator: "\n"))
            }
        }
        return sections.shuffled(using: &random).joined(separator: "\n\n") + "\n"
    }

    func yaml() -> String {
        var lines: [String] = []
        func mapping(_ variables: [(String, String)]) -> String {
            "{ " + variables.map { "\($0.0): \"\($0.1)\"" }.joined(separator: ", ") + " }"
        }
        for group in groups {
            lines.append("\(group.name):")
            if !group.hosts.isEmpty { lines.append("  hosts:") }
            var seen: Set<String> = []
            for host in group.hosts where seen.insert(host.pattern).inserted {
                lines.append("    \"\(host.pattern)\": \(mapping(host.variables))")
            }
            if !group.children.isEmpty {
                lines.append(
                    "  children: { " + group.children.map { groups[$0].name + ": " }.joined(separator: ", ") + " }")
            }
            if !group.variables.isEmpty { lines.append("  vars: \(mapping(group.variables))") }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
