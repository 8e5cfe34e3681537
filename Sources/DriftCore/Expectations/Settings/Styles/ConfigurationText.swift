/// What a configuration file says, read by the rules of its style.
///
/// Reading takes time linear in the text. The text is a server's, so nothing in it is trusted: what the style cannot read is
/// a ``Malformed``, and never a key that is not set.
package struct ConfigurationText: Sendable {
    /// What the file says of one key.
    package enum Reading: Hashable, Sendable {
        case value(String)
        /// Programs that read such files differ in what this means; each is one of the meanings.
        case ambiguous([String])
        /// The program computes it, from variables or commands.
        case computed
        case unset
    }

    /// Why a text is not of its style.
    package struct Malformed: Error, Hashable, Sendable {
        /// From 1; nil if the whole text is meant.
        package var line: Int?
        package var reason: String
    }

    private enum Contents: Sendable {
        case keyed(KeyedValues)
        case tree(ConfigurationNode)
    }

    package let style: ConfigurationStyle
    private let contents: Contents

    /// Reads the bytes of the file at `path`; the style is told from both where `style` is nil.
    package init(_ bytes: [UInt8], path: String, style: ConfigurationStyle? = nil) throws(Malformed) {
        if bytes.contains(0) { throw Malformed(line: nil, reason: "the file is binary") }
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        let text = String(decoding: bytes, as: UTF8.self)
        let style = style ?? ConfigurationStyle(ofPath: path) ?? ConfigurationStyle(ofText: text)
        self.style = style
        switch style {
        case .ini: contents = .keyed(try IniReader(dialect: IniDialect(ofPath: path)).read(text))
        case .shell: contents = .keyed(try ShellReader.read(text))
        case .space: contents = .keyed(SpaceReader(dialect: SpaceDialect(ofPath: path)).read(text))
        case .json, .yaml, .toml:
            // Repaired text would be another text.
            guard String(validating: bytes, as: UTF8.self) != nil else {
                throw Malformed(line: nil, reason: "the file is not UTF-8")
            }
            switch style {
            case .json: contents = .tree(try JSONReader.read(bytes))
            case .yaml: contents = .tree(try YAMLReader.read(text))
            default: contents = .tree(try TOMLReader.read(text))
            }
        }
    }

    /// What the file says of `key`, written as ``ConfigurationStyle`` says.
    package func reading(of key: String) -> Reading {
        switch contents {
        case .keyed(let values): values.reading(of: key)
        case .tree(let root): root.reading(of: key)
        }
    }
}

/// The keys and values of a file that has one per line.
struct KeyedValues: Sendable {
    /// What counts where a file sets a key several times.
    enum Repetition: Sendable {
        case first, last
        /// Programs differ.
        case unclear
    }

    var repetition: Repetition
    /// Spelled alike by the file's program.
    var normalize: @Sendable (String) -> String = { $0 }
    /// Normalized keys whose values add up, with a blank between them.
    var accumulating: Set<String> = []
    /// What is to be said of keys that the file does not set, and where true of all.
    var isProgram = false
    private var readings: [String: ConfigurationText.Reading] = [:]

    init(repetition: Repetition) { self.repetition = repetition }

    mutating func set(_ key: String, _ reading: ConfigurationText.Reading) {
        let key = normalize(key)
        guard let earlier = readings[key] else {
            readings[key] = reading
            return
        }
        if accumulating.contains(key), case .value(let before) = earlier, case .value(let value) = reading {
            readings[key] = .value(before + " " + value)
            return
        }
        switch repetition {
        case .first: break
        case .last: readings[key] = reading
        case .unclear:
            guard let meanings = earlier.meanings, let more = reading.meanings else {
                readings[key] = .computed
                return
            }
            let all = meanings + more.filter { !meanings.contains($0) }
            // More than a few say no more than a few.
            readings[key] = all.count == 1 ? .value(all[0]) : .ambiguous(Array(all.suffix(Self.mostMeanings)))
        }
    }

    mutating func unset(_ key: String) { readings[normalize(key)] = nil }

    func reading(of key: String) -> ConfigurationText.Reading {
        isProgram ? .computed : readings[normalize(key)] ?? .unset
    }

    private static let mostMeanings = 8
}

extension ConfigurationText.Reading {
    /// Nil if it is not in the file what the value is.
    var meanings: [String]? {
        switch self {
        case .value(let value): [value]
        case .ambiguous(let values): values
        case .computed, .unset: nil
        }
    }
}

extension Unicode.Scalar {
    var isBlank: Bool { self == " " || self == "\t" || self == "\r" }
}

extension Substring {
    /// Without blanks at both ends.
    var trimmed: Substring {
        var view = unicodeScalars
        while let first = view.first, first.isBlank { view.removeFirst() }
        while let last = view.last, last.isBlank { view.removeLast() }
        return Substring(view)
    }
}

extension String {
    /// Its lines, without what ends them: only a newline does, to every program that reads such files.
    var configurationLines: [Substring] {
        unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { Substring($0) }
    }
}
