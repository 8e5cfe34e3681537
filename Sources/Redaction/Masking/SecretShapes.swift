/// Finds secrets that can be told by their own shape, whatever stands before them.
enum SecretShapes {
    /// How far the end of a password is looked for, so that a long line of beginnings takes no long time.
    private static let lookahead = 1024

    /// The places of secrets in one line.
    static func ranges(in line: [UInt8]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var index = 0
        while index < line.count {
            let isWordStart = index == 0 || !line[index - 1].isASCIIAlphanumeric
            var found: Range<Int>?
            if line[index] == UInt8(ascii: ":") {
                found = urlPassword(in: line, at: index)
            } else if line[index] == UInt8(ascii: "$") || line[index] == UInt8(ascii: "{") {
                found = passwordHash(in: line, at: index)
            } else if isWordStart, line[index].isASCIIAlphanumeric {
                found = token(in: line, at: index)
            }
            if let found, !found.isEmpty {
                ranges.append(found)
                index = found.upperBound
            } else {
                index += 1
            }
        }
        return ranges
    }

    /// What follows the user's name in `scheme://user:password@host`, or a token alone before the `@`.
    private static func urlPassword(in line: [UInt8], at colon: Int) -> Range<Int>? {
        guard line.starts(with: "://", at: colon), colon > 0, line[colon - 1].isASCIIAlphanumeric else { return nil }
        let start = colon + 3
        let word = line.run(from: start, limit: lookahead) {
            !$0.isASCIISpace && !$0.isQuote && $0 != UInt8(ascii: "<")
        }
        let authority = line.run(from: start) { byte in
            !byte.isASCIISpace && !byte.isQuote && !"/?#<>".utf8.contains(byte)
        }
        guard let separator = line[authority].firstIndex(of: UInt8(ascii: ":")) else {
            guard let at = line[authority].lastIndex(of: UInt8(ascii: "@")), at - start >= 16 else { return nil }
            return start..<at
        }
        if let at = line[authority].lastIndex(of: UInt8(ascii: "@")) {
            return separator < at ? (separator + 1)..<at : nil
        }
        // A password may hold an unescaped `/`, `?` or `#`; a port cannot.
        let port = line.run(from: separator + 1, while: \.isASCIIDigit)
        guard port.upperBound < authority.upperBound || port.isEmpty else { return nil }
        return line[word].lastIndex(of: UInt8(ascii: "@")).map { (separator + 1)..<$0 }
    }

    /// A crypt(3) hash `$6$…`, or LDAP's `{SSHA}…`.
    private static func passwordHash(in line: [UInt8], at start: Int) -> Range<Int>? {
        let isHash = hashPrefixes.contains { line.starts(with: $0, at: start) }
        guard isHash else { return nil }
        let range = line.run(from: start) { $0.isASCIIAlphanumeric || "$./+={},*-_".utf8.contains($0) }
        return range.count >= 12 ? range : nil
    }

    private static func token(in line: [UInt8], at start: Int) -> Range<Int>? {
        for (prefix, least) in tokenPrefixes[line[start]] ?? [] where line[start...].starts(with: prefix) {
            let range = line.run(from: start) { $0.isASCIIAlphanumeric || "_-.~+/=".utf8.contains($0) }
            if range.count >= prefix.count + least { return range }
        }
        for (prefix, _) in secretURLs[line[start]] ?? [] where line[start...].starts(with: prefix) {
            return line.run(from: start + prefix.count) {
                !$0.isASCIISpace && !$0.isQuote && !"<>".utf8.contains($0)
            }
        }
        for (scheme, _) in schemes[line[start]] ?? [] where line[start...].starts(with: scheme) {
            let range = line.run(from: start + scheme.count) {
                $0.isASCIIAlphanumeric || "_-.~+/=".utf8.contains($0)
            }
            // "Basic authentication" is none.
            let isWord = line[range].allSatisfy { $0.isASCIILowercase || $0 == UInt8(ascii: ".") }
            if range.count >= 8 && !isWord { return range }
        }
        return webToken(in: line, at: start)
    }

