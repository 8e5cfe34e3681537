extension FileExpectation {
    func contradiction(to other: Self) -> PackConflicts.Contradiction? {
        // A link may be a symlink and, at the same time, lead to a file: those are two things.
        let sameThing = (state == .symlink) == (other.state == .symlink)
        if state != other.state, sameThing || state == .absent || other.state == .absent {
            return ("state \(state.rawValue)", "state \(other.state.rawValue)")
        }
        guard sameThing else { return nil }
        return PackConflicts.differing("mode", mode.map(FileMode.text), other.mode.map(FileMode.text))
            ?? Self.differentAccounts("owner", owner, other.owner)
            ?? Self.differentAccounts("group", group, other.group)
            ?? PackConflicts.differing("target", target, other.target)
            ?? Self.differentContents(content, other.content)
    }

    /// A name and a number may mean the same account, but for root's.
    private static func differentAccounts(
        _ name: String, _ one: String?, _ other: String?
    ) -> PackConflicts.Contradiction? {
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

    private static func differentContents(_ one: Content?, _ other: Content?) -> PackConflicts.Contradiction? {
        guard let one, let other, one.digest != other.digest else { return nil }
        return (one.words, other.words)
    }

    /// A pattern may find nothing.
    var needs: [PackConflicts.Need] { state == .absent || isPattern || isOptional ? [] : Self.foldersAbove(path) }

    /// The folders that a path lies in, but for the root.
    static func foldersAbove(_ path: String) -> [PackConflicts.Need] {
        var needs: [PackConflicts.Need] = []
        var path = Substring(path)
        while let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            path = path[..<slash]
            needs.append(PackConflicts.Need(key: key(of: String(path)), thing: .folder))
        }
        return needs
    }

    func whyUnmet(_ need: PackConflicts.Need.Thing) -> String? {
        let isUnmet =
            switch need {
            case .folder: state == .absent || state == .file
            case .file: state == .absent || state == .directory
            case .package: false
            }
        return isUnmet ? "\(quoted(path)) has state \(state.rawValue)" : nil
    }
}

extension FileExpectation.Content {
    fileprivate var words: String {
        switch self {
        case .hash(let digest): "content \(digest)"
        case .template(let name, _): "the content of template \(name)"
        case .text: "a content"
        }
    }
}
