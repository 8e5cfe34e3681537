import DriftCore
import Foundation
import PackFiles
import Presentation

/// Where settings come from, the first that has one wins: command line, environment, secret file, settings file.
///
/// A value that cannot be used is an error that names where it stands, never silently the default; an empty one counts
/// as absent.
struct SettingSources: Sendable {
    private var found: [String: (text: String, place: String)] = [:]
    /// Variables that look like settings but are not.
    let unknownVariables: [String]

    /// - Throws: ``SettingError`` for a file that cannot be read, ``SettingsFileProblems`` for what one says.
    init(options: [SettingOption] = [], configOption: String? = nil, environment: [String: String]) throws {
        let environment = environment.filter { !$0.value.isEmpty }
        var file = SettingsFile()
        if let path = configOption {
            file = try SettingsFile(path: path, named: "--config")
        } else if let path = environment["DRIFTWATCH_CONFIG"] {
            file = try SettingsFile(path: path, named: "DRIFTWATCH_CONFIG")
        }
        unknownVariables = environment.keys
            .filter { $0.hasPrefix("DRIFTWATCH_") && !Settings.isKnown(variable: $0) }.sorted()
        for option in options {
            found[option.declaration.name] = option.value.map { ($0, "--\(option.declaration.option ?? "")") }
        }
        for setting in Settings.all where found[setting.name] == nil {
            found[setting.name] =
                try environment[setting.environmentName].map { ($0, setting.environmentName) }
                ?? environment[setting.fileVariableName].flatMap { path in
                    setting.isSecret ? try readSecret(path, named: setting.fileVariableName) : nil
                }
                ?? file.values[setting.fileKey].map { ($0.text, "\($0.place) (\(setting.fileKey))") }
                ?? file.values[setting.secretFileKey].flatMap { try readSecret($0.text, named: $0.place) }
        }
    }

    /// The text of a setting and where it stands; nil if nobody set it.
    func text<Value>(_ setting: KeyPath<Settings, Setting<Value>>) -> (text: String, place: String)? {
        found[Settings.declared[keyPath: setting].declaration.name]
    }

    /// The value of a setting, or `absent` where nobody set it, or what the setting says of itself.
    func value<Value>(
        _ path: KeyPath<Settings, Setting<Value>>, default absent: Value? = nil
    ) throws(SettingError) -> Value {
        let setting = Settings.declared[keyPath: path]
        guard let (text, place) = text(path) else { return absent ?? setting.standard }
        guard let value = setting.read(text) else {
            if let fault = setting.fault(text) { throw SettingError(place, visible(fault.message), hint: fault.hint) }
            let shown = setting.declaration.isSecret ? "its value" : "`\(visible(text))`"
            throw SettingError(place, "\(shown) is not \(setting.declaration.wanted)")
        }
        return value
    }
}

/// What a secret file holds, without the line break at its end, and the file's name; nil if it holds nothing, as an
/// empty variable would.
func readSecret(
    _ path: String, named place: String
) throws(SettingError) -> (text: String, place: String)? {
    let file: RegularFile
    do { file = try RegularFile(path, upTo: 64 << 10) } catch {
        throw SettingError(place, "the file \(path) \(error.description)")
    }
    if let fault = SecretFile.fault(of: file, at: path) {
        throw SettingError(place, "the file \(path) \(fault.message)", hint: fault.hint)
    }
    guard !file.bytes.contains(0), let text = String(validating: file.bytes, as: UTF8.self) else {
        throw SettingError(place, "the file \(path) is not text")
    }
    let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !secret.contains(where: \.isNewline) else {
        throw SettingError(place, "the file \(path) has more than one line")
    }
    return secret.isEmpty ? nil : (secret, "\(place) (\(path))")
}
