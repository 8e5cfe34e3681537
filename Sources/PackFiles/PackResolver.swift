internal import DriftCore

/// Merges parents' items into their children.
struct PackResolver {
    let drafts: [PackName: PackDraft]
    /// Every pack whose file was given, readable or not.
    let declared: Set<PackName>
    /// Packs of which only the name is known.
    let stored: Set<PackName>
    private(set) var problems: [Problem] = []
    private var resolved: [PackName: [ItemKey: Expectation]] = [:]

    init(drafts: [PackName: PackDraft], declared: Set<PackName>, stored: Set<PackName>) {
        self.drafts = drafts
        self.declared = declared
        self.stored = stored
    }

    /// Every pack with its parent's items; where there are problems, only what could be merged.
    mutating func resolve() -> [PackName: Pack] {
        let inCycles = reportCycles()
        for name in drafts.keys.sorted() where !inCycles.contains(name) { reportMissingParent(of: name) }
        guard inCycles.isEmpty else { return [:] }
        var packs: [PackName: Pack] = [:]
        for (name, draft) in drafts {
            let pack = Pack(
                name: name, displayName: draft.displayName, description: draft.description,
                extends: draft.parent?.name, expectations: Array(expectations(of: name).values))
            packs[name] = pack
            reportExcess(in: pack, draft)
            problems += ImpossiblePaths.problems(in: pack, of: draft)
        }
        return packs
    }

    private mutating func expectations(of name: PackName) -> [ItemKey: Expectation] {
        // From the pack up to the first ancestor that is merged already; cycles are out of the question here.
        var chain: [PackDraft] = []
        var next: PackName? = name
        while let current = next, resolved[current] == nil, let draft = drafts[current] {
            chain.append(draft)
            next = draft.parent?.name
        }
        var merged = next.flatMap { resolved[$0] } ?? [:]
        for draft in chain.reversed() {
            for item in draft.items { merged[item.expectation.key] = item.expectation }
            resolved[draft.name] = merged
        }
        return merged
    }

    private mutating func reportMissingParent(of name: PackName) {
        guard let draft = drafts[name], let parent = draft.parent, !declared.contains(parent.name) else { return }
        let hint =
            stored.contains(parent.name)
            ? "the database has it, but a pack is loaded together with its parents: give its file too"
            : didYouMean(parent.name.rawValue, among: declared.map(\.rawValue)) ?? "packs/\(parent.name).yaml"
        problems.append(
            Problem(
                file: draft.file, line: parent.position.line, column: parent.position.column,
                message: "the parent pack \(quoted(parent.name.rawValue)) does not exist", hint: hint))
    }

    /// Reports each cycle once, at its first pack by name.
    private mutating func reportCycles() -> Set<PackName> {
        var inCycles: Set<PackName> = []
        var seen: Set<PackName> = []
        for start in drafts.keys.sorted() where !seen.contains(start) {
            var path: [PackName] = []
            var next: PackName? = start
            while let current = next, !seen.contains(current) {
                seen.insert(current)
                path.append(current)
                next = drafts[current]?.parent?.name
            }
            guard let end = next, let index = path.firstIndex(of: end) else { continue }
            let cycle = Array(path[index...])
            inCycles.formUnion(cycle)
            report(cycle: cycle)
        }
        return inCycles
    }

    private mutating func report(cycle: [PackName]) {
        guard let first = cycle.min(), let index = cycle.firstIndex(of: first), let draft = drafts[first] else {
            return
        }
        let turned = cycle[index...] + cycle[..<index] + [first]
        problems.append(
            Problem(
                file: draft.file, line: draft.parent?.position.line, column: draft.parent?.position.column,
                message: "packs extend each other in a circle: \(turned.map(\.rawValue).joined(separator: " → "))",
                hint: "remove extends from one of them"))
    }

    private mutating func reportExcess(in pack: Pack, _ draft: PackDraft) {
        if pack.expectations.count > LoadingLimit.itemsPerPack {
            problems.append(
                Problem(
                    file: draft.file,
                    message: "the pack has \(pack.expectations.count) items, including those of its parents",
                    hint: "at most \(LoadingLimit.itemsPerPack)"))
        }
        let bytes = pack.expectations.reduce(0) { $0 + $1.templateByteCount }
        if bytes > LoadingLimit.packTemplateBytes {
            problems.append(
                Problem(
                    file: draft.file, message: "the pack's templates have \(bytes) bytes together",
                    hint: "at most \(LoadingLimit.packTemplateBytes); use content_hash for large files"))
        }
    }
}

extension Expectation {
    fileprivate var templateByteCount: Int {
        guard case .file(let file) = subject, case .template(_, let bytes) = file.content else { return 0 }
        return bytes.count
    }
}

extension PackResolver {
    /// Where the items of each pack are written: those that it inherits, in an ancestor's file.
    var places: PackConflicts.Places {
        drafts.mapValues { draft in
            var places: [ItemKey: PackConflicts.Place] = [:]
            var seen: Set<PackName> = []
            var next: PackDraft? = draft
            while let current = next, seen.insert(current.name).inserted {
                for item in current.items where places[item.expectation.key] == nil {
                    places[item.expectation.key] = PackConflicts.Place(file: current.file, line: item.position.line)
                }
                next = current.parent.flatMap { drafts[$0.name] }
            }
            return places
        }
    }
}
