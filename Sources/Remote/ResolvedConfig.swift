/// What the user's ssh config says of the way to one server: what `ssh -G` prints, as far as we ask.
struct ResolvedConfig: Sendable {
    /// As the config has them, `~/` included.
    private(set) var identityFiles: [String] = []
    private(set) var identityAgent: String?
    /// The names of the hosts where ssh logs in before it reaches the server, the first one first.
    private(set) var jumpHosts: [String] = []
    /// Nil where there is none.
    private(set) var proxyCommand: String?
    /// Best first.
    private(set) var keyExchanges: [String] = []
    private var namesOtherKeys = false

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2 else { continue }
            let value = String(words[1])
            switch words[0] {
            case "identityfile": identityFiles.append(value)
            case "identityagent": identityAgent = value
            case "pkcs11provider" where value != "none", "certificatefile" where value != "none": namesOtherKeys = true
            case "proxyjump" where value != "none": jumpHosts = value.split(separator: ",").map(Self.hostName(inHop:))
            case "proxycommand" where value != "none": proxyCommand = value
            case "kexalgorithms": keyExchanges = value.split(separator: ",").map(String.init)
            default: break
            }
        }
    }

    /// Whether the files are ssh's own list of several, so that nobody has named one.
    var namesNoKey: Bool {
        !namesOtherKeys && identityFiles.count > 1 && identityFiles.allSatisfy { $0.hasPrefix("~/.ssh/id_") }
    }

    /// Where the agent listens; nil if ssh would ask none.
    func agentSocket(_ environment: [String: String]) -> String? {
        switch identityAgent {
        case "none": nil
        case nil, "SSH_AUTH_SOCK": environment["SSH_AUTH_SOCK"]
        case let name? where name.hasPrefix("$"): environment[name.filter { !"${}".contains($0) }]
        case let path?: path
        }
    }

    /// The host in `user@host:22`, `ssh://host` or `[address]:22`.
    private static func hostName(inHop hop: Substring) -> String {
        var name = hop.hasPrefix("ssh://") ? hop.dropFirst("ssh://".count) : hop
        if let at = name.lastIndex(of: "@") { name = name[name.index(after: at)...] }
        if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
            name = name[name.index(after: name.startIndex)..<end]
        } else if let colon = name.firstIndex(of: ":"), name.lastIndex(of: ":") == colon {
            name = name[..<colon]
        }
        return String(name)
    }
}
