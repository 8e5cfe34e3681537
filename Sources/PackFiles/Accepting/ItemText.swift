internal import DriftCore
import Yams

/// The text of one item in a pack file, while its keys are changed.
///
/// It leaves the rest of the file as it is, comments included. What it cannot change safely it refuses: keys of which it
/// does not know where their value ends, and values that come from variables.
struct ItemText {
    private let lines: [String]
    private let mapping: Node.Mapping

    init(lines: [String], mapping: Node.Mapping) {
        self.lines = lines
        self.mapping = mapping
    }

    /// The lines of the file with the changes, the last of the item first, so that places before them stay true.
    func changed(_ changes: [String: Acceptance.Value?]) throws(Fault) -> [String] {
        if changes["literal"] != nil,
            entries.contains(where: { changes[$0.key.string] == nil && hasVariable($0.value) })
        {
            throw Fault("its value would be taken for a variable, which the item has too")
        }
        var edits: [Edit] = []
        var added: [(key: String, value: Acceptance.Value)] = []
        for (key, value) in changes.sorted(by: { $0.key < $1.key }) {
            let index = entries.firstIndex { $0.key.string == key }
            switch (index, value) {
            case (let index?, .element(let text)?): edits.append(try appending(text, to: entries[index].value))
            case (let index?, let value?) where isBlockText(entries[index].value):
                edits.append(try removing(index, isKept: false))
                added.append((key, value))
            case (let index?, let value?): edits.append(try replacing(index, with: Self.written(value)))
            case (let index?, nil): edits.append(try removing(index))
            case (nil, let value?): added.append((key, value))
            case (nil, nil): break
            }
        }
        if !added.isEmpty { edits.append(try inserting(added)) }
        var lines = lines
        // At one place, what is put in is put in last.
        for edit in edits.sorted(by: { ($1.line, $1.start, $1.end) < ($0.line, $0.start, $0.end) }) {
            edit.apply(to: &lines)
        }
        return lines
    }

    // MARK: Places

    private struct Entry {
        var key: Node.Scalar
        var value: Node
        /// Of the key, from 0.
        var line: Int
        var column: Int
    }

    /// A change within a line, or of whole lines if it has no text.
    private struct Edit {
        var line: Int
        /// In Unicode scalars.
        var start = 0
        var end = 0
        var text: String?
        var lineCount = 0

        func apply(to lines: inout [String]) {
            guard let text else {
                lines.removeSubrange(line..<(line + lineCount))
                return
            }
            var scalars = lines[line].unicodeScalars
            let from = scalars.index(scalars.startIndex, offsetBy: start)
            scalars.replaceSubrange(from..<scalars.index(from, offsetBy: end - start), with: text.unicodeScalars)
            lines[line] = String(scalars)
        }
    }

    private var entries: [Entry] {
        mapping.compactMap { key, value in
            guard let scalar = key.scalar, let mark = key.mark else { return nil }
            return Entry(key: scalar, value: value, line: mark.line - 1, column: mark.column - 1)
        }
    }

