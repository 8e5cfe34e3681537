/// Which statements one connection has prepared, by their text.
///
/// Names are never used twice on a connection, so forgetting is always safe. What is forgotten still lives
/// on the server until it is deallocated.
struct StatementCache {
    private struct Entry {
        let name: String
        var lastUse: Int
    }

    private let limit: Int
    private var entries: [String: Entry] = [:]
    private var uses = 0
    private var named = 0
    private var garbage: [String] = []

    init(limit: Int = 200) { self.limit = limit }

    /// The name under which the text is prepared, if it is.
    mutating func name(of text: String) -> String? {
        guard let entry = entries[text] else { return nil }
        uses += 1
        entries[text]?.lastUse = uses
        return entry.name
    }

    /// A name for a statement about to be prepared.
    mutating func newName() -> String {
        named += 1
        return "driftwatch_\(named)"
    }

    /// The text was prepared under `name`; beyond the limit the one unused for longest is forgotten.
    mutating func prepared(_ text: String, as name: String) {
        uses += 1
        entries[text] = Entry(name: name, lastUse: uses)
        guard entries.count > limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
            return
        }
        forget(oldest.key)
    }

    mutating func forget(_ text: String) {
        if let entry = entries.removeValue(forKey: text) { garbage.append(entry.name) }
    }

    /// The server has lost all prepared statements.
    mutating func forgetAll() {
        entries = [:]
        garbage = []
    }

    /// Names to deallocate on the server; the caller does so now.
    mutating func takeGarbage() -> [String] {
        defer { garbage = [] }
        return garbage
    }
}
