/// Decides by its name whether a setting holds a secret.
///
/// Names are read by their words, so `DB_PASSWORD`, `dbPassword` and `db.password` are the same, and
/// `PasswordAuthentication` or `token_ttl` are about secrets without being any.
enum SecretName {
    enum Strength: Int, Comparable {
        case none
        /// The value is a secret if it looks like one.
        case weak
        /// The value, or all below the name, is a secret.
        case strong

        static func < (one: Strength, other: Strength) -> Bool { one.rawValue < other.rawValue }
    }

    private enum Word: UInt8 {
        case strong = 1
        /// As the last word.
        case strongEnd
        /// As the last word, with another before it.
        case strongSecond
        case weakEnd
        case key
        /// It says how the secret is written.
        case transparent
        /// As the last word these say that the value is about a secret, not one.
        case descriptor
        /// It sounds like a secret, or changes the meaning of another word: the name does not announce a secret.
        case harmless
        /// A name with this word is never the name of a secret.
        case count
    }

    /// Before `key`.
    private static let qualifiers = WordSet(
        """
        api access private secret encryption signing shared preshared master wep nonce hmac
        aes client string authentication digest psk license ssl session jwt crypt cipher
        """)

    /// Names that mean something other than their words.
    private static let wholeSecrets = WordSet("key-string erlang_cookie rabbitmq_erlang_cookie community-string")
    private static let wholeHarmless = WordSet(
        """
        servertokens server_tokens loadcredential loadcredentialencrypted importcredential conditioncredential
        assertcredential --password-stdin
        """)

    private static let words = WordTable(vocabulary.map { ($0, $1.rawValue) })

    private static let vocabulary: [(String, Word)] = [
        (
            """
            password passwd passphrase passcode passwort kennwort \
            wachtwoord contrasena contrasenya secret token apikey \
            cred credential authorization bearer bindpw rootpw masterauth requirepass rocommunity rwcommunity \
            community authkey authtok authtoken psk privatekey presharedkey senha heslo haslo geslo losenord \
            privateexponent storepass keypass
            """, .strong
        ),
        ("pass pwd pw passe clave parola", .strongEnd), ("pin otp jwt sig", .strongSecond),
        ("auth cookie salt encrypt dsn seed", .weakEnd), ("key", .key),
        ("data value string text material pem content base64 b64 base", .transparent),
        (
            """
            file path dir directory directorie folder length len \
            size ttl timeout expiry expire expiration expired age \
            day days hour minute second type policy policie algorithm alg algo method min max count enabled enable \
            disabled required authentication prompt hint name url uri endpoint issuer audience field format encoding \
            encryption strategy provider store backend helper manager quality strength complexity history lifetime \
            rotation interval trie retrie attempt warn warning reset change changed module plugin class version mode \
            scope limit location map maps title program chat \
            sync hasher ref reference environment error port through \
            hash hashing verifier validator validation generator template label description group role user username \
            login account server host service rule check require requirement minimum maximum usage use header source \
            driver engine handler adapter middleware review request page link form input column table index prefix \
            suffix separator delimiter domain realm cache db database aging grace inactive lock locked unlock \
            support supported allowed command cmd script agent socket log level debug verbose state status event \
            id kind spec config conf configuration option setting param parameter variable var filter pattern regex \
            list set count number num rounds round cost work factor iteration bit bucket rate quota samesite secure \
            httponly notice message text tooltip widget screen visibility manager expirationdate created updated \
            date time reqd hashe lookup mount mounts volume volumes
            dialog box cleanup review stale max-age flow grant response
            """, .descriptor
        ),
        (
            """
            nopasswd nopass bypass compass trespass surpass encompass underpass overpass passwordless secretary \
            tokenizer tokenize tokenized tokenization passthrough passthru passenger secretservice servertoken \
            nopassword askpass publickey imagepullsecret getpwnam getpwuid hypersecret
            """, .harmless
        ),
        ("max maximum minimum num per total count public forgot forgotten lost expired trusted", .count),
    ]

