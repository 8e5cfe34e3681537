/// How a configuration file is written.
///
/// | style | is for | a key is written |
/// |---|---|---|
/// | `ini` | `[section]`, `key = value` | `section.key`, or `key` before the first section; of `[remote "origin"]` in git's files `remote.origin.key` |
/// | `shell` | `NAME=value` as a shell reads it | `NAME` |
/// | `space` | `key value` or `key = value` | `key` |
/// | `json`, `yaml`, `toml` | nested data | `a.b.0`: names of mappings and, from 0, numbers of list items |
///
/// What a program does in its own way is kept where the file's path says whose it is (``IniDialect``, ``SpaceDialect``).
package enum ConfigurationStyle: String, Hashable, Sendable, Codable, CaseIterable {
    case ini, shell, space, json, yaml, toml

    /// The style that the name of a file promises; nil if only its text can tell.
    package init?(ofPath path: String) {
        let components = path.split(separator: "/")
        let name = components.last ?? ""
        let folders = components.dropLast()
        if let style = Self.names[name] {
            self = style
        } else if SpaceDialect(ofPath: path) != .other {
            self = .space
        } else if IniDialect(ofPath: path) != .other {
            self = .ini
        } else if let dot = name.lastIndex(of: "."), let style = Self.endings[name[dot...]] {
            self = style
        } else if folders.starts(with: ["etc"]), let folder = folders.dropFirst().first,
            let style = Self.folders[folder]
        {
            self = style
        } else {
            return nil
        }
    }

    private static let names: [Substring: Self] = [
        "os-release": .shell, "lsb-release": .shell, "environment": .shell, "adduser.conf": .shell,
        "deluser.conf": .shell,
        "locale.conf": .shell, "vconsole.conf": .shell, "makepkg.conf": .shell, "debian.cnf": .ini, "pacman.conf": .ini,
    ]

    private static let endings: [Substring: Self] = [
        ".json": .json, ".yaml": .yaml, ".yml": .yaml, ".toml": .toml, ".ini": .ini, ".cnf": .ini, ".desktop": .ini,
        ".repo": .ini, ".sh": .shell, ".env": .shell,
    ]

    /// Below `/etc`.
    private static let folders: [Substring: Self] = [
        "default": .shell, "sysconfig": .shell, "conf.d": .shell, "environment.d": .shell,
    ]

    /// The style that a text looks like: its first lines that are not comments decide.
    package init(ofText text: String) {
        self = .space
        for line in text.configurationLines.lazy.map(\.trimmed) where !line.isEmpty {
            if line.hasPrefix("#") || line.hasPrefix(";") || line.hasPrefix("//") { continue }
            if line.hasPrefix("{") {
                self = .json
            } else if line.hasPrefix("["), line.contains("]") {
                self = .ini
            } else if line == "---" || line.hasPrefix("%YAML") {
                self = .yaml
            } else if Self.isAssignment(line) {
                self = .shell
            }
            return
        }
    }

    /// A name, and `=` without a blank around it.
    private static func isAssignment(_ line: Substring) -> Bool {
        let name = line.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard let first = name.first, !first.isNumber, line[name.endIndex...].first == "=" else { return false }
        return line[name.endIndex...].dropFirst().first.map { $0 != " " && $0 != "\t" } ?? true
    }
}