    /// Whether it is written between braces; its place is that of the first one.
    private var isFlow: Bool {
        guard let mark = mapping.mark, lines.indices.contains(mark.line - 1) else { return false }
        return lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1).first == "{"
    }

    private var isLiteral: Bool {
        entries.contains { $0.key.string == "literal" && $0.value.scalar?.string == "true" }
    }

    /// Whether a value is put in where this one, or one within it, is read.
    private func hasVariable(_ node: Node) -> Bool {
        if isLiteral { return false }
        if let text = node.scalar?.string { return text.contains("{{") }
        return Self.elements(of: node).contains { hasVariable($0) }
    }

    /// The values of a list or a map.
    private static func elements(of node: Node) -> [Node] {
        node.sequence.map { Array($0) } ?? node.mapping?.map(\.value) ?? []
    }

    private func requireNoVariable(_ scalar: Node.Scalar) throws(Fault) {
        guard !isLiteral, scalar.string.contains("{{") else { return }
        let name = (try? PlaceholderText(scalar.string))?.placeholders.first
        throw Fault(
            "its value comes from \(name.map(PlaceholderText.written) ?? "a variable"): change it where that is set")
    }

    /// Whether it is a text over several lines, behind a `|` or a `>`.
    private func isBlockText(_ node: Node) -> Bool {
        node.scalar.map { [.literal, .folded].contains($0.style) } ?? false
    }

    /// Where a value of one line begins and ends.
    private func range(of node: Node, isKept: Bool = false) throws(Fault) -> (line: Int, start: Int, end: Int) {
        let fault = Fault("its value is written in a way that cannot be changed here")
        guard let mark = node.mark, lines.indices.contains(mark.line - 1) else { throw fault }
        let line = Array(lines[mark.line - 1].unicodeScalars)
        let start = mark.column - 1
        guard line.indices.contains(start) else { throw fault }
        if let last = Self.elements(of: node).last {
            let inner = try range(of: last, isKept: true)
            let end = line.indices.dropFirst(inner.end).first { line[$0] != " " }
            guard "[{".unicodeScalars.contains(line[start]), inner.line == mark.line - 1, let end,
                "]}".unicodeScalars.contains(line[end])
            else { throw fault }
            return (inner.line, start, end + 1)
        }
        guard let scalar = node.scalar else { throw fault }
        if !isKept { try requireNoVariable(scalar) }
        switch line[start] {
        case "\"", "'":
            var end = start + 1
            while end < line.count, line[end] != line[start] { end += line[end] == "\\" && line[start] == "\"" ? 2 : 1 }
            guard end < line.count, !(end + 1 < line.count && line[end + 1] == line[start]) else { throw fault }
            return (mark.line - 1, start, end + 1)
        default:
            let end = start + scalar.string.unicodeScalars.count
            guard end <= line.count, line[start..<end].elementsEqual(scalar.string.unicodeScalars), end > start else {
                throw fault
            }
            return (mark.line - 1, start, end)
        }
    }

    /// The lines of a key in a block: those below it that are indented deeper, or list its values, and blank ones between.
    private func blockLines(of entry: Entry) -> Range<Int> {
        var end = entry.line + 1
        for index in lines.indices.dropFirst(end) {
            let indentation = lines[index].unicodeScalars.prefix { $0 == " " }.count
            let rest = lines[index].unicodeScalars.dropFirst(indentation)
            if rest.isEmpty { continue }
            let lists =
                indentation == entry.column && rest.starts(with: "- ".unicodeScalars) && entry.value.sequence != nil
            guard indentation > entry.column || lists else { break }
            end = index + 1
        }
        return entry.line..<end
    }

    // MARK: Edits

    private func replacing(_ index: Int, with text: String) throws(Fault) -> Edit {
        let place = try range(of: entries[index].value)
        return Edit(line: place.line, start: place.start, end: place.end, text: text)
    }

    /// Behind the last value of a list.
    private func appending(_ text: String, to list: Node) throws(Fault) -> Edit {
        guard let last = list.sequence?.last, let mark = list.mark else { throw Fault("its values are not a list") }
        let place = try range(of: last, isKept: true)
        let line = lines[place.line].unicodeScalars
        let value = Self.written(.text(text))
        if lines[mark.line - 1].unicodeScalars.dropFirst(mark.column - 1).first == "[" {
            return Edit(line: place.line, start: place.end, end: place.end, text: ", \(value)")
        }
        let indentation = String(line.prefix { $0 == " " })
        guard line.dropFirst(indentation.count).starts(with: "- ".unicodeScalars) else {
            throw Fault("its list is written in a way that cannot be changed here")
        }
        return Edit(line: place.line, start: line.count, end: line.count, text: "\n\(indentation)- \(value)")
    }

    private func removing(_ index: Int, isKept: Bool = true) throws(Fault) -> Edit {
        let entry = entries[index]
        if !isKept, let scalar = entry.value.scalar { try requireNoVariable(scalar) }
        guard isFlow else {
            guard index > 0 else { throw Fault("its first key would have to go") }
            let lines = blockLines(of: entry)
            return Edit(line: lines.lowerBound, lineCount: lines.count)
        }
        guard index > 0 else { throw Fault("its first key would have to go") }
        let before = try range(of: entries[index - 1].value, isKept: true)
        let own = try range(of: entry.value, isKept: true)
        guard before.line == own.line else { throw Fault("it is written over several lines between braces") }
        return Edit(line: own.line, start: before.end, end: own.end, text: "")
    }

    /// Behind the first key, which names the item.
    private func inserting(_ added: [(key: String, value: Acceptance.Value)]) throws(Fault) -> Edit {
        guard let first = entries.first else { throw Fault("it has no keys") }
        let place = try range(of: first.value, isKept: true)
        if isFlow {
            let text = added.map { ", \($0.key): \(Self.written($0.value))" }.joined()
            return Edit(line: place.line, start: place.end, end: place.end, text: text)
        }
        let indentation = String(repeating: " ", count: first.column)
        let end = lines[place.line].unicodeScalars.count
        let text = added.map { "\n\(indentation)\($0.key): \(Self.written($0.value, below: indentation))" }.joined()
        return Edit(line: place.line, start: end, end: end, text: text)
    }

    /// Between double quotes; a text of whole lines as a block, where a key stands that far to the right.
    private static func written(_ value: Acceptance.Value, below indentation: String? = nil) -> String {
        switch value {
        case .flag(let flag): return flag ? "true" : "false"
        case .text(let text), .element(let text):
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            guard let indentation, lines.count > 1, lines.last == "", lines[lines.count - 2] != "",
                let first = text.unicodeScalars.first, first != " ", first != "\n",
                text.unicodeScalars.allSatisfy({ $0 == "\n" || isPlain($0) })
            else { return "\"\(text.unicodeScalars.map(escaped).joined())\"" }
            return "|" + lines.dropLast().map { $0.isEmpty ? "\n" : "\n\(indentation)  \($0)" }.joined()
        }
    }

    /// Whether YAML takes it as it is.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        (" "..."~").contains(scalar)
            || scalar.value >= 0xa0 && !["\u{2028}", "\u{2029}", "\u{feff}"].contains(scalar)
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\\", "\"": return "\\\(scalar)"
        case "\n": return "\\n"
        case "\t": return "\\t"
        case let scalar where isPlain(scalar): return String(scalar)
        default:
            let digits = String(scalar.value, radix: 16)
            return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }
}
