import ArgumentParser
import Foundation

/// One setting: its names, what it means, and how its text becomes a value.
struct Setting<Value: Sendable>: Sendable {
    let declaration: SettingDeclaration
    /// Where nobody sets it.
    let standard: Value
    /// The value of a text; nil for a text that is not one.
    let read: @Sendable (String) -> Value?
    let fault: @Sendable (String) -> SettingError.Reason?

    /// `shown` stands in `--help` and in the documentation for the value that `standard` has.
    init(
        _ name: String, option: String? = nil, _ meaning: String, _ kind: SettingKind<Value>, standard: Value,
        shown: String? = nil
    ) {
        declaration = SettingDeclaration(
            name: name, option: option, meaning: meaning, form: kind.form, wanted: kind.wanted,
            standard: shown ?? kind.show(standard), isSecret: false)
        self.standard = standard
        read = kind.read
        fault = kind.fault
    }

    /// A setting without a value of its own; `absent` says what holds where nobody sets it.
    init<Wrapped>(
        _ name: String, option: String? = nil, _ meaning: String, _ kind: SettingKind<Wrapped>, absent: String = "–",
        isSecret: Bool = false
    ) where Value == Wrapped? {
        declaration = SettingDeclaration(
            name: name, option: option, meaning: meaning, form: kind.form, wanted: kind.wanted, standard: absent,
            isSecret: isSecret)
        standard = nil
        read = { text in kind.read(text).map(Optional.some) }
        fault = kind.fault
    }
}

/// What is said of a setting, whatever the type of its value.
struct SettingDeclaration: Hashable, Sendable {
    /// In the environment, without `DRIFTWATCH_`.
    let name: String
    /// On the command line, without dashes; not every setting has one.
    let option: String?
    /// Begins its line in `--help` and in the documentation.
    let meaning: String
    /// What stands for its value in `--help`.
    let form: String
    /// Completes "… is not".
    let wanted: String
    /// What holds where nobody sets it.
    let standard: String
    /// Never shown, and may come from a file that `<NAME>_FILE` names.
    let isSecret: Bool

    var environmentName: String { "DRIFTWATCH_\(name)" }
    var fileVariableName: String { environmentName + "_FILE" }
    /// In the settings file; the part before any `_` may also be a mapping around the rest.
    var fileKey: String { name.lowercased() }
    /// In the settings file, of a secret: the file that holds it.
    var secretFileKey: String { fileKey + "_file" }

    var help: ArgumentHelp {
        let sentence = meaning.prefix(1).uppercased() + meaning.dropFirst()
        return ArgumentHelp("\(sentence) (\(environmentName); default: \(standard)).", valueName: form)
    }
}

/// A setting as the command line gives it.
struct SettingOption: Sendable {
    let declaration: SettingDeclaration
    let value: String?

    init<Value>(_ setting: KeyPath<Settings, Setting<Value>>, _ value: String?) {
        declaration = Settings.declared[keyPath: setting].declaration
        self.value = value
    }
}

extension Option<String?> {
    /// The option of a setting, named and explained as the setting is.
    init<Typed>(_ setting: KeyPath<Settings, Setting<Typed>>) {
        let declaration = Settings.declared[keyPath: setting].declaration
        self.init(name: declaration.option.map { .customLong($0) } ?? .long, help: declaration.help)
    }
}

/// A setting of any type.
protocol DeclaredSetting {
    var declaration: SettingDeclaration { get }
}

extension Setting: DeclaredSetting {}
