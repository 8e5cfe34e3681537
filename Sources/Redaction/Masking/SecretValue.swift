/// Decides whether a value can be a secret.
enum SecretValue {
    private static let harmlessWords = WordSet(
        """
        true false yes no on off null nil none ~ \
        {} [] required optional allowed strict disabled enabled default prompt \
        ask auto vault argon2 warn plain md5 crypt ldap files env manual never always sufficient requisite include \
        optional file random generated any all local system systemd sss compat nis winbind db undefined unset todo
        """)

    private static let nameServices = WordSet(
        """
        files systemd sss compat ldap nis winbind db mymachines nisplus extrausers return merge notfound success
        unavail
        """
    )

    private static let punctuation = ByteSet(" \t\r,;\"'[]{}()*.…<>|\\-=")

    /// Whether the value beside the name of a secret is not one: a literal, a path, or the place that it comes from.
    static func isHarmless(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        var start = text.skippingBlanks(from: range.lowerBound, to: range.upperBound)
        var end = text.droppingBlanks(before: range.upperBound, from: start)
        if text.end(of: punctuation, from: start, to: end) == end { return true }
        guard end - start < 512 else { return false }
        end = withoutComment(start..<end, of: text)
        while end > start, ",;)".utf8.contains(text[end - 1]) || (text[end - 1].isQuote && !text[start].isQuote) {
            end = text.droppingBlanks(before: end - 1, from: start)
        }
        if end - start > 1, text[start].isQuote, text[end - 1] == text[start] { (start, end) = (start + 1, end - 1) }
        guard start < end else { return true }
        let bare = start..<end
        if harmlessWords.contains(bare, of: text) || isMask(bare, of: text) { return true }
        if isSmallNumber(bare, of: text) { return true }
        return isReference(bare, of: text) || isPath(bare, of: text) || isAddress(bare, of: text)
    }

    /// A number that is too short for a secret, or the port of a service (`464/tcp`).
    private static func isSmallNumber(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        let stop = text.end(of: number, from: range.lowerBound, to: range.upperBound)
        if stop == range.upperBound { return range.count <= 2 || (range.count <= 4 && text[range].contains(0x2E)) }
        return ["/tcp", "/udp", "/sctp"].contains { text.holds($0, at: stop, to: range.upperBound) }
    }

    private static let number = ByteSet("0123456789.")
    private static let identifier = ByteSet.alphanumeric.union(ByteSet("_"))
    private static let placeholder = ByteSet.letters.union(ByteSet(" _-"))
    private static let label = ByteSet.alphanumeric.union(ByteSet("_-."))

    private static func isMask(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        text[range].elementsEqual(Masking.mask.utf8)
    }

    private static func withoutComment(_ range: Range<Int>, of text: [UInt8]) -> Int {
        var index = range.lowerBound + 1
        while index < range.upperBound {
            if text[index] == UInt8(ascii: "#"), text[index - 1].isBlank {
                return text.droppingBlanks(before: index, from: range.lowerBound)
            }
            index += 1
        }
        return range.upperBound
    }

    /// Only in `/etc/nsswitch.conf`, `passwd:` does not announce a secret.
    static func namesServices(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound {
            let end = text.end(of: .letters, from: index, to: range.upperBound)
            if end > index, !nameServices.contains(index..<end, of: text) { return false }
            if end == index, !" \t\r[]=!#".utf8.contains(text[index]) { return false }
            index = max(end, index + 1)
        }
        return true
    }

    // MARK: where it comes from

    private static let variable = ByteSet.alphanumeric.union(ByteSet("_.-:"))

    /// `${NAME}`, `$http_x_token`, `$(cat x)`, `{{ name }}`, `%(name)s`, `<name>`, `env(NAME)`, `os.environ["NAME"]`.
    private static func isReference(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        let (start, end) = (range.lowerBound, range.upperBound)
        let length = end - start
        guard length > 2 else { return false }
        let last = text[end - 1]
        switch text[start] {
        case UInt8(ascii: "$"):
            switch text[start + 1] {
            case UInt8(ascii: "{"):
                // A default behind `:-` may be the secret.
                let name = text.end(of: identifier, from: start + 2, to: end)
                return last == UInt8(ascii: "}") && name >= end - 1 || text.holds(":?", at: name, to: end)
            case UInt8(ascii: "("): return !text.holds("echo", at: start + 2, to: end)
            case UInt8(ascii: "{"), UInt8(ascii: "$"): return false
            default:
                let isName = text.end(of: identifier, from: start + 1, to: end) == end
                let isUpper = text[(start + 1)..<end].allSatisfy { !$0.isLower }
                return isName && (text[(start + 1)..<end].contains(UInt8(ascii: "_")) || isUpper)
                    && !text[start + 1].isDigit
            }
        case UInt8(ascii: "{"):
            return text[start + 1] == UInt8(ascii: "{") && last == UInt8(ascii: "}") && holdsNoQuote(range, of: text)
        case UInt8(ascii: "%"):
            return text[start + 1] == UInt8(ascii: "(") || text[start + 1] == UInt8(ascii: "{")
                || (last == UInt8(ascii: "%") && text.end(of: variable, from: start + 1, to: end) == end - 1)
        case UInt8(ascii: "<"):
            let inside = text.end(of: placeholder, from: start + 1, to: end)
            return last == UInt8(ascii: ">") && inside == end - 1
        case UInt8(ascii: "@"):
            return length > 4 && last == UInt8(ascii: "@")
                && text.end(of: variable, from: start + 1, to: end) == end - 1
        default:
            return isCall(range, of: text)
        }
    }

