internal import DriftCore
import Yams

extension ItemForm {
    static let service = ItemForm(
        "a service",
        [
            Key("name", .text(.unit), .required, "A unit of systemd; `sshd.service` is `sshd` to OpenRC"),
            Key("enabled", .boolean, "Whether it must start at every boot"),
            Key("running", .boolean, "Whether it must run now"),
        ],
        rules: [.atLeastOne(["enabled", "running"])]
    ) { $0.service($1) }
}

extension PackFileReader {
    fileprivate mutating func service(_ fields: Fields) -> Expectation.Subject? {
        let name = reader.requiredText("name", in: fields, of: "a service", where: Grammar.unitName)
        let enabled = reader.boolean("enabled", in: fields)
        let running = reader.boolean("running", in: fields)
        let isEmpty = ["enabled", "running"].allSatisfy { fields[$0].map(\.node.isNull) ?? true }
        if isEmpty {
            reader.error("a service needs `enabled` or `running`", at: fields.position, hint: "running: true")
        }
        if running != nil, let entry = fields["name"], let fault = name.flatMap(ItemDoubt.runningUnit) {
            if running == true {
                reader.warn("`name`: \(fault.message)", at: entry.position, hint: fault.hint)
            } else {
                reader.error(
                    "`name`: \(fault.message), so running: false would never be wrong", at: entry.position,
                    hint: fault.hint)
            }
        }
        return name.map { .service(ServiceExpectation(name: $0, enabled: enabled, running: running)) }
    }
}
