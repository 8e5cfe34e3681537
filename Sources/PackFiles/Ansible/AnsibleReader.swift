internal import DriftCore
import Yams

/// Reads an Ansible inventory, in either form, and takes from it what Driftwatch can use.
struct AnsibleReader {
    static let exportHint =
        "ansible-inventory -i INVENTORY --list --yaml prints what it gives, which can be stored in a file"

    var reader: FileReader

    init(file: String) { reader = FileReader(file: file) }

    /// The hosts in the order of the file; `reader` has the errors.
    mutating func servers(in source: SourceFile) -> [AnsibleServer] {
        do throws(AnsibleFault) {
            return try AnsibleHosts(inventory(in: source)).servers(report: &reader)
        } catch {
            reader.error(error.message, at: error.position, hint: error.hint)
        }
        return []
    }

    private mutating func inventory(in source: SourceFile) throws(AnsibleFault) -> AnsibleInventory {
        if source.bytes.starts(with: "#!".utf8) {
            throw AnsibleFault(
                "the file is a program, and programs are not run", hint: Self.exportHint,
                at: Position(line: 1, column: 1))
        }
        guard Self.isYAML(source) else {
            let text = reported { () throws(Problem) in
                try YAMLDocument.text(of: source, byteLimit: LoadingLimit.inventoryFileBytes)
            }
            return try text.map { text throws(AnsibleFault) in try AnsibleINI.inventory(text) } ?? AnsibleInventory()
        }
        let root = reported { () throws(Problem) in
            try YAMLDocument.root(of: source, byteLimit: LoadingLimit.inventoryFileBytes)
        }
        guard let root else { return AnsibleInventory() }
        var yaml = AnsibleYAML(reader: reader)
        defer { reader = yaml.reader }
        try yaml.read(root)
        return yaml.inventory
    }

    private mutating func reported<Value>(_ body: () throws(Problem) -> Value?) -> Value? {
        do throws(Problem) {
            let value = try body()
            if value == nil { reader.error("the file is empty", at: Position(line: 1, column: 1)) }
            return value
        } catch {
            reader.report(error)
            return nil
        }
    }

    /// By the name as Ansible does; without an ending, by the first line that says something.
    private static func isYAML(_ source: SourceFile) -> Bool {
        let name = source.path.split(separator: "/").last ?? ""
        if let dot = name.lastIndex(of: "."), dot > name.startIndex {
            return [".yaml", ".yml", ".json"].contains(name[dot...])
        }
        let lines = source.bytes.lazy.split(separator: UInt8(ascii: "\n")).map { line in
            String(decoding: line.prefix(1000), as: UTF8.self).prefix { $0 != "#" }.filter { !$0.isWhitespace }
        }
        guard let first = lines.first(where: { !$0.isEmpty && !$0.hasPrefix(";") }) else { return false }
        return first.hasPrefix("---") || first.hasPrefix("{") || first.hasSuffix(":")
    }
}
