/// Finds secrets that follow their name after a space, as in command lines and some configuration files.
extension DocumentMasker {
    /// `proxy_pass http://backend;` passes requests on.
    private static let forwardings = WordSet(
        "proxy_pass fastcgi_pass uwsgi_pass scgi_pass grpc_pass memcached_pass js_fetch_pass")
    private static let communities = WordSet("rocommunity rwcommunity rocommunity6 rwcommunity6 trapcommunity")
    private static let generic = WordSet("password passwd passphrase secret token pass psk community key")
    private static let accounts = WordSet(
        "login user username account machine default poll skip neighbor peer enable host")

    /// The value after the name of a secret and a space.
    mutating func maskSpaced(_ key: Key, at start: Int) -> Int {
        let end = line.upperBound
        if text[key.start] == UInt8(ascii: "-") { return maskOption(key, at: start) }
        if Self.forwardings.contains(key.start..<key.end, of: text) { return key.end }
        let first = text.end(of: .comment, from: content, to: min(end, content + 8))
        let isFirst = key.start == first
        let isComment = first > content
        if isFirst, text[start] == UInt8(ascii: "{"), text.skippingBlanks(from: start + 1, to: end) == end {
            open = .brackets(depth: 1)
            return end
        }
        if text[start].isQuote {
            guard isFirst || isClause(key) || isSetting(key),
                let close = Quotes.end(of: text[start], in: text, from: start + 1, to: end)
            else { return key.end }
            let rest = text.skippingBlanks(from: close + 1, to: end)
            guard !isComment || rest == end else { return key.end }
            return mask((start + 1)..<close)
        }
        let word = text.first(of: .blanks, from: start, to: end)
        if isSetting(key), !isComment { return mask(start..<text.droppingBlanks(before: end, from: start)) }
        var value = start..<word
        if value.count > 1, text[word - 1] == UInt8(ascii: ";") { value = start..<(word - 1) }
        let next = text.skippingBlanks(from: word, to: end)
        let isLast = next == end || (text[next] == UInt8(ascii: "#") && next > word) || text[next] == UInt8(ascii: ";")
        if isFirst, !isComment, Self.communities.contains(key.start..<key.end, of: text) { return mask(value) }
        if isFirst, isLast {
            // In a comment only what no sentence begins with.
            guard !isComment || !Self.generic.contains(key.start..<key.end, of: text) && !isProse(value) else {
                return key.end
            }
            return mask(value)
        }
        guard !isFirst, !isComment || (isLast && hasAccount(before: key.start)) else {
            // `password 7 0822455D0A16`, a router's hash of one.
            let isHashed = isFirst && value.count == 1 && text[start].isDigit && next < end
            return isHashed && !isComment ? mask(next..<text.first(of: .blanks, from: next, to: end)) : key.end
        }
        guard isLast || !isProse(value), key.start == line.lowerBound || text[key.start - 1] != UInt8(ascii: "/") else {
            return key.end
        }
        let isJoined = text[key.start..<key.end].contains { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
        let isCompound = isJoined && !isProse(value)
        guard isCompound || hasAccount(before: key.start) else { return key.end }
        // A router's `secret 5 x`, `message-digest-key 1 md5 x` says first how x is written.
        if value.count == 1, text[start].isDigit { return mask(next..<end) }
        return mask(value)
    }

    /// `--db-pass x`, `-storepass x`.
    private mutating func maskOption(_ key: Key, at start: Int) -> Int {
        let end = line.upperBound
        guard text[start] != UInt8(ascii: "-") else { return key.end }
        if text[start].isQuote {
            return mask((start + 1)..<(Quotes.end(of: text[start], in: text, from: start + 1, to: end) ?? end))
        }
        let word = text.first(of: Self.optionEnds, from: start, to: end)
        return mask(start..<word)
    }

    mutating func mask(_ value: Range<Int>) -> Int {
        if !value.isEmpty, !SecretValue.isHarmless(value, of: text) { found.append(value) }
        return value.upperBound
    }

    private func isProse(_ word: Range<Int>) -> Bool {
        text[word].allSatisfy { $0.isLower || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ".") }
    }

    private static let settingVerbs = WordSet(
        """
        set setenv env export arg define \
        declare typeset fastcgi_param uwsgi_param scgi_param proxy_set_header add_header \
        requestheader header more_set_headers setx enable grpc_set_header
        """)

    /// `ENV API_TOKEN x y`, `fastcgi_param DB_PASSWORD x;`: a directive that sets a variable.
    private func isSetting(_ key: Key) -> Bool {
        let first = text.end(of: .name, from: content, to: min(line.upperBound, content + 24))
        guard key.start > first, key.start - first < 96, Self.settingVerbs.contains(content..<first, of: text) else {
            // `aws configure set NAME x`
            let before = text.droppingBlanks(before: key.start, from: line.lowerBound)
            return text.holds(" set", at: before - 4, to: before)
        }
        var words = 0
        for index in first..<key.start where text[index].isBlank && !text[index + 1].isBlank { words += 1 }
        return words <= 4
    }

    /// SQL: `WITH PASSWORD 'x'`.
    private func isClause(_ key: Key) -> Bool {
        text.holdsFolded("password", at: key.start, to: key.end) || hasAccount(before: key.start)
    }

    /// `login u password x`, as netrc, apt, haproxy, fetchmail and routers write it.
    private func hasAccount(before start: Int) -> Bool {
        var end = text.droppingBlanks(before: start, from: line.lowerBound)
        for number in 0..<3 {
            var first = end
            while first > line.lowerBound, end - first < 128, !text[first - 1].isBlank { first -= 1 }
            guard first < end else { return false }
            if number > 0 || text.holdsFolded("enable", at: first, to: end),
                Self.accounts.contains(first..<end, of: text)
            {
                return true
            }
            // What stands between `user` and `password` in prose, where no name would.
            if number == 0, isFiller(first..<end) { return false }
            end = text.droppingBlanks(before: first, from: line.lowerBound)
        }
        return false
    }

    private static let fillers = WordSet(
        """
        and or may can must will should to a the name account whose has no your of for is in if when that this their
        not
        """
    )

    private func isFiller(_ word: Range<Int>) -> Bool { Self.fillers.contains(word, of: text) }
}
