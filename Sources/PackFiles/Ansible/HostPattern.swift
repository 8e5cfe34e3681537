internal import DriftCore
internal import Redaction

/// A host as an Ansible inventory writes it: a name, perhaps with ranges as in `web[01:20].example.net`, perhaps with a port.
struct HostPattern {
    private static let lengthLimit = 500

    private let text: String
    let port: Int?
    private let parts: [Part]

    private enum Part {
        case text(String)
        case numbers(first: Int, last: Int, step: Int, digits: Int)
        case letters([Character])

        var count: Int {
            switch self {
            case .text: 1
            case .numbers(let first, let last, let step, _): first > last ? 0 : (last - first) / step + 1
            case .letters(let letters): letters.count
            }
        }

        func value(_ index: Int) -> String {
            switch self {
            case .text(let text): return text
            case .numbers(let first, _, let step, let digits):
                let number = String(first + index * step)
                return String(repeating: "0", count: max(0, digits - number.count)) + number
            case .letters(let letters): return String(letters[index])
            }
        }
    }

    init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.lengthLimit else {
            throw Fault("\(quoted(text)) has \(text.utf8.count) bytes", hint: "at most \(Self.lengthLimit)")
        }
        let (name, port) = Self.withoutPort(text)
        let isKnown = Self.isAddress(name) || Self.isHostName(name)
        self.text = text
        self.port = isKnown ? port : nil
        if self.port == nil, text.hasSuffix(":") {
            throw Fault("\(quoted(text)) ends in a colon", hint: "such as web-1:22, or web-1")
        }
        parts = try Self.parts(of: isKnown ? name : text)
    }

    /// Every name that is meant, without repetition of the work where there are more than `limit`.
    func names(atMost limit: Int) throws(Fault) -> [String] {
        var count = 1
        for part in parts {
            let (product, overflow) = count.multipliedReportingOverflow(by: part.count)
            guard !overflow, product <= limit else {
                throw Fault("\(quoted(text)) stands for more than \(limit) hosts", hint: "at most \(limit) together")
            }
            count = product
        }
        guard count > 0 else { throw Fault("\(quoted(text)) has a range with nothing in it") }
        return parts.reduce([""]) { names, part in
            names.flatMap { name in (0..<part.count).map { name + part.value($0) } }
        }
    }

    // MARK: The port

    /// Ansible's rules: `[…]:22` first, then `…:22`.
    private static func withoutPort(_ text: String) -> (name: String, port: Int?) {
        var name = text
        var port: Int?
        for pattern in [bracketed, plain] {
            guard let found = pattern(name) else { continue }
            (name, port) = found
        }
        return (name, port)
    }

    private static func bracketed(_ text: String) -> (String, Int)? {
        guard text.hasPrefix("["), let colon = text.lastIndex(of: ":"),
            let port = number(text[text.index(after: colon)...])
        else { return nil }
        let name = text[..<colon].dropFirst()
        guard name.hasSuffix("]"), name.count > 1 else { return nil }
        return (String(name.dropLast()), port)
    }

    private static func plain(_ text: String) -> (String, Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = number(text[text.index(after: colon)...]) else {
            return nil
        }
        var isInRange = false
        for character in text[..<colon] {
            switch character {
            case "[" where !isInRange: isInRange = true
            case "]" where isInRange: isInRange = false
            case ":", "]": if !isInRange { return nil }
            default: break
            }
        }
        return isInRange ? nil : (String(text[..<colon]), port)
    }

    /// A number that is no port is one all the same: what reads the port reports it.
    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(text) ?? .max
    }

    // MARK: The name

    /// Labels that begin with a letter, a digit, `_` or a range, and do not end with `_` or `-`.
    private static func isHostName(_ text: String) -> Bool {
        guard let plain = withoutRanges(text) else { return false }
        return plain.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return first != "-" && last != "-" && last != "_"
                && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
        }
    }

    private static func isAddress(_ text: String) -> Bool {
        guard let plain = withoutRanges(text), plain.contains(":") else { return false }
        return Grammar.address(plain) == nil
    }

    /// With a digit in place of each range; nil if one is not written as Ansible knows it.
    private static func withoutRanges(_ text: String) -> String? {
        var plain = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "[") {
            guard let end = rest[start...].firstIndex(of: "]") else { return nil }
            let bounds = rest[rest.index(after: start)..<end].split(separator: ":", omittingEmptySubsequences: false)
            guard (2...3).contains(bounds.count), bounds.allSatisfy({ !$0.isEmpty }) else { return nil }
            plain += rest[..<start] + "0"
            rest = rest[rest.index(after: end)...]
        }
        return plain + rest
    }

    private static func parts(of text: String) throws(Fault) -> [Part] {
        var parts: [Part] = []
        var rest = text[...]
        while let start = rest.firstIndex(of: "[") {
            guard let end = rest[start...].firstIndex(of: "]") else {
                throw Fault("\(quoted(text)) has a range without its end", hint: "such as web[01:20]")
            }
            parts.append(.text(String(rest[..<start])))
            parts.append(try range(String(rest[rest.index(after: start)..<end]), of: text))
            rest = rest[rest.index(after: end)...]
        }
        return parts + [.text(String(rest))]
    }

    private static func range(_ range: String, of text: String) throws(Fault) -> Part {
        let bounds = range.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        let fault = Fault(
            "\(quoted(text)): \(quoted(range)) is not a range", hint: "such as [1:20], [01:20], [a:f] or [0:20:5]")
        guard (2...3).contains(bounds.count), let step = bounds.count == 3 ? count(bounds[2]) : 1, step > 0 else {
            throw fault
        }
        let (first, last) = (bounds[0].isEmpty ? "0" : bounds[0], bounds[1])
        if let numbers = count(first).flatMap({ first in count(last).map { (first, $0) } }) {
            guard !first.hasPrefix("0") || first.utf8.count == 1 || first.utf8.count == last.utf8.count else {
                throw Fault(
                    "\(quoted(text)): both ends of a range need the same number of digits", hint: "such as [01:20]")
            }
            return .numbers(
                first: numbers.0, last: numbers.1, step: step, digits: first.hasPrefix("0") ? first.utf8.count : 0)
        }
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
        guard first.count == 1, last.count == 1, let start = letters.firstIndex(of: Character(first)),
            let end = letters.firstIndex(of: Character(last)), start <= end
        else { throw fault }
        return .letters(stride(from: start, through: end, by: step).map { letters[$0] })
    }

    private static func count(_ text: String) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(text)
    }
}
