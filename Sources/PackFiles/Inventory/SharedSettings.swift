internal import DriftCore
import Yams

/// Settings that may be written at a server, in a group and under `defaults`; nil where one is absent.
struct SharedSettings {
    var port: Int?
    var user: String?
    var configUser: String?
    var connection: Server.Transport?
    var queue: String?
    var expect: Server.Presence?
    var failingAfter: Int?
    var staleAfter: Int?
    var packs: [PackName]?
    /// Of a server and of `defaults`: groups have none, since they are chosen by them.
    var labels: WrittenLabels?
}

/// Labels, and where they are written.
struct WrittenLabels {
    var values: [String: String]
    var position: Position
}

extension InventoryReader {
    mutating func shared(in fields: Fields, withLabels: Bool) -> SharedSettings {
        SharedSettings(
            port: reader.integer("port", in: fields, where: Grammar.port),
            user: reader.text("user", in: fields, where: Grammar.user),
            configUser: reader.text("config_user", in: fields, where: Grammar.user),
            connection: reader.choice("connection", in: fields),
            queue: reader.text("queue", in: fields) { Grammar.name($0, of: "queue name") },
            expect: reader.choice("expect", in: fields),
            failingAfter: reader.integer("failing_after", in: fields) { count in
                Grammar.slots.contains(count)
                    ? nil
                    : Fault("\(count) is not a number of slots", hint: "0 to \(Grammar.slots.upperBound); 0 is never")
            },
            staleAfter: reader.quantity(
                "stale_after", in: fields, of: "time span", such: "14d", whenZero: "would always be stale",
                limit: (Grammar.longestSpan, "3650d"), Quantity.seconds),
            packs: packList("packs", in: fields),
            labels: withLabels ? labels(in: fields) : nil)
    }

    private mutating func labels(in fields: Fields) -> WrittenLabels? {
        reader.labels("labels", in: fields).map { labels in
            WrittenLabels(values: labels, position: fields["labels"]?.position ?? fields.position)
        }
    }

    mutating func packList(_ key: String, in fields: Fields) -> [PackName]? {
        guard let entry = fields[key], let nodes = reader.list(entry) else { return nil }
        var names: [PackName] = []
        for node in nodes {
            let text = reader.text(node, named: key, at: node.position) { Grammar.name($0, of: "pack name") }
            guard let name = text.map(PackName.init(rawValue:)) else { continue }
            if names.contains(name) {
                reader.error("the pack \(quoted(name.rawValue)) appears twice", at: node.position, hint: "keep one")
            } else {
                refuseUnknown(name, at: node.position)
                names.append(name)
            }
        }
        return names
    }

    private mutating func refuseUnknown(_ name: PackName, at position: Position) {
        guard let packs, !packs.contains(name) else { return }
        reader.error(
            "the pack \(quoted(name.rawValue)) does not exist", at: position,
            hint: didYouMean(name.rawValue, among: packs.map(\.rawValue)) ?? "looked for packs/\(name).yaml")
    }
}
