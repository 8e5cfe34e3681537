/// What a pattern means, before it is compiled.
indirect enum PatternNode {
    case set(ScalarSet)
    case assertion(PatternAssertion)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    /// `most` is nil if there is no limit.
    case repetition(PatternNode, least: Int, most: Int?)
}

/// What must hold between two characters.
enum PatternAssertion: Hashable, Sendable {
    case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
}

/// Reads a pattern; refuses what it does not know.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var flags = Flags()
    private var depth = 0

    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotMatchesNewline = false
    }

    /// Groups in groups; the parser calls itself for each.
    private static let deepest = 100
    private static let mostRepetitions = 1000
    private static let longest = 4096

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func parse() throws(PatternError) -> PatternNode {
        if scalars.count > Self.longest {
            throw error("a pattern has at most \(Self.longest) characters", at: Self.longest)
        }
        let node = try alternatives()
        if place < scalars.count { throw error("`)` closes no group; write \\) for the character") }
        return node
    }

    private mutating func alternatives() throws(PatternError) -> PatternNode {
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let next = peek, next != "|", next != ")" {
            guard let atom = try atom() else { continue }
            nodes.append(try repeated(atom))
        }
        return nodes.count == 1 ? nodes[0] : .sequence(nodes)
    }

    /// Nil for `(?i)`, which only changes what follows.
    private mutating func atom() throws(PatternError) -> PatternNode? {
        let start = place
        guard let scalar = next() else { return nil }
        switch scalar {
        case "(": return try group(from: start)
        case "[": return .set(folded(try characterClass(from: start)))
        case ".": return .set(flags.dotMatchesNewline ? .all : ScalarSet.newline.inverted)
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        case "\\": return try escape(from: start)
        case "*", "+", "?":
            throw error("`\(scalar)` has nothing before it to repeat; write \\\(scalar) for the character", at: start)
        case "{":
            place = start
            if try counts() != nil {
                throw error("`{` has nothing before it to repeat; write \\{ for the character", at: start)
            }
            place = start + 1
            return .set(folded(ScalarSet(scalar)))
        default: return .set(folded(ScalarSet(scalar)))
        }
    }

    private func folded(_ set: ScalarSet) -> ScalarSet { flags.ignoresCase ? set.ignoringCase : set }

    // MARK: Repetition

    private mutating func repeated(_ atom: PatternNode) throws(PatternError) -> PatternNode {
        let start = place
        let counts: (least: Int, most: Int?)
        if take("*") {
            counts = (0, nil)
        } else if take("+") {
            counts = (1, nil)
        } else if take("?") {
            counts = (0, 1)
        } else if let written = try self.counts() {
            counts = written
        } else {
            return atom
        }
        if case .assertion = atom {
            throw error("`\(scalars[start])` has nothing before it to repeat: an anchor is not a character", at: start)
        }
        _ = take("?")
        if peek == "+" {
            throw error("possessive repetition needs backtracking, which this has not; leave out the `+`")
        }
        let again = place
        if ["*", "?"].contains(peek) { throw error("`\(scalars[again])` repeats a repetition; put it into a group") }
        if try self.counts() != nil { throw error("`{` repeats a repetition; put it into a group", at: again) }
        return .repetition(atom, least: counts.least, most: counts.most)
    }

    /// `{m}`, `{m,}` or `{m,n}`; nil, and nothing taken, where a `{` is only a character.
    private mutating func counts() throws(PatternError) -> (least: Int, most: Int?)? {
        let start = place
        guard take("{") else { return nil }
        let least = try number()
        if least == nil, take(","), try number() != nil, take("}") {
            throw error("`{,n}` means different things to different programs; write {0,n}", at: start)
        }
        guard let least else {
            place = start
            return nil
        }
        var most: Int? = least
        if take(",") { most = try number() }
        guard take("}") else {
            place = start
            return nil
        }
        if let most, most < least {
            throw error("a repetition from \(least) to \(most) is the wrong way round", at: start)
        }
        return (least, most)
    }

    private mutating func number() throws(PatternError) -> Int? {
        let start = place
        var value: Int?
        while let digit = peek, ("0"..."9").contains(digit) {
            value = (value ?? 0) * 10 + Int(digit.value - 0x30)
            if value ?? 0 > Self.mostRepetitions {
                throw error("more than \(Self.mostRepetitions) repetitions are not possible", at: start)
            }
            place += 1
        }
        return value
    }

    // MARK: Groups

    private mutating func group(from start: Int) throws(PatternError) -> PatternNode? {
        let before = flags
        if take("?"), try !groupHead(from: start) { return nil }
        depth += 1
        if depth > Self.deepest { throw error("groups are nested deeper than \(Self.deepest)", at: start) }
        let node = try alternatives()
        depth -= 1
        flags = before
        guard take(")") else { throw error("the group is not closed; write \\( for the character", at: start) }
        // Around it, so that a group of one anchor can be repeated.
        return .sequence([node])
    }

    /// What follows `(?`; false for `(?i)`, which is not a group.
    private mutating func groupHead(from start: Int) throws(PatternError) -> Bool {
        switch peek {
        case ":":
            place += 1
            return true
        case "=", "!": throw error("look-ahead needs backtracking, which this has not", at: start)
        case ">": throw error("an atomic group needs backtracking, which this has not; write (?:", at: start)
        case "#": throw error("comments are not known", at: start)
        case "<", "P":
            let isNamed = take("P")
            if take("<") {
                if !isNamed, ["=", "!"].contains(peek) {
                    throw error("look-behind needs backtracking, which this has not", at: start)
                }
                let name = place
                while let letter = peek, ScalarSet.word.contains(letter.value) { place += 1 }
                if place > name, take(">") { return true }
                throw error("the name of a group is letters, digits and `_` between < and >", at: name)
            }
            throw error("back-references need backtracking, which this has not", at: start)
        default: return try flagGroup(from: start)
        }
    }

    private mutating func flagGroup(from start: Int) throws(PatternError) -> Bool {
        var isOn = true
        while let letter = next() {
            switch letter {
            case "i": flags.ignoresCase = isOn
            case "m": flags.isMultiline = isOn
            case "s": flags.dotMatchesNewline = isOn
            case "-" where isOn: isOn = false
            case ":": return true
            case ")": return false
            default: throw error("`(?\(letter)` is not known; known are (?: (?<name> (?i) (?m) (?s)", at: place - 1)
            }
        }
        throw error("the group is not closed", at: start)
    }

    // MARK: Escapes

    private mutating func escape(from start: Int) throws(PatternError) -> PatternNode {
        switch peek {
        case "b":
            place += 1
            return .assertion(.wordBoundary)
        case "B":
            place += 1
            return .assertion(.noWordBoundary)
        case "A":
            place += 1
            return .assertion(.textStart)
        case "z":
            place += 1
            return .assertion(.textEnd)
        case "<", ">": throw error("`\\\(scalars[place])` is not known; write \\b for the edge of a word", at: start)
        default: return .set(folded(try escapedSet(from: start)))
        }
    }

    /// What `\` and the next characters stand for, in a class or outside.
    private mutating func escapedSet(from start: Int) throws(PatternError) -> ScalarSet {
        guard let scalar = next() else {
            throw error("`\\` has nothing after it; write \\\\ for the character", at: start)
        }
        switch scalar {
        case "d": return .digit
        case "D": return ScalarSet.digit.inverted
        case "w": return .word
        case "W": return ScalarSet.word.inverted
        case "s": return .space
        case "S": return ScalarSet.space.inverted
        case "t": return ScalarSet("\t")
        case "n": return ScalarSet("\n")
        case "r": return ScalarSet("\r")
        case "f": return ScalarSet("\u{0C}")
        case "v": return ScalarSet("\u{0B}")
        case "a": return ScalarSet("\u{07}")
        case "e": return ScalarSet("\u{1B}")
        case "x": return ScalarSet(try hexadecimal(digits: 2, from: start))
        case "u": return ScalarSet(try hexadecimal(digits: 4, from: start))
        case "1"..."9", "k", "g": throw error("back-references need backtracking, which this has not", at: start)
        case "p", "P": throw error("`\\\(scalar)` is not known; write the letters in a class", at: start)
        case _ where ScalarSet.word.contains(scalar.value) && scalar != "_":
            throw error("`\\\(scalar)` is not known", at: start)
        default: return ScalarSet(scalar)
        }
    }

    private mutating func hexadecimal(digits count: Int, from start: Int) throws(PatternError) -> Unicode.Scalar {
        let isBraced = take("{")
        var value: UInt32 = 0
        var digits = 0
        while let digit = peek, digits < (isBraced ? 6 : count), let number = UInt32(String(digit), radix: 16) {
            value = value * 16 + number
            digits += 1
            place += 1
        }
        guard isBraced ? (digits > 0 && take("}")) : digits == count, let scalar = Unicode.Scalar(value) else {
            throw error("the number of a character is \(count) hexadecimal digits, or some between { and }", at: start)
        }
        return scalar
    }

    // MARK: Classes

    private mutating func characterClass(from start: Int) throws(PatternError) -> ScalarSet {
        let isInverted = take("^")
        var set = ScalarSet([])
        var isFirst = true
        while let scalar = next() {
            if scalar == "]", !isFirst {
                // Folded before it is inverted: [^a] without case excludes A as well.
                return isInverted ? folded(set).inverted : set
            }
            isFirst = false
            let member = place - 1
            let low = try classMember(scalar, from: member)
            guard peek == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else {
                set = set.union(low)
                continue
            }
            place += 1
            let highPlace = place
            guard let scalar = next() else { break }
            let high = try classMember(scalar, from: highPlace)
            guard let first = low.single, let last = high.single else {
                throw error(
                    "a range in a class is from one character to another; write \\- for the character", at: member)
            }
            guard first <= last else { throw error("the range is the wrong way round", at: member) }
            set = set.union(ScalarSet([first...last]))
        }
        throw error("the class is not closed; write \\[ for the character", at: start)
    }

    private mutating func classMember(_ scalar: Unicode.Scalar, from start: Int) throws(PatternError) -> ScalarSet {
        if scalar == "\\" {
            if take("b") { return ScalarSet("\u{08}") }
            return try escapedSet(from: start)
        }
        guard scalar == "[", let kind = peek, [":", ".", "="].contains(kind) else { return ScalarSet(scalar) }
        place += 1
        let isInverted = take("^")
        let name = place
        while let letter = peek, ("a"..."z").contains(letter) { place += 1 }
        let text = String(String.UnicodeScalarView(scalars[name..<place]))
        guard kind == ":", take(":"), take("]"), let set = ScalarSet(posixName: text) else {
            throw error(
                "`[\(kind)` begins the name of a class, such as [:alpha:]; write \\[ for the character", at: start)
        }
        return isInverted ? set.inverted : set
    }

    // MARK: Places

    private var peek: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func next() -> Unicode.Scalar? {
        guard place < scalars.count else { return nil }
        place += 1
        return scalars[place - 1]
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        place += 1
        return true
    }

    private func error(_ reason: String, at place: Int? = nil) -> PatternError {
        PatternError(character: (place ?? self.place) + 1, reason: reason)
    }
}

extension ScalarSet {
    /// The only member's number.
    fileprivate var single: UInt32? {
        ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil
    }
}
