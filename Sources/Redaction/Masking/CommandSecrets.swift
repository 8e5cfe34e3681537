/// Finds the secrets that programs and directives take without a name: `curl -u user:x`, `com2sec a default x`.
struct CommandSecrets {
    /// The places of secrets in one line, read from `start`.
    static func ranges(in line: Range<Int>, of text: [UInt8], from start: Int) -> [Range<Int>] {
        let line = CommandSecrets(text, start..<line.upperBound)
        let takesArguments = !line.taken.isEmpty || line.callsOther
        let found = line.words.indices.compactMap { place in
            line.ofDirective(at: place) ?? (takesArguments ? line.ofProgram(at: place) : nil)
        }
        return (found + line.arguments()).filter { !$0.isEmpty && !SecretValue.isHarmless($0, of: text) }
    }

    private static let afterShare = ByteSet(",\"' ")
    private static let afterOracle = ByteSet("@\"'")
    private static let separators = ByteSet(" \t,")
    private static let argumentEnds = ByteSet(",)")

    private let text: [UInt8]
    private let words: [Range<Int>]
    private let end: Int
    /// The first word of the line: in most lines a directive or a program.
    private let verb: String
    /// The programs that are called, also after `sudo` or after a pipe.
    private let programs: Set<String>
    /// The options of known programs.
    private let taken: [(apart: Set<String>, joined: [String])]
    /// A directive with an account, or with a secret at a fixed position.
    private let callsOther: Bool

    private init(_ text: [UInt8], _ line: Range<Int>) {
        self.text = text
        end = line.upperBound
        var words: [Range<Int>] = []
        var index = text.skippingBlanks(from: line.lowerBound, to: end)
        while index < end {
            let stop = text.first(of: .blanks, from: index, to: end)
            words.append(index..<stop)
            index = text.skippingBlanks(from: stop, to: end)
        }
        self.words = words
        verb = words.first.map { Self.lower(text, $0) } ?? ""
        let called = Set(
            words.prefix(24).map { word in
                String(Self.lower(text, word).split { "/\"'`$(;|=".contains($0) }.last ?? "")
            })
        programs = called
        taken = called.compactMap { Self.options[$0] }
        callsOther = !called.isDisjoint(with: Self.others)
    }

    private static let others: Set<String> = [
        "curl", "wget", "chpasswd", "passwd", "openssl", "htpasswd", "smbclient", "rpcclient", "winexe", "wmic", "net",
        "smbget", "smbmap", "nsupdate", "lftp", "sqlplus", "exp", "imp", "expdp", "impdp", "rman", "sqlldr", "erl",
        "-setcookie",
    ]

    private static func lower(_ text: [UInt8], _ word: Range<Int>) -> String {
        String(decoding: text[word.prefix(96)].lazy.map(\.folded), as: UTF8.self)
    }

    private func word(_ place: Int) -> String {
        words.indices.contains(place) ? String(decoding: text[words[place].prefix(96)], as: UTF8.self) : ""
    }

    // MARK: directives

    private func ofDirective(at place: Int) -> Range<Int>? {
        let here = word(place)
        switch verb {
        case "user" where here.hasPrefix(">"): return (words[place].lowerBound + 1)..<words[place].upperBound
        case "createuser":
            let kinds = ["md5", "sha", "des", "aes"]
            guard place > 1, place + 1 < words.count, kinds.contains(where: here.lowercased().hasPrefix) else {
                return nil
            }
            return content(of: words[place + 1])
        case "com2sec", "com2sec6": return place == words.count - 1 && place > 2 ? content(of: words[place]) : nil
        case "trap2sink", "trapsink", "informsink", "trapsess": return place == 2 ? content(of: words[place]) : nil
        // NUT: MONITOR ups@host 1 user x primary
        case "monitor": return place == 4 && words.count > 4 ? content(of: words[place]) : nil
        // Exim: client_send = : user : x
        case "client_send": return place == words.count - 1 && place > 3 ? words[place] : nil
        case "stats" where here.lowercased() == "auth" && place + 1 < words.count:
            return password(ofPair: words[place + 1])
        default: break
        }
        if verb.hasPrefix("authinfo:"), here.hasPrefix("\"P:") {
            return (words[place].lowerBound + 3)..<(words[place].upperBound - 1)
        }
        if here.lowercased() == "md5", place > 0, word(place - 2).hasSuffix("message-digest-key"),
            place + 1 < words.count
        {
            return content(of: words[place + 1])
        }
        if here.lowercased() == "by", word(place - 1).lowercased() == "identified", place + 1 < words.count,
            text[words[place + 1].lowerBound].isQuote
        {
            return content(of: words[place + 1])
        }
        return shareAccount(words[place])
    }

