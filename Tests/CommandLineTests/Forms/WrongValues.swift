import Foundation
import PackFiles
import TestSupport

/// Values that a shape does not take.
struct WrongValues {
    let values: [String]

    init(_ shape: Shape) { values = Self.values(shape) }

    private static func values(_ shape: Shape) -> [String] {
        switch shape {
        case .text(let form): ["[a]", "{ a: b }", "true", "12"] + unmatched(form)
        case .words: ["nonsense", "[a]", "true", "\"\""]
        case .boolean: ["maybe", "7", "[true]", "\"true\""]
        case .only(let flag): [flag ? "false" : "true", "maybe"]
        case .integer(let range):
            ["many", "1.5", "[1]", "\"\(range.lowerBound)\"", "\(range.upperBound + 1)", "\(range.lowerBound - 1)"]
        case .number: ["true", "[1]", "{}"]
        case .scalar: ["[a]", "{ a: b }"]
        case .list(let element, let mayBeEmpty, let isSet):
            ["text", "{ a: b }", "7"] + values(element).map { "[\($0)]" } + (mayBeEmpty ? [] : ["[]"])
                + (isSet ? twice(element) : [])
        case .oneOrMore(let element): ["{ a: b }", "[]"] + values(element).filter { !$0.hasPrefix("[") }
        case .mapping: ["text", "[a]", "{ unknown: x }"]
        case .named(_, let element): ["text", "[a]", "{ \"a b\": c }"] + values(element).map { "{ a: \($0) }" }
        case .either(let first, let second):
            Set(values(first)).intersection(values(second)).sorted() + ["{ unknown: x }"]
        }
    }

    private static func twice(_ element: Shape) -> [String] {
        guard case .text(let form) = element, let example = form.example else { return [] }
        return ["[\"\(example)\", \"\(example)\"]"]
    }

    /// A text that the pattern does not match, if it has one.
    private static func unmatched(_ form: TextForm) -> [String] {
        guard let pattern = form.pattern, let expression = try? Regex(pattern) else { return [] }
        return ["", "/", "?!", "not like it", ":"].filter { !$0.contains(expression) }.map { "\"\($0)\"" }
    }
}

/// Files in which some values are replaced by others, of which many load.
enum MixedValues {
    static func text(_ sample: Sample, using random: inout SeededGenerator) -> String {
        var sample = sample
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let places = sample.places
            guard let place = places.randomElement(using: &random), let name = place.path.first else { break }
            let value = value(place.key.shape, using: &random)
            guard place.path.count == 1 else { return sample.text(place.path, value) }
            let index = sample.keys.firstIndex { $0.0 == name }
            if Int.random(in: 0..<4, using: &random) == 0 {
                if let index { sample.keys.remove(at: index) }
            } else if let index {
                sample.keys[index].1 = .yaml(value)
            }
        }
        return sample.text
    }

    private static func value(_ shape: Shape, using random: inout SeededGenerator) -> String {
        let any = [
            "null", "~", "", "\"\"", "2024-01-01", "1.22.1", "a", "\"a b\"", "/", "/a b", "~/x", "é", "\"7\"",
            "\"1777\"", "root",
        ]
        let fitting: [String] =
            switch shape {
            case .text(let form):
                form.example.map {
                    [$0, $0 + "1", $0 + "é", "a" + $0, $0 + " ", String($0.dropLast())].map { "\"\($0)\"" }
                } ?? any
            case .words(let words): words + words.map { "\"\($0)\"" }
            case .boolean, .only: ["true", "false", "True", "FALSE"]
            case .integer(let range): ["\(range.lowerBound)", "\(range.upperBound)", "0", "7"]
            case .scalar: any
            case .number: ["1", "1.5", "64MB", "-1", "0x10", "1e3", "1_000", "\"1\""]
            case .list(let element, _, _):
                [
                    "[]", "[\(value(element, using: &random))]",
                    "[\(value(element, using: &random)), \(value(element, using: &random))]",
                ]
            case .oneOrMore(let element): [value(element, using: &random), "[\(value(element, using: &random))]"]
            case .mapping(let form):
                [
                    "{ "
                        + form.keys.filter { _ in Bool.random(using: &random) }.map {
                            "\($0.name): \(value($0.shape, using: &random))"
                        }.joined(separator: ", ") + " }"
                ]
            case .named(_, let element): ["{}", "{ a: \(value(element, using: &random)) }", "{ a/b: x, c.d: y }"]
            case .either(let first, let second): [value(first, using: &random), value(second, using: &random)]
            }
        return (Int.random(in: 0..<6, using: &random) == 0 ? any : fitting).randomElement(using: &random) ?? "a"
    }
}
