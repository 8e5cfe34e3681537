import PackFiles

/// The reference of a file's keys, in Markdown: a table for each mapping.
struct FormReference {
    let title: String
    let introduction: String
    let form: Form

    var text: String {
        var text = "# \(title)\n\n\(introduction)\n\n" + Self.table(form)
        for key in form.keys { text += Self.sections(below: key) }
        return text
    }

    /// The mappings in a key's value; of the items of a pack, those of each section.
    private static func sections(below key: Key) -> String {
        guard let inner = mapping(in: key.shape) else { return "" }
        guard inner.noun == Form.items.noun else { return section(key, inner, depth: 2) }
        var text = "\n## Every item\n\nEach item of each section may have these keys.\n\n" + table(.everyItem)
        for key in Form.everyItem.keys {
            if let inner = mapping(in: key.shape) { text += section(key, inner, depth: 3) }
        }
        for section in inner.keys {
            guard let item = mapping(in: section.shape) else { continue }
            text += self.section(section, item.own, depth: 2)
        }
        return text
    }

    private static func section(_ key: Key, _ form: Form, depth: Int) -> String {
        var text = "\n\(String(repeating: "#", count: depth)) `\(key.name)`\n\n\(key.about).\n\n" + table(form)
        for key in form.keys {
            if let inner = mapping(in: key.shape) { text += section(key, inner, depth: depth + 1) }
        }
        return text
    }

    private static func table(_ form: Form) -> String {
        let rows = form.keys.map { key in
            let cells = ["`\(key.name)`" + (key.presence == .optional ? "" : ", needed"), words(key.shape), key.about]
            return "| " + cells.map { $0.replacing("|", with: #"\|"#) }.joined(separator: " | ") + " |\n"
        }
        let rules = form.rules.map { "- \(words($0)).\n" }
        return "| key | value | meaning |\n|---|---|---|\n" + rows.joined()
            + (rules.isEmpty ? "" : "\n" + rules.joined())
    }

    private static func words(_ rule: Rule) -> String {
        switch rule {
        case .atLeastOne(let keys): "At least one of \(list(keys, "and")) is needed"
        case .exactlyOne(let keys): "Exactly one of \(list(keys, "and")) is needed"
        case .excludes(let key, let others): "`\(key)` cannot stand beside \(list(others, "or"))"
        case .beside(let key, let others): "`\(key)` needs \(list(others, "or"))"
        case .without(let key, let words, let others):
            "\(words.contains(nil) ? "Without `\(key)`, or with" : "With") "
                + "\(list(words.compactMap { $0.map { "\(key): \($0)" } }, "or")), there can be no \(list(others, "or"))"
        case .needs(let key, let word, let other): "`\(key): \(word)` needs `\(other)`"
        }
    }

    /// `a`, `b` and `c`.
    private static func list(_ words: [String], _ last: String) -> String {
        let quoted = words.map { "`\($0)`" }
        return ([quoted.dropLast().joined(separator: ", ")] + quoted.suffix(1)).filter { !$0.isEmpty }
            .joined(separator: " \(last) ")
    }

    private static func mapping(in shape: Shape) -> Form? {
        switch shape {
        // A mapping with one key is written out.
        case .mapping(let form): form.keys.count > 1 ? form : nil
        case .list(let element, _, _), .oneOrMore(let element), .named(_, let element): mapping(in: element)
        case .either(let first, let second): mapping(in: first) ?? mapping(in: second)
        case .text, .words, .boolean, .only, .integer, .number, .scalar: nil
        }
    }

    private static func words(_ shape: Shape) -> String {
        switch shape {
        case .text(let form): form.noun + (form.example.map { ", such as `\(asYAML($0))`" } ?? "")
        case .words(let words): words.map { "`\($0)`" }.joined(separator: ", ")
        case .boolean: "`true` or `false`"
        case .only(let flag): "`\(flag)`"
        case .integer(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .number: "a number"
        case .scalar: "a text, a number, `true` or `false`"
        case .list(let element, _, _): "a list; each: \(words(element))"
        case .oneOrMore(let element): "\(words(element)); or a list"
        case .mapping(let form):
            if form.keys.count == 1, let key = form.keys.first {
                "`{ \(key.name): … }` with \(words(key.shape))"
            } else {
                "a mapping, see below"
            }
        case .named(let name, let element): "a mapping; each: \(name.noun), and \(words(element))"
        case .either(let first, let second): "\(words(first)); or \(words(second))"
        }
    }

    /// Between quotation marks where YAML would not take it for a text.
    private static func asYAML(_ text: String) -> String {
        let isPlain = text.contains { !$0.isNumber } && !(text.first.map { "*&!%@>|[]{}#".contains($0) } ?? true)
        return isPlain ? text : "\"\(text)\""
    }
}
