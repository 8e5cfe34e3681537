internal import Redaction

/// Two different texts, shown so that a reader sees the difference and where it is.
///
/// What both sides would show alike is named: `‹U+00A0›` for a no-break space, `‹2 spaces›` at the end of a line, `‹U+004F›`
/// for an `O` in the place of a zero. A text that
/// is longer than ``limit`` is cut around the first difference. It works on what may be shown, so a difference inside a
/// masked value tells nothing of it: see ``isHidden``.
struct Contrast: Sendable {
    /// How many signs of a text are shown.
    static let limit = 1024
    /// Of a long text: how many signs before the difference, and in all.
    private static let lead = 80
    private static let window = 400
    /// Up to how many signs that differ are matched one by one.
    private static let matched = 2048

    let old: ShownText
    let new: ShownText
    /// Where the first difference is, counted from one; nil if the beginning of both is shown.
    private(set) var place: Int?
    /// Whether the two are the same in all that may be shown.
    let isHidden: Bool

    init(_ old: [Sign], _ new: [Sign], keepingTabs: Bool) {
        let shorter = min(old.count, new.count)
        var prefix = 0
        while prefix < shorter, old[prefix] == new[prefix] { prefix += 1 }
        var suffix = 0
        while suffix < shorter - prefix, old[old.count - 1 - suffix] == new[new.count - 1 - suffix] { suffix += 1 }
        let oldMiddle = prefix..<(old.count - suffix)
        let newMiddle = prefix..<(new.count - suffix)
        isHidden = oldMiddle.isEmpty && newMiddle.isEmpty

        var parts = Self.deceptive(old, oldMiddle, new, newMiddle)
        var oldShown = 0..<min(old.count, Self.limit)
        var newShown = 0..<min(new.count, Self.limit)
        let isCut = max(old.count, new.count) > Self.limit
        if isCut, !isHidden, max(oldMiddle.upperBound, newMiddle.upperBound) > Self.limit - Self.lead {
            place = prefix + 1
            let start = max(0, prefix - Self.lead)
            oldShown = start..<min(old.count, start + Self.window)
            newShown = start..<min(new.count, start + Self.window)
        }
        if !isHidden, Array(old[oldShown]).impression == Array(new[newShown]).impression {
            // What is shown would look the same: the first difference at least is named, if need be with all that follows.
            let isNamed = [parts.old.first, parts.new.first].contains { $0?.lowerBound == prefix }
            if !isNamed { parts = Alike(old: [prefix..<old.count], new: [prefix..<new.count]) }
        }
        func isNamed(_ signs: [Sign], _ place: Int, _ ranges: [Range<Int>]) -> Bool {
            if signs[place].canDeceive { return ranges.holds(place) }
            // In a range that is not matched sign by sign, most of these do not differ.
            return signs[place].hasTwin && ranges.holds(place) && (parts.isMatched || place == prefix)
        }
        self.old = ShownText(old, in: oldShown, keepingTabs: keepingTabs) { isNamed(old, $0, parts.old) }
        self.new = ShownText(new, in: newShown, keepingTabs: keepingTabs) { isNamed(new, $0, parts.new) }
    }

    /// Parts of two texts that differ and look alike, in order.
    private struct Alike {
        var old: [Range<Int>] = []
        var new: [Range<Int>] = []
        /// Whether nothing in them is the same on both sides.
        var isMatched = false
    }

    /// Whether some part of one side may look like a part of the other.
    private static func mayHoldLookalikes(_ old: ArraySlice<Sign>, _ new: ArraySlice<Sign>) -> Bool {
        old.contains(where: \.canDeceive) || new.contains(where: \.canDeceive)
            || (old.contains(where: \.hasTwin) && new.contains(where: \.hasTwin))
    }

    private static func deceptive(
        _ old: [Sign], _ oldMiddle: Range<Int>, _ new: [Sign], _ newMiddle: Range<Int>
    ) -> Alike {
        let oldImpression = Array(old[oldMiddle]).impression
        let newImpression = Array(new[newMiddle]).impression
        let areAlike = oldImpression == newImpression
        let whole = areAlike ? Alike(old: [oldMiddle], new: [newMiddle]) : Alike()
        guard max(oldMiddle.count, newMiddle.count) <= matched,
            areAlike || mayHoldLookalikes(old[oldMiddle], new[newMiddle])
        else { return whole }
        var numbers: [Sign: Int] = [:]
        func number(_ sign: Sign) -> Int {
            if let number = numbers[sign] { return number }
            numbers[sign] = numbers.count
            return numbers.count - 1
        }
        var steps = SearchSteps(gap: oldMiddle.count + newMiddle.count)
        let pairs = LineMatching.pairs(old[oldMiddle].map(number), new[newMiddle].map(number), steps: &steps)
        // Of texts that have little in common, what is alike is so by chance.
        guard areAlike || 2 * (old.count - oldMiddle.count + pairs.count) >= max(old.count, new.count) else {
            return whole
        }
        var parts = Alike(isMatched: true)
        var (oldNext, newNext) = (oldMiddle.lowerBound, newMiddle.lowerBound)
        for pair in pairs + [(oldMiddle.count, newMiddle.count)] {
            let oldPart = oldNext..<(oldMiddle.lowerBound + pair.old)
            let newPart = newNext..<(newMiddle.lowerBound + pair.new)
            (oldNext, newNext) = (oldPart.upperBound + 1, newPart.upperBound + 1)
            if oldPart.isEmpty && newPart.isEmpty { continue }
            if Array(old[oldPart]).impression == Array(new[newPart]).impression {
                parts.old.append(oldPart)
                parts.new.append(newPart)
            } else if areAlike {
                // Accents in another order, say: alike as a whole, but not part by part.
                return whole
            }
        }
        return parts
    }
}

extension [Range<Int>] {
    /// Whether one of them, which are in order, holds `place`.
    fileprivate func holds(_ place: Int) -> Bool {
        var (low, high) = (0, count)
        while low < high {
            let half = (low + high) / 2
            if self[half].upperBound <= place { low = half + 1 } else { high = half }
        }
        return low < count && self[low].contains(place)
    }
}
