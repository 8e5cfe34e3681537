internal import DriftCore
internal import Redaction

/// Which texts are allowed for which value: each function says what is wrong with a text, or returns nil.
///
/// Paths travel to servers as data and names to `ssh` as arguments, so these are the gate that keeps a leading
/// dash, a newline or a NUL from ever meaning something there.
enum Grammar {
    /// Whether a person who reads the file sees the character, and sees it where it is.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.kind {
        case .plain, .blank, .joiner, .unknown: !scalar.properties.isNoncharacterCodePoint
        case .tab, .lineBreak, .control, .invisible: false
        }
    }

    /// Whether `text` is one of letters, digits and `others`, not longer than `limit` bytes and not empty.
    static func consists(_ text: String, of others: String, limit: Int) -> Bool {
        !text.isEmpty && text.utf8.count <= limit
            && text.utf8.allSatisfy { $0.isAlphanumeric || others.utf8.contains($0) }
    }

    /// One line that people read, or that is compared as it is.
    ///
    /// Where it is `literal` it may have what a person does not see, but nothing that moves a cursor or ends a line.
    static func line(_ text: String, limit: Int, literal: Bool = false) -> Fault? {
        if text.isEmpty { return Fault("empty text") }
        if literal {
            let found = text.unicodeScalars.first { scalar in
                scalar.kind == .control || scalar.kind == .lineBreak || scalar.properties.isNoncharacterCodePoint
            }
            if let found { return unseen(found) }
        } else if let fault = unprintable(text) ?? StrangeSign.first(in: text, .unseen)?.fault {
            return fault
        }
        guard text.utf8.count <= limit else {
            return Fault("a text of \(text.utf8.count) bytes", hint: "at most \(limit)")
        }
        return nil
    }

    /// Text that may have several lines.
    static func prose(_ text: String, limit: Int) -> Fault? {
        if let fault = unprintable(text, except: ["\n", "\t"]) { return fault }
        guard text.utf8.count <= limit else {
            return Fault("a text of \(text.utf8.count) bytes", hint: "at most \(limit)")
        }
        return nil
    }

    private static func unprintable(_ text: String, except: [Unicode.Scalar] = []) -> Fault? {
        text.unicodeScalars.first { !isPrintable($0) && !except.contains($0) }.map(unseen)
    }

    private static func unseen(_ scalar: Unicode.Scalar) -> Fault {
        Fault("a character that cannot be seen, \(scalar.codePointAndName)", hint: "remove it")
    }
}

// MARK: Packs

extension Grammar {
    static let pathLimit = 4095
    static let pathComponentLimit = 255

    /// The path of a file item: absolute or beginning with `~/`, and spelled in the one way that paths have.
    static func path(_ path: String, literal: Bool = false) -> Fault? {
        if let fault = line(path, limit: pathLimit, literal: literal) { return fault }
        if path.hasPrefix("~"), !path.hasPrefix("~/") {
            return Fault(
                "\(quoted(path)): the home directory of another user is not looked up",
                hint: "write the absolute path, or ~/ for the home of the server's config_user")
        }
        guard path.hasPrefix("/") || path.hasPrefix("~/") else {
            return relative(path)
        }
        if path == "/" { return nil }
        let components = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        if components.contains("..") {
            return Fault("\(quoted(path)) contains `..`", hint: "write the path that it leads to")
        }
        guard components.allSatisfy({ !$0.isEmpty && $0 != "." }) else {
            let start = path.hasPrefix("~") ? "~" : ""
            let plain = components.filter { !$0.isEmpty && $0 != "." }
            let hint = plain.isEmpty ? nil : "write \(quoted(start + "/" + plain.joined(separator: "/")))"
            return Fault("\(quoted(path)) has an empty part, or one that is `.`", hint: hint)
        }
        guard components.allSatisfy({ $0.utf8.count <= pathComponentLimit }) else {
            return Fault("\(quoted(path)) has a part longer than \(pathComponentLimit) bytes")
        }
        return nil
    }

    /// Says what a path that does not begin at the root was most likely meant to be.
    private static func relative(_ path: String) -> Fault {
        if let scheme = path.firstRange(of: "://") {
            let rest = path[scheme.upperBound...]
            let isFile = path.hasPrefix("file:") && rest.hasPrefix("/")
            return Fault(
                "\(quoted(path)) is a URL, not a path",
                hint: isFile ? "write \(quoted(String(rest)))" : "write the file's path on the server")
        }
        let bytes = Array(path.utf8.prefix(3))
        if bytes.count == 3, bytes[1] == UInt8(ascii: ":"), bytes[0].isAlphanumeric,
            "\\/".utf8.contains(bytes[2])
        {
            return Fault("\(quoted(path)) is a Windows path", hint: "begin with / or ~/, and separate with /")
        }
        return Fault("\(quoted(path)) is a relative path", hint: "begin with / or ~/; variables are not expanded")
    }

