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
            for need in one.subject.kind.needs {
                guard let other = second[need.key], let words = other.subject.kind.whyUnmet(need.thing) else {
                    continue
                }
                found.append((Side(pair.first, one, "it is there"), Side(pair.second, other, words)))
            }
        }
        guard pair.first != pair.second else { return found }
        for (_, one) in second.sorted(by: { $0.key < $1.key }) {
            for need in one.subject.kind.needs {
                guard let other = first[need.key], let words = other.subject.kind.whyUnmet(need.thing) else { continue }
                found.append((Side(pair.second, one, "it is there"), Side(pair.first, other, words)))
            }
        }
        return found
    }
}

// MARK: What kinds say

extension PackConflicts {
    /// What each of two sides wants, such as `mode 0644` and `mode 0600`.
    package typealias Contradiction = (String, String)

    /// Something that must be there for an expectation to be met.
    package struct Need {
        package enum Thing {
            case folder, file, package
        }

        /// The key that an expectation about it has.
        var key: ItemKey
        var thing: Thing
    }

    static func contradiction(_ one: Expectation.Subject, _ other: Expectation.Subject) -> Contradiction? {
        if let words = TemplatedExpectation.contradiction(one.kind, other.kind) { return words }
        func ask<Kind: ExpectationKind>(_ one: Kind) -> Contradiction? {
            (other.kind as? Kind).flatMap { one.contradiction(to: $0) }
        }
        return ask(one.kind)
    }

    /// Two values of one field, where both are wanted and they differ.
    static func differing<Value: Equatable>(_ name: String, _ one: Value?, _ other: Value?) -> Contradiction? {
        guard let one, let other, one != other else { return nil }
        return ("\(name) \(one)", "\(name) \(other)")
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
