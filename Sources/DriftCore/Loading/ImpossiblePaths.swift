/// Finds what one pack asks of paths below a path that it wants to be a file, or gone.
///
/// Nothing lies below a file: there `state: absent` is never wrong and every other state never right.
enum ImpossiblePaths {
    /// Of the resolved items of `draft`'s pack; each is told where the draft itself wrote one of the two.
    static func problems(in pack: Pack, of draft: PackDraft) -> [Problem] {
        let own = draft.items.reduce(into: [ItemKey: Position]()) { $0[$1.expectation.key] = $1.position }
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
            for upper in above {
                guard let message = message(entry.file, below: upper.file) else { continue }
                let position = own[entry.key] ?? own[upper.key]
                guard let position else { continue }
                problems.append(
                    Problem(
                        file: draft.file, line: position.line, column: position.column, message: message,
                        hint: "remove one of the two"))
            }
            above.append(entry)
        }
        return problems
    }

    private static func message(_ lower: FileExpectation, below upper: FileExpectation) -> String? {
        let places = "\(quoted(lower.path)) lies below \(quoted(upper.path)), which this pack wants to be"
        switch (lower.state, upper.state) {
        case (.absent, .file): return "\(places) a file: with state: absent this would never be wrong"
        case (_, .file): return "\(places) a file: both are never right"
        case (.absent, .absent): return nil
        case (_, .absent): return "\(places) absent: both are never right"
        case (_, .directory), (_, .symlink): return nil
        }
    }
}