    /// What a symbolic link points at, which may be relative.
    static func linkTarget(_ text: String, literal: Bool = false) -> Fault? {
        line(text, limit: pathLimit, literal: literal)
    }

    /// What the author of a wrong mode most likely meant, such as `"0644"` for `644` and `0o644`.
    static func modeHint(_ text: String) -> String {
        let digits = text.hasPrefix("0o") ? String(text.dropFirst(2)) : text
        let padded = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        return FileMode.number(padded) == nil
            ? "four octal digits between quotes, such as \"0644\"" : "write \"\(padded)\""
    }

    static func contentHash(_ text: String) -> Fault? {
        let hint = "sha256: and 64 hexadecimal digits, as sha256sum prints them"
        guard text.hasPrefix("sha256:") else {
            return Fault(
                "\(quoted(text)) is not a content hash",
                hint: SHA256Digest(text) == nil ? hint : "put sha256: before it")
        }
        return SHA256Digest(text) == nil ? Fault("\(quoted(text)) is not a SHA-256", hint: hint) : nil
    }

    /// The name of a template below `packs/templates`, such as `motd` or `ssh/config`.
    static func templateName(_ name: String) -> Fault? {
        if let fault = line(name, limit: pathLimit) { return fault }
        let hint = "the name of a file in packs/templates"
        if name.hasPrefix("/") || name.hasPrefix("~") {
            return Fault("the template \(quoted(name)) is not below packs/templates", hint: hint)
        }
        let components = name.split(separator: "/", omittingEmptySubsequences: false)
        if components.contains("..") {
            return Fault("the template \(quoted(name)) leads out of packs/templates", hint: hint)
        }
        guard components.allSatisfy({ !$0.isEmpty && $0 != "." && $0.utf8.count <= pathComponentLimit }) else {
            return Fault("\(quoted(name)) is not a template name", hint: hint)
        }
        return nil
    }

    /// The owner or the group of a file, as `stat -c '%U:%G'` prints them on the server, or a decimal number.
    ///
    /// Directory services give names with spaces, backslashes and `@`.
    static func account(_ name: String, literal: Bool = false) -> Fault? {
        if let fault = line(name, limit: 256, literal: literal) { return fault }
        if name.contains(":") {
            return Fault(
                "\(quoted(name)) is not an account",
                hint: "a name cannot contain a colon; owner and group are separate keys")
        }
        guard !name.hasPrefix("-"), !name.hasPrefix("+") else {
            return Fault("\(quoted(name)) is not an account", hint: "a name or a number, such as root or \"0\"")
        }
        return nil
    }

    /// Names of packages in Debian's rules, and in the wider ones of other systems; `:` and an architecture may follow.
    static func packageName(_ name: String) -> Fault? {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let isQualifier = parts.count == 1 || consists(parts[1], of: "-", limit: 32)
        guard isQualifier, consists(parts[0], of: "+._-", limit: 128), let first = name.utf8.first,
            first.isAlphanumeric
        else {
            let isVersioned = name.contains(":") || name.contains("=")
            return Fault(
                "\(quoted(name)) is not a package name",
                hint: isVersioned ? "such as libc6 or libc6:i386; a version goes into min_version" : nil)
        }
        return nil
    }

    static func packageVersion(_ version: String) -> Fault? {
        guard consists(version, of: ".+~:^_-", limit: 128), let first = version.utf8.first, first.isAlphanumeric
        else {
            return Fault(
                "\(quoted(version)) is not a version", hint: "such as \"7.88\" or \"1:2.39.2-1\"; no operators")
        }
        return nil
    }

    /// A version in which `*` stands for any text.
    static func versionPattern(_ pattern: String) -> Fault? {
        guard consists(pattern, of: ".+~:^_-*", limit: 128),
            pattern.utf8.first.map({ $0.isAlphanumeric || $0 == UInt8(ascii: "*") }) ?? false
        else {
            let hint = "such as \"1.22.1\" or \"1.22.*\"; for a range, min_version and max_version"
            return Fault("\(quoted(pattern)) is not a version", hint: hint)
        }
        return nil
    }

    static func environmentVariable(_ name: String) -> Fault? {
        guard consists(name, of: "_", limit: 255), let first = name.utf8.first, !first.isDigit else {
            let hint = name.hasPrefix("$") ? "without the $" : "letters, digits and underscores"
            return Fault("\(quoted(name)) is not an environment variable", hint: hint)
        }
        return nil
    }

    static func sysctlKey(_ name: String) -> Fault? {
        guard consists(name, of: "._/-", limit: 255), let first = name.utf8.first, first.isAlphanumeric else {
            return Fault("\(quoted(name)) is not a sysctl key", hint: "such as net.ipv4.ip_forward")
        }
        return nil
    }

