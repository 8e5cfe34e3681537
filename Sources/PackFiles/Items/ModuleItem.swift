internal import DriftCore
import Yams

extension ItemForm {
    static let module = ItemForm(
        "a kernel item",
        [
            Key("module", .text(.module), .required, "The kernel module; `-` and `_` are the same"),
            Key(
                "state", .words(of: ModuleExpectation.State.self),
                "`present` (the default): loaded or built in; `absent`: neither"),
        ]
    ) { $0.module($1) }
}

extension PackFileReader {
    fileprivate mutating func module(_ fields: Fields) -> Expectation.Subject? {
        let module = reader.requiredText("module", in: fields, of: "a kernel item", where: Grammar.moduleName)
        let state: ModuleExpectation.State? = reader.choice("state", in: fields)
        return module.map { .module(ModuleExpectation(module: $0, state: state ?? .present)) }
    }
}

extension Grammar {
    /// The name of a kernel module, without `.ko`.
    static func moduleName(_ name: String) -> Fault? {
        guard consists(name, of: "_-", limit: 55) else {
            let stem = name.split(separator: "/").last?.split(separator: ".").first.map(String.init) ?? ""
            let hint =
                consists(stem, of: "_-", limit: 55)
                ? "write \(quoted(stem))" : "as lsmod prints it, such as usb_storage"
            return Fault("\(quoted(name)) is not the name of a kernel module", hint: hint)
        }
        return nil
    }
}
