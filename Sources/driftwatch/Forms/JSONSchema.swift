import PackFiles
import Presentation

/// The JSON Schema of a file, for editors that complete and underline what is typed.
///
/// It is of draft 7, which all editors know. It accepts whatever can be loaded; loading refuses more.
struct JSONSchema {
    private typealias Members = [(String, JSONValue)]

    let title: String
    let form: Form

    var text: String {
        let head: Members = [
            ("$schema", .text("http://json-schema.org/draft-07/schema#")), ("title", .text(title)),
        ]
        let shared: Members = Self.shared(in: form).map { ($0.key, .object(Self.members(of: $0.value, inItem: true))) }
            .sorted { $0.0 < $1.0 }
        let definitions: Members = [(Self.something, .object([("not", Self.type("null"))]))] + shared
        return JSONValue.object(head + Self.members(of: form, inItem: false) + [("definitions", .object(definitions))])
            .pretty
    }

    // MARK: Mappings

    /// Within an item, whatever a placeholder can become may be a placeholder.
    private static func members(of form: Form, inItem: Bool) -> Members {
        let required = form.keys.filter { $0.presence != .optional }.map(\.name)
        var members: Members = [
            ("type", .text("object")), ("additionalProperties", .flag(false)),
            (
                "properties",
                .object(
                    form.keys.map {
                        ($0.name, .object(Self.members(of: $0, inItem: inItem || form.noun == Form.items.noun)))
                    })
            ),
        ]
        if !required.isEmpty { members.append(("required", .texts(required))) }
        if !form.rules.isEmpty { members.append(("allOf", .list(form.rules.map(value)))) }
        return members
    }

    private static func members(of key: Key, inItem: Bool) -> Members {
        let members = members(of: key.shape, inItem: inItem)
        // A key that is null is as good as not there.
        return [("description", .text(key.about))] + (key.presence == .required ? members : nullable(members))
    }

    private static func nullable(_ members: Members) -> Members {
        members.map { name, value in
            switch (name, value) {
            case ("type", .text(let type)): (name, .texts([type, "null"]))
            case ("type", .list(let types)): (name, .list(types + [.text("null")]))
            case ("enum", .list(let values)): (name, .list(values + [.null]))
            case ("anyOf", .list(let values)): (name, .list(values + [type("null")]))
            default: (name, value)
            }
        }
    }

    private static func shared(in form: Form) -> [String: Form] {
        var found: [String: Form] = [:]
        for inner in form.keys.flatMap({ mappings(in: $0.shape) }) {
            if let name = inner.schemaName { found[name] = inner }
            found.merge(shared(in: inner)) { first, _ in first }
        }
        return found
    }

    private static func mappings(in shape: Shape) -> [Form] {
        switch shape {
        case .mapping(let form): [form]
        case .list(let element, _, _), .oneOrMore(let element), .named(_, let element): mappings(in: element)
        case .either(let first, let second): mappings(in: first) + mappings(in: second)
        case .text, .words, .boolean, .only, .integer, .number, .scalar: []
        }
    }

    // MARK: Values

    private static func members(of shape: Shape, inItem: Bool) -> Members {
        let members = membersWithoutPlaceholder(of: shape, inItem: inItem)
        guard inItem else { return members }
        return switch shape {
        case .words, .boolean, .only, .integer:
            [
                (
                    "anyOf",
                    .list([.object(members), .object([("type", .text("string")), ("pattern", .text(placeholder))])])
                )
            ]
        case .text, .number, .scalar, .list, .oneOrMore, .mapping, .named, .either: members
        }
    }

    /// What a text with a placeholder matches.
    private static let placeholder = #"\{\{"#

    private static func membersWithoutPlaceholder(of shape: Shape, inItem: Bool) -> Members {
        switch shape {
        case .text(let form):
            let examples = form.example.map { [("examples", JSONValue.texts([$0]))] } ?? []
            return [("type", .text("string"))] + pattern(of: form, inItem: inItem) + examples
        case .words(let words): return [("enum", .texts(words))]
        case .boolean: return [("type", .text("boolean"))]
        case .only(let flag): return [("enum", .list([.flag(flag)]))]
        case .integer(let range):
            return [
                ("type", .text("integer")), ("minimum", .number(Int64(range.lowerBound))),
                ("maximum", .number(Int64(range.upperBound))),
            ]
        case .number: return [("type", .texts(["number", "string"]))]
        case .scalar: return [("type", .texts(["string", "number", "boolean"]))]
        case .list(let element, let mayBeEmpty, let isSet):
            let items: Members = [("type", .text("array")), ("items", .object(members(of: element, inItem: inItem)))]
            return items + (mayBeEmpty ? [] : [("minItems", .number(1))])
                + (isSet ? [("uniqueItems", .flag(true))] : [])
        case .oneOrMore(let element):
            return members(of: .either(element, .list(element, mayBeEmpty: false, isSet: false)), inItem: inItem)
        case .mapping(let form):
            // Beside `$ref`, draft 7 reads nothing.
            return form.schemaName.map { [("anyOf", .list([reference($0)]))] } ?? members(of: form, inItem: inItem)
        case .named(let name, let value):
            return [
                ("type", .text("object")), ("propertyNames", .object(pattern(of: name, inItem: false))),
                ("additionalProperties", .object(members(of: value, inItem: inItem))),
            ]
        case .either(let first, let second):
            return [("anyOf", .list([first, second].map { .object(members(of: $0, inItem: inItem)) }))]
        }
    }

    private static func pattern(of form: TextForm, inItem: Bool) -> Members {
        form.pattern.map { [("pattern", .text(inItem ? "\($0)|\(placeholder)" : $0))] } ?? []
    }

    // MARK: Rules

    private static func value(_ rule: Rule) -> JSONValue {
        switch rule {
        case .atLeastOne(let keys): .object([("anyOf", .list(keys.map(has)))])
        case .exactlyOne(let keys): .object([("oneOf", .list(keys.map(has)))])
        case .excludes(let key, let others): when(has(key), none(of: others))
        case .beside(let key, let others): when(has(key), value(.atLeastOne(others)))
        case .without(let key, let words, let others): when(has(key, oneOf: words), none(of: others))
        case .needs(let key, let word, let other): when(has(key, oneOf: [word]), has(other))
        }
    }

    private static func when(_ condition: JSONValue, _ then: JSONValue) -> JSONValue {
        .object([("if", condition), ("then", then)])
    }

    private static func none(of keys: [String]) -> JSONValue { .object([("not", value(.atLeastOne(keys)))]) }

    private static func has(_ key: String) -> JSONValue { named(key, as: reference(something)) }

    private static func has(_ key: String, oneOf words: [String?]) -> JSONValue {
        let value = JSONValue.object([("enum", .list(words.map { .optional($0) }))])
        return words.contains(nil) ? .object([("properties", .object([(key, value)]))]) : named(key, as: value)
    }

    private static func named(_ key: String, as value: JSONValue) -> JSONValue {
        .object([("required", .texts([key])), ("properties", .object([(key, value)]))])
    }

    private static func type(_ name: String) -> JSONValue { .object([("type", .text(name))]) }

    /// What a key has that is there.
    private static let something = "something"

    private static func reference(_ name: String) -> JSONValue { .object([("$ref", .text("#/definitions/\(name)"))]) }
}
