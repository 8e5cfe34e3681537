internal import DriftCore
import Yams

/// Puts values where an item of a pack file has placeholders: those of the pack's variables, and stand-ins for those
/// that only a server knows.
///
/// A scalar that is one placeholder and nothing else becomes the variable's scalar, so that a number stays a number.
/// Values are not expanded again.
struct ItemExpansion {
    let variables: PackVariables
    let standIn: StandIn
    let round: Int
    /// Names of variables.
    private(set) var used: Set<String> = []
    /// What only a server knows, in the order in which it comes up.
    private(set) var placeholders: [ServerPlaceholder] = []
    /// How many of them were replaced.
    private(set) var count = 0
    /// Where they stand.
    private(set) var positions: Set<Position> = []
    private(set) var faults: [(position: Position, fault: Fault)] = []
    /// Whether something is not known because a parent could not be read, which is reported there.
    private(set) var isUndecided = false
    /// Bytes that were put in.
    private(set) var bytes = 0
    private var numbers: [ServerPlaceholder: Int] = [:]

    init(_ variables: PackVariables, standIn: StandIn, round: Int) {
        self.variables = variables
        self.standIn = standIn
        self.round = round
    }

    var standIns: [(text: String, placeholder: ServerPlaceholder)] {
        placeholders.enumerated().map { (standIn.text(for: $1, $0, round: round), $1) }
    }

    /// Whether the item can be read as it is now.
    var isWhole: Bool { faults.isEmpty && !isUndecided }

    // MARK: Nodes

    /// An item with values in its scalars, but for its description, which is prose, and for the names of templates.
    mutating func expand(item node: Node) -> Node {
        guard case .mapping(let mapping) = node else { return node }
        return .mapping(
            mapping.withValues { key, value in
                switch key {
                case "description": return value
                case "template":
                    if value.scalar?.string.contains("{{") ?? false {
                        add(
                            "the name of a template has a placeholder", at: value.position,
                            hint: "put the placeholder into the template, or write an item for each, with when")
                    }
                    return value
                case "when", "severity", "from":
                    let before = count
                    let expanded = expand(value)
                    if count > before {
                        add(
                            "\(quoted(key)) has a placeholder of the server", at: value.position,
                            hint: key == "when" ? "when itself asks for os and label" : nil)
                    }
                    return expanded
                default: return expand(value)
                }
            })
    }

    private mutating func expand(_ node: Node) -> Node {
        switch node {
        case .scalar(let scalar): return .scalar(expand(scalar, at: node.position))
        case .sequence(var sequence):
            for index in sequence.indices { sequence[index] = expand(sequence[index]) }
            return .sequence(sequence)
        case .mapping(let mapping):
            if mapping.count == 1, let (key, value) = mapping.first, key.mapping != nil, value.isBlank || value.isNull {
                add(
                    "YAML takes `{{` without quotes for a mapping", at: node.position,
                    hint: "put the value between quotes")
                return node
            }
            return .mapping(mapping.withValues { expand($1) })
        case .alias: return node
        }
    }

    private mutating func expand(_ scalar: Node.Scalar, at position: Position) -> Node.Scalar {
        guard let parsed = parse(scalar.string, at: position) else { return scalar }
        if parsed.parts.count == 1, case .placeholder(let name)? = parsed.parts.first, ServerPlaceholder(name) == nil {
            guard let value = variable(name, at: position) else { return scalar }
            return Node.Scalar(value.string, value.tag, value.style, scalar.mark)
        }
        guard let text = text(of: parsed, at: position) else { return scalar }
        return Node.Scalar(text, scalar.tag, .doubleQuoted, scalar.mark)
    }

    // MARK: Texts

    /// The text of a file, with values in it; nil if it has no placeholders, or with a fault.
    mutating func expand(_ text: String, from start: Position) -> String? {
        do {
            let parsed = try PlaceholderText(text)
            return parsed.placeholders.isEmpty ? nil : self.text(of: parsed, at: start, countingLines: true)
        } catch {
            let lines = text.utf8.prefix(error.offset).count { $0 == UInt8(ascii: "\n") }
            add(error, at: Position(line: start.line + lines, column: start.column))
            return nil
        }
    }

    private mutating func parse(_ text: String, at position: Position) -> PlaceholderText? {
        do {
            let parsed = try PlaceholderText(text)
            return parsed.placeholders.isEmpty ? nil : parsed
        } catch {
            add(error, at: position)
            return nil
        }
    }

    private mutating func add(_ fault: PlaceholderText.Fault, at position: Position) {
        add(
            fault.message, at: position,
            hint: "such as {{ port }} or {{ server.name }}; literal: true if the braces are meant as they are")
    }

    private mutating func add(_ message: String, at position: Position, hint: String? = nil) {
        faults.append((position, Fault(message, hint: hint)))
    }

    private mutating func text(
        of parsed: PlaceholderText, at position: Position, countingLines: Bool = false
    ) -> String? {
        var text = ""
        var position = position
        for part in parsed.parts {
            switch part {
            case .text(let plain):
                text += plain
                if countingLines { position.line += plain.utf8.count { $0 == UInt8(ascii: "\n") } }
            case .placeholder(let name):
                guard let value = value(name, at: position) else { return nil }
                text += value
                bytes += value.utf8.count
                guard bytes <= LoadingLimit.expandedBytes else {
                    add(
                        "the placeholders of this item come to more than \(LoadingLimit.expandedBytes) bytes",
                        at: position)
                    return nil
                }
            }
        }
        return text
    }

    private mutating func value(_ name: String, at position: Position) -> String? {
        guard let placeholder = ServerPlaceholder(name) else { return variable(name, at: position)?.string }
        if case .label(let label) = placeholder, let fault = Grammar.labelName(label) {
            add(fault.message, at: position, hint: fault.hint)
            return nil
        }
        guard count < LoadingLimit.placeholdersPerItem else {
            add("more than \(count) placeholders of the server in one item", at: position)
            return nil
        }
        count += 1
        positions.insert(position)
        let number = numbers[placeholder] ?? placeholders.count
        if numbers.updateValue(number, forKey: placeholder) == nil { placeholders.append(placeholder) }
        return standIn.text(for: placeholder, number, round: round)
    }

    private mutating func variable(_ name: String, at position: Position) -> Node.Scalar? {
        used.insert(name)
        if let scalar = variables.scalars[name] { return scalar }
        let isServers = ["server.", "labels.", "facts."].contains { name.hasPrefix($0) }
        if !isServers, !variables.areAllKnown {
            isUndecided = true
            return nil
        }
        let known = isServers ? ServerPlaceholder.known : variables.scalars.keys.sorted() + ServerPlaceholder.known
        let declare = "declare it under vars, in this pack or in one that it extends"
        add(
            "there is no variable \(quoted(name))", at: position,
            hint: didYouMean(name, among: known)
                ?? (isServers ? "known: \(known.joined(separator: ", ")), and labels.NAME" : declare))
        return nil
    }
}

extension Node.Mapping {
    /// The same keys with other values.
    fileprivate func withValues(_ change: (_ key: String, Node) -> Node) -> Node.Mapping {
        Node.Mapping(map { ($0.key, change($0.key.scalar?.string ?? "", $0.value)) }, tag, style, mark)
    }
}
