internal import DriftCore

/// Reads an Ansible inventory in the form of an INI file.
struct AnsibleINI {
    private enum Section {
        case hosts, children, variables
    }

    private(set) var inventory = AnsibleInventory()
    private var group = AnsibleInventory.ungrouped
    private var section = Section.hosts
    /// Groups that have a section of hosts or children.
    private var declared: Set<Int> = [AnsibleInventory.all, AnsibleInventory.ungrouped]
    /// What a group that is nowhere declared is named in.
    private var mentions: [(group: Int, fault: AnsibleFault)] = []

    /// - Throws: ``AnsibleFault`` for the first line that Ansible would refuse.
    static func inventory(_ text: String) throws(AnsibleFault) -> AnsibleInventory {
        var reader = AnsibleINI()
        var number = 0
        for line in lines(of: text) {
            number += 1
            let line = trimmed(line)
            guard let first = line.unicodeScalars.first, first != "#", first != ";" else { continue }
            try reader.read(line, at: Position(line: number, column: 1))
        }
        for (group, fault) in reader.mentions where !reader.declared.contains(group) { throw fault }
        return reader.inventory
    }

    private static func lines(of text: String) -> [Substring] {
        text.split(omittingEmptySubsequences: false) { ["\n", "\r\n", "\r"].contains($0) }
    }

    private static func trimmed(_ line: Substring) -> String {
        let start = line.drop { $0.isWhitespace }
        return start.lastIndex { !$0.isWhitespace }.map { String(start[...$0]) } ?? ""
    }

    private mutating func read(_ line: String, at position: Position) throws(AnsibleFault) {
        if line.hasPrefix("["), try beginSection(line, at: position) { return }
        switch section {
        case .hosts: try readHost(line, at: position)
        case .children: try readChild(line, at: position)
        case .variables: try readVariable(line, at: position)
        }
    }

    /// A line `[name]`, `[name:children]` or `[name:vars]`, perhaps with a comment.
    private mutating func beginSection(_ line: String, at position: Position) throws(AnsibleFault) -> Bool {
        guard let match = line.wholeMatch(of: #/\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?/#) else {
            guard line.hasSuffix("]") else { return false }
            throw AnsibleFault(
                "\(quoted(line)) is not a section", hint: "such as [web], [web:children] or [web:vars], without blanks",
                at: position)
        }
        let name = String(match.1)
        switch match.2 ?? "hosts" {
        case "hosts": section = .hosts
        case "children": section = .children
        case "vars": section = .variables
        case let kind:
            throw AnsibleFault(
                "unknown kind of section: \(quoted(String(kind)))", hint: "hosts, children or vars", at: position)
        }
        group = try inventory.addGroup(name, at: position)
        if section != .variables {
            declared.insert(group)
        } else {
            mention(group, "the group \(quoted(name)) has variables and is not declared", at: position)
        }
        return true
    }

    private mutating func mention(_ group: Int, _ message: String, at position: Position) {
        mentions.append((group, AnsibleFault(message, hint: "it needs a section of hosts or children", at: position)))
    }

    private mutating func readHost(_ line: String, at position: Position) throws(AnsibleFault) {
        do throws(Fault) {
            let words = try ShellWords.split(line)
            guard let first = words.first else { return }
            var variables: [String: AnsibleInventory.Variable] = [:]
            for word in words.dropFirst() {
                guard let sign = word.firstIndex(of: "=") else {
                    throw Fault("\(quoted(word)) is not a variable", hint: "key=value; one host in a line")
                }
                let value = AnsibleLiteral.value(String(word[word.index(after: sign)...]))
                variables[String(word[..<sign])] = AnsibleInventory.Variable(value: value, position: position)
            }
            let pattern = try HostPattern(first)
            guard first != "---" else { throw Fault("this is YAML", hint: "name the file .yaml") }
            do throws(AnsibleFault) {
                try inventory.addHosts(pattern, to: group, variables: variables, at: position)
            } catch {
                throw Fault(error.message, hint: error.hint)
            }
        } catch {
            throw AnsibleFault(error.message, hint: error.hint, at: position)
        }
    }

    private mutating func readChild(_ line: String, at position: Position) throws(AnsibleFault) {
        guard let match = line.wholeMatch(of: #/([^:\]\s]+)\s*(?:#.*)?/#) else {
            throw AnsibleFault("\(quoted(line)) is not the name of a group", hint: "one in a line", at: position)
        }
        let child = try inventory.addGroup(String(match.1), at: position)
        inventory.addChild(child, to: group, at: position)
        mention(child, "the group \(quoted(String(match.1))) is not declared", at: position)
    }

    private mutating func readVariable(_ line: String, at position: Position) throws(AnsibleFault) {
        guard let sign = line.firstIndex(of: "=") else {
            throw AnsibleFault("\(quoted(line)) is not a variable", hint: "key=value", at: position)
        }
        let name = Self.trimmed(line[..<sign])
        let value = AnsibleLiteral.value(Self.trimmed(line[line.index(after: sign)...]))
        inventory.setVariable(name, AnsibleInventory.Variable(value: value, position: position), of: group)
    }
}

/// What Ansible makes of a value in an INI file: a literal of Python where it is one, else the text.
enum AnsibleLiteral {
    static func value(_ text: String) -> AnsibleValue {
        if let inner = quotedText(text) { return .text(inner) }
        if ["True", "False", "None"].contains(text) { return .other(text) }
        if let sign = text.first, "[{(".contains(sign), !text.contains("{{"), !text.contains("{%") {
            return .other("a list or a mapping")
        }
        // Python reads 1.10 as the number 1.1.
        if text.contains("."), Double(text) != nil { return .other("the number \(text)") }
        return .text(text)
    }

    /// Between two quotation marks of one kind, and without a backslash; anything odder stays as it is, and fits nowhere.
    private static func quotedText(_ text: String) -> String? {
        for sign in ["'", "\""] where text.count >= 2 && text.hasPrefix(sign) && text.hasSuffix(sign) {
            let inner = text.dropFirst().dropLast()
            if !inner.contains(sign), !inner.contains("\\") { return String(inner) }
        }
        return nil
    }
}
