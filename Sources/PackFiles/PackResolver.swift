internal import DriftCore
import Yams

/// Reads the items of packs, and merges those of parents into their children.
struct PackResolver {
    let drafts: [PackName: PackDraft]
    /// Every pack whose file was given, readable or not.
    let declared: Set<PackName>
    /// Packs of which only the name is known.
    let stored: Set<PackName>
    let templates: [String: TemplateSource]
    private let ancestry: Ancestry
    private(set) var problems: [Problem] = []
    private var told: Set<Problem> = []
    /// What the items of a file come to, by file; mostly once, and again for other values of the variables that they use.
    private var readings: [PackName: [Reading]] = [:]
    /// The variables of each pack that are used in some way.
    private var used: [PackName: Set<String>] = [:]

    private struct Reading {
        var scalars: [String: Node.Scalar]
        var areAllKnown: Bool
        var items: [PackDraft.Item]
        var used: Set<String>

        func isSame(with variables: PackVariables) -> Bool {
            areAllKnown == variables.areAllKnown
                && used.allSatisfy { name in
                    Self.isSame(scalars[name], variables.scalars[name])
                }
        }

        /// As texts and numbers: `10` and `"10"` are two values.
        private static func isSame(_ one: Node.Scalar?, _ other: Node.Scalar?) -> Bool {
            guard let one, let other else { return one == nil && other == nil }
            return one.string.utf8.elementsEqual(other.string.utf8) && ScalarValue(one) == ScalarValue(other)
        }
    }

    init(
        drafts: [PackName: PackDraft], declared: Set<PackName>, stored: Set<PackName>,
        templates: [String: TemplateSource]
    ) {
        self.drafts = drafts
        self.declared = declared
        self.stored = stored
        self.templates = templates
        ancestry = Ancestry(of: drafts)
    }

    /// Every pack with its parents' items; where there are problems, only what could be merged.
    mutating func resolve() -> [PackName: Pack] {
        ancestry.cycles.forEach { report(cycle: $0) }
        var packs: [PackName: Pack] = [:]
        for (name, draft) in drafts.sorted(by: { $0.key < $1.key }) {
            reportMissingParents(of: draft)
            reportDisorder(in: draft)
            let items = items(of: name)
            guard ancestry.cycles.isEmpty else { continue }
            let pack = Pack(
                name: name, displayName: draft.displayName, description: draft.description,
                extends: draft.parents.map(\.name), expectations: items.values.map(\.item.expectation))
            packs[name] = pack
            reportExcess(in: pack, draft)
            let own = items.values.filter { $0.owner == name }.map(\.item)
            problems += ImpossiblePaths.problems(in: pack, items: own, file: draft.file)
            places[name] = items.mapValues { entry in
                PackConflicts.Place(file: drafts[entry.owner]?.file ?? "", line: entry.item.position.line)
            }
        }
        warnOfUnusedVariables()
        return packs
    }

    /// Where the items of each pack are written: those that it inherits, in an ancestor's file.
    private(set) var places: PackConflicts.Places = [:]

    /// The items of a pack and its parents, each with the pack that says so.
    private mutating func items(of name: PackName) -> [ItemKey: (owner: PackName, item: PackDraft.Item)] {
        var merged: [ItemKey: (owner: PackName, item: PackDraft.Item)] = [:]
        let lineage = ancestry.lineages[name] ?? []
        let variables = variables(of: lineage)
        for ancestor in lineage {
            let reading = reading(of: ancestor, variables)
            for item in reading.items { merged[item.expectation.key] = (ancestor, item) }
            for owner in lineage where !reading.used.isEmpty { used[owner, default: []].formUnion(reading.used) }
        }
        return merged
    }

    /// Those of a child win over its parents'.
    private func variables(of lineage: [PackName]) -> PackVariables {
        var variables = PackVariables()
        for draft in lineage.compactMap({ drafts[$0] }) {
            variables.scalars.merge((draft.variables ?? [:]).mapValues(\.scalar)) { _, later in later }
            let hasAllParents = draft.parents.allSatisfy { drafts[$0.name] != nil }
            if draft.variables == nil || !hasAllParents { variables.areAllKnown = false }
        }
        return variables
    }

    private mutating func reading(of name: PackName, _ variables: PackVariables) -> Reading {
        if let reading = readings[name]?.first(where: { $0.isSame(with: variables) }) { return reading }
        guard let draft = drafts[name] else { return Reading(scalars: [:], areAllKnown: true, items: [], used: []) }
        var reader = PackFileReader(file: draft.file, templates: templates, variables: variables)
        let items = reader.items(draft.sources)
        // The same may be wrong with the values of several packs.
        for problem in reader.reader.problems where told.insert(problem).inserted { problems.append(problem) }
        let reading = Reading(
            scalars: variables.scalars, areAllKnown: variables.areAllKnown, items: items, used: reader.used)
        readings[name, default: []].append(reading)
        return reading
    }

    private mutating func warnOfUnusedVariables() {
        for (name, draft) in drafts {
            for (variable, declaration) in draft.variables ?? [:] where !(used[name]?.contains(variable) ?? false) {
                problems.append(
                    Problem(
                        .warning, file: draft.file, line: declaration.position.line,
                        column: declaration.position.column,
                        message: "no item uses the variable \(quoted(variable))",
                        hint: "remove it, or write {{ \(variable) }} where it belongs"))
            }
        }
    }

    // MARK: Parents

    private mutating func reportMissingParents(of draft: PackDraft) {
        for parent in draft.parents where !declared.contains(parent.name) {
            let hint =
                stored.contains(parent.name)
                ? "the database has it, but a pack is loaded together with its parents: give its file too"
                : didYouMean(parent.name.rawValue, among: declared.map(\.rawValue)) ?? "packs/\(parent.name).yaml"
            report("the parent pack \(quoted(parent.name.rawValue)) does not exist", at: parent, of: draft, hint: hint)
        }
    }

    /// Reports a pack that is to win over a child of its own.
    private mutating func reportDisorder(in draft: PackDraft) {
        guard ancestry.cycles.isEmpty else { return }
        for (index, parent) in draft.parents.enumerated() {
            let heirs = draft.parents[..<index].map(\.name)
            guard let heir = heirs.first(where: { ancestry.lineages[$0]?.contains(parent.name) ?? false }) else {
                continue
            }
            report(
                "later parents win, and \(quoted(parent.name.rawValue)) comes after \(quoted(heir.rawValue)),"
                    + " which extends it", at: parent, of: draft, hint: "remove it, or write it first")
        }
    }

    /// Reports a cycle at its first pack by name.
    private mutating func report(cycle: [PackName]) {
        guard let first = cycle.min(), let index = cycle.firstIndex(of: first), let draft = drafts[first] else {
            return
        }
        let turned = cycle[index...] + cycle[..<index] + [first]
        guard let parent = draft.parents.first(where: { $0.name == turned.dropFirst().first }) else { return }
        report(
            "packs extend each other in a circle: \(turned.map(\.rawValue).joined(separator: " → "))", at: parent,
            of: draft, hint: "remove extends from one of them")
    }

    private mutating func report(
        _ message: String, at parent: PackDraft.Parent, of draft: PackDraft, hint: String
    ) {
        problems.append(
            Problem(
                file: draft.file, line: parent.position.line, column: parent.position.column, message: message,
                hint: hint))
    }

    // MARK: Limits

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
        switch subject {
        case .file(let file): if case .template(_, let bytes) = file.content { bytes.count } else { 0 }
        case .templated(let templated): templated.templateByteCount
        default: 0
        }
    }
}
