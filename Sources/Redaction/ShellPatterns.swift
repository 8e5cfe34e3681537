/// Patterns of a shell's `case`, in which only `*` is special.
///
/// A path is compared with those alone that end as it does, or in `*`: a check asks hundreds of patterns for each file.
struct ShellPatterns {
    private var byLastByte: [UInt8: [ShellPattern]] = [:]
    private var openEnded: [ShellPattern] = []

    init(_ texts: [String]) {
        for pattern in texts.map(ShellPattern.init) {
            if let byte = pattern.lastByte {
                byLastByte[byte, default: []].append(pattern)
            } else {
                openEnded.append(pattern)
            }
        }
    }

    /// Whether one of them fits the whole path.
    func match(_ path: ArraySlice<UInt8>) -> Bool {
        if let byte = path.last, let patterns = byLastByte[byte], patterns.contains(where: { $0.matches(path) }) {
            return true
        }
        return openEnded.contains { $0.matches(path) }
    }
}

/// One of them, cut at its stars.
private struct ShellPattern {
    private let first: [UInt8]
    private let middle: [[UInt8]]
    /// Nil where the pattern has no `*`.
    private let last: [UInt8]?

    init(_ text: String) {
        var parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init)
        first = parts.removeFirst()
        last = parts.popLast()
        middle = parts
    }

    /// What every path that fits ends with; nil where that may be anything.
    var lastByte: UInt8? { (last ?? first).last }

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
