internal import DriftCore
import Yams

/// Reads the values of one file, and gathers all that is wrong with them.
struct FileReader {
    let file: String
    private(set) var problems: [Problem] = []
    private var toldCounts: [Problem.Severity: Int] = [:]

    init(file: String) { self.file = file }

    mutating func report(_ problem: Problem) {
        let told = toldCounts[problem.severity, default: 0]
        toldCounts[problem.severity] = told + 1
        guard told <= LoadingLimit.problemsPerFile else { return }
        guard told < LoadingLimit.problemsPerFile else {
            let message = "too many \(problem.severity.rawValue)s; the others of this file are not shown"
            problems.append(Problem(problem.severity, file: file, line: problem.line, message: message))
            return
        }
        problems.append(problem)
    }

    mutating func error(_ message: String, at position: Position?, hint: String? = nil) {
        report(Problem(file: file, line: position?.line, column: position?.column, message: message, hint: hint))
    }

    mutating func warn(_ message: String, at position: Position?, hint: String? = nil) {
        report(
            Problem(.warning, file: file, line: position?.line, column: position?.column, message: message, hint: hint))
    }
}

/// One mapping whose keys are all known.
struct Fields {
    /// One key with its value.
    struct Entry {
        var key: String
        var node: Node
        /// Of the value; of the key where nothing is written behind it.
        var position: Position
    }

    /// Of the mapping.
    let position: Position
    private let known: [String]
    private let entries: [String: Entry]

    init(position: Position, known: [String], entries: [String: Entry]) {
        self.position = position
        self.known = known
        self.entries = entries
    }

    /// The entry of a key that is known.
    subscript(_ key: String) -> Entry? {
        assert(known.contains(key), "\(key) is read and not declared")
        return entries[key]
    }

    var keys: [String] { entries.keys.sorted() }
}

extension Node {
    var position: Position { Position(line: mark?.line ?? 1, column: mark?.column ?? 1) }

    /// What a person calls it.
    var noun: String {
        switch self {
        case .scalar(let scalar): ScalarValue(scalar).noun
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }

    var isBlank: Bool { scalar.map { ScalarValue($0) == .blank } ?? false }
    var isNull: Bool { scalar.map { ScalarValue($0) == .null } ?? false }
}

// MARK: Collections

extension FileReader {
    /// The entries of a mapping; those with a key that the form does not declare are reported and left out.
    ///
    /// `name` is what people call it, where that is not the form's noun. Nil, with a report, where the node is not a mapping.
    mutating func fields(_ node: Node, of form: Form, called name: String? = nil) -> Fields? {
        let what = name ?? form.noun
        let known = form.keys.map(\.name)
        guard let mapping = mapping(node, of: what) else { return nil }
        var entries: [String: Fields.Entry] = [:]
        for (key, entry) in mapping {
            if known.contains(key) {
                entries[key] = entry
            } else {
                unknownKey(entry, of: what, known: known)
            }
        }
        return Fields(
            position: node.position, known: known,
            entries: entries.mapValues { entry in
                var entry = entry
                // libyaml puts the place of nothing at the next line's token.
                if !entry.node.isBlank { entry.position = entry.node.position }
                return entry
            })
    }

    /// Reports a key that is not `known`; the entry's position is that of the key.
    mutating func unknownKey(_ entry: Fields.Entry, of what: String, known: [String]) {
        guard entry.key != "<<" else {
            error("merge keys are not accepted in \(what)", at: entry.position, hint: "write the keys out")
            return
        }
        let sign = StrangeSign.first(in: entry.key).map { ": " + $0.fault.message } ?? ""
        error(
            "unknown key \(quoted(entry.key)) in \(what)\(sign)", at: entry.position,
            hint: didYouMean(entry.key, among: known) ?? "known: \(known.joined(separator: ", "))")
    }

    /// Any mapping from text, in the order of the file; the positions are those of the keys.
    mutating func mapping(_ node: Node, of what: String) -> [(key: String, entry: Fields.Entry)]? {
        guard let mapping = node.mapping, ScalarValue.hasPlainTag(node) else {
            error("\(what) must be a mapping, not \(shownNoun(node))", at: node.position, hint: "key: value")
            return nil
        }
        var pairs: [(key: String, entry: Fields.Entry)] = []
        for (keyNode, value) in mapping {
            guard let key = keyNode.scalar, ScalarValue.hasPlainTag(keyNode) else {
                error("a key of \(what) must be a text", at: keyNode.position)
                continue
            }
            pairs.append((key.string, Fields.Entry(key: key.string, node: value, position: keyNode.position)))
        }
        return pairs
    }

    /// The values of a list; nil, with a report, where the entry is not a list.
    mutating func list(_ entry: Fields.Entry) -> [Node]? {
        guard let sequence = entry.node.sequence, ScalarValue.hasPlainTag(entry.node) else {
            error(
                "\(quoted(entry.key)) must be a list, not \(shownNoun(entry.node))", at: entry.position,
                hint: "lines that begin with `- `, or [] for none")
            return nil
        }
        return Array(sequence)
    }

    func shownNoun(_ node: Node) -> String {
        ScalarValue.hasPlainTag(node) ? node.noun : "a value with a tag"
    }
}

// MARK: Scalars

extension FileReader {
    /// The text of an optional key; nil if the key is absent, null, or wrong and reported.
    mutating func text(_ key: String, in fields: Fields, where fault: (String) -> Fault?) -> String? {
        guard let entry = fields[key], !entry.node.isNull else { return nil }
        return text(entry.node, named: key, at: entry.position, where: fault)
    }

