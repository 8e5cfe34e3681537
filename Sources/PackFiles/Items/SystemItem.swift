internal import DriftCore
import Yams

extension ItemForm {
    static let system = ItemForm(
        "a system item",
        [
            Key("clock", .words(of: SystemExpectation.Clock.self), "The clock follows a time source"),
            Key("reboot_required", .only(false), "No update waits for a restart of the machine"),
        ],
        rules: [.exactlyOne(["clock", "reboot_required"])]
    ) { $0.system($1) }
}

extension PackFileReader {
    fileprivate mutating func system(_ fields: Fields) -> Expectation.Subject? {
        let clock: SystemExpectation.Clock? = reader.choice("clock", in: fields)
        let reboot = reader.boolean("reboot_required", in: fields)
        let named = ["clock", "reboot_required"].filter { fields[$0].map { !$0.node.isNull } ?? false }
        guard named.count == 1 else {
            reader.error(
                "a system item needs either `clock` or `reboot_required`", at: fields.position,
                hint: "clock: synchronised")
            return nil
        }
        if reboot == true, let entry = fields["reboot_required"] {
            reader.error("`reboot_required` can only be false", at: entry.position, hint: "write false")
            return nil
        }
        if let clock { return .system(.clock(clock)) }
        return reboot.map { _ in .system(.noRebootRequired) }
    }
}
