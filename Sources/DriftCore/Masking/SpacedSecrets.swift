/// Finds secrets that follow their name after a space: command lines, and the files that are written like them.
enum SpacedSecrets {
    /// The places of secrets in one line, read from `start`.
    static func ranges(in line: [UInt8], from start: Int) -> [Range<Int>] {
        let words = words(in: line, from: start)
        guard let first = words.first else { return [] }
        var ranges: [Range<Int>] = []
        let firstText = text(line, first)
        let verb = firstText.lowercased()
        let isCurl = words.prefix(16).contains { ["curl", "wget"].contains(name(of: $0, in: line)) }
        let isMySQL = words.prefix(16).contains { name(of: $0, in: line).hasPrefix("my") }
        for (place, word) in words.enumerated() {
            let next = place + 1 < words.count ? words[place + 1] : nil
            let text = text(line, word)
            if let next, line[next.lowerBound].isQuote, isSpacedKey(text) || isClause(text, before: place, words, line)
            {
                ranges.append(content(of: next, in: line))
            } else if let next, text.hasPrefix("--"), isSecretName(text) {
                ranges.append(content(of: next, in: line))
            } else if let next, place == 0, isSpacedKey(text), isOnlyWord(next, in: line) {
                ranges.append(value(next, in: line))
            } else if let next, place > 0, place < 4, verbs.contains(verb), isSecretName(text) {
                ranges.append(next.lowerBound..<line.count)
            } else if let next, isCurl, ["-u", "--user", "--proxy-user", "-U"].contains(text) {
                ranges.append(afterColon(next, in: line))
            } else if let next, verb == "sshpass" || text == "sshpass", self.text(line, next).hasPrefix("-p") {
                ranges.append((next.lowerBound + 2)..<line.count)
            } else if isMySQL, text.hasPrefix("-p"), word.count > 2, !text.hasPrefix("--") {
                ranges.append((word.lowerBound + 2)..<word.upperBound)
            }
        }
        ranges += arguments(in: line, from: start)
        return ranges.filter { range in
            !range.isEmpty && !HarmlessValues.contains(line[range], ofKey: "")
        }
    }

    /// Words that take a secret as their argument in some configuration file.
    private static let exactKeys: Set<String> = [
        "password", "passwd", "passphrase", "secret", "token", "requirepass", "masterauth", "bindpw", "rootbindpw",
        "rootpw", "psk", "wpa-psk", "wpa_passphrase", "apikey", "rocommunity", "rwcommunity", "presharedkey",
        "privatekey", "authkey",
    ]

    private static let verbs: Set<String> = [
        "set", "setenv", "env", "export", "arg", "define", "declare", "typeset", "fastcgi_param", "uwsgi_param",
        "scgi_param", "proxy_set_header", "add_header", "requestheader", "header", "more_set_headers", "setx",
    ]

    private static func isSpacedKey(_ word: String) -> Bool {
        if exactKeys.contains(word.lowercased()) { return true }
        return !word.hasPrefix("-") && word.utf8.contains { "_-".utf8.contains($0) } && isSecretName(word)
    }

    private static func isSecretName(_ word: String) -> Bool {
        word.utf8.allSatisfy { $0.isASCIIAlphanumeric || "_-.".utf8.contains($0) }
            && SecretKeys.strength(of: word) == .strong
    }

    /// SQL: `IDENTIFIED BY 'secret'`.
    private static func isClause(_ word: String, before place: Int, _ words: [Range<Int>], _ line: [UInt8]) -> Bool {
        place > 0 && word.lowercased() == "by" && text(line, words[place - 1]).lowercased() == "identified"
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

    private static func words(in line: [UInt8], from start: Int) -> [Range<Int>] {
        line[start...].split(whereSeparator: \.isASCIISpace).map { $0.startIndex..<$0.endIndex }
    }

    private static func text(_ line: [UInt8], _ word: Range<Int>) -> String {
        String(decoding: line[word.prefix(128)], as: UTF8.self)
    }

    /// A command's name without its folder.
    private static func name(of word: Range<Int>, in line: [UInt8]) -> String {
        String(text(line, word).split(separator: "/").last ?? "")
    }

    /// Whether nothing follows but the end: prose has more to say.
    private static func isOnlyWord(_ word: Range<Int>, in line: [UInt8]) -> Bool {
        line[word.upperBound...].allSatisfy { $0.isASCIISpace || $0 == UInt8(ascii: ";") }
    }

    private static func value(_ word: Range<Int>, in line: [UInt8]) -> Range<Int> {
        line[word].last == UInt8(ascii: ";") ? word.lowerBound..<(word.upperBound - 1) : word
    }

    /// What is inside the quotes, or the whole word.
    private static func content(of word: Range<Int>, in line: [UInt8]) -> Range<Int> {
        let first = line[word.lowerBound]
        guard first.isQuote else { return word }
        let inside = word.lowerBound + 1
        return inside..<(Quotes.end(of: first, in: line, from: inside) ?? line.count)
    }

    private static func afterColon(_ word: Range<Int>, in line: [UInt8]) -> Range<Int> {
        let content = content(of: word, in: line)
        guard let colon = line[content].firstIndex(of: UInt8(ascii: ":")) else { return content }
        return (colon + 1)..<content.upperBound
    }
}
