package import Redaction

extension Masking {
    /// Whether the content of `path` may leave the server.
    ///
    /// False for ``SecretPlaces``: their hash is compared, but neither their text nor their hash is ever shown, as the
    /// hash of a short secret can be guessed. `path` is as packs write it, absolute or beginning with `~/`; doubled
    /// slashes and `..` are looked through.
    package static func mayReadContent(of path: String) -> Bool {
        let components = normalizedComponents(of: path)
        guard !components.isEmpty else { return false }
        let start = path.hasPrefix("~") ? "" : "/"
        return !SecretPlaces.contains((start + components.joined(separator: "/")).utf8)
    }

    /// The same for what was found there: neither a link nor a linked folder makes a secret harmless.
    package static func mayReadContent(of path: String, at entry: FileEntry) -> Bool {
        guard mayReadContent(of: path) else { return false }
        if let target = entry.link?.target {
            guard mayReadContent(of: target.hasPrefix("/") ? target : path + "/../" + target) else { return false }
        }
        switch entry.realPath {
        case .asAsked: return true
        case .elsewhere(let realPath): return mayReadContent(of: realPath)
        case .unknown: return false
        }
    }

    private static func normalizedComponents(of path: String) -> [Substring] {
        var components: [Substring] = []
        for component in path.split(separator: "/") where component != "." {
            if component == ".." {
                _ = components.popLast()
            } else {
                components.append(component)
            }
        }
        return components
    }
}
