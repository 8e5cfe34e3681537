/// A pattern compiled to a nondeterministic automaton.
struct PatternProgram: Sendable {
    enum State: Sendable {
        /// Takes one character of the class numbered `set` in ``sets``.
        case take(set: Int, next: Int)
        case assert(PatternAssertion, next: Int)
        case split(Int, Int)
        case match
    }

    private(set) var states: [State] = [.match]
    private(set) var sets: [ScalarSet] = []
    private(set) var start = 0
    /// Characters that no set of the pattern tells apart are one *letter*.
    private(set) var alphabet = PatternAlphabet()

    init(_ node: PatternNode) throws(PatternError) {
        guard Self.size(of: node) <= LinearPattern.maximumSize else {
            throw PatternError(
                character: 1,
                reason: "the pattern is too large: its repetitions written out, it has more than "
                    + "\(LinearPattern.maximumSize) states")
        }
        var numbers: [ScalarSet: Int] = [:]
        start = add(node, before: 0, &numbers)
        alphabet = PatternAlphabet(telling: sets)
    }

    /// Saturating, so that nested repetitions cannot overflow.
    private static func size(of node: PatternNode) -> Int {
        switch node {
        case .set, .assertion: return 1
        case .sequence(let nodes): return nodes.reduce(0) { min($0 + size(of: $1), tooLarge) }
        case .alternatives(let nodes): return nodes.reduce(0) { min($0 + size(of: $1) + 1, tooLarge) }
        case .repetition(let node, let least, let most):
            // Even what is empty counts each time, as each time takes time.
            let size = max(size(of: node), 1)
            return min(least * size + (most.map { $0 - least } ?? 1) * (size + 1), tooLarge)
        }
    }

    private static let tooLarge = 1_000_000

    /// Adds states that match `node` and go on to `next`; returns the first of them.
    private mutating func add(_ node: PatternNode, before next: Int, _ numbers: inout [ScalarSet: Int]) -> Int {
        switch node {
        case .set(let set):
            let number = numbers[set] ?? sets.count
            if number == sets.count {
                sets.append(set)
                numbers[set] = number
            }
            return add(.take(set: number, next: next))
        case .assertion(let assertion): return add(.assert(assertion, next: next))
        case .sequence(let nodes):
            var first = next
            for node in nodes.reversed() { first = add(node, before: first, &numbers) }
            return first
        case .alternatives(let nodes):
            var first: Int?
            for node in nodes.reversed() {
                let branch = add(node, before: next, &numbers)
                first = first.map { add(.split(branch, $0)) } ?? branch
            }
            return first ?? next
        case .repetition(let node, let least, let most):
            var first = next
            if let most {
                for _ in least..<most { first = add(.split(add(node, before: first, &numbers), next)) }
            } else {
                let loop = add(.split(next, next))
                states[loop] = .split(add(node, before: loop, &numbers), next)
                first = loop
            }
            for _ in 0..<least { first = add(node, before: first, &numbers) }
            return first
        }
    }

    private mutating func add(_ state: State) -> Int {
        states.append(state)
        return states.count - 1
    }
}

/// Sorts characters into letters.
struct PatternAlphabet: Sendable {
    /// What assertions need to know of a character, or of the edge of the text.
    enum Side: UInt8, Sendable {
        case edge, newline, word, other

        init(_ value: UInt32) {
            self = value == 0x0A ? .newline : ScalarSet.word.contains(value) ? .word : .other
        }
    }

    /// Where letters begin, ascending; the first is 0.
    private var bounds: [UInt32] = [0]
    private var ascii: [Int] = []
    /// By letter.
    private(set) var sides: [Side] = []
    /// By letter and set: whether the set holds the letter.
    private var members: [Bool] = []
    private var setCount = 0

    var count: Int { bounds.count }

    init(telling sets: [ScalarSet] = []) {
        var bounds: Set<UInt32> = [0]
        for set in sets + [.newline, .word] {
            for range in set.ranges {
                bounds.insert(range.lowerBound)
                bounds.insert(range.upperBound + 1)
            }
        }
        bounds.remove(0x110000)
        self.bounds = bounds.sorted()
        ascii = (0..<128).map { letterBySearching($0) }
        sides = self.bounds.map { Side($0) }
        setCount = sets.count
        members = self.bounds.flatMap { bound in sets.map { $0.contains(bound) } }
    }

    func holds(_ set: Int, _ letter: Int) -> Bool { members[letter * setCount + set] }

    func letter(of scalar: Unicode.Scalar) -> Int {
        scalar.value < 128 ? ascii[Int(scalar.value)] : letterBySearching(scalar.value)
    }

    private func letterBySearching(_ value: UInt32) -> Int {
        var (low, high) = (0, bounds.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if bounds[middle] <= value { low = middle } else { high = middle }
        }
        return low
    }
}
