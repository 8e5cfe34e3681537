/// Finds secrets by their own shape, whatever comes before them.
enum SecretShapes {
    /// The maximum length of a password, in bytes.
    private static let lookahead = 1024

    /// The places of secrets in one line.
    static func ranges(in line: Range<Int>, of text: [UInt8], _ hits: ArraySlice<ClueFinder.Hit>) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var position = line.lowerBound
        for hit in hits where Int(hit.start) >= position {
            let (start, end) = (Int(hit.start), Int(hit.end))
            let range: Range<Int>?
            switch hit.clue {
            case .url: range = urlPassword(in: text, at: start, line)
            case .at: range = account(in: text, at: start, line, from: position)
            case .hash: range = hash(in: text, at: start, line)
            case .token: range = token(in: text, start..<end, line, next: &position)
            case .address:
                range = end..<text.first(of: outsideWord, from: end, to: line.upperBound)
            case .scheme: range = credentials(in: text, at: end, line)
            default: range = nil
            }
            guard let range, !range.isEmpty, !SecretValue.isHarmless(range, of: text) else { continue }
            ranges.append(range)
            position = range.upperBound
        }
        return ranges
    }

    private static let outsideWord = ByteSet(" \t\r\"'`<>")
    private static let outsideAuthority = ByteSet(" \t\r\"'`<>/?#")

    /// What follows the user's name in `scheme://user:password@host`, or a token alone before the `@`.
    private static func urlPassword(in text: [UInt8], at colon: Int, _ line: Range<Int>) -> Range<Int>? {
        guard colon > line.lowerBound, text[colon - 1].isAlphanumeric else { return nil }
        let start = colon + 3
        let limit = min(line.upperBound, start + lookahead)
        let authorityEnd = text.first(of: outsideAuthority, from: start, to: limit)
        let authority = start..<authorityEnd
        guard let separator = text[authority].firstIndex(of: UInt8(ascii: ":")) else {
            guard let at = text[authority].lastIndex(of: UInt8(ascii: "@")) else { return nil }
            let user = start..<at
            return user.count >= 20 && SecretValue.looksRandom(user, of: text) ? user : nil
        }
        if let at = text[authority].lastIndex(of: UInt8(ascii: "@")) {
            return separator < at ? (separator + 1)..<at : nil
        }
        // A password may hold an unescaped `/`, `?` or `#`; a port cannot.
        let port = text.end(of: .digits, from: separator + 1, to: limit)
        guard port < authorityEnd || port == separator + 1 else { return nil }
        let word = text.first(of: outsideWord, from: authorityEnd, to: limit)
        return text[separator..<word].lastIndex(of: UInt8(ascii: "@")).map { (separator + 1)..<$0 }
    }

    /// `tcp(host)`, as Go writes it.
    private static func isDialled(_ text: [UInt8], from start: Int, to end: Int) -> Bool {
        guard end < text.count, text[end] == UInt8(ascii: "(") else { return false }
        return start == end || ["tcp", "unix", "udp"].contains { text[start..<end].elementsEqual($0.utf8) }
    }

    private static let hostBytes = ByteSet.alphanumeric.union(ByteSet("-._[]:/("))
    private static let brace = ByteSet("}")
    private static let bracket = ByteSet("]")
    private static let afterHash = ByteSet(": \t\r\"'")
    private static let afterCrypt = ByteSet(":,[]")
    private static let accountBytes = ByteSet.alphanumeric.union(ByteSet("_-.:/!$%^&*+=~#?"))

    /// `user:password@host`, without a scheme.
    private static func account(
        in text: [UInt8], at sign: Int, _ line: Range<Int>, from lowest: Int
    ) -> Range<Int>? {
        let floor = max(lowest, sign - 256)
        var start = sign
        while start > floor, accountBytes.contains(text[start - 1]) { start -= 1 }
        guard start < sign,
            let colon = text[start..<sign].lastIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") })
        else {
            return nil
        }
        let word = start..<sign
        let password = (colon + 1)..<sign
        guard colon > start, !password.isEmpty, text[colon - 1].isAlphanumeric else { return nil }
        let host = text.end(
            of: hostBytes, from: sign + 1, to: min(line.upperBound, sign + 256))
        guard host > sign + 1, text[sign + 1].isAlphanumeric || "[(/".utf8.contains(text[sign + 1]) else { return nil }
        if text[colon] == UInt8(ascii: "/") {
            // Oracle's `thin:user/password@host`.
            let isOracle =
                text[word].contains(UInt8(ascii: ":"))
                && text.holdsFolded("jdbc:", at: max(floor, line.lowerBound), to: line.upperBound)
            let opens =
                text[start..<colon].lastIndex(of: UInt8(ascii: ":")).map {
                    text[..<$0].suffix(4).elementsEqual("thin".utf8)
                } ?? false
            return isOracle || opens ? password : nil
        }
        let end = text.end(of: .word, from: sign + 1, to: host)
        let isServed =
            end < host
            && (text[end] == UInt8(ascii: ":") && end + 1 < host && text[end + 1].isDigit
                || text[end] == UInt8(ascii: "/") || isDialled(text, from: sign + 1, to: end))
        let isMixed = text[password].contains { $0.isDigit || $0.isUpper || "!$%^&*+=~#?".utf8.contains($0) }
        return isServed || isMixed ? password : nil
    }

    private static let hashBytes = ByteSet.alphanumeric.union(ByteSet("$./+={},*-_:[]"))

    /// A crypt(3) hash `$6$…`, LDAP's `{SSHA}…`, and similar ones.
    private static func hash(in text: [UInt8], at start: Int, _ line: Range<Int>) -> Range<Int>? {
        var end = text.end(of: hashBytes, from: start, to: line.upperBound)
        if text[start] == UInt8(ascii: "{") {
            let close = text.first(of: brace, from: start, to: min(end, start + 24))
            guard close < end, text[close] == UInt8(ascii: "}") else { return nil }
            end = text.first(of: afterHash, from: close + 1, to: line.upperBound)
            return end > close + 1 ? (close + 1)..<end : nil
        }
        if text.holdsFolded("enc[", at: start, to: end) {
            let close = text.first(of: bracket, from: start, to: line.upperBound)
            return start + 4 < close ? (start + 4)..<close : nil
        }
        // The fields of /etc/shadow go on behind a colon.
        if text[start] == UInt8(ascii: "$") { end = text.first(of: afterCrypt, from: start, to: end) }
        return end - start >= 12 ? start..<end : nil
    }

    private static let leasts: [UInt64: Int] = {
        var leasts: [UInt64: Int] = [:]
        for (prefix, least) in Vocabulary.tokens {
            let bytes = Array(prefix.utf8)
            leasts[bytes.wordHash(0..<bytes.count)] = least
        }
        return leasts
    }()
    private static let exact = Set(Vocabulary.tokens.map { Array($0.prefix.utf8)[...] })

    /// `next` is moved past a run without a token, because no later part of the run can be one.
    private static func token(
        in text: [UInt8], _ prefix: Range<Int>, _ line: Range<Int>, next: inout Int
    ) -> Range<Int>? {
        let (start, end) = (prefix.lowerBound, line.upperBound)
        if text.holds(":AA", at: start, to: end) { return telegramToken(in: text, at: start, line) }
        guard start == line.lowerBound || !text[start - 1].isAlphanumeric, exact.contains(text[prefix]),
            let least = leasts[text.wordHash(prefix)]
        else { return nil }
        let stop = text.end(of: .token, from: prefix.upperBound, to: end)
        guard stop - prefix.upperBound >= least else { return nil }
        if text.holds("eyJ", at: start, to: end) {
            // Within a run of such letters a second beginning could find no more than the first.
            if start > line.lowerBound, "_-".utf8.contains(text[start - 1]) { return nil }
            let dots = text[start..<stop].count { $0 == UInt8(ascii: ".") }
            if dots >= 2, stop - start >= 24 { return start..<stop }
            next = stop
            return nil
        }
        if text.holds("LS0tLS1CRUdJTi", at: start, to: end) {
            // `BEGIN CERTIFICATE` and `BEGIN PUBLIC KEY` are for everybody.
            let isPublic =
                text.holds("LS0tLS1CRUdJTiBDRVJ", at: start, to: end)
                || text.holds("LS0tLS1CRUdJTiBQVUJ", at: start, to: end)
            return isPublic ? nil : start..<stop
        }
        if text.holds("K10", at: start, to: end) {
            let hexadecimal = text.end(of: .alphanumeric, from: start, to: end)
            guard text.holds("::", at: hexadecimal, to: end) else { return nil }
            return start..<text.first(of: outsideWord, from: hexadecimal, to: end)
        }
        let body = text[prefix.upperBound..<stop]
        let isMixed = body.contains { $0.isDigit } || (body.contains { $0.isUpper } && body.contains { $0.isLower })
        if !isMixed { next = stop }
        return isMixed ? start..<stop : nil
    }

    /// `1234567890:AAH…`: a bot's number and its token.
    private static func telegramToken(in text: [UInt8], at colon: Int, _ line: Range<Int>) -> Range<Int>? {
        var start = colon
        while start > line.lowerBound, colon - start < 12, text[start - 1].isDigit { start -= 1 }
        let stop = text.end(of: .token, from: colon + 1, to: line.upperBound)
        return colon - start >= 8 && stop - colon > 25 ? (colon + 1)..<stop : nil
    }

    /// What follows `Bearer` or `Basic`.
    private static func credentials(in text: [UInt8], at start: Int, _ line: Range<Int>) -> Range<Int>? {
        let first = text.skippingBlanks(from: start, to: line.upperBound)
        let end = text.end(of: .token, from: first, to: line.upperBound)
        // "Basic authentication" is none.
        let isWord = text[first..<end].dropFirst().allSatisfy {
            $0.isLower || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-")
        }
        return end - first >= 8 && !isWord ? first..<end : nil
    }
}
