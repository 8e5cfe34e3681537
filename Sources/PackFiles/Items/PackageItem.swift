internal import DriftCore
import Yams

extension ItemForm {
    static let package = ItemForm("a package", keys: ["name", "state", "min_version", "literal"]) { $0.package($1) }
}

extension PackFileReader {
    fileprivate mutating func package(_ fields: Fields) -> Expectation.Subject? {
        let name = reader.requiredText("name", in: fields, of: "a package", where: Grammar.packageName)
        let state: PackageExpectation.State = reader.choice("state", in: fields) ?? .present
        let version = reader.text("min_version", in: fields, where: Grammar.packageVersion)
        if state == .absent, let entry = fields["min_version"], !entry.node.isNull {
            reader.error("`min_version` has no effect with state: absent", at: entry.position)
        } else if let entry = fields["min_version"], let fault = version.flatMap(ItemDoubt.minimumVersion) {
            reader.warn(
                "`min_version`: \(fault.message), so dpkg cannot compare it", at: entry.position, hint: fault.hint)
        }
        if !isLiteral(fields) {
            let fault = name.flatMap(ItemDoubt.packageName)
            reader.doubt("name", in: fields, fault, wouldNeverBeWrong: state == .absent)
        }
        return name.map { .package(PackageExpectation(name: $0, state: state, minimumVersion: version)) }
    }
}
