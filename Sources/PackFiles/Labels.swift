internal import DriftCore
import Yams

extension FileReader {
    /// A mapping of labels; nil if it is absent, null, or not a mapping, which is reported.
    mutating func labels(_ name: String, in fields: Fields) -> [String: String]? {
        guard let entry = fields[name], !entry.node.isNull, let pairs = mapping(entry.node, of: name)
        else { return nil }
        if pairs.count > LoadingLimit.labels {
            error("\(pairs.count) labels", at: entry.position, hint: "at most \(LoadingLimit.labels)")
        }
        var labels: [String: String] = [:]
        for (key, value) in pairs {
            if let fault = Grammar.labelName(key) {
                error(fault.message, at: value.position, hint: fault.hint)
            } else {
                let position = value.node.isBlank ? value.position : value.node.position
                let text = text(value.node, named: key, at: position) { text in
                    text.isEmpty ? nil : Grammar.line(text, limit: 200)
                }
                labels[key] = text
                if let fault = text.flatMap(ItemDoubt.displayName) {
                    warn("\(quoted(key)): \(fault.message)", at: position, hint: fault.hint)
                }
            }
        }
        return labels
    }
}
