/// What one check finds newly wrong of one pack: it is looked at once more, and why it is wrong is asked.
package struct NewlyWrong: Sendable {
    private let pack: Pack
    private let server: ServerVariables
    package let mismatches: Set<MismatchID>

    package init(_ check: Check, of pack: Pack, remembered: DriftState, on server: ServerVariables) {
        self.pack = pack
        self.server = server
        mismatches = remembered.added(Set(check.mismatches.map(\.id)))
    }

    package var keys: Set<ItemKey> { Set(mismatches.map(\.key)) }

    /// The pack, as if it had only the items that are newly wrong.
    package var part: Pack {
        let keys = keys
        var part = pack
        part.expectations = pack.expectations.filter { keys.contains($0.key) }
        return part
    }

    /// The files that an item asks about, `~` unexpanded.
    static func paths(of expectation: Expectation, in pack: Pack, on server: ServerVariables) -> [String] {
        var only = pack
        only.expectations = [expectation]
        return ProbeQuestions(packs: [only], on: server).files.map(\.path)
    }
}

extension ProbeQuestions {
    /// All that is asked in a second look: the newly wrong items once more, and where their changes come from.
    ///
    /// `since` is how long ago they were seen right; nil if that is not known.
    package init(again parts: [Pack], on server: ServerVariables, first facts: Facts, since: Duration?) {
        self.init(packs: parts, on: server)
        guard let since else { return }
        var arguments: Set<String> = []
        for file in files.prefix(Self.originLimit) {
            arguments.formUnion(facts.names(of: file.path).map { "file \($0)" })
        }
        // A minute more: the look took time, and clocks differ.
        let seconds = min(max(since.components.seconds, 0), 366 * 86_400) + 60
        let origin = TopicQuestion(
            OriginFacts.self, about: (["since \(seconds)"] + arguments).sorted { $0.precedesBytewise($1) })
        topics = (topics + [origin]).sorted { $0.topic.name < $1.topic.name }
    }

    /// Of more files that were changed at once, nobody asks for each where it comes from.
    private static let originLimit = 50
}

extension Facts {
    /// The names under which a package may own a file: its own, that of its target, and both as before and after /usr was
    /// merged.
    func names(of path: String) -> [String] {
        var names: [String] = []
        if path.hasPrefix("~/") {
            if let home { names.append(home + path.dropFirst()) }
        } else {
            names.append(path)
        }
        if case .present(let entry)? = files[ServerPath(path)], case .elsewhere(let real) = entry.realPath {
            names.append(real)
        }
        for name in names {
            if name.hasPrefix("/usr/") {
                let short = String(name.dropFirst(4))
                if Self.isMerged(short) { names.append(short) }
            } else if Self.isMerged(name) {
                names.append("/usr" + name)
            }
        }
        return names
    }

    private static func isMerged(_ path: String) -> Bool {
        ["/bin/", "/sbin/", "/lib"].contains { path.hasPrefix($0) }
    }
}
