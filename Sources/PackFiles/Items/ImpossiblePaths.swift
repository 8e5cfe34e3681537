internal import DriftCore

/// Finds items of a pack with state: absent below a path that the same pack wants to be a file.
///
/// Nothing lies below a file, so such an item is never wrong. `PackConflicts` finds items that can never be right.
enum ImpossiblePaths {
    /// Each is reported where the pack's own file, and not only a parent's, has one of the two items.
    static func problems(in pack: Pack, items: [PackDraft.Item], file: String) -> [Problem] {
        let own = items.reduce(into: [ItemKey: Position]()) { $0[$1.expectation.key] = $1.position }
        var problems: [Problem] = []
        // With a slash at the end, all that lies below a path follows it at once.
        let files = pack.expectations.compactMap {
            expectation -> (path: String, file: FileExpectation, key: ItemKey)? in
            guard case .file(let file) = expectation.subject else { return nil }
            return (file.path + "/", file, expectation.key)
        }
        var above: [(path: String, file: FileExpectation, key: ItemKey)] = []
        for entry in files.sorted(by: { $0.path.precedesBytewise($1.path) }) {
            while let last = above.last, !entry.path.utf8.starts(with: last.path.utf8) { above.removeLast() }
            if entry.file.state == .absent, let upper = above.last(where: { $0.file.state == .file }),
                let position = own[entry.key] ?? own[upper.key]
            {
                let places = "\(quoted(entry.file.path)) lies below \(quoted(upper.file.path))"
                problems.append(
                    Problem(
                        file: file, line: position.line, column: position.column,
                        message: "\(places), which this pack wants to be a file, so state: absent would never be wrong",
                        hint: "remove one of the two"))
            }
            above.append(entry)
        }
        return problems
    }
}
