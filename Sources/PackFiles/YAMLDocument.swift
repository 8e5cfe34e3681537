internal import DriftCore
internal import Redaction
import Yams

/// The one document of a YAML file.
///
/// Plain YAML without its surprises: one document, UTF-8, no anchors and aliases. Every value then stands where it
/// is used, so that each error has one line, and no file grows when it is read.
enum YAMLDocument {
    /// - Returns: nil for a file that holds no value at all.
    static func root(of file: SourceFile, byteLimit: Int) throws(Problem) -> Node? {
        let text = try text(of: file, byteLimit: byteLimit)
        let bytes = Array(text.utf8)
        try refuseAliases(bytes, file.path)
        try refuseExplicitKeys(bytes, file.path)
        do {
            // Without resolver rules every scalar stays the text that was written: types are decided in ScalarValue.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            let root = try parser.singleRoot()
            // Nodes know their anchors for as long as the parser lives.
            if let anchored = withExtendedLifetime(parser, { root.flatMap(Self.anchoredText) }) {
                throw anchorProblem(anchored, file.path)
            }
            return root
        } catch let error as YamlError {
            throw problem(error, file.path, bytes)
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(file: file.path, message: "not readable as YAML")
        }
    }

    /// The first plain text that lost its beginning to an anchor: `&a b` is the text `b`.
    private static func anchoredText(in node: Node) -> Node? {
        switch node {
        case .scalar(let scalar): scalar.anchor != nil && scalar.style == .plain ? node : nil
        case .sequence(let sequence): sequence.lazy.compactMap(anchoredText).first
        case .mapping(let mapping): mapping.lazy.compactMap { anchoredText(in: $0) ?? anchoredText(in: $1) }.first
        case .alias: nil
        }
    }

    private static func anchorProblem(_ node: Node, _ file: String) -> Problem {
        // Without its name, which may be the beginning of a secret.
        Problem(
            file: file, line: node.position.line, column: node.position.column,
            message: "YAML takes what begins with & for an anchor, not for text",
            hint: "put a value that begins with & between quotes")
    }

    /// The text of a file that is not too large and has nothing in it that cannot be seen.
    static func text(of file: SourceFile, byteLimit: Int) throws(Problem) -> String {
        guard file.bytes.count <= byteLimit else {
            throw Problem(
                file: file.path, message: "the file has \(file.bytes.count) bytes",
                hint: "at most \(byteLimit) are read")
        }
        let text = try text(of: file)
        try refuseUnprintable(text, file.path)
        return text
    }

    private static func text(of file: SourceFile) throws(Problem) -> String {
        var bytes = file.bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let wrong = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
        throw Problem(file: file.path, line: wrong + 1, message: "not UTF-8", hint: "save the file as UTF-8")
    }

    private static func refuseUnprintable(_ text: String, _ file: String) throws(Problem) {
        var position = Position(line: 1, column: 1)
        var last: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar == "\n" {
                if last != "\r" { position = Position(line: position.line + 1, column: 0) }
            } else if scalar == "\r" {
                position = Position(line: position.line + 1, column: 0)
            } else if scalar != "\t", !Grammar.isPrintable(scalar) {
                throw Problem(
                    file: file, line: position.line, column: position.column,
                    message: "a character that cannot be seen, \(scalar.codePointAndName)",
                    hint: "remove it, or write it as an escape between double quotes, with literal: true")
            }
            position.column += 1
            last = scalar
        }
    }

    /// Refuses a file in which some `*name` has its `&name`, before the parser sees it.
    ///
    /// A name in a comment or a quoted text counts too: telling them apart takes a parser, and a file with both
    /// forms of the same name by chance has yet to be seen.
    private static func refuseAliases(_ bytes: [UInt8], _ file: String) throws(Problem) {
        let anchors = Set(names(after: UInt8(ascii: "&"), in: bytes).map(\.name))
        guard !anchors.isEmpty else { return }
        for (name, index) in names(after: UInt8(ascii: "*"), in: bytes) where anchors.contains(name) {
            let position = position(of: index, in: bytes)
            throw Problem(
                file: file, line: position.line, column: position.column,
                message: "YAML aliases are not accepted",
                hint: "put text that has & and * between quotes; values are shared by defaults and extends only")
        }
    }

    /// Refuses a file with many `? key` pairs.
    ///
    /// Only with this form can mappings be keys of mappings that are keys in turn, hundreds deep, and the parser
    /// compares each of them whole. A few question marks in texts are let through.
    private static func refuseExplicitKeys(_ bytes: [UInt8], _ file: String) throws(Problem) {
        let marks = bytes.indices.filter { index in
            bytes[index] == UInt8(ascii: "?") && (index == 0 || "\n\r\t ,[{?:-".utf8.contains(bytes[index - 1]))
        }
        guard marks.count > 16 else { return }
        let position = position(of: marks[0], in: bytes)
        throw Problem(
            file: file, line: position.line, column: position.column,
            message: "\(marks.count) keys in the form `? key`", hint: "write key: value")
    }

    private static func position(of index: Int, in bytes: [UInt8]) -> Position {
        let newline = UInt8(ascii: "\n")
        let start = bytes[..<index].lastIndex(of: newline).map { $0 + 1 } ?? 0
        return Position(
            line: bytes[..<index].count { $0 == newline } + 1,
            column: String(decoding: bytes[start..<index], as: UTF8.self).unicodeScalars.count + 1)
    }

    /// The characters that libyaml takes for the name of an anchor or alias; behind a letter or digit, as in `R&D`, it
    /// takes the sign for text.
    private static func names(after sign: UInt8, in bytes: [UInt8]) -> [(name: ArraySlice<UInt8>, index: Int)] {
        let signs = bytes.indices.filter { index in
            bytes[index] == sign && (index == 0 || !bytes[index - 1].isAlphanumeric)
        }
        return signs.compactMap { index in
            let name = bytes[(index + 1)...].prefix { byte in
                byte.isAlphanumeric || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
            return name.isEmpty ? nil : (name, index)
        }
    }
}

