/// Patterns of a shell's `case`, in which only `*` is special.
///
/// A check asks hundreds of patterns for each file, so a path is compared with those alone that end in its last name, or
/// else in its last byte, and of those that end in `*` with those whose name begins like one of its own.
struct ShellPatterns {
    private var byLastName: [ArraySlice<UInt8>: [ShellPattern]] = [:]
    private var byLastByte: [UInt8: [ShellPattern]] = [:]
    private var byFirstLetter: [UInt8: [ShellPattern]] = [:]
    private var others: [ShellPattern] = []

    init(_ texts: [String]) {
        for pattern in texts.map(ShellPattern.init) {
            if let name = pattern.lastName {
                byLastName[name, default: []].append(pattern)
            } else if let byte = pattern.lastByte {
                byLastByte[byte, default: []].append(pattern)
            } else if let letter = pattern.firstLetter {
                byFirstLetter[letter, default: []].append(pattern)
            } else {
                others.append(pattern)
            }
        }
    }

    /// Whether one of them fits the whole path.
    func match(_ path: ArraySlice<UInt8>) -> Bool {
        var letters: Set<UInt8> = []
        var lastName = path.startIndex
        for index in path.indices where path[index] == slash {
            lastName = index + 1
            if lastName < path.endIndex { letters.insert(path[lastName]) }
        }
        return fits(byLastName[path[lastName...]], path) || fits(path.last.flatMap { byLastByte[$0] }, path)
            || letters.contains { fits(byFirstLetter[$0], path) } || fits(others, path)
    }

    private func fits(_ patterns: [ShellPattern]?, _ path: ArraySlice<UInt8>) -> Bool {
        patterns?.contains { $0.matches(path) } ?? false
    }
}

private let slash = UInt8(ascii: "/")

/// One of them, cut at its stars.
private struct ShellPattern {
    private let first: [UInt8]
    private let middle: [[UInt8]]
    /// Nil if the pattern has no `*`.
    private let last: [UInt8]?

    init(_ text: String) {
        var parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
        first = parts.removeFirst()
        last = parts.popLast()
        middle = parts
    }

    /// What every path that fits ends with; nil if that may be anything.
    var lastByte: UInt8? { end.last }

    /// The whole last name of every path that fits; nil if more than one may.
    var lastName: ArraySlice<UInt8>? {
        guard let start = end.lastIndex(of: slash), start + 1 < end.endIndex else { return nil }
        return end[(start + 1)...]
    }

    /// How a name begins that every path that fits has; nil if the pattern does not say.
    var firstLetter: UInt8? {
        ([first] + middle).first { $0.count > 1 && $0[0] == slash }?[1]
    }

    private var end: [UInt8] { last ?? first }

    /// The leftmost place of each part leaves the most room for the next, so nothing is tried twice.
    func matches(_ path: ArraySlice<UInt8>) -> Bool {
        guard let last else { return path.elementsEqual(first) }
        guard path.count >= first.count + last.count, path.starts(with: first), path.suffix(last.count) == last[...]
        else { return false }
        var rest = path.dropFirst(first.count).dropLast(last.count)
        for part in middle where !part.isEmpty {
            guard let place = Self.place(of: part, in: rest) else { return false }
            rest = rest[(place + part.count)...]
        }
        return true
    }

    private static func place(of part: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= part.count else { return nil }
        return (bytes.startIndex...(bytes.endIndex - part.count)).first { start in
            bytes[start] == part[0] && bytes[start..<(start + part.count)] == part[...]
        }
    }
}
