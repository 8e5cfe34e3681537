/// Whose file of the style `ini` it is.
///
/// | | comments | quotes | several times | other |
/// |---|---|---|---|---|
/// | `systemd` | whole lines | part of the value | an empty value clears; else unclear, as some add up | `\` at the end joins lines |
/// | `mysql` | `#` anywhere | around the value | the last counts | `-` and `_` in names are one; a name alone has an empty value |
/// | `git` | `#` and `;` anywhere | anywhere in the value | the last counts | case counts only in `[x "NAME"]`; a name alone is `true` |
/// | `php` | `;` anywhere | around the value | the last counts | in `php.ini` sections mean nothing; `${…}` is computed |
/// | other | whole lines; behind a blank, unclear | around the value | unclear | lines that are indented deeper go on; `key: value` |
enum IniDialect: Hashable, Sendable {
    case systemd, mysql, git, php, phpGlobal
    case other

    init(ofPath path: String) {
        let components = path.split(separator: "/")
        let name = components.last ?? ""
        let folders = components.dropLast()
        let ending = name.lastIndex(of: ".").map { name[$0...] } ?? ""
        if Self.unitEndings.contains(ending) || (folders.contains("systemd") && ending == ".conf") {
            self = .systemd
        } else if name == "php.ini" {
            self = .phpGlobal
        } else if folders.contains("php"), ending == ".ini" || ending == ".conf" {
            self = .php
        } else if name == "my.cnf" || name == ".my.cnf"
            || (ending == ".cnf" && !folders.isDisjoint(with: ["mysql", "mariadb", "my.cnf.d"]))
        {
            self = .mysql
        } else if name == ".gitconfig" || name == "gitconfig"
            || (name == "config" && !folders.isDisjoint(with: [".git", "git"]))
        {
            self = .git
        } else {
            self = .other
        }
    }

    private static let unitEndings: Set<Substring> = [
        ".service", ".socket", ".timer", ".mount", ".automount", ".path", ".slice", ".scope", ".swap", ".target",
        ".link",
        ".network", ".netdev", ".nspawn",
    ]
}

extension Collection where Element: Hashable {
    fileprivate func isDisjoint(with other: Set<Element>) -> Bool { !contains(where: other.contains) }
}