extension YAMLDocument {
    private static func problem(_ error: YamlError, _ file: String, _ bytes: [UInt8]) -> Problem {
        var problem = worded(error, file, bytes)
        // What looks like an indentation and is none gives YAML's oddest complaints.
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for line in [problem.line, problem.line.map { $0 - 1 }].compactMap(\.self)
        where lines.indices.contains(line - 1) {
            guard let sign = StrangeSign.first(in: String(decoding: lines[line - 1], as: UTF8.self), .unseen) else {
                continue
            }
            guard sign.scalar.kind == .blank else { continue }
            problem.hint = "line \(line) has \(sign.fault.message); \(sign.fault.hint ?? "")"
            break
        }
        return problem
    }

    private static func worded(_ error: YamlError, _ file: String, _ bytes: [UInt8]) -> Problem {
        switch error {
        case .scanner(let context, let message, let mark, _), .parser(let context, let message, let mark, _):
            let text = [context?.text, message].compactMap(\.self).joined(separator: ": ")
            return Problem(
                file: file, line: mark.line, column: mark.column, message: "not YAML: \(text)",
                hint: hint(context: context?.text ?? "", message: message, line: line(mark.line, of: bytes)))
        case .composer(_, let message, let mark, _):
            let isSecondDocument = message.contains("another document")
            return Problem(
                file: file, line: mark.line, column: mark.column,
                message: isSecondDocument ? "a second document begins here" : "not YAML: \(message)",
                hint: isSecondDocument ? "one document in a file" : nil)
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map(quoted).joined(separator: ", ")
            return Problem(
                file: file, line: context.mark.line, column: context.mark.column,
                message: "the same key twice in one mapping: \(names)", hint: "this is the first of them; keep one")
        case .reader(let message, _, _, _):
            return Problem(file: file, line: 1, message: "not YAML: \(message)")
        default:
            return Problem(file: file, line: 1, message: "not readable as YAML")
        }
    }

    private static func line(_ number: Int, of bytes: [UInt8]) -> ArraySlice<UInt8> {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.indices.contains(number - 1) ? lines[number - 1] : []
    }

    /// Says in other words what the parser says about the usual slips.
    private static func hint(context: String, message: String, line: ArraySlice<UInt8>) -> String? {
        if line.firstRange(of: Array("{{".utf8)) != nil { return "put a value with {{ }} in it between quotes" }
        if context.contains("alias") || context.contains("anchor") {
            return "put a value that begins with * or & between quotes"
        }
        if message.contains("mapping values are not allowed") {
            return "look at the indentation, and put a value that holds `: ` between quotes"
        }
        if message.contains("cannot start any token") || message.contains("tab character") {
            return "indent with spaces, not tabs, and put a value that begins with @, % or ` between quotes"
        }
        if message.contains("undefined tag handle") || context.contains("tag") {
            return "put a value that begins with ! between quotes"
        }
        if message.contains("block end") || message.contains("expected key") || message.contains("expected ':'") {
            return "look at the indentation of this line and the ones above"
        }
        return nil
    }
}
