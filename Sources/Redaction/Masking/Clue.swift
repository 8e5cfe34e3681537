/// A run of bytes that hints at a secret.
///
/// Only lines with a clue are read closely.
enum Clue: UInt8 {
    case nothing = 0
    /// Part of a name that may announce a secret.
    case name
    /// The same, anywhere in the name.
    case part
    /// `-----BEGIN`, `---- END`: a block of a key.
    case armour
    /// `://`, and `:` with `@` behind it.
    case url
    case at
    /// The beginning of a password's hash.
    case hash
    /// The beginning of a service's token.
    case token
    /// A secret address.
    case address
    /// `Bearer`, `Basic`.
    case scheme
    /// A program or a directive that takes a secret without naming it.
    case verb
    /// `kind: Secret`, `"kty"`, `Private-key-format`: then other names in the document announce secrets too.
    case document
    /// `</`: an element ends here.
    case closing
    /// Characters beyond ASCII that spell ASCII.
    case disguise
    /// A line feed.
    case end
}

/// Finds all clues of a text in one pass (Aho and Corasick, 1975), ignoring the case of letters.
struct ClueFinder: Sendable {
    struct Hit {
        var start: Int32
        var end: Int32
        var clue: Clue
    }

    private var classes = [UInt8](repeating: 0, count: 256)
    private var steps: [UInt16] = []
    /// By state, from the first one that ends a word.
    private var clues: [Clue] = []
    private var lengths: [UInt8] = []
    /// States from here on end a word, or a line.
    private var firstEnd: UInt16 = 0
    private static let width = 96

    static let shared = ClueFinder(Vocabulary.clues)

    /// The lines of a text, without their line feeds, and the hits in them.
    struct Lines {
        var ranges: [Range<Int>] = []
        var hits: [Hit] = []
        /// For each line, the index of its first hit; one more entry at the end.
        var firstHit: [Int] = [0]

        func hits(of line: Int) -> ArraySlice<Hit> { hits[firstHit[line]..<firstHit[line + 1]] }
    }

    /// Splits at line feeds alone, as a carriage return belongs to its line; only the last line may lack one.
    func lines(of text: [UInt8]) -> Lines {
        var lines = Lines()
        lines.ranges.reserveCapacity(text.count / 32 + 1)
        lines.firstHit.reserveCapacity(text.count / 32 + 2)
        var state: UInt16 = 0
        var start = 0
        var index = 0
        let count = text.count
        let bytes = text.span
        let classes = classes.span
        let steps = steps.span
        let firstEnd = firstEnd
        while index < count {
            state = steps[Int(state) &* Self.width &+ Int(classes[Int(bytes[index])])]
            index &+= 1
            guard state >= firstEnd else { continue }
            let place = Int(state - firstEnd)
            if clues[place] == .end {
                lines.ranges.append(start..<(index - 1))
                lines.firstHit.append(lines.hits.count)
                start = index
            } else {
                lines.hits.append(
                    Hit(start: Int32(index - Int(lengths[place])), end: Int32(index), clue: clues[place]))
            }
        }
        if start < count {
            lines.ranges.append(start..<count)
            lines.firstHit.append(lines.hits.count)
        }
        return lines
    }

    private struct Node {
        var next: [UInt8: Int] = [:]
        var fail = 0
        var clue = Clue.nothing
        var length = 0
    }

    private init(_ words: [(word: [UInt8], clue: Clue)]) {
        var nodes = [Node()]
        for (word, clue) in words + [([0x0A], .end)] {
            var at = 0
            for byte in word {
                if let next = nodes[at].next[byte] {
                    at = next
                } else {
                    nodes.append(Node())
                    nodes[at].next[byte] = nodes.count - 1
                    at = nodes.count - 1
                }
            }
            nodes[at].clue = clue
            nodes[at].length = word.count
        }
        var letters: [UInt8: UInt8] = [:]
        for byte in words.flatMap(\.word) + [0x0A] where letters[byte] == nil {
            letters[byte] = UInt8(letters.count + 1)
        }
        precondition(letters.count < Self.width, "the words have too many letters: widen the table")
        for byte in 0...255 { classes[byte] = letters[UInt8(byte).folded] ?? 0 }
        link(&nodes, letters)
    }

    /// Follows failures, and numbers the states so that those which end a word come last.
    private mutating func link(_ nodes: inout [Node], _ letters: [UInt8: UInt8]) {
        var table = [[Int]](repeating: [Int](repeating: 0, count: Self.width), count: nodes.count)
        for (byte, next) in nodes[0].next { table[0][Int(letters[byte] ?? 0)] = next }
        var queue = Array(nodes[0].next.values)
        while !queue.isEmpty {
            let at = queue.removeFirst()
            let fail = nodes[at].fail
            if nodes[at].clue == .nothing {
                nodes[at].clue = nodes[fail].clue
                nodes[at].length = nodes[fail].length
            }
            table[at] = table[fail]
            for (byte, next) in nodes[at].next {
                let letter = Int(letters[byte] ?? 0)
                nodes[next].fail = table[fail][letter]
                table[at][letter] = next
                queue.append(next)
            }
        }
        let order =
            nodes.indices.filter { nodes[$0].clue == .nothing } + nodes.indices.filter { nodes[$0].clue != .nothing }
        var numbers = [UInt16](repeating: 0, count: nodes.count)
        for (number, node) in order.enumerated() { numbers[node] = UInt16(number) }
        firstEnd = UInt16(nodes.count { $0.clue == .nothing })
        steps = order.flatMap { table[$0].map { numbers[$0] } }
        clues = order.dropFirst(Int(firstEnd)).map { nodes[$0].clue }
        lengths = order.dropFirst(Int(firstEnd)).map { UInt8(nodes[$0].length) }
    }
}