    /// The judgement of the name in `range`; `parts` are the positions of its words that announce a secret.
    static func strength(of range: Range<Int>, in text: [UInt8], parts: ArraySlice<ClueFinder.Hit>) -> Strength {
        if wholeSecrets.contains(range, of: text) { return .strong }
        if wholeHarmless.contains(range, of: text) { return .none }
        var last: Word?
        var lastRange = range
        var before = range.lowerBound..<range.lowerBound
        var isStrong = false
        var isHarmless = false
        var count = 0
        var part = parts.startIndex
        forEachWord(in: range, of: text) { word in
            let known = Word(rawValue: words[word, text])
            if case .transparent = known, count > 0 { return }
            count += 1
            last = known
            (before, lastRange) = (lastRange, word)
            while part < parts.endIndex, Int(parts[part].start) < word.lowerBound || parts[part].clue != .part {
                part += 1
            }
            let holdsPart = part < parts.endIndex && Int(parts[part].start) < word.upperBound
            switch known {
            case .strong: isStrong = true
            case .count: isHarmless = true
            case .harmless: break
            // A part may span words: `privateExponent`.
            default: if holdsPart, Int(parts[part].end) <= range.upperBound { isStrong = true }
            }
        }
        if isHarmless || last == .descriptor || last == .harmless { return .none }
        if isStrong || last == .strongEnd || (last == .strongSecond && count > 1) { return .strong }
        guard let last else { return ending(lastRange, of: text) }
        if last == .key {
            guard count > 1 else { return .none }
            return qualifiers.contains(before, of: text) ? .strong : .weak
        }
        return last == .weakEnd ? .weak : .none
    }

    /// Words that were joined: `userpw`, `smtppass`, `encryptionkey`.
    private static func ending(_ word: Range<Int>, of text: [UInt8]) -> Strength {
        let (start, end) = (word.lowerBound, word.upperBound)
        if end - start > 3, text.holdsFolded("pw", at: end - 2, to: end) { return .strong }
        guard end - start > 4 else { return .none }
        for suffix in ["pass", "pwd", "psk"] where text.holdsFolded(suffix, at: end - suffix.utf8.count, to: end) {
            return .strong
        }
        return text.holdsFolded("key", at: end - 3, to: end) ? .weak : .none
    }

    /// Words without numbers and plurals: `api`, `key` of `APIKeys2`.
    private static func forEachWord(in range: Range<Int>, of text: [UInt8], _ body: (Range<Int>) -> Void) {
        var start = range.lowerBound
        func finish(_ end: Int) {
            var end = end
            while end > start, text[end - 1].isDigit { end -= 1 }
            let isPlural = end - start > 3 && text[end - 1].folded == UInt8(ascii: "s")
            if isPlural, text[end - 2].folded != UInt8(ascii: "s"), text[end - 2].folded != UInt8(ascii: "u") {
                end -= 1
            }
            if end > start { body(start..<end) }
        }
        var index = start
        while index < range.upperBound {
            let byte = text[index]
            if !byte.isAlphanumeric {
                finish(index)
                start = index + 1
            } else if byte.isUpper, index > start {
                // A new word begins at `P` of `dbPassword` and at `K` of `APIKey`.
                let next = index + 1 < range.upperBound ? text[index + 1] : 0
                if !text[index - 1].isUpper || next.isLower {
                    finish(index)
                    start = index
                }
            }
            index += 1
        }
        finish(range.upperBound)
    }

    /// The same for a name that stands alone.
    static func strength(of name: String) -> Strength {
        let text = Array(name.utf8.prefix(256))
        let parts = ClueFinder.shared.lines(of: text).hits.filter { $0.clue == .part }
        return strength(of: 0..<text.count, in: text, parts: parts[...])
    }
}
