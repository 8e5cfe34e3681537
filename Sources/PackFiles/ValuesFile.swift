package import DriftCore
import Yams

/// A YAML file of single values, read by the rules of packs and inventories.
///
/// Values may be grouped: `ssh: { identity: x }` is `ssh_identity: x`.
package struct ValuesFile {
    package struct Value: Hashable, Sendable {
        /// Numbers are texts here; who asks for a value knows its type.
        package var text: String
        package var key: String
        package var file: String
        /// Both from 1.
        package var line: Int
        package var column: Int

        /// `file:line:column`.
        package var place: String { "\(file):\(line):\(column)" }
    }

    private let known: [String]
    private var reader: FileReader
    private var values: [String: Value] = [:]

    /// The values by their keys; one that is null is left out.
    ///
    /// `what` stands for the whole file in errors, which never show a value: it may be a secret.
    ///
    /// - Throws: ``ConfigurationProblems`` with everything that is wrong.
    package static func read(
        _ source: SourceFile, of what: String, known: [String]
    ) throws(ConfigurationProblems) -> [String: Value] {
        var file = ValuesFile(known: known, reader: FileReader(file: source.path))
        do throws(Problem) {
            let root = try YAMLDocument.root(of: source, byteLimit: LoadingLimit.valuesFileBytes)
            if let root, !root.isBlank, !root.isNull { file.read(root, prefix: "", of: what) }
        } catch {
            file.reader.report(error)
        }
        guard file.reader.problems.isEmpty else { throw ConfigurationProblems(file.reader.problems) }
        return file.values
    }

    private mutating func read(_ node: Node, prefix: String, of what: String) {
        for (word, entry) in reader.mapping(node, of: what) ?? [] {
            let key = prefix + word
            let isGroup = known.contains { $0.hasPrefix(key + "_") }
            if isGroup, entry.node.mapping != nil || !known.contains(key) {
                if !entry.node.isNull { read(entry.node, prefix: key + "_", of: quoted(word)) }
            } else if known.contains(key) {
                keep(entry, as: key)
            } else {
                let others = known.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
                reader.unknownKey(entry, of: what, known: others.sorted())
            }
        }
    }

    private mutating func keep(_ entry: Fields.Entry, as key: String) {
        let position = entry.node.isBlank ? entry.position : entry.node.position
        guard let text = text(of: entry, at: position) else { return }
        let value = Value(
            text: text, key: key, file: reader.file, line: position.line, column: position.column)
        if let first = values.updateValue(value, forKey: key) {
            reader.error("\(quoted(key)) is set twice", at: entry.position, hint: "first on line \(first.line)")
        }
    }

    private mutating func text(of entry: Fields.Entry, at position: Position) -> String? {
        if let scalar = entry.node.scalar, ScalarValue.hasPlainTag(entry.node) {
            let noun: String
            switch ScalarValue(scalar) {
            case .number(_?, let written): return written
            case .null: return nil
            case .text, .blank: return reader.text(entry.node, named: entry.key, at: position) { _ in nil }
            case .boolean: noun = "a boolean"
            case .number(nil, _): noun = "a number"
            }
            reader.error(
                "\(quoted(entry.key)) must be a text, not \(noun)", at: position, hint: "put it between quotes")
            return nil
        }
        return reader.text(entry.node, named: entry.key, at: position) { _ in nil }
    }
}
