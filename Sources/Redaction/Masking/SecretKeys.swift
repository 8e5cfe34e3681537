/// Tells by its name whether a setting holds a secret.
enum SecretKeys {
    enum Strength: Comparable {
        case none
        /// The value is a secret if it is a plain one; a whole section of that name (`auth:`) need not be.
        case weak
        /// Everything below the name is a secret.
        case strong
    }

    static func isSecret(_ key: String) -> Bool { strength(of: key) > .none }

    /// Names are read by their words, so `DB_PASSWORD`, `dbPassword` and `db.password` are the same, and
    /// `PasswordAuthentication` or `token_ttl` are about secrets without being any.
    static func strength(of key: String) -> Strength {
        let words = words(of: key)
        guard let last = words.last, !descriptors.contains(last) else { return .none }
        if words.contains(where: isStrong) { return .strong }
        if words.count > 1 {
            let before = words[words.count - 2]
            if last == Word("key".utf8) && keyQualifiers.contains(before) { return .strong }
            if endings.contains(last) { return .strong }
        }
        return weakEndings.contains(last) ? .weak : .none
    }

    private static func isStrong(_ word: Word) -> Bool {
        if harmlessWords.contains(word) { return false }
        if strongWords.contains(word) || strongParts.contains(where: { word.holds($0) }) { return true }
        return strongEndings.contains { word.suffix($0.count).elementsEqual($0) }
    }

    /// Lower-case words without numbers and plurals: `api`, `key` of `APIKeys2`.
    private static func words(of key: String) -> [Word] {
        var words: [Word] = []
        var word: Word = []
        let bytes = Array(key.utf8)
        func finish() {
            while let last = word.last, last.isASCIIDigit { word.removeLast() }
            if word.count > 4 && word.last == UInt8(ascii: "s") && word.suffix(2) != Word("ss".utf8) {
                word.removeLast()
            }
            if !word.isEmpty { words.append(word) }
            word = []
        }
        for (index, byte) in bytes.enumerated() {
            guard byte.isASCIIAlphanumeric else {
                finish()
                continue
            }
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0
            let previous = index > 0 ? bytes[index - 1] : 0
            // A new word begins at `P` of `dbPassword` and at `K` of `APIKey`.
            if byte.isASCIIUppercase
                && (previous.isASCIILowercase || (previous.isASCIIUppercase && next.isASCIILowercase))
            {
                finish()
            }
            word.append(byte.isASCIIUppercase ? byte | 0x20 : byte)
        }
        finish()
        return words
    }

    private typealias Word = [UInt8]

    private static func set(_ words: String) -> Set<Word> { Set(words.split(separator: " ").map { Word($0.utf8) }) }

    private static let strongWords = set(
        """
        pass token psk cred authorization bearer bindpw rootpw masterauth passcode rocommunity rwcommunity authkey \
        authtok
        """)

    private static let strongParts = set(
        """
        password passwd passphrase secret apikey privatekey accesskey credential sharedkey signingkey \
        encryptionkey
        """)

    /// Secret only with a word before them.
    private static let endings = set("pwd pw pin")

    /// `pwd` is a password in connection strings, and a folder in shells (see ``HarmlessValues``).
    private static let weakEndings = set("auth cookie salt pwd")

    private static let strongEndings = set("token pass pwd psk")

    private static let harmlessWords = set(
        """
        pwd oldpwd nopasswd nopass bypass compass trespass surpass encompass underpass overpass
        """)

    private static let keyQualifiers = set(
        """
        api access private secret encryption signing shared preshared auth master session account storage \
        service deploy nonce in wep app application aes hmac jwt cookie client license
        """)

    /// As the last word these say that the value is about a secret, not one.
    private static let descriptors = set(
        """
        file path dir directory directorie folder length len size ttl timeout expiry expire expiration expired \
        age day days hour minute second type policy policie algorithm alg algo method min max count enabled \
        enable disabled required authentication prompt hint name url uri endpoint issuer audience field format \
        encoding encryption strategy provider store backend helper manager quality strength complexity history \
        lifetime rotation interval trie retrie attempt warn reset change changed module plugin class version \
        mode scope limit location map maps
        """)
}

extension [UInt8] {
    fileprivate func holds(_ part: [UInt8]) -> Bool {
        guard let first = part.first, count >= part.count else { return false }
        return (0...(count - part.count)).contains { self[$0] == first && self[$0...].starts(with: part) }
    }
}

extension UInt8 {
    var isASCIIUppercase: Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    var isASCIILowercase: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    var isASCIIDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isASCIIAlphanumeric: Bool { isASCIIUppercase || isASCIILowercase || isASCIIDigit }
    var isASCIISpace: Bool { self == 0x20 || self == 0x09 || self == 0x0D }
    var isQuote: Bool { self == UInt8(ascii: "\"") || self == UInt8(ascii: "'") || self == UInt8(ascii: "`") }
}
