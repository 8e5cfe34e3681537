/// Finds conflicts: two items, of one pack or of two packs on one server, that can never both be right.
///
/// A check would always find one of them wrong. Only certain conflicts count: an owner's name and a number may mean the same
/// account, a link and the file that it leads to are separate things, and the higher of two minimum versions satisfies both.
package struct PackConflicts {
    /// Where an item is written.
    package struct Place: Hashable, Sendable {
        package var file: String
        package var line: Int

        package init(file: String, line: Int) {
            self.file = file
            self.line = line
        }
    }

    /// By pack; packs and items that came from the database have none.
    package typealias Places = [PackName: [ItemKey: Place]]

    private struct Side {
        var pack: PackName
        var expectation: Expectation
        /// What it wants, such as `mode 0644`.
        var words: String

        init(_ pack: PackName, _ expectation: Expectation, _ words: String) {
            self.pack = pack
            self.expectation = expectation
            self.words = words
        }
    }

    private struct Pair: Hashable {
        /// In the order of their names; the same twice for what one pack says by itself.
        var first: PackName
        var second: PackName
    }

    private let items: [PackName: [ItemKey: Expectation]]
    private let places: Places

    package init(packs: [PackName: Pack], places: Places) {
        items = packs.mapValues { pack in
            Dictionary(pack.expectations.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        }
        self.places = places
    }

    /// One error for each two items, of each pack by itself and of those that one of these servers has together.
    package func problems(of servers: [Server]) -> [Problem] {
        problems(of: servers.map { (id: $0.id, packs: $0.packs) })
    }

    /// The same; packs that are not known are passed over.
    package func problems(of servers: [(id: ServerID, packs: [PackName])]) -> [Problem] {
        var owners: [Pair: [ServerID]] = [:]
        for pack in items.keys { owners[Pair(first: pack, second: pack)] = [] }
        for server in servers {
            let packs = Set(server.packs).filter { items[$0] != nil }.sorted()
            for (index, first) in packs.enumerated() {
                for second in packs[(index + 1)...] {
                    owners[Pair(first: first, second: second), default: []].append(server.id)
                }
            }
        }
        let pairs = owners.sorted { ($0.key.first, $0.key.second) < ($1.key.first, $1.key.second) }
        return pairs.flatMap { pair, servers in
            conflicts(of: pair).map { problem($0, $1, servers: servers.sorted()) }
        }
    }

    private func conflicts(of pair: Pair) -> [(Side, Side)] {
        guard let first = items[pair.first], let second = items[pair.second] else { return [] }
        var found: [(Side, Side)] = []
        for (key, one) in first.sorted(by: { $0.key < $1.key }) {
            if pair.first != pair.second, let other = second[key],
                let words = Self.contradiction(one.subject, other.subject)
            {
                found.append((Side(pair.first, one, words.0), Side(pair.second, other, words.1)))
            }
            for (key, need) in Self.needs(of: one) {
                guard let other = second[key], let words = Self.whyUnmet(need, by: other) else { continue }
                found.append((Side(pair.first, one, "it is there"), Side(pair.second, other, words)))
            }
        }
        guard pair.first != pair.second else { return found }
        for (_, one) in second.sorted(by: { $0.key < $1.key }) {
            for (key, need) in Self.needs(of: one) {
                guard let other = first[key], let words = Self.whyUnmet(need, by: other) else { continue }
                found.append((Side(pair.second, one, "it is there"), Side(pair.first, other, words)))
            }
        }
        return found
    }
}

// MARK: What contradicts what

extension PackConflicts {
    /// What each side wants, where both can never be met.
    static func contradiction(_ one: Expectation.Subject, _ other: Expectation.Subject) -> (String, String)? {
        switch (one, other) {
        case (.file(let one), .file(let other)): contradiction(one, other)
        case (.package(let one), .package(let other)):
            one.state == other.state ? nil : (one.state.rawValue, other.state.rawValue)
        case (.setting(let one), .setting(let other)):
            one.kind != other.kind || one.expected == other.expected ? nil : ("one value", "another value")
        case (.service(let one), .service(let other)):
            differing("enabled:", one.enabled, other.enabled) ?? differing("running:", one.running, other.running)
        default: nil
        }
    }

    private static func contradiction(_ one: FileExpectation, _ other: FileExpectation) -> (String, String)? {
        // A link may be a symlink and, at the same time, lead to a file: those are two things.
        let sameThing = (one.state == .symlink) == (other.state == .symlink)
        if one.state != other.state, sameThing || one.state == .absent || other.state == .absent {
            return ("state \(one.state.rawValue)", "state \(other.state.rawValue)")
        }
        guard sameThing else { return nil }
        return differing("mode", one.mode.map(FileMode.text), other.mode.map(FileMode.text))
            ?? differentAccounts("owner", one.owner, other.owner)
            ?? differentAccounts("group", one.group, other.group)
            ?? differing("target", one.target, other.target)
            ?? differentContents(one.content, other.content)
    }

    private static func differing<Value: Equatable>(
        _ name: String, _ one: Value?, _ other: Value?
    ) -> (String, String)? {
        guard let one, let other, one != other else { return nil }
        return ("\(name) \(one)", "\(name) \(other)")
    }

    /// A name and a number may mean the same account, but for root's.
    private static func differentAccounts(_ name: String, _ one: String?, _ other: String?) -> (String, String)? {
        guard let one, let other else { return nil }
        let mayBeSame: Bool =
            switch (UInt64(one), UInt64(other)) {
            case (let one?, let other?): one == other
            case (nil, nil): one == other
            case (let number?, nil): other != "root" || number == 0
            case (nil, let number?): one != "root" || number == 0
            }
        return mayBeSame ? nil : ("\(name) \(one)", "\(name) \(other)")
    }

    private static func differentContents(
        _ one: FileExpectation.Content?, _ other: FileExpectation.Content?
    ) -> (String, String)? {
        guard let one, let other, one.digest != other.digest else { return nil }
        return (words(one), words(other))
    }

    private static func words(_ content: FileExpectation.Content) -> String {
        switch content {
        case .hash(let digest): "content \(digest)"
        case .template(let name, _): "the content of template \(name)"
        }
    }

    /// What must be there for an expectation to be met.
    private enum Need {
        case folder, file, package
    }

    /// The folders above a path, the file of a setting, and some architecture of a package where one is named.
    private static func needs(of expectation: Expectation) -> [(key: ItemKey, need: Need)] {
        switch expectation.subject {
        case .file(let file): file.state == .absent ? [] : keysAbove(file.path).map { ($0, .folder) }
        case .setting(let setting):
            setting.file.map { file in
                [(Expectation(.file(FileExpectation(path: file))).key, .file)]
                    + keysAbove(file).map { ($0, .folder) }
            } ?? []
        case .package(let package):
            package.state == .absent
                ? []
                : package.name.lastIndex(of: ":").map { colon in
                    let name = String(package.name[..<colon])
                    return [(Expectation(.package(PackageExpectation(name: name))).key, .package)]
                } ?? []
        default: []
        }
    }

    private static func keysAbove(_ path: String) -> [ItemKey] {
        var keys: [ItemKey] = []
        var path = Substring(path)
        while let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            path = path[..<slash]
            keys.append(Expectation(.file(FileExpectation(path: String(path)))).key)
        }
        return keys
    }

    private static func whyUnmet(_ need: Need, by expectation: Expectation) -> String? {
        switch (expectation.subject, need) {
        case (.file(let file), .folder) where file.state == .absent || file.state == .file,
            (.file(let file), .file) where file.state == .absent || file.state == .directory:
            "\(quoted(file.path)) has state \(file.state.rawValue)"
        case (.package(let package), .package) where package.state == .absent:
            "\(quoted(package.name)) has state absent"
        default: nil
        }
    }
}

