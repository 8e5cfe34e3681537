import DriftCore
internal import Redaction

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
        /// Which item each descriptor was opened for.
        var items: [Int: Int] = [:]
        var links: Set<Int> = []
        /// The item that the last mark named: what `stat` says next belongs to it.
        var marked: Int?
    }

    private(set) var records: [FileRecords?]
    private var open: Section?
    /// Whether the current records come from a probe that root runs.
    private var isInner = false
    private var innerItems: Set<Int> = []
    private var askedRoot = false
    private var rootAnswered = false
    private(set) var canStat = true

    /// How the paths begin that mark items.
    private let marks: [UInt8]
    private let innerMarks: [UInt8]

    init(_ request: ProbeRequest) {
        records = Array(repeating: nil, count: request.files.count)
        marks = Array("/dev/null/\(request.nonce)/".utf8)
        innerMarks = Array("/dev/null/\(request.innerNonce)/".utf8)
    }

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
        open = nil
        let isKnown = read(tag, rest, &section)
        open = section
        return isKnown
    }

    private func read(_ tag: ArraySlice<UInt8>, _ rest: ArraySlice<UInt8>, _ section: inout Section) -> Bool {
        if tag.isEqual(to: "stat:") { return readComplaint(rest, &section) }
        if tag.isEqual(to: "lstat") { return readSpot(rest, &section) }
        if tag.isEqual(to: "end") { return readEnd(rest, &section) }
        if tag.count == 64 {
            // What `sha256sum` printed: the hash, two spaces, the descriptor's path.
            guard let item = section.items[descriptor: rest] else { return false }
            return section.records[item, default: FileRecords()].add(Array("hash".utf8)[...], tag)
        }
        let (word, value) = rest.cut()
        guard let number = AnswerNumber.parsed(word) else { return false }
        if tag.isEqual(to: "unread") || tag.isEqual(to: "real") {
            guard let item = section.items[number] else { return false }
            let tag = tag.isEqual(to: "real") ? tag : Array("nohash".utf8)[...]
            return section.records[item, default: FileRecords()].add(tag, value)
        }
        guard records.indices.contains(number) else { return false }
        if tag.isEqual(to: "open") {
            guard let descriptor = AnswerNumber.parsed(value), section.items[descriptor] == nil else { return false }
            section.items[descriptor] = number
            return true
        }
        return section.records[number, default: FileRecords()].add(tag, value)
    }

    /// Reads what `stat` could not look at: a mark, `/dev/null/NONCE/ITEM`, or the path of the item that it named.
    private func readComplaint(_ text: ArraySlice<UInt8>, _ section: inout Section) -> Bool {
        if let start = text.end(of: isInner ? innerMarks : marks) {
            section.marked = AnswerNumber.parsed(text[start...].prefix { $0 != UInt8(ascii: "'") })
            return true
        }
        guard let item = section.marked, records.indices.contains(item) else { return true }
        section.marked = nil
        let reason: StaticString =
            if text.hasSuffix(": No such file or directory") || text.hasSuffix(": Not a directory") {
                "missing"
            } else if text.hasSuffix(": Too many levels of symbolic links") {
                "missing"
            } else if text.hasSuffix(": Permission denied") || text.hasSuffix(": Operation not permitted") {
                "denied"
            } else {
                "error"
            }
        // A link that was seen leads nowhere; anything else is not there.
        let isDangling = section.links.contains(item) && "\(reason)" == "missing"
        return section.records[item, default: FileRecords()].add(
            Array((isDangling ? "dangling" : "gone").utf8)[...], Array("\(reason)".utf8)[...])
    }

    /// Reads what `lstat` sees, `MODE:UID:GID:SIZE:USER:GROUP:NAME`, where NAME is quoted and a link's target follows.
    private func readSpot(_ text: ArraySlice<UInt8>, _ section: inout Section) -> Bool {
        guard let cut = text.index(after: 6, UInt8(ascii: ":")) else { return false }
        let status = text[..<cut]
        let name = text[(cut + 1)...]
        let arrow = name.end(of: Array(#"" -> "#.utf8))
        // Before the first mark comes the root folder, which nobody asked about here.
        guard let item = section.marked, records.indices.contains(item) else { return true }
        section.marked = nil
        let isLink = status.first == UInt8(ascii: "a")
        guard isLink || !section.items.values.contains(item) else { return true }
        var seen = section.records[item, default: FileRecords()]
        var isKnown = seen.add(Array("stat".utf8)[...], status)
        if isLink {
            section.links.insert(item)
            if let arrow { isKnown = seen.add(Array("link".utf8)[...], name[arrow...]) && isKnown }
        }
        section.records[item] = seen
        return isKnown
    }

    /// Reads what a link leads to, or what a descriptor is: `SIZE DEVICE MODE:UID:GID:SIZE:USER:GROUP:NAME`.
    private func readEnd(_ text: ArraySlice<UInt8>, _ section: inout Section) -> Bool {
        let status = text.cut().rest.cut().rest
        guard let cut = status.index(after: 6, UInt8(ascii: ":")) else { return false }
        if section.marked == nil {
            // Before the first mark comes the root folder, which nobody asked about here.
            guard let item = section.items[descriptor: status[(cut + 1)...]] else { return true }
            let tag = section.links.contains(item) ? "dest" : "stat"
            return section.records[item, default: FileRecords()].add(Array(tag.utf8)[...], status[..<cut])
        }
        guard let item = section.marked, records.indices.contains(item) else { return true }
        section.marked = nil
        return section.records[item, default: FileRecords()].add(Array("dest".utf8)[...], status[..<cut])
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

extension [Int: Int] {
    /// The item of the descriptor that a path ends with: `/proc/self/fd/30`, perhaps quoted.
    fileprivate subscript(descriptor path: ArraySlice<UInt8>) -> Int? {
        let digits = path.reversed().drop { $0 == UInt8(ascii: "\"") }.prefix(while: \.isDigit)
        return path.end(of: Array("/fd/".utf8)).flatMap { _ in AnswerNumber.parsed(digits.reversed()) }
            .flatMap { self[$0] }
    }
}

extension ArraySlice<UInt8> {
    /// Where the first `other` ends.
    fileprivate func end(of other: [UInt8]) -> Int? {
        guard let first = other.first else { return nil }
        var rest = self
        while let start = rest.firstIndex(of: first) {
            rest = rest[start...]
            if rest.starts(with: other) { return start + other.count }
            rest = rest.dropFirst()
        }
        return nil
    }

    /// Where the byte stands for the `count`th time.
    fileprivate func index(after count: Int, _ byte: UInt8) -> Int? {
        var seen = 0
        return firstIndex {
            if $0 == byte { seen += 1 }
            return seen == count
        }
    }

    fileprivate func hasSuffix(_ text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && suffix(text.utf8CodeUnitCount).isEqual(to: text)
    }
}

extension [FileRecords?] {
    fileprivate subscript(item: Int, default value: FileRecords) -> FileRecords {
        get { self[item] ?? value }
        set { self[item] = newValue }
    }
}