    /// A JSON web token: three parts in base64url, the first an object.
    private static func webToken(in line: [UInt8], at start: Int) -> Range<Int>? {
        guard line.starts(with: "eyJ", at: start) else { return nil }
        // Within a run of such letters a second beginning could find no more than the first.
        guard start == 0 || !"_-".utf8.contains(line[start - 1]) else { return nil }
        let range = line.run(from: start) { $0.isASCIIAlphanumeric || "_-.".utf8.contains($0) }
        let dots = line[range].count { $0 == UInt8(ascii: ".") }
        return dots >= 2 && range.count >= 24 ? range : nil
    }

    private static let hashPrefixes = [
        "$1$", "$2a$", "$2b$", "$2x$", "$2y$", "$5$", "$6$", "$7$", "$y$", "$gy$", "$sha1$", "$apr1$", "$argon2",
        "$scrypt$", "$pbkdf2", "{SSHA", "{SHA", "{SMD5}", "{MD5}", "{CRYPT}", "{ARGON2", "{PBKDF2", "{BLF-CRYPT}",
    ]

    /// How the tokens of well-known services begin, and how many characters at least follow.
    private static let tokenPrefixes = byFirstByte([
        ("xoxa-", 8), ("xoxb-", 8), ("xoxc-", 8), ("xoxd-", 8), ("xoxe-", 8), ("xoxe.", 8), ("xoxo-", 8), ("xoxp-", 8),
        ("xoxr-", 8), ("xoxs-", 8), ("xapp-", 8), ("ghp_", 16), ("gho_", 16), ("ghu_", 16), ("ghs_", 16), ("ghr_", 16),
        ("github_pat_", 16), ("glpat-", 12), ("gldt-", 12), ("glrt-", 12), ("AKIA", 16), ("ASIA", 16), ("AIza", 30),
        ("ya29.", 16), ("sk_live_", 8), ("sk_test_", 8), ("rk_live_", 8), ("rk_test_", 8), ("whsec_", 16),
        ("sk-ant-", 16), ("sk-proj-", 16), ("sk-", 32), ("npm_", 30), ("pypi-AgE", 16), ("dop_v1_", 16), ("hvs.", 16),
        ("hvb.", 16), ("SG.", 20), ("AGE-SECRET-KEY-1", 16), ("shpat_", 16), ("glsa_", 16), ("lin_api_", 16),
        ("ATATT", 20), ("dckr_pat_", 12), ("tskey-", 12), ("hf_", 24), ("PMAK-", 20),
    ])

    /// Addresses whose path is the secret.
    private static let secretURLs = byFirstByte(
        [
            "hooks.slack.com/services/", "hooks.slack.com/workflows/", "hooks.slack.com/triggers/",
            "discord.com/api/webhooks/", "discordapp.com/api/webhooks/", "api.telegram.org/bot",
            "hooks.slack-gov.com/services/", "outlook.office.com/webhook/",
        ].map { ($0, 0) })

    private static let schemes = byFirstByte(["Bearer ", "bearer ", "Basic ", "basic "].map { ($0, 0) })

    /// Most places of a text begin no shape: one look-up tells.
    private static func byFirstByte(_ prefixes: [(String, Int)]) -> [UInt8: [(prefix: [UInt8], least: Int)]] {
        let entries = prefixes.map { (prefix: Array($0.0.utf8), least: $0.1) }
        return Dictionary(grouping: entries) { $0.prefix.first ?? 0 }
    }
}

extension [UInt8] {
    func starts(with text: String, at index: Int) -> Bool {
        guard index + text.utf8.count <= count else { return false }
        return self[index...].starts(with: text.utf8)
    }

    /// The longest run of bytes that belong together, `limit` at the most.
    func run(from start: Int, limit: Int = .max, while belongs: (UInt8) -> Bool) -> Range<Int> {
        let last = limit < count - start ? start + limit : count
        var end = start
        while end < last, belongs(self[end]) { end += 1 }
        return start..<end
    }
}
