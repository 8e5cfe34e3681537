internal import DriftCore
internal import Redaction

/// Paths that look as if they were written for a program that expands, splits or unquotes them.
///
/// Driftwatch does none of that: it takes the path literally. Each function says what looks wrong, or returns nil.
enum PathDoubt {
    /// Of a path that the grammar accepts.
    static func fault(of path: String) -> Fault? {
        if let sign = StrangeSign.first(in: path) {
            return Fault("\(quoted(path)) has \(sign.fault.message)", hint: sign.fault.hint)
        }
        let parts = path.split(separator: "/").map { Array($0.utf8) }
        for part in parts {
            if let fault = fault(of: part, in: path) { return fault }
        }
        if parts.dropFirst().contains([UInt8(ascii: "~")]) || path.hasPrefix("/~") {
            return Fault(
                "\(quoted(path)) has `~` in the middle, where it is only a folder's name",
                hint: "begin with ~/ for the home of the server's config_user")
        }
        return path.hasPrefix("/") ? misspelt(path, parts.first.map { String(decoding: $0, as: UTF8.self) } ?? "") : nil
    }

    /// Of what a symbolic link points at.
    static func fault(ofTarget target: String) -> Fault? {
        if target.hasPrefix("~") {
            return Fault(
                "\(quoted(target)) begins with `~`, which a link does not expand", hint: "write what readlink prints")
        }
        if let sign = StrangeSign.first(in: target) {
            return Fault("\(quoted(target)) has \(sign.fault.message)", hint: sign.fault.hint)
        }
        return target.split(separator: "/").lazy.compactMap { fault(of: Array($0.utf8), in: target) }.first
    }

    private static func fault(of part: [UInt8], in path: String) -> Fault? {
        pattern(part, path) ?? variable(part, path) ?? several(part, path) ?? shellWord(part, path)
            ?? placeholder(part, path)
    }

    // MARK: What would have to be expanded

