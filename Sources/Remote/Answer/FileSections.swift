import DriftCore

/// Puts the file records of an answer together.
///
/// They come in sections, `try N … status N … done N`. One that was not ended was given up: what it says of contents
/// stands, the rest of its contents was slow, and where not even `status` came, nothing of it counts. A later section
/// replaces an earlier one, and a probe that root runs answers what the login user was denied, and only that.
struct FileSections {
    private struct Section {
        var number: Int
        var hasStatus = false
        var records: [Int: FileRecords] = [:]
    }

    private(set) var records: [FileRecords?]
    private var open: Section?
    /// Whether what comes now is of a probe that root runs.
    private var isInner = false
    private var innerItems: Set<Int> = []
    private var askedRoot = false
    private var rootAnswered = false
    private(set) var canStat = true

    init(count: Int) { records = Array(repeating: nil, count: count) }

    /// Takes one record in.
    ///
    /// - Returns: Whether it makes sense.
    mutating func add(_ tag: ArraySlice<UInt8>, _ rest: ArraySlice<UInt8>) -> Bool {
        if tag.isEqual(to: "try") {
            close(isDone: false)
            guard let number = AnswerNumber.parsed(rest) else { return false }
            open = Section(number: number)
            return true
        }
        guard var section = open else { return false }
        if tag.isEqual(to: "status") || tag.isEqual(to: "done") {
            guard AnswerNumber.parsed(rest) == section.number else { return false }
            if tag.isEqual(to: "status") {
                section.hasStatus = true
                open = section
            } else {
                guard section.hasStatus else { return false }
                close(isDone: true)
            }
            return true
        }
        if tag.isEqual(to: "stats") {
            canStat = false
            return true
        }
        let (word, value) = rest.cut()
        guard let item = AnswerNumber.parsed(word), records.indices.contains(item) else { return false }
        open = nil
        let isKnown = section.records[item, default: FileRecords()].add(tag, value)
        open = section
        return isKnown
    }

    /// The login user's probe asks root, whose answer begins or has ended.
    mutating func askRoot() {
        close(isDone: false)
        askedRoot = true
    }

    mutating func beginInner() { isInner = true }

    mutating func endInner(isWhole: Bool) {
        close(isDone: false)
        isInner = false
        rootAnswered = rootAnswered || isWhole
    }

    /// Nothing more comes.
    mutating func end() {
        close(isDone: false)
        guard askedRoot && !rootAnswered && innerItems.isEmpty else { return }
        for item in records.indices { records[item]?.refuseSudo() }
    }

    private mutating func close(isDone: Bool) {
        guard let section = open else { return }
        open = nil
        guard section.hasStatus else { return }
        for (item, seen) in section.records {
            var seen = seen
            if !isDone { seen.giveUpContent() }
            if isInner, !innerItems.contains(item), records[item]?.isDenied != true {
                records[item, default: FileRecords()].contradict()
            } else {
                records[item] = seen
            }
            if isInner { innerItems.insert(item) }
        }
    }
}

extension [FileRecords?] {
    fileprivate subscript(item: Int, default value: FileRecords) -> FileRecords {
        get { self[item] ?? value }
        set { self[item] = newValue }
    }
}
