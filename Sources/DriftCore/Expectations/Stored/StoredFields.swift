/// The fields of a stored item, while an expectation is read from them.
///
/// Whatever is not read, or is not of the type that this version knows, was written by a later one: see ``isUnderstood``.
struct StoredFields {
    private let values: [String: StoredValue]
    private var unread: Set<String>
    private var isStrange = false

    init(_ values: [String: StoredValue]) {
        self.values = values
        unread = Set(values.keys)
    }

    /// Whether every field was read, and each had a value that this version knows.
    var isUnderstood: Bool { unread.isEmpty && !isStrange }

    mutating func text(_ name: String) -> String? { read(name) { $0.text } }

    mutating func flag(_ name: String) -> Bool? { read(name) { if case .flag(let flag) = $0 { flag } else { nil } } }

    mutating func whole(_ name: String) -> Int64? {
        read(name) { if case .whole(let whole) = $0 { whole } else { nil } }
    }

    mutating func texts(_ name: String) -> [String]? {
        read(name) { value in
            guard case .list(let list) = value else { return nil }
            let texts = list.compactMap(\.text)
            return texts.count == list.count ? texts : nil
        }
    }

    /// One of a closed set of words, or another value that is written as a text.
    mutating func word<Word: RawRepresentable<String>>(_ name: String, as type: Word.Type = Word.self) -> Word? {
        read(name) { $0.text.flatMap(Word.init) }
    }

    /// The value of a field; nil if it is missing, or `parse` does not know what it means.
    mutating func read<Value>(_ name: String, _ parse: (StoredValue) -> Value?) -> Value? {
        guard let value = values[name] else { return nil }
        unread.remove(name)
        if let parsed = parse(value) { return parsed }
        isStrange = true
        return nil
    }
}

extension [String: StoredValue] {
    /// Sets a field, but for nil.
    subscript(text name: String) -> String? {
        get { self[name]?.text }
        set { self[name] = newValue.map(StoredValue.text) }
    }

    subscript(flag name: String) -> Bool? {
        get { if case .flag(let flag) = self[name] { flag } else { nil } }
        set { self[name] = newValue.map(StoredValue.flag) }
    }

    subscript(whole name: String) -> Int64? {
        get { if case .whole(let whole) = self[name] { whole } else { nil } }
        set { self[name] = newValue.map(StoredValue.whole) }
    }

    subscript(texts name: String) -> [String]? {
        get { if case .list(let list) = self[name] { list.compactMap(\.text) } else { nil } }
        set { self[name] = newValue.map { .list($0.map(StoredValue.text)) } }
    }
}