    static func configKey(_ name: String, literal: Bool = false) -> Fault? {
        if let fault = line(name, limit: 255, literal: literal) { return fault }
        guard !name.unicodeScalars.contains(where: { $0 == " " || $0 == "\t" }) else {
            return Fault("\(quoted(name)) is not a key of a configuration file", hint: "a key is one word")
        }
        return nil
    }

    static let unitSuffixes = [
        "service", "socket", "timer", "path", "mount", "automount", "swap", "target", "slice", "scope", "device",
    ]

    /// The name of a systemd unit, suffix included.
    static func unitName(_ name: String) -> Fault? {
        guard consists(name, of: ":_.\\@-", limit: 255), !name.hasPrefix("-"), !name.hasPrefix("@") else {
            return Fault("\(quoted(name)) is not a unit name", hint: "such as ssh.service")
        }
        guard unitSuffixes.contains(where: { name.hasSuffix(".\($0)") && name.utf8.count > $0.utf8.count + 1 }) else {
            return Fault("\(quoted(name)) does not say which kind of unit", hint: unitHint(name))
        }
        return nil
    }

    private static func unitHint(_ name: String) -> String {
        guard let dot = name.lastIndex(of: "."),
            let suffix = nearest(String(name[name.index(after: dot)...]), among: unitSuffixes)
        else { return "write \(quoted(name + ".service"))" }
        return "did you mean \(quoted(name[...dot] + suffix))?"
    }
}

// MARK: Inventory

extension Grammar {
    static func name(_ text: String, of what: String) -> Fault? {
        guard isWellFormedName(text) else {
            return Fault(
                "\(quoted(text)) is not a \(what)",
                hint: "lower-case letters, digits and . _ - after a letter or digit; at most 63 characters")
        }
        return nil
    }

    /// A host name, an alias of ssh's configuration, or an IP address without brackets.
    static func address(_ text: String) -> Fault? {
        let hint = "a host name or an IP address"
        if text.contains("@") {
            return Fault("\(quoted(text)) is not an address", hint: "put the login name under user")
        }
        if text.hasPrefix("["), text.contains("]") {
            return Fault("\(quoted(text)) is not an address", hint: "without brackets; put the port under port")
        }
        if text.contains(":") { return addressVersion6(text) }
        guard consists(text, of: "._-", limit: 253), let first = text.utf8.first, first.isAlphanumeric else {
            return Fault("\(quoted(text)) is not an address", hint: hint)
        }
        return nil
    }

    private static func addressVersion6(_ text: String) -> Fault? {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        let digits = parts[0]
        guard digits.count(where: { $0 == ":" }) >= 2 else {
            return Fault("\(quoted(text)) is not an address", hint: "put the port under port")
        }
        let isHexadecimal = digits.allSatisfy { $0.isASCII && ($0.isHexDigit || $0 == ":" || $0 == ".") }
        let hasZone = parts.count == 1 || consists(String(parts[1]), of: "._-", limit: 32)
        return isHexadecimal && hasZone && digits.utf8.count <= 45
            ? nil : Fault("\(quoted(text)) is not an IPv6 address", hint: "such as 2001:db8::7")
    }

    /// Who logs in; an argument of `ssh`.
    static func user(_ text: String) -> Fault? {
        let body = text.hasSuffix("$") ? String(text.dropLast()) : text
        guard consists(body, of: "._@+-", limit: 64), let first = body.utf8.first,
            first.isAlphanumeric || first == UInt8(ascii: "_")
        else { return Fault("\(quoted(text)) is not a user name", hint: "such as driftwatch") }
        return nil
    }

    static let ports = 1...65535
    /// How many slots may fail before an alert opens; 0: it never does.
    static let slots = 0...1000
    /// Ten years, in seconds.
    static let longestSpan = 3650 * 86_400

    static func port(_ number: Int) -> Fault? {
        ports.contains(number) ? nil : Fault("\(number) is not a port", hint: "1 to 65535")
    }

    static func dayOrInstant(_ text: String) -> Fault? {
        guard DayOrInstant(text) != nil else {
            let digits = Array(text)
            let day = digits.count == 8 ? [digits[..<4], digits[4..<6], digits[6...]].map { String($0) } : []
            if let meant = DayOrInstant(day.joined(separator: "-")) {
                return Fault("\(quoted(text)) is not a day", hint: "write \(meant.text)")
            }
            return Fault(
                "\(quoted(text)) is neither a day nor an instant",
                hint: "such as 2027-01-15, or 2027-01-15T06:00:00Z; no other form")
        }
        return nil
    }

    static func labelName(_ text: String) -> Fault? {
        guard consists(text, of: "._/-", limit: 63), let first = text.utf8.first, first.isAlphanumeric else {
            return Fault("\(quoted(text)) is not a label name", hint: "letters, digits and . _ / -")
        }
        return nil
    }
}
