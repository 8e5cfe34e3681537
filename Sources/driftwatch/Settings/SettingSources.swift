import Configuration
import Foundation
import Presentation

/// Where settings come from, the first that has one wins: command line, environment, secret file, settings file.
///
/// A value that cannot be used is an error that names where it stands, never silently the default; an empty one counts
/// as absent.
struct SettingSources: Sendable {
    private struct Layer: Sendable {
        var reader: ConfigReader
        /// How errors name the place of a value.
        var places: [SettingName: String]
    }

    private let layers: [Layer]
    /// Variables that look like settings but are not.
    let unknownVariables: [String]

    /// `options` are those of the command line, by the name of the option, such as `--log-level`.
    ///
    /// - Throws: ``SettingError`` for a settings file or a secret file that cannot be read.
    init(
        options: [SettingName: (option: String, value: String?)] = [:], configOption: String? = nil,
        environment: [String: String]
    ) throws(SettingError) {
        let environment = environment.filter { !$0.value.isEmpty }
        let given = options.compactMapValues { $0.value }
        var variables: [SettingName: String] = [:]
        for name in SettingName.allCases { variables[name] = environment[name.environmentName] }

        var file: SettingsFile?
        if let path = configOption {
            file = try SettingsFile(path: path, named: "--config")
        } else if let path = environment["DRIFTWATCH_CONFIG"] {
            file = try SettingsFile(path: path, named: "DRIFTWATCH_CONFIG")
        }

        // Only for settings that have no value yet: a secret file that is not needed does not have to exist.
        var secrets: [SettingName: String] = [:]
        var secretPlaces: [SettingName: String] = [:]
        for name in SettingName.allCases where name.isSecret && given[name] == nil && variables[name] == nil {
            let source: (path: String, place: String)? =
                environment[name.fileVariableName].map { ($0, name.fileVariableName) }
                ?? (file?.values[name] == nil ? file?.secretFiles[name].map { ($0.text, $0.place) } : nil)
            guard let source else { continue }
            guard let secret = try readSecret(source.path, named: source.place) else { continue }
            secrets[name] = secret
            secretPlaces[name] = "\(source.place) (\(source.path))"
        }

        layers = [
            Self.layer(given, places: options.mapValues(\.option)),
            Self.layer(variables, places: [:]),
            Self.layer(secrets, places: secretPlaces),
            Self.layer(
                file?.values.mapValues(\.text) ?? [:],
                places: Dictionary(
                    uniqueKeysWithValues: (file?.values ?? [:]).map { ($0, "\($1.place) (\($0.fileKey))") })),
        ]
        unknownVariables = environment.keys
            .filter { $0.hasPrefix("DRIFTWATCH_") && !SettingName.isKnown(variable: $0) }.sorted()
    }

    private static func layer(_ values: [SettingName: String], places: [SettingName: String]) -> Layer {
        var entries: [AbsoluteConfigKey: ConfigValue] = [:]
        for (name, text) in values {
            entries[AbsoluteConfigKey([name.fileKey])] = ConfigValue(.string(text), isSecret: name.isSecret)
        }
        let names = values.keys.map { ($0, places[$0] ?? $0.environmentName) }
        return Layer(
            reader: ConfigReader(provider: InMemoryProvider(values: entries)),
            places: Dictionary(uniqueKeysWithValues: names))
    }

    /// The text of a setting and where it stands; nil if nobody set it.
    func text(_ name: SettingName) -> (text: String, place: String)? {
        for layer in layers {
            if let text = layer.reader.string(forKey: ConfigKey([name.fileKey]), isSecret: name.isSecret) {
                return (text, layer.places[name] ?? name.environmentName)
            }
        }
        return nil
    }

    /// The value of a setting, or `absent` where nobody set it.
    ///
    /// `convert` gives nil for what it cannot use; `wanted` completes "… is not".
    func value<Value>(
        _ name: SettingName, default absent: Value, wanted: String, _ convert: (String) -> Value?
    ) throws(SettingError) -> Value {
        guard let (text, place) = text(name) else { return absent }
        guard let value = convert(text) else {
            let shown = name.isSecret ? "its value" : "`\(visible(text))`"
            throw SettingError(place, "\(shown) is not \(wanted)")
        }
        return value
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: SettingName, default absent: Choice
    ) throws(SettingError) -> Choice {
        let words = Choice.allCases.map(\.rawValue)
        return try value(name, default: absent, wanted: "one of \(words.joined(separator: ", "))") {
            Choice(rawValue: $0.lowercased())
        }
    }
}

/// What a secret file holds, without the line break at its end; nil if it holds nothing, as an empty variable would.
private func readSecret(_ path: String, named place: String) throws(SettingError) -> String? {
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
    return secret.isEmpty ? nil : secret
}