    /// The text of a key that must be there; nil if something is wrong and reported.
    mutating func requiredText(
        _ key: String, in fields: Fields, of what: String, where fault: (String) -> Fault?
    ) -> String? {
        guard let entry = fields[key] else {
            error("\(what) needs \(quoted(key))", at: fields.position)
            return nil
        }
        return text(entry.node, named: key, at: entry.position, where: fault)
    }

    mutating func text(
        _ node: Node, named name: String, at position: Position, where fault: (String) -> Fault?
    ) -> String? {
        guard let scalar = node.scalar, ScalarValue.hasPlainTag(node) else {
            error(
                "\(quoted(name)) must be a text, not \(shownNoun(node))", at: position,
                hint: "put a text that begins with [, { or ! between quotes")
            return nil
        }
        switch ScalarValue(scalar) {
        case .text(let text):
            guard let fault = fault(text) else { return text }
            // Where only plain letters may stand, the one that looks like them is the whole mistake.
            if let sign = StrangeSign.first(in: text), sign.fault != fault {
                error("\(quoted(name)): \(quoted(text)) has \(sign.fault.message)", at: position, hint: sign.fault.hint)
            } else {
                error("\(quoted(name)): \(fault.message)", at: position, hint: fault.hint)
            }
        case .blank:
            error("\(quoted(name)) has no value", at: position, hint: "write one, or remove the key")
        case .null:
            error(
                "\(quoted(name)) has no value: YAML reads \(scalar.string) as nothing", at: position,
                hint: "to mean the text, put it between quotes: \"\(scalar.string)\"")
        case .boolean(_, let written), .number(_, let written):
            error(
                "\(quoted(name)) must be a text, not \(ScalarValue(scalar).noun)", at: position,
                hint: fault(written).map { $0.hint ?? $0.message } ?? "put it between quotes: \"\(written)\"")
        }
        return nil
    }

    /// Reports a value that is accepted but is most likely a mistake.
    ///
    /// It is an error if the item `wouldNeverBeWrong`, because no check would ever show the mistake; otherwise a warning.
    mutating func doubt(_ key: String, in fields: Fields, _ fault: Fault?, wouldNeverBeWrong: Bool = false) {
        guard let fault, let entry = fields[key] else { return }
        let hint = (fault.hint.map { $0 + "; " } ?? "") + "if you really mean this, add literal: true"
        guard wouldNeverBeWrong else { return warn("\(quoted(key)): \(fault.message)", at: entry.position, hint: hint) }
        error(
            "\(quoted(key)): \(fault.message), so state: absent would never be wrong", at: entry.position,
            hint: hint)
    }

    mutating func boolean(_ key: String, in fields: Fields) -> Bool? {
        guard let entry = fields[key], !entry.node.isNull else { return nil }
        guard let scalar = entry.node.scalar, ScalarValue.hasPlainTag(entry.node) else {
            error("\(quoted(key)) must be true or false, not \(shownNoun(entry.node))", at: entry.position)
            return nil
        }
        if case .boolean(let value?, _) = ScalarValue(scalar) { return value }
        let meant = ["yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"]
        let hint = meant[scalar.string.lowercased()].map { "write \($0), without quotes" }
        error("\(quoted(key)) must be true or false, not \(ScalarValue(scalar).noun)", at: entry.position, hint: hint)
        return nil
    }

    mutating func integer(_ key: String, in fields: Fields, where fault: (Int) -> Fault?) -> Int? {
        guard let entry = fields[key], !entry.node.isNull else { return nil }
        guard let scalar = entry.node.scalar, ScalarValue.hasPlainTag(entry.node),
            case .number(let number?, _) = ScalarValue(scalar)
        else {
            let isQuoted = entry.node.scalar.map { Int($0.string) != nil } ?? false
            error(
                "\(quoted(key)) must be a whole number, not \(shownNoun(entry.node))", at: entry.position,
                hint: isQuoted ? "without quotes and leading zeros" : nil)
            return nil
        }
        guard let fault = fault(number) else { return number }
        error("\(quoted(key)): \(fault.message)", at: entry.position, hint: fault.hint)
        return nil
    }

    /// A text such as `1MiB` or `26h`, as the number that `read` makes of it; nil if absent, null, or wrong and reported.
    ///
    /// `whenZero` says why 0 is refused; `limit` is the largest number, and its name.
    mutating func quantity(
        _ key: String, in fields: Fields, of what: String, such example: String,
        whenZero: String = "would never be wrong", limit: (number: Int, name: String)? = nil, _ read: (String) -> Int?
    ) -> Int? {
        if let entry = fields[key], let written = entry.node.writtenNumber {
            error("`\(key)` must be a text with a unit, not \(written)", at: entry.position, hint: "such as \(example)")
            return nil
        }
        let text = text(key, in: fields) { text in
            switch read(text) {
            case nil: Fault("\(quoted(text)) is not a \(what)", hint: "such as \(example)")
            case 0: Fault("\(quoted(text)) \(whenZero)", hint: "such as \(example)")
            case let number?:
                limit.flatMap {
                    number > $0.number ? Fault("\(quoted(text)) is too long", hint: "at most \($0.name)") : nil
                }
            }
        }
        return text.flatMap(read)
    }

    /// One of the words of `Choice`; nil if the key is absent, null, or wrong and reported.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, in fields: Fields, among choices: [Choice] = Array(Choice.allCases)
    ) -> Choice? {
        let words = choices.map(\.rawValue)
        let word = text(key, in: fields) { text in
            guard !words.contains(text) else { return nil }
            return Fault(
                "unknown value \(quoted(text))",
                hint: didYouMean(text, among: words) ?? "one of \(words.joined(separator: ", "))")
        }
        return word.flatMap(Choice.init(rawValue:))
    }
}
