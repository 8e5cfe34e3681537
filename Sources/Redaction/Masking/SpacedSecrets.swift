/// Finds secrets that follow their name after a space: command lines, and the files that are written like them.
struct SpacedSecrets {
    /// The places of secrets in one line, read from `start`.
    static func ranges(in line: [UInt8], from start: Int) -> [Range<Int>] {
        let secrets = SpacedSecrets(line, from: start)
        let ranges = secrets.words.indices.compactMap { place in
            secrets.named(at: place) ?? secrets.ofAccount(at: place) ?? secrets.ofCommand(at: place)
        }
        return (ranges + arguments(in: line, from: start)).filter { range in
            !range.isEmpty && !HarmlessValues.contains(line[range], ofKey: "")
        }
    }

    private let line: [UInt8]
    private let words: [Range<Int>]
    /// The first word in lower case, which says what most lines are about.
    private let verb: String
    /// The programs that are called, perhaps after `sudo`, or behind a pipe.
    private let programs: Set<String>

    private init(_ line: [UInt8], from start: Int) {
        self.line = line
        words = line[start...].split(whereSeparator: \.isASCIISpace).map { $0.startIndex..<$0.endIndex }
        verb = words.first.map { Self.text(line, $0).lowercased() } ?? ""
        programs = Set(words.prefix(16).map { String(Self.text(line, $0).split(separator: "/").last ?? "") })
    }

    // MARK: name value

    /// What follows a secret's name.
    private func named(at place: Int) -> Range<Int>? {
        let text = text(place)
        guard place + 1 < words.count else { return nil }
        let next = words[place + 1]
        let isKey = Self.isSpacedKey(text) || (place == 0 && verb == "pass")
        if line[next.lowerBound].isQuote && (isKey || isClause(text, before: place)) { return content(of: next) }
        if text.hasPrefix("--") && Self.isSecretName(text) { return content(of: next) }
        if place == 0 && (Self.secretVerbs.contains(verb) || (isKey && isLastWord(next))) { return value(next) }
        if place > 0 && place < 4 && Self.settingVerbs.contains(verb) && Self.isSecretName(text) {
            return next.lowerBound..<line.count
        }
        return nil
    }

    /// Words that take a secret as their argument in some configuration file.
    private static let exactKeys: Set<String> = [
        "password", "passwd", "passphrase", "secret", "token", "requirepass", "masterauth", "bindpw", "rootbindpw",
        "rootpw", "psk", "wpa-psk", "wpa_passphrase", "apikey", "presharedkey", "privatekey", "authkey", "authtoken",
    ]

    /// Whatever follows behind it, the word after these is a secret.
    private static let secretVerbs: Set<String> = ["rocommunity", "rwcommunity", "rocommunity6", "rwcommunity6"]

    private static let settingVerbs: Set<String> = [
        "set", "setenv", "env", "export", "arg", "define", "declare", "typeset", "fastcgi_param", "uwsgi_param",
        "scgi_param", "proxy_set_header", "add_header", "requestheader", "header", "more_set_headers", "setx", "enable",
    ]

    /// `proxy_pass http://backend;` passes requests on.
    private static let forwardings: Set<String> = [
        "proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass",
    ]

    private static func isSpacedKey(_ word: String) -> Bool {
        if exactKeys.contains(word.lowercased()) { return true }
        return !word.hasPrefix("-") && word.utf8.contains { "_-".utf8.contains($0) } && isSecretName(word)
            && !forwardings.contains(word)
    }

    private static func isSecretName(_ word: String) -> Bool {
        word.utf8.allSatisfy { $0.isASCIIAlphanumeric || "_-.".utf8.contains($0) }
            && SecretKeys.strength(of: word) == .strong
    }

    // MARK: the passwords of accounts

    /// `login u password X`, as netrc, apt, haproxy, fetchmail and routers write it; Redis's `user u on >X`; snmpd's
    /// `createUser u SHA X AES Y`.
    private func ofAccount(at place: Int) -> Range<Int>? {
        guard place > 1 else { return nil }
        let text = text(place).lowercased()
        if verb == "user" && text.hasPrefix(">") { return (words[place].lowerBound + 1)..<words[place].upperBound }
        guard place + 1 < words.count else { return nil }
        let next = words[place + 1]
        if verb == "createuser" && ["md5", "sha", "des", "aes"].contains(where: text.hasPrefix) {
            return content(of: next)
        }
        let isPassword = ["pass", "secret"].contains(text) || text.hasSuffix("password") || text.hasSuffix("passwd")
        guard isPassword, ["machine", "poll", "skip"].contains(verb) || isAccount(before: place) else { return nil }
        // A router's `secret 5 X` says first how X is written.
        return next.count == 1 && line[next.lowerBound].isASCIIDigit
            ? next.lowerBound..<line.count : content(of: next)
    }

