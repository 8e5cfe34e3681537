/// Which of the kernel modules that were asked about are there.
///
/// An answer is one line for each: `loaded NAME`, `builtin NAME` or `absent NAME`.
struct ModuleFacts: Topic {
    static let name = "kernel"

    enum Presence: String {
        case loaded
        case builtIn = "builtin"
        case absent
    }

    private var modules: [String: Result<Presence, UnreadableReason>] = [:]

    init(_ lines: [ArraySlice<UInt8>]) {
        for line in lines {
            let words = line.split(separator: UInt8(ascii: " "), maxSplits: 1).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard words.count == 2, let presence = Presence(rawValue: words[0]) else { continue }
            let isNew = modules[words[1]] == nil
            modules[words[1]] = isNew ? .success(presence) : .failure(.malformedAnswer)
        }
    }

    func presence(of module: String) -> Result<Presence, UnreadableReason> {
        modules[module] ?? .failure(.malformedAnswer)
    }
}