    /// `username=u%x`, and smbclient's `-U u%x`.
    private func shareAccount(_ word: Range<Int>) -> Range<Int>? {
        if text.holdsFolded("login=", at: word.lowerBound, to: word.upperBound) {
            return password(ofPair: (word.lowerBound + 6)..<word.upperBound)
        }
        guard let percent = text[word].firstIndex(of: UInt8(ascii: "%")), percent + 1 < word.upperBound else {
            return nil
        }
        var start = percent
        while start > word.lowerBound, ByteSet.name.contains(text[start - 1]) || text[start - 1] == 0x5C { start -= 1 }
        let isNamed =
            start > word.lowerBound && text[start - 1] == UInt8(ascii: "=")
            && ["user", "username"].contains { name in
                text[word.lowerBound..<(start - 1)].suffix(name.utf8.count).elementsEqual(name.utf8)
            }
        guard isNamed else { return nil }
        return (percent + 1)..<text.first(of: Self.afterShare, from: percent + 1, to: word.upperBound)
    }

    // MARK: programs

    /// By program: options whose argument is a secret; those after `+` may have it joined to them.
    private static let options: [String: (apart: Set<String>, joined: [String])] = [
        "sshpass": (["-p"], ["-p"]), "redis-cli": (["-a", "--pass"], []), "docker": (["-p"], []),
        "podman": (["-p"], []),
        "mongo": (["-p"], []), "mongosh": (["-p"], []), "mongodump": (["-p"], []), "mongorestore": (["-p"], []),
        "mongoexport": (["-p"], []), "mongoimport": (["-p"], []), "openssl": (["-k", "-K"], []), "zip": (["-P"], []),
        "unzip": (["-P"], ["-P"]), "7z": ([], ["-p"]), "7za": ([], ["-p"]), "7zr": ([], ["-p"]),
        "rar": ([], ["-hp", "-p"]),
        "ipmitool": (["-P"], []), "ldapsearch": (["-w"], ["-w"]), "ldapadd": (["-w"], ["-w"]),
        "ldapmodify": (["-w"], ["-w"]),
        "ldapdelete": (["-w"], ["-w"]), "ldappasswd": (["-w", "-s"], []), "ldapwhoami": (["-w"], []),
        "erl": (["-setcookie"], []),
        "snmpwalk": (["-A", "-X", "-c"], []), "snmpget": (["-A", "-X", "-c"], []), "snmpset": (["-A", "-X", "-c"], []),
        "snmptrap": (["-A", "-X", "-c"], []), "snmpbulkwalk": (["-A", "-X", "-c"], []), "mosquitto_pub": (["-P"], []),
        "mosquitto_sub": (["-P"], []), "sqlcmd": (["-P"], ["-P"]), "bcp": (["-P"], ["-P"]), "az": (["-p"], []),
        "rdesktop": (["-p"], []), "influx": (["-p"], []), "mysql": ([], ["-p"]), "mysqldump": ([], ["-p"]),
        "mysqladmin": ([], ["-p"]), "mysqlimport": ([], ["-p"]), "mysqlcheck": ([], ["-p"]), "mariadb": ([], ["-p"]),
        "mariadb-dump": ([], ["-p"]), "mariadb-admin": ([], ["-p"]), "mariadb-import": ([], ["-p"]),
        "mariadb-check": ([], ["-p"]),
        "mydumper": (["-p"], []), "mariabackup": ([], ["-p"]), "xtrabackup": ([], ["-p"]), "mysqlshow": ([], ["-p"]),
        "xfreerdp": ([], ["/p:"]), "wfreerdp": ([], ["/p:"]), "consul": ([], ["-encrypt="]),
    ]

    private func ofProgram(at place: Int) -> Range<Int>? {
        let here = word(place)
        let range = words[place]
        if programs.contains("chpasswd"), let pair = password(ofPair: range) { return pair }
        if here == "passwd", word(place + 1) == "--stdin" || word(place + 1) == "-s" { return echoed(before: place) }
        if here.hasPrefix("pass:"), programs.contains("openssl"), here.utf8.count > 5 {
            return (range.lowerBound + 5)..<range.upperBound
        }
        if programs.contains("htpasswd"), place == words.count - 1, word(place - 3).hasPrefix("-"),
            word(place - 3).contains("b")
        {
            return content(of: range)
        }
        for known in taken {
            if known.apart.contains(here), place + 1 < words.count, !word(place + 1).hasPrefix("-") {
                return content(of: words[place + 1])
            }
            for option in known.joined where here.hasPrefix(option) && range.count > option.utf8.count {
                return content(of: (range.lowerBound + option.utf8.count)..<range.upperBound)
            }
        }
        return ofAccount(at: place, here)
    }

