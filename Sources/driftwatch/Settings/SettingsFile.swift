import DriftCore
import Foundation
import PackFiles

/// The file named by `DRIFTWATCH_CONFIG`: YAML, or JSON, which is YAML too.
///
/// Read whole before anything starts, by the rules of packs and inventories.
struct SettingsFile: Sendable {
    /// By the key in the file; empty ones are left out.
    private(set) var values: [String: ValuesFile.Value] = [:]

    init() {}

    /// - Throws: ``SettingError`` if it cannot be read, ``SettingsFileProblems`` for what it says.
    init(path: String, named variable: String) throws {
        let file: RegularFile
        do { file = try RegularFile(path, upTo: LoadingLimit.valuesFileBytes) } catch {
            throw SettingError(variable, "the settings file \(path) \(error.description)")
        }
        try self.init(bytes: file.bytes, path: path)
        let secrets = Settings.all.filter(\.isSecret).compactMap { values[$0.fileKey] }
        guard let secret = secrets.min(by: { $0.line < $1.line }), let fault = SecretFile.fault(of: file, at: path)
        else { return }
        throw SettingsFileProblems([
            Problem(
                file: path, line: secret.line, column: secret.column,
                message: "\(secret.key) is a secret, and the file \(fault.message)", hint: fault.hint)
        ])
    }

    init(bytes: [UInt8], path: String) throws(SettingsFileProblems) {
        let known = Settings.all.map(\.fileKey) + Settings.all.filter(\.isSecret).map(\.secretFileKey)
        do {
            values = try ValuesFile.read(SourceFile(path: path, bytes: bytes), of: "the settings", known: known)
                .filter { !$0.value.text.isEmpty }
        } catch {
            throw SettingsFileProblems(error.problems)
        }
    }
}

/// What is wrong with a settings file, in the words that packs and inventories have for it.
struct SettingsFileProblems: Error, Hashable, CustomStringConvertible {
    let problems: [Problem]

    init(_ problems: [Problem]) { self.problems = problems }

    var description: String { problems.map(\.description).joined(separator: "\n") }
}
