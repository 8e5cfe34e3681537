internal import DriftCore
import Yams

extension ItemForm {
    static let port = ItemForm(
        "a ports item",
        [
            Key("listen", .text(.listen), "Something must listen there; `*` is a socket that is bound to no address"),
            Key(
                "only", .set(.text(.listen), mayBeEmpty: true),
                "Nothing else may listen where other machines can reach it; `*` is any address"),
            Key(
                "protocols", .list(.words(of: ListenAddress.Transport.self)),
                "The protocols that `only` is about; without it, those that `only` names"),
            Key("loopback", .boolean, "`true`: `only` is also about what only the machine itself can reach"),
        ],
        rules: [
            .exactlyOne(["listen", "only"]), .beside("protocols", ["only"]), .beside("loopback", ["only"]),
        ]
    ) { $0.port($1) }
}

extension PackFileReader {
    fileprivate mutating func port(_ fields: Fields) -> Expectation.Subject? {
        let named = ["listen", "only"].filter { fields[$0].map { !$0.node.isNull } ?? false }
        guard named.count == 1 else {
            reader.error(
                "a ports item needs either `listen` or `only`", at: fields.position, hint: "listen: \"tcp *:443\"")
            return nil
        }
        if named == ["listen"] {
            for name in ["protocols", "loopback"] {
                guard let entry = fields[name], !entry.node.isNull else { continue }
                reader.error("`\(name)` has no effect without `only`", at: entry.position)
            }
            let text = reader.text("listen", in: fields, where: Grammar.listenAddress)
            return text.flatMap(ListenAddress.init).map { .port(.listen($0)) }
        }
        return only(fields)
    }

    private mutating func only(_ fields: Fields) -> Expectation.Subject? {
        guard let entry = fields["only"], let nodes = reader.list(entry) else { return nil }
        var addresses: [ListenAddress] = []
        for node in nodes {
            guard
                let address = reader.text(node, named: "only", at: node.position, where: Grammar.listenAddress)
                    .flatMap(ListenAddress.init)
            else { continue }
            if addresses.contains(address) {
                reader.error("`only` has \(quoted(address.text)) twice", at: node.position)
            }
            addresses.append(address)
        }
        let loopback = reader.boolean("loopback", in: fields) ?? false
        var transports: Set<ListenAddress.Transport>?
        if let entry = fields["protocols"], !entry.node.isNull {
            transports = protocols(entry)
            guard transports != nil else { return nil }
            if let transports, let other = addresses.first(where: { !transports.contains($0.transport) }) {
                reader.error("`protocols` lacks that of \(quoted(other.text))", at: entry.position)
            }
        }
        let allowed = AllowedPorts(addresses, transports: transports, loopback: loopback)
        if allowed.transports.isEmpty, nodes.isEmpty {
            reader.error(
                "`only` without an address needs `protocols`", at: fields.position, hint: "protocols: [tcp, udp]")
            return nil
        }
        return .port(.only(allowed))
    }

    private mutating func protocols(_ entry: Fields.Entry) -> Set<ListenAddress.Transport>? {
        let words = ListenAddress.Transport.allCases.map(\.rawValue)
        guard let nodes = reader.list(entry) else { return nil }
        let texts = nodes.compactMap { node in
            reader.text(node, named: "protocols", at: node.position) { text in
                words.contains(text)
                    ? nil : Fault("unknown value \(quoted(text))", hint: "one of \(words.joined(separator: ", "))")
            }
        }
        return texts.count == nodes.count ? Set(texts.compactMap(ListenAddress.Transport.init)) : nil
    }
}

extension Grammar {
    /// A protocol, an address and a port.
    static func listenAddress(_ text: String) -> Fault? {
        guard ListenAddress(text) == nil else { return nil }
        let examples = "such as \"tcp *:443\", \"tcp 192.0.2.7:443\" or \"udp [::1]:53\""
        let isBareVersion6 =
            text.split(separator: ":", omittingEmptySubsequences: false).count > 2 && !text.contains("[")
        return Fault(
            "\(quoted(text)) is not a protocol with an address and a port",
            hint: isBareVersion6 ? "an IPv6 address goes into brackets, such as \"tcp [::]:443\"" : examples)
    }
}
