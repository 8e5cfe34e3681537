internal import DriftCore
import Yams

extension InventoryReader {
    /// The groups in the order in which they are written.
    mutating func groups(in fields: Fields) -> [GroupDraft] {
        guard let entry = fields["groups"], !entry.node.isBlank, !entry.node.isNull,
            let pairs = reader.mapping(entry.node, of: "groups")
        else { return [] }
        guard pairs.count <= LoadingLimit.groups else {
            reader.error("\(pairs.count) groups", at: entry.position, hint: "at most \(LoadingLimit.groups)")
            return []
        }
        return pairs.compactMap { group($0.entry) }
    }

    private mutating func group(_ entry: Fields.Entry) -> GroupDraft? {
        if let fault = Grammar.name(entry.key, of: "group name") {
            reader.error(fault.message, at: entry.position, hint: fault.hint)
        }
        let what = "the group \(quoted(entry.key))"
        if let labels = entry.node.mapping?.first(where: { $0.key.scalar?.string == "labels" }) {
            reader.error(
                "a group gives no labels", at: labels.key.position,
                hint: "labels stand at servers and in defaults; a group's match looks for them")
            return nil
        }
        guard let fields = reader.fields(entry.node, of: .group) else { return nil }
        let settings = shared(in: fields, withLabels: false)
        guard let match = fields["match"] else {
            reader.error(
                "\(what) needs `match`", at: entry.position,
                hint: "such as match: { role: web }; match: {} is every server")
            return nil
        }
        guard let terms = terms(in: match) else { return nil }
        return GroupDraft(name: entry.key, position: entry.position, match: terms, settings: settings)
    }

    private mutating func terms(in match: Fields.Entry) -> [GroupDraft.Term]? {
        guard let pairs = reader.mapping(match.node, of: "`match`") else { return nil }
        return pairs.compactMap { label, entry in
            if let fault = Grammar.labelName(label) {
                reader.error(fault.message, at: entry.position, hint: fault.hint)
                return nil
            }
            let values = reader.oneOrMore(entry) { $0.isEmpty ? nil : Grammar.line($0, limit: 200) }.map(\.text)
            return GroupDraft.Term(label: label, values: values, position: entry.position)
        }
    }
}

extension FileReader {
    /// One text, or a list of them that is not empty.
    mutating func oneOrMore(
        _ entry: Fields.Entry, where fault: (String) -> Fault?
    ) -> [(text: String, position: Position)] {
        guard let sequence = entry.node.sequence, ScalarValue.hasPlainTag(entry.node) else {
            let position = entry.node.isBlank ? entry.position : entry.node.position
            return text(entry.node, named: entry.key, at: position, where: fault).map { [($0, position)] } ?? []
        }
        if sequence.isEmpty { error("\(quoted(entry.key)) is an empty list", at: entry.position) }
        return sequence.compactMap { node in
            text(node, named: entry.key, at: node.position, where: fault).map { ($0, node.position) }
        }
    }
}
