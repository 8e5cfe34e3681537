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
        var edits: [Edit] = []
        var added: [(key: String, value: String)] = []
        for (key, value) in changes.sorted(by: { $0.key < $1.key }) {
            let index = entries.firstIndex { $0.key.string == key }
            switch (index, value) {
            case (let index?, let value?): edits.append(try replacing(index, with: Self.written(value)))
            case (let index?, nil): edits.append(try removing(index))
            case (nil, let value?): added.append((key, Self.written(value)))
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

    /// Where a scalar of one line begins and ends.
    private func range(of node: Node, isKept: Bool = false) throws(Fault) -> (line: Int, start: Int, end: Int) {
        let fault = Fault("its value is written in a way that cannot be changed here")
        guard let scalar = node.scalar, let mark = node.mark, lines.indices.contains(mark.line - 1) else { throw fault }
        let line = Array(lines[mark.line - 1].unicodeScalars)
        let start = mark.column - 1
        guard line.indices.contains(start) else { throw fault }
        guard isKept || !scalar.string.contains("{{") else { throw Fault("its value comes from a variable") }
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

    /// The lines of a key in a block: those below it that are indented deeper, or list its values.
    private func blockLines(of entry: Entry) -> Range<Int> {
        var end = entry.line + 1
        while end < lines.count {
            let indentation = lines[end].unicodeScalars.prefix { $0 == " " }.count
            let rest = lines[end].unicodeScalars.dropFirst(indentation)
            let lists =
                indentation == entry.column && rest.starts(with: "- ".unicodeScalars) && entry.value.sequence != nil
            guard indentation > entry.column && !rest.isEmpty || lists else { break }
            end += 1
        }
        return entry.line..<end
    }

    // MARK: Edits

    private func replacing(_ index: Int, with text: String) throws(Fault) -> Edit {
        let place = try range(of: entries[index].value)
        return Edit(line: place.line, start: place.start, end: place.end, text: text)
    }

    private func removing(_ index: Int) throws(Fault) -> Edit {
        let entry = entries[index]
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
    private func inserting(_ added: [(key: String, value: String)]) throws(Fault) -> Edit {
        guard let first = entries.first else { throw Fault("it has no keys") }
        let place = try range(of: first.value, isKept: true)
        let pairs = added.map { "\($0.key): \($0.value)" }
        if isFlow {
            let text = pairs.map { ", \($0)" }.joined()
            return Edit(line: place.line, start: place.end, end: place.end, text: text)
        }
        let indentation = String(repeating: " ", count: first.column)
        let end = lines[place.line].unicodeScalars.count
        return Edit(line: place.line, start: end, end: end, text: pairs.map { "\n\(indentation)\($0)" }.joined())
    }

    private static func written(_ value: Acceptance.Value) -> String {
        switch value {
        case .flag(let flag): return flag ? "true" : "false"
        case .text(let text):
            let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
                .replacing("\t", with: "\\t")
            return "\"\(escaped)\""
        }
    }
}
