internal import DriftCore

/// In which order packs are merged: a pack after its parents, and its later parents after its earlier ones.
struct Ancestry {
    /// Each pack's ancestors and, at the end, the pack itself; each once, where it first comes up.
    ///
    /// So what one parent changed in a pack stays changed, although a later parent extends that pack as well.
    private(set) var lineages: [PackName: [PackName]] = [:]
    /// Each in the order of its links.
    private(set) var cycles: [[PackName]] = []

    init(of drafts: [PackName: PackDraft]) {
        for start in drafts.keys.sorted() where lineages[start] == nil { visit(start, drafts) }
    }

    /// Without recursion: chains of parents may be as long as there are packs.
    private mutating func visit(_ start: PackName, _ drafts: [PackName: PackDraft]) {
        var path: [(name: PackName, next: Int)] = [(start, 0)]
        var namesOnPath: Set = [start]
        while let (name, next) = path.last {
            let parents = drafts[name]?.parents ?? []
            guard next < parents.count else {
                lineages[name] = lineage(parents.map(\.name)) + [name]
                path.removeLast()
                namesOnPath.remove(name)
                continue
            }
            path[path.count - 1].next += 1
            let parent = parents[next].name
            if namesOnPath.contains(parent) {
                cycles.append(Array(path.map(\.name).drop { $0 != parent }))
            } else if drafts[parent] != nil, lineages[parent] == nil {
                path.append((parent, 0))
                namesOnPath.insert(parent)
            }
        }
    }

    private func lineage(_ parents: [PackName]) -> [PackName] {
        guard parents.count > 1 else { return parents.first.flatMap { lineages[$0] } ?? [] }
        var seen: Set<PackName> = []
        return parents.flatMap { lineages[$0] ?? [] }.filter { seen.insert($0).inserted }
    }
}