// MARK: How it is said

extension PackConflicts {
    private func problem(_ one: Side, _ other: Side, servers: [ServerID]) -> Problem {
        // At the later pack, unless only the other is written in a file.
        let (here, there) =
            places[other.pack]?[other.expectation.key] != nil || places[one.pack]?[one.expectation.key] == nil
            ? (other, one) : (one, other)
        let place = places[here.pack]?[here.expectation.key]
        let item = one.words == "it is there" ? one : here
        let message =
            "\(quoted(item.expectation.item)) cannot be both: \(said(here, isHere: true)), \(said(there, isHere: false))"
        let names = servers.prefix(3).map(\.rawValue).joined(separator: ", ")
        let more = servers.count > 3 ? " and \(servers.count - 3) more" : ""
        let have = servers.isEmpty ? "" : "; \(names)\(more) \(servers.count == 1 ? "has" : "have") both packs"
        let hint =
            one.pack == other.pack
            ? "change one of the two items" : "change one of the two items, or assign one of the two packs only"
        return Problem(
            file: place?.file ?? "pack \(here.pack)", line: place?.line, message: message + have, hint: hint)
    }

    private func said(_ side: Side, isHere: Bool) -> String {
        let place = places[side.pack]?[side.expectation.key].map { "\($0.file):\($0.line)" } ?? "in the database"
        return "\(side.words) in pack \(quoted(side.pack.rawValue))" + (isHere ? "" : " (\(place))")
    }
}
