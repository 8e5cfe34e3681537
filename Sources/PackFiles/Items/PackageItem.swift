internal import DriftCore
import Yams

extension ItemForm {
    static let package = ItemForm(
        "a package",
        [
            Key("name", .text(.packageName), .required, "The package; `libc6:i386` names one architecture of it"),
            Key(
                "state", .words(of: PackageExpectation.State.self),
                "`present` (the default): installed; `absent`: not installed"),
            Key(
                "version", .text(.versionPattern),
                "The version, with or without the distribution's revision; an epoch counts only if it is written"),
            Key("min_version", .text(.version), "No older than this, by the rules of the server's package manager"),
            Key("max_version", .text(.version), "No newer than this"),
            Key("held", .boolean, "Whether the package manager must be told to leave the package at its version"),
            .literal,
        ],
        rules: [.without("state", ["absent"], ["version", "min_version", "max_version", "held"])]
    ) { $0.package($1) }
}

extension PackFileReader {
    fileprivate mutating func package(_ fields: Fields) -> Expectation.Subject? {
        let literal = isLiteral(fields)
        let managers = managers(in: fields)
        let name = reader.requiredText("name", in: fields, of: "a package", where: Grammar.packageName)
        let state: PackageExpectation.State = reader.choice("state", in: fields) ?? .present
        var package = PackageExpectation(name: name ?? "", state: state)
        package.version = reader.text("version", in: fields, where: Grammar.versionPattern)
        package.minimumVersion = reader.text("min_version", in: fields, where: Grammar.packageVersion)
        package.maximumVersion = reader.text("max_version", in: fields, where: Grammar.packageVersion)
        package.isHeld = reader.boolean("held", in: fields)
        if state == .absent {
            for key in ["version", "min_version", "max_version", "held"] {
                guard let entry = fields[key], !entry.node.isNull else { continue }
                reader.error("\(quoted(key)) has no effect with state: absent", at: entry.position)
            }
        } else {
            doubtVersion(
                "version", in: fields,
                package.version.flatMap { ItemDoubt.versionPattern($0, for: managers, meansIt: literal) })
            for (key, version) in [("min_version", package.minimumVersion), ("max_version", package.maximumVersion)] {
                doubtVersion(
                    key, in: fields, version.flatMap { ItemDoubt.version($0, for: managers, meansIt: literal) })
            }
            refuseEmptyRange(of: package, in: fields)
        }
        // Other managers have names that dpkg has not.
        if !literal, managers.isEmpty || managers.contains(.dpkg) {
            let fault = name.flatMap(ItemDoubt.packageName)
            reader.doubt("name", in: fields, fault, wouldNeverBeWrong: state == .absent)
        }
        return name.map { _ in .package(package) }
    }

    /// Those that will judge the item, as far as `when` says; what is wrong with `when` is reported with it.
    private func managers(in fields: Fields) -> [PackageManager] {
        var reader = self
        guard let condition = reader.condition(in: fields) else { return [] }
        let systems = condition.systems.isEmpty ? condition.families : condition.systems
        let managers = systems.map(PackageManager.init(ofSystem:))
        return managers.contains(nil) ? [] : PackageManager.allCases.filter(managers.contains)
    }

    private mutating func doubtVersion(_ key: String, in fields: Fields, _ fault: Fault?) {
        guard let fault, let entry = fields[key] else { return }
        reader.warn("\(quoted(key)): \(fault.message)", at: entry.position, hint: fault.hint)
    }

    private mutating func refuseEmptyRange(of package: PackageExpectation, in fields: Fields) {
        guard let minimum = package.minimumVersion, let maximum = package.maximumVersion,
            let entry = fields["max_version"], PackageManager.allAgree(minimum, isNewerThan: maximum)
        else { return }
        reader.error(
            "`max_version` \(quoted(maximum)) is older than `min_version` \(quoted(minimum))", at: entry.position,
            hint: "no version can be both")
    }
}
