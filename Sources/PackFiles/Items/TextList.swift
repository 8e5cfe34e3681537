internal import DriftCore
import Yams

extension FileReader {
    /// The texts of an optional list; nil if the key is absent, null, or no list, which is reported.
    ///
    /// A text that is wrong or appears twice is reported and left out.
    mutating func texts(_ key: String, in fields: Fields, where fault: (String) -> Fault?) -> [String]? {
        guard let entry = fields[key], !entry.node.isNull, let nodes = list(entry) else { return nil }
        var texts: [String] = []
        for node in nodes {
            guard let text = text(node, named: key, at: node.position, where: fault) else { continue }
            if texts.contains(where: { $0.utf8.elementsEqual(text.utf8) }) {
                error("\(quoted(key)) has \(quoted(text)) twice", at: node.position, hint: "keep one")
            } else {
                texts.append(text)
            }
        }
        return texts
    }

    /// Reports a list that asks for nothing.
    mutating func refuseEmpty(_ key: String, _ texts: [String]?, in fields: Fields) {
        guard let entry = fields[key], texts?.isEmpty == true, entry.node.sequence?.isEmpty == true else { return }
        error("\(quoted(key)) is empty, so it could never be wrong", at: entry.position, hint: "remove it")
    }

    /// Reports keys that have a value although they have no effect here.
    mutating func refuse(_ keys: [String], in fields: Fields, with what: String, hint: String? = nil) {
        for key in keys {
            guard let entry = fields[key], !entry.node.isNull else { continue }
            error("\(quoted(key)) has no effect with \(what)", at: entry.position, hint: hint)
        }
    }
}