    private static func holdsNoQuote(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        !text[range].contains { $0.isQuote }
    }

    private static let environments = PrefixSet(
        """
        env( getenv( os.getenv( os.environ process.env env[ lookup( vault( ref+ secret:// hdr( req.hdr( var. \
        local. data. module. valuefrom !vault !secret !ref arn:aws: projects/ op:// sm:// ssm:// aws-ssm: \
        secretsmanager: keyring: file: fd: env: stdin hash: lmdb: btree: cdb: texthash: pgsql: mysql: proxy: \
        tcp: unix: ldap: ldaps: dbm: pcre: regexp:
        """)

    /// An expression that reads the secret from elsewhere, with at most one string: a second one may be the default.
    private static func isCall(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        guard text[range.lowerBound].isLower || text[range.lowerBound].isUpper || text[range.lowerBound] == 0x21,
            environments.begins(at: range.lowerBound, of: text, to: range.upperBound)
        else { return false }
        if text[range].contains(UInt8(ascii: "@")) && text[range].contains(UInt8(ascii: "/")) { return false }
        var quotes = 0
        for byte in text[range] where byte.isQuote { quotes += 1 }
        return quotes <= 2 && !text[range].contains(UInt8(ascii: ","))
    }

    private static let roots = PrefixSet(
        """
        /etc/ /var/ /run/ /srv/ /home/ /usr/ /opt/ /root/ /mnt/ /dev/ /tmp/ /proc/ /sys/ /boot/ /lib/ /data/ \
        ~/ ./ ../ $home/ $pwd ${ %h/ %d/ /bin/ /sbin/ /vol/ /app/ /secrets/ /config/ /certs/ /private/
        """)

    /// A path, perhaps with a prefix (`db:/etc/x`).
    static func isPath(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        var start = range.lowerBound
        let end = range.upperBound
        let name = text.end(of: label, from: start, to: min(end, start + 64))
        if name > start, name + 1 < end, text[name] == UInt8(ascii: ":"), text[name + 1] == UInt8(ascii: "/"),
            !text.holds("://", at: name, to: end)
        {
            start = name + 1
        }
        guard start < end, "/~.$%".utf8.contains(text[start]) else { return false }
        let stop = text.first(of: .blanks, from: start, to: end)
        if roots.begins(at: start, of: text, to: end) {
            return text[start..<stop].allSatisfy { $0 != UInt8(ascii: "=") } || stop == end
        }
        if text[start] == UInt8(ascii: "$"), stop == end {
            let name = text.end(of: identifier, from: start + 1, to: end)
            return name > start + 1 && name < end && text[name] == UInt8(ascii: "/")
        }
        // Elsewhere only what no key in base64 looks like.
        guard text[start] == UInt8(ascii: "/"), stop == end else { return false }
        let isPlain = text[start..<end].allSatisfy { $0.isLower || $0.isDigit || "/._-".utf8.contains($0) }
        return isPlain && end - start > 1
    }

    private static let schemes = PrefixSet(
        """
        http:// https:// smtp:// ldap:// ldaps:// file://
        """)

    /// An address without an account in it, or a query.
    private static func isAddress(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        guard schemes.begins(at: range.lowerBound, of: text, to: range.upperBound) else {
            return false
        }
        return text[range].allSatisfy { $0 != UInt8(ascii: "@") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    }

    // MARK: how it looks

    /// Whether it is clearly not a word: letters in both cases with digits, or long and mixed.
    static func looksRandom(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        var upper = 0
        var lower = 0
        var digits = 0
        var others = 0
        var changes = 0
        var kind = 0
        for byte in text[range] {
            let now: Int
            if byte.isUpper {
                upper += 1
                now = 1
            } else if byte.isLower {
                lower += 1
                now = 2
            } else if byte.isDigit {
                digits += 1
                now = 3
            } else {
                guard "+/=_-.~:!#%^&*@$".utf8.contains(byte) else { return false }
                others += 1
                now = 4
            }
            if now != kind { changes += 1 }
            kind = now
        }
        let count = range.count
        if upper > 0, lower > 0, digits > 0, others * 4 <= count { return count >= 8 && changes >= 4 }
        if digits > 0, upper + lower > 0, others * 8 <= count { return count >= 16 && changes >= 6 }
        if digits == count { return count >= 24 }
        return upper > 2 && lower > 2 && others * 8 <= count && count >= 12 && !isCamelCase(range, of: text)
    }

    /// `SomeLongName`: each capital has small letters behind it.
    private static func isCamelCase(_ range: Range<Int>, of text: [UInt8]) -> Bool {
        for index in range where text[index].isUpper {
            guard index + 1 < range.upperBound, !text[index + 1].isUpper else { return false }
        }
        return true
    }
}
