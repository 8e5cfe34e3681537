import Foundation
import Presentation
import Yams

/// The file named by `DRIFTWATCH_CONFIG`: YAML, or JSON, which is YAML too.
///
/// It holds scalars only. Read whole before anything starts: an unknown key, a list or a broken line is an error.
struct SettingsFile: Sendable {
    struct Value: Sendable {
        var text: String
        /// `path:line`.
        var place: String
    }

    private(set) var values: [SettingName: Value] = [:]
    /// Of secrets: the file that holds the value.
    private(set) var secretFiles: [SettingName: Value] = [:]

    private static let maximumBytes = 1 << 20

    /// - Throws: ``SettingError`` naming the file and, where there is one, the line.
    init(path: String, named variable: String) throws(SettingError) {
        let file: RegularFile
        do { file = try RegularFile(path, upTo: Self.maximumBytes) } catch {
            throw SettingError(variable, "the settings file \(path) \(error.description)")
        }
        try self.init(text: String(decoding: file.bytes, as: UTF8.self), path: path)
        if let secret = values.filter(\.key.isSecret).min(by: { $0.key.rawValue < $1.key.rawValue }),
            let fault = SecretFile.fault(of: file, at: path)
        {
            throw SettingError(
                secret.value.place, "holds a secret (\(secret.key.fileKey)), and the file \(fault.message)",
                hint: fault.hint)
        }
    }

    init(text: String, path: String) throws(SettingError) {
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch let error as YamlError {
            throw SettingError(path, "is not YAML: \(Self.explanation(of: error))")
        } catch {
            throw SettingError(path, "is not YAML")
        }
        guard let node, !Self.isNull(node) else { return }
        try read(node, prefix: "", path: path)
    }

    private mutating func read(_ node: Node, prefix: String, path: String) throws(SettingError) {
        guard let mapping = node.mapping else {
            throw SettingError(place(of: node, path), "must be a mapping of settings, such as log_level: info")
        }
        for (keyNode, value) in mapping {
            let place = place(of: keyNode, path)
            guard let word = keyNode.scalar?.string else { throw SettingError(place, "a key must be a word") }
            let key = prefix + word
            if value.mapping != nil {
                guard Self.knownKeys.contains(where: { $0.hasPrefix(key + "_") }) else {
                    throw unknown(key, at: place)
                }
                try read(value, prefix: key + "_", path: path)
                continue
            }
            guard Self.knownKeys.contains(key) else { throw unknown(key, at: place) }
            guard let scalar = value.scalar else { throw SettingError(place, "\(key) must be one value, not a list") }
            if Self.isNull(value) || scalar.string.isEmpty { continue }
            try keep(Value(text: scalar.string, place: place), as: key)
        }
    }

    private mutating func keep(_ value: Value, as key: String) throws(SettingError) {
        let isTaken: Bool
        if let name = SettingName.allCases.first(where: { $0.fileKey == key }) {
            isTaken = values.updateValue(value, forKey: name) != nil
        } else if let name = SettingName.allCases.first(where: { $0.fileKey + "_file" == key }) {
            isTaken = secretFiles.updateValue(value, forKey: name) != nil
        } else {
            isTaken = false
        }
        if isTaken { throw SettingError(value.place, "\(key) is set twice") }
    }

    private static let knownKeys =
        SettingName.allCases.map(\.fileKey) + SettingName.allCases.filter(\.isSecret).map { $0.fileKey + "_file" }

    private func unknown(_ key: String, at place: String) -> SettingError {
        SettingError(
            place, "there is no setting \(visible(key))",
            hint: "known: \(Self.knownKeys.sorted().joined(separator: ", "))")
    }

    private func place(of node: Node, _ path: String) -> String {
        node.mark.map { "\(path):\($0.line)" } ?? path
    }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// Never the text of the line: it may hold a secret.
    private static func explanation(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "\(problem) in line \(mark.line)"
        case .duplicatedKeysInMapping(let keys, let context):
            "the same key twice (\(keys.map { visible("\($0)") }.joined(separator: ", "))) in line \(context.mark.line)"
        default: "it cannot be read"
        }
    }
}