    /// The options that take `user:x`, `user%x`, `user/x`, `user,x`.
    private func ofAccount(at place: Int, _ here: String) -> Range<Int>? {
        let range = words[place]
        let isCurl = programs.contains("curl") || programs.contains("wget")
        if isCurl, !here.hasPrefix("--"), here.hasPrefix("-u") || here.hasPrefix("-U"), range.count > 2 {
            return password(ofPair: (range.lowerBound + 2)..<range.upperBound)
        }
        if isCurl, here.hasPrefix("--user=") || here.hasPrefix("--proxy-user=") { return password(ofPair: range) }
        guard place + 1 < words.count else { return nil }
        let next = words[place + 1]
        if isCurl, ["-u", "--user", "--proxy-user", "-U"].contains(here) { return password(ofPair: next) }
        let isSamba = ["smbclient", "rpcclient", "winexe", "wmic", "net", "smbget", "smbmap"].contains(
            where: programs.contains)
        if isSamba, here == "-U" || here == "--user" { return password(ofPair: next, at: "%") }
        if programs.contains("nsupdate"), here == "-y" { return password(ofPair: next) }
        if programs.contains("lftp"), here == "-u" { return password(ofPair: next, at: ",") }
        let isOracle = ["sqlplus", "exp", "imp", "expdp", "impdp", "rman", "sqlldr"].contains {
            word(place).hasSuffix($0)
        }
        if isOracle, let password = password(ofPair: next, at: "/") {
            let at = text.first(of: Self.afterOracle, from: password.lowerBound, to: password.upperBound)
            return password.lowerBound..<at
        }
        return here == "-setcookie" ? content(of: next) : nil
    }

    /// What is piped into `passwd --stdin user`.
    private func echoed(before place: Int) -> Range<Int>? {
        guard let pipe = words[..<place].lastIndex(where: { text[$0].elementsEqual("|".utf8) }), pipe > 1,
            ["echo", "printf"].contains(word(pipe - 2)) || verb == "echo"
        else { return nil }
        return content(of: words[pipe - 1])
    }

    /// What follows the last colon in `user:password`.
    private func password(ofPair word: Range<Int>, at separator: Unicode.Scalar = ":") -> Range<Int>? {
        let content = content(of: word)
        let byte = UInt8(truncatingIfNeeded: separator.value)
        let place =
            text.holds("hmac", at: content.lowerBound, to: content.upperBound)
            ? text[content].lastIndex(of: byte) : text[content].firstIndex(of: byte)
        guard let place, place > content.lowerBound, place + 1 < content.upperBound else { return nil }
        if byte == UInt8(ascii: ":"), text.holds("://", at: place, to: end) { return nil }
        return (place + 1)..<content.upperBound
    }

    // MARK: calls

    private static let connecting: [String] = [
        "mysqli(", "mysqli_connect(", "mysql_connect(", "mysql_pconnect(", "pdo(", "mysqli_real_connect(",
    ]

    /// `new mysqli('host', 'user', 'x', 'db')`: the third argument.
    private func arguments() -> [Range<Int>] {
        guard let first = words.first?.lowerBound else { return [] }
        var ranges: [Range<Int>] = []
        var index = first
        while index < end {
            guard text[index] == UInt8(ascii: "("),
                Self.connecting.contains(where: { call in
                    text.holdsFolded(call, at: index + 1 - call.utf8.count, to: end)
                })
            else {
                index += 1
                continue
            }
            index += 1
            var count = 0
            while index < end, count < 3, text[index] != UInt8(ascii: ")") {
                let start = text.end(of: Self.separators, from: index, to: end)
                guard start < end else { break }
                count += 1
                if text[start].isQuote {
                    let close = Quotes.end(of: text[start], in: text, from: start + 1, to: end) ?? end
                    if count == 3 { ranges.append((start + 1)..<close) }
                    index = close + 1
                } else {
                    index = text.first(of: Self.argumentEnds, from: start, to: end)
                }
            }
        }
        return ranges
    }

    /// The text inside the quotes, or the word without quotes and punctuation at its end.
    private func content(of word: Range<Int>) -> Range<Int> {
        let first = text[word.lowerBound]
        if first.isQuote {
            let inside = word.lowerBound + 1
            return inside..<(Quotes.end(of: first, in: text, from: inside, to: end) ?? end)
        }
        var stop = word.upperBound
        while stop > word.lowerBound, text[stop - 1].isQuote || ";)".utf8.contains(text[stop - 1]) { stop -= 1 }
        return word.lowerBound..<stop
    }
}
