extension LinearPattern {
    /// Matches one pattern against texts.
    ///
    /// It follows all ways through the automaton at once, and remembers each set of places that it has been in, with where
    /// each letter led from there. What it remembers is bounded; when it is full, it forgets all and goes on.
    package struct Matcher {
        private let program: PatternProgram
        private var places: [Place] = []
        private var numbers: [Place: Int] = [:]
        /// By place and letter, the end of the text being the last letter: the next place, or one of the marks below.
        private var steps: [Int] = []
        private var remembered = 0
        private var marks: [Int]
        private var mark = 0
        /// Kept between steps for their memory.
        private var open: [Int] = []
        private var reached: [Int] = []

        /// Before the assertions between two characters have been looked at, as they depend on the next character.
        private struct Place: Hashable {
            /// Each once; another order of the same states is another place, which costs only memory.
            var states: [Int]
            var before: PatternAlphabet.Side
        }

        private static let unknown = -1
        private static let matched = -2
        private static let failed = -3
        /// In states and steps: some megabytes.
        private static let mostRemembered = 500_000

        package init(_ pattern: LinearPattern) {
            program = pattern.program
            marks = Array(repeating: 0, count: program.states.count)
        }

        /// Whether the pattern matches anywhere in `text`.
        package mutating func matches(_ text: some StringProtocol) -> Bool {
            var place = number(of: Place(states: [], before: .edge))
            for scalar in text.unicodeScalars {
                place = step(from: place, by: program.alphabet.letter(of: scalar))
                if place == Self.matched { return true }
            }
            return step(from: place, by: program.alphabet.count) == Self.matched
        }

        private mutating func step(from place: Int, by letter: Int) -> Int {
            let index = place * (program.alphabet.count + 1) + letter
            let known = steps[index]
            if known != Self.unknown { return known }
            let count = places.count
            let next = compute(places[place], letter)
            // Not if all was forgotten meanwhile.
            if places.count >= count { steps[index] = next }
            return next
        }

        private mutating func compute(_ place: Place, _ letter: Int) -> Int {
            let isEnd = letter == program.alphabet.count
            let after = isEnd ? .edge : program.alphabet.sides[letter]
            if reach(from: place, after: after) { return Self.matched }
            if isEnd { return Self.failed }
            mark += 1
            var next: [Int] = []
            next.reserveCapacity(reached.count)
            for state in reached {
                guard case .take(let set, let target) = program.states[state],
                    program.alphabet.holds(set, letter), marks[target] != mark
                else { continue }
                marks[target] = mark
                next.append(target)
            }
            return number(of: Place(states: next, before: after))
        }

        /// Collects the states that can be reached without taking a character; true if the match is among them.
        private mutating func reach(from place: Place, after: PatternAlphabet.Side) -> Bool {
            mark += 1
            reached.removeAll(keepingCapacity: true)
            open.append(contentsOf: place.states)
            // A match may begin anywhere.
            open.append(program.start)
            while let state = open.popLast() {
                if marks[state] == mark { continue }
                marks[state] = mark
                switch program.states[state] {
                case .match:
                    open.removeAll(keepingCapacity: true)
                    return true
                case .take: reached.append(state)
                case .split(let one, let other):
                    open.append(one)
                    open.append(other)
                case .assert(let assertion, let next):
                    if assertion.holds(between: place.before, and: after) { open.append(next) }
                }
            }
            return false
        }

        private mutating func number(of place: Place) -> Int {
            if let number = numbers[place] { return number }
            let letters = program.alphabet.count + 1
            if remembered > Self.mostRemembered {
                places = []
                numbers = [:]
                steps = []
                remembered = 0
            }
            remembered += place.states.count + letters
            places.append(place)
            numbers[place] = places.count - 1
            steps.append(contentsOf: repeatElement(Self.unknown, count: letters))
            return places.count - 1
        }
    }
}

extension PatternAssertion {
    fileprivate func holds(between before: PatternAlphabet.Side, and after: PatternAlphabet.Side) -> Bool {
        switch self {
        case .textStart: before == .edge
        case .textEnd: after == .edge
        case .lineStart: before == .edge || before == .newline
        case .lineEnd: after == .edge || after == .newline
        case .wordBoundary: (before == .word) != (after == .word)
        case .noWordBoundary: (before == .word) == (after == .word)
        }
    }
}