    private static func pattern(_ part: [UInt8], _ path: String) -> Fault? {
        let bracket = part.firstIndex(of: UInt8(ascii: "["))
        let isBracketed = bracket.map { part[$0...].dropFirst(2).contains(UInt8(ascii: "]")) } ?? false
        let found = part.first { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
        if let sign = found.map({ String(decoding: [$0], as: UTF8.self) }) ?? (isBracketed ? "[…]" : groupSign(part)) {
            return Fault("\(quoted(path)) has `\(sign)`, and patterns are not expanded", hint: "name each file")
        }
        if let brace = part.firstIndex(of: UInt8(ascii: "{")),
            let end = part[brace...].firstIndex(of: UInt8(ascii: "}")), !isDollar(before: brace, in: part)
        {
            let inside = String(decoding: part[(brace + 1)..<end], as: UTF8.self)
            if inside.contains(",") || inside.contains("..") {
                return Fault("\(quoted(path)) has `{\(inside)}`, and braces are not expanded", hint: "name each file")
            }
        }
        return nil
    }

    /// `!(x)` of a shell, or `(a|b)` of a shell or a regular expression.
    private static func groupSign(_ part: [UInt8]) -> String? {
        guard let open = part.firstIndex(of: UInt8(ascii: "(")),
            let close = part[open...].firstIndex(of: UInt8(ascii: ")"))
        else { return nil }
        if open > 0, "!+@".utf8.contains(part[open - 1]) {
            return String(decoding: part[(open - 1)...open], as: UTF8.self)
        }
        return part[open..<close].contains(UInt8(ascii: "|")) && !isDollar(before: open, in: part) ? "(…|…)" : nil
    }

    private static func isDollar(before index: Int, in part: [UInt8]) -> Bool {
        index > 0 && part[index - 1] == UInt8(ascii: "$")
    }

    private static func variable(_ part: [UInt8], _ path: String) -> Fault? {
        for (place, byte) in part.enumerated() {
            let next = place + 1 < part.count ? part[place + 1] : nil
            switch byte {
            case UInt8(ascii: "$"):
                guard let next else {
                    return Fault("\(quoted(path)) has a `$` at the end of a name", hint: "remove it")
                }
                if next == byte {
                    return Fault(
                        "\(quoted(path)) has `$$`, and nothing is expanded: the name would have both",
                        hint: "write the value, or one `$`")
                }
                if next.isAlphanumeric || "_{(@".utf8.contains(next) {
                    return Fault(
                        "\(quoted(path)) has `$`, and variables are not expanded",
                        hint: "write the value; ~/ is the home of the server's config_user")
                }
            case UInt8(ascii: "%"):
                guard let next, next.isAlphanumeric || next == byte else { continue }
                return Fault(
                    "\(quoted(path)) has `%\(String(decoding: [next], as: UTF8.self))`, and such signs are not expanded",
                    hint: "write what it stands for")
            case UInt8(ascii: "`"):
                return Fault("\(quoted(path)) has a backtick, and commands are not run", hint: "write the path itself")
            default: continue
            }
        }
        return nil
    }

    // MARK: What a shell would have taken away

    private static func shellWord(_ part: [UInt8], _ path: String) -> Fault? {
        if let place = part.firstIndex(of: UInt8(ascii: "\\")) {
            // systemd writes \x2d in the names of units.
            let isUnitEscape = part[place...].dropFirst().first == UInt8(ascii: "x")
            if !isUnitEscape {
                return Fault(
                    "\(quoted(path)) has a backslash, which is taken as part of the name",
                    hint: "write blanks and signs as they are, and put the path between quotes")
            }
        }
        if part.contains(where: { $0 == UInt8(ascii: "\"") }) || part.first == UInt8(ascii: "'")
            || part.last == UInt8(ascii: "'")
        {
            return Fault(
                "\(quoted(path)) has quotation marks within the path",
                hint: "put the whole path between quotes, or nothing")
        }
        if part.first == UInt8(ascii: " ") || part.last == UInt8(ascii: " ") {
            return Fault("\(quoted(path)) has a blank at the edge of a name", hint: "remove it")
        }
        return nil
    }

    /// Two paths in one text, or what is left of a list or a comment.
    private static func several(_ part: [UInt8], _ path: String) -> Fault? {
        if let last = part.last(where: { $0 != UInt8(ascii: " ") }), ",;:".utf8.contains(last) {
            return Fault(
                "\(quoted(path)) has `\(String(decoding: [last], as: UTF8.self))` at the end of a name",
                hint: "an item has one path; write an item for each")
        }
        if String(decoding: part, as: UTF8.self).contains("# ") {
            return Fault("\(quoted(path)) has a comment within the path", hint: "put a blank before the #")
        }
        return nil
    }

    private static func placeholder(_ part: [UInt8], _ path: String) -> Fault? {
        if let start = part.firstIndex(of: UInt8(ascii: "<")), part[start...].contains(UInt8(ascii: ">")) {
            return Fault("\(quoted(path)) has a placeholder between < and >", hint: "write what it stands for")
        }
        let between = part.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false).dropFirst().dropLast()
        let isCapital = { (byte: UInt8) in
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
        }
        if between.contains(where: { $0.count > 1 && $0.allSatisfy(isCapital) }) {
            return Fault("\(quoted(path)) has a placeholder between @ and @", hint: "write what it stands for")
        }
        if part.elementsEqual("...".utf8) {
            return Fault("\(quoted(path)) is abbreviated with `...`", hint: "write the whole path")
        }
        return nil
    }

    // MARK: Top folders

    private static let topFolders = [
        "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run", "sbin",
        "srv",
        "sys", "tmp", "usr", "var",
    ]

    /// The letters of a folder that every Linux has, in another order or in capitals.
    private static func misspelt(_ path: String, _ first: String) -> Fault? {
        guard !topFolders.contains(first) else { return nil }
        let letters = first.lowercased().utf8.sorted()
        guard let meant = topFolders.first(where: { $0.utf8.sorted() == letters }) else { return nil }
        return Fault("\(quoted(path)) lies in /\(first)", hint: "did you mean /\(meant)?")
    }
}