    private func isAccount(before place: Int) -> Bool {
        ["login", "user", "username", "account"].contains(text(place - 2).lowercased())
            && !Self.fillers.contains(text(place - 1).lowercased())
    }

    /// What stands between `user` and `password` in prose, where no name would.
    private static let fillers: Set<String> = [
        "and", "or", "with", "may", "can", "must", "will", "should", "to", "a", "the", "name", "account", "whose",
        "has",
    ]

    // MARK: command lines

    /// The options and arguments of programs that take a password.
    private func ofCommand(at place: Int) -> Range<Int>? {
        let word = words[place]
        let text = text(place)
        if programs.contains("chpasswd") { return password(ofPair: word) }
        let isCurl = programs.contains("curl") || programs.contains("wget")
        if isCurl && !text.hasPrefix("--") && ["-u", "-U"].contains(where: text.hasPrefix) && word.count > 2 {
            return password(ofPair: (word.lowerBound + 2)..<word.upperBound)
        }
        if programs.contains(where: { $0.hasPrefix("my") }) && text.hasPrefix("-p") && word.count > 2 {
            return (word.lowerBound + 2)..<word.upperBound
        }
        guard place + 1 < words.count else { return nil }
        let next = words[place + 1]
        if isCurl && ["-u", "--user", "--proxy-user", "-U"].contains(text) {
            return password(ofPair: next) ?? content(of: next)
        }
        // haproxy: `stats auth admin:X`.
        if text == "auth" && verb == "stats" { return password(ofPair: next) }
        if text == "sshpass" && self.text(place + 1).hasPrefix("-p") { return (next.lowerBound + 2)..<line.count }
        return nil
    }

    /// What follows the colon in `user:password`.
    private func password(ofPair word: Range<Int>) -> Range<Int>? {
        let content = content(of: word)
        guard let colon = line[content].firstIndex(of: UInt8(ascii: ":")) else { return nil }
        return (colon + 1)..<content.upperBound
    }

    /// SQL: `IDENTIFIED BY 'secret'`.
    private func isClause(_ word: String, before place: Int) -> Bool {
        place > 0 && word.lowercased() == "by" && text(place - 1).lowercased() == "identified"
    }

    /// `define('DB_PASSWORD', 'secret')`: calls whose first argument is a secret's name.
    private static func arguments(in line: [UInt8], from start: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for index in start..<line.count where line[index] == UInt8(ascii: "(") {
            let open = line.run(from: index + 1, limit: 16, while: \.isASCIISpace).upperBound
            guard open < line.count, line[open].isQuote else { continue }
            let name = line.run(from: open + 1, limit: 128) { $0.isASCIIAlphanumeric || "_-.".utf8.contains($0) }
            let comma = line.run(from: name.upperBound + 1, limit: 16, while: \.isASCIISpace).upperBound
            guard comma < line.count, line[name.upperBound] == line[open], line[comma] == UInt8(ascii: ",") else {
                continue
            }
            let value = line.run(from: comma + 1, limit: 16, while: \.isASCIISpace).upperBound
            guard value < line.count, line[value].isQuote,
                SecretKeys.strength(of: String(decoding: line[name], as: UTF8.self)) == .strong
            else { continue }
            ranges.append(content(of: value..<line.count, in: line))
        }
        return ranges
    }

    private func text(_ place: Int) -> String { Self.text(line, words[place]) }

    private static func text(_ line: [UInt8], _ word: Range<Int>) -> String {
        String(decoding: line[word.prefix(128)], as: UTF8.self)
    }

    /// Whether nothing follows but the end, or a comment: prose has more to say.
    private func isLastWord(_ word: Range<Int>) -> Bool {
        let rest = line[word.upperBound...].drop { $0.isASCIISpace || $0 == UInt8(ascii: ";") }
        return rest.first.map { $0 == UInt8(ascii: "#") } ?? true
    }

    private func value(_ word: Range<Int>) -> Range<Int> {
        line[word].last == UInt8(ascii: ";") ? word.lowerBound..<(word.upperBound - 1) : word
    }

    private func content(of word: Range<Int>) -> Range<Int> { Self.content(of: word, in: line) }

    /// What is inside the quotes, or the whole word.
    private static func content(of word: Range<Int>, in line: [UInt8]) -> Range<Int> {
        let first = line[word.lowerBound]
        guard first.isQuote else { return word }
        let inside = word.lowerBound + 1
        return inside..<(Quotes.end(of: first, in: line, from: inside) ?? line.count)
    }
}
