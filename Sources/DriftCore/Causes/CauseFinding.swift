internal import Foundation

/// Finds out why items of one pack are newly wrong.
package struct CauseFinding: Sendable {
    /// The last look that was taken into account.
    package struct LastLook: Sendable {
        /// The pack as it was compared with then; nil if that version is not kept.
        package var pack: Pack?
        package var server: ServerVariables
        /// How long ago it was.
        package var age: Duration

        package init(pack: Pack?, server: ServerVariables, age: Duration) {
            self.pack = pack
            self.server = server
            self.age = age
        }
    }

    private let pack: Pack
    private let server: ServerVariables
    private let last: LastLook
    private let facts: Facts
    private let origin: OriginFacts?
    private let before: [ItemKey: Expectation]?
    private let now: [ItemKey: Expectation]

    /// `facts` are those of the look that counts.
    package init(pack: Pack, on server: ServerVariables, last: LastLook, facts: Facts) {
        self.pack = pack
        self.server = server
        self.last = last
        self.facts = facts
        origin = try? facts.topics.seen(OriginFacts.self).get()
        before = last.pack.map(Self.byKey)
        now = Self.byKey(pack)
    }

    private static func byKey(_ pack: Pack) -> [ItemKey: Expectation] {
        Dictionary(pack.expectations.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Nil if it cannot be told.
    package func cause(of key: ItemKey) -> Cause? {
        guard let expectation = now[key], let before else { return nil }
        // An item that came from another pack of the server wants what it wanted there.
        if let old = before[key],
            old.wanted(on: last.server, in: facts) != expectation.wanted(on: server, in: facts)
        {
            return Cause(.pack)
        }
        let paths = NewlyWrong.paths(of: expectation, in: pack, on: server)
        if let change = origin?.change(
            ofPackagesWith: paths.flatMap(facts.names(of:)), within: Int(last.age.components.seconds) + 60)
        {
            return Cause(.upgrade, package: change.package, from: change.from, to: change.to)
        }
        guard let time = paths.compactMap(changeTime).max() else { return Cause(.server) }
        let people = origin?.loggedIn(at: time) ?? []
        return Cause(
            .server, changedAt: Date(timeIntervalSince1970: TimeInterval(time)).formatted(.iso8601),
            loggedIn: people.isEmpty ? nil : Array(people.prefix(5)))
    }

    /// When a file was changed, if it was since the last look: by the server's clock, as far as that is known.
    private func changeTime(_ path: String) -> Int? {
        guard let now = origin?.now, case .present(let entry)? = facts.files[ServerPath(path)],
            let time = (entry.link.map(\.destination) ?? entry.status)?.modified,
            time <= now + 60, time >= now - Int(last.age.components.seconds) - 60
        else { return nil }
        return time
    }
}

extension Expectation {
    /// What is wanted of one server; nil if a placeholder has no value there.
    fileprivate func wanted(on server: ServerVariables, in facts: Facts) -> SHA256Digest? {
        guard case .templated = subject else { return wanted }
        guard let subject = try? kind(on: server, in: facts) as? any KnownKind else { return nil }
        var rendered = self
        rendered.subject = subject.subject
        return rendered.wanted
    }
}
