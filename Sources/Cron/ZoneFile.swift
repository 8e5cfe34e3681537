/// A file of compiled time zone rules (TZif, RFC 9636), of version 2 or newer.
///
/// Reading is strict: what is not whole and in order is refused, and so are files with leap seconds.
struct ZoneFile {
    enum Fault: Error { case notRules, tooOld, leapSeconds, outOfOrder }

    let rules: ZoneRules

    init(_ bytes: [UInt8]) throws(Fault) {
        var reader = Reader(bytes: bytes)
        // The first block, for readers of version 1, has no times beyond 2038.
        let old = try Header(&reader)
        try reader.skip(old.bytes(perTime: 4))
        let header = try Header(&reader)
        guard header.leapSeconds == 0 else { throw .leapSeconds }
        guard header.types > 0 else { throw .notRules }
        var times: [Int] = []
        for _ in 0..<header.times { times.append(try reader.number(8)) }
        var types: [Int] = []
        for _ in 0..<header.times { types.append(try reader.number(1, signed: false)) }
        var offsets: [Int] = []
        for _ in 0..<header.types {
            let offset = try reader.number(4)
            guard (-25 * 3600...26 * 3600).contains(offset) else { throw .outOfOrder }
            offsets.append(offset)
            try reader.skip(2)
        }
        try reader.skip(header.characters + header.standardMarks + header.utcMarks)
        rules = ZoneRules(
            firstOffset: offsets[0], changes: try Self.changes(times, types, offsets), rest: try Self.footer(&reader))
    }

    /// Those that change the offset; others change only the zone's abbreviation.
    private static func changes(
        _ times: [Int], _ types: [Int], _ offsets: [Int]
    ) throws(Fault) -> [ZoneRules.Change] {
        var changes: [ZoneRules.Change] = []
        var offset = offsets[0]
        var before = Int.min
        for (time, type) in zip(times, types) {
            guard time > before, offsets.indices.contains(type) else { throw .outOfOrder }
            before = time
            if offsets[type] != offset { changes.append(ZoneRules.Change(at: time, offset: offsets[type])) }
            offset = offsets[type]
        }
        return changes
    }

    /// A rule between two line feeds; it may be empty.
    private static func footer(_ reader: inout Reader) throws(Fault) -> PosixRule {
        guard try reader.number(1) == 10 else { throw .notRules }
        let text = reader.rest
        guard text.last == 10, let rule = PosixRule(String(decoding: text.dropLast(), as: UTF8.self)) else {
            throw .notRules
        }
        return rule
    }

    private struct Header {
        let utcMarks: Int
        let standardMarks: Int
        let leapSeconds: Int
        let times: Int
        let types: Int
        let characters: Int

        init(_ reader: inout Reader) throws(Fault) {
            guard try reader.take(4) == Array("TZif".utf8) else { throw .notRules }
            guard try reader.number(1) >= 0x32 else { throw .tooOld }
            try reader.skip(15)
            utcMarks = try reader.number(4)
            standardMarks = try reader.number(4)
            leapSeconds = try reader.number(4)
            times = try reader.number(4)
            types = try reader.number(4)
            characters = try reader.number(4)
            for count in [utcMarks, standardMarks, leapSeconds, times, types, characters] where count < 0 {
                throw .notRules
            }
        }

        func bytes(perTime size: Int) -> Int {
            times * (size + 1) + types * 6 + characters + leapSeconds * (size + 4) + standardMarks + utcMarks
        }
    }

    private struct Reader {
        private let bytes: [UInt8]
        private var position = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var rest: ArraySlice<UInt8> { bytes[position...] }

        mutating func skip(_ count: Int) throws(Fault) {
            guard count <= bytes.count - position else { throw .notRules }
            position += count
        }

        mutating func take(_ count: Int) throws(Fault) -> [UInt8] {
            let start = position
            try skip(count)
            return Array(bytes[start..<position])
        }

        /// The most significant byte comes first.
        mutating func number(_ size: Int, signed: Bool = true) throws(Fault) -> Int {
            let taken = try take(size)
            var value = signed && taken[0] >= 0x80 ? -1 : 0
            for byte in taken { value = value << 8 | Int(byte) }
            return value
        }
    }
}
