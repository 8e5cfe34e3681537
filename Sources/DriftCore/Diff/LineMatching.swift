/// Finds the lines that two texts have in common, in time and memory proportional to their length.
///
/// A longest common subsequence by Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations",
/// 1986), for as many steps as ``SearchSteps`` allows. Beyond, only lines that occur once in each text are matched, and
/// then the lines between two such by the same algorithm, with steps by their number: no input takes long, and a text
/// that differs in many places still shows what stayed.
enum LineMatching {
    typealias Pair = (old: Int, new: Int)

    /// Pairs of indices, rising on both sides.
    static func pairs(_ old: TextLines, _ new: TextLines) -> [Pair] {
        // Most texts differ in a few lines: what is the same at both ends need not be numbered.
        let (prefix, suffix) = sharedEnds(old.lines[...], new.lines[...])
        let oldRest = old.lines.dropFirst(prefix).dropLast(suffix)
        let newRest = new.lines.dropFirst(prefix).dropLast(suffix)
        var numbers: [ArraySlice<UInt8>: Int] = [:]
        numbers.reserveCapacity(oldRest.count + newRest.count)
        func number(_ line: ArraySlice<UInt8>) -> Int {
            if let number = numbers[line] { return number }
            numbers[line] = numbers.count
            return numbers.count - 1
        }
        var steps = SearchSteps(lines: old.lines.count + new.lines.count)
        let middle = pairs(oldRest.map(number), newRest.map(number), steps: &steps)
        return (0..<prefix).map { ($0, $0) } + middle.map { ($0.old + prefix, $0.new + prefix) }
            + (0..<suffix).map { (oldRest.endIndex + $0, newRest.endIndex + $0) }
    }

    static func pairs(_ old: [Int], _ new: [Int], steps: inout SearchSteps) -> [Pair] {
        let (prefix, suffix) = sharedEnds(old[...], new[...])
        let oldMiddle = prefix..<(old.count - suffix)
        let newMiddle = prefix..<(new.count - suffix)
        // A line that the other side lacks can match nothing, so the search need not meet it.
        let oldNumbers = Set(old[oldMiddle])
        let newNumbers = Set(new[newMiddle])
        let oldIndices = oldMiddle.filter { newNumbers.contains(old[$0]) }
        let newIndices = newMiddle.filter { oldNumbers.contains(new[$0]) }
        let middle = sharedPairs(oldIndices.map { old[$0] }, newIndices.map { new[$0] }, steps: &steps)
        var pairs: [Pair] = []
        pairs.reserveCapacity(prefix + middle.count + suffix)
        for index in 0..<prefix { pairs.append((index, index)) }
        for pair in middle { pairs.append((oldIndices[pair.old], newIndices[pair.new])) }
        for index in 0..<suffix { pairs.append((oldMiddle.upperBound + index, newMiddle.upperBound + index)) }
        return pairs
    }

    /// How many lines are the same at the start, and at the end of what is left.
    private static func sharedEnds<Line: Equatable>(
        _ old: ArraySlice<Line>, _ new: ArraySlice<Line>
    ) -> (prefix: Int, suffix: Int) {
        let shorter = min(old.count, new.count)
        var prefix = 0
        while prefix < shorter, old[old.startIndex + prefix] == new[new.startIndex + prefix] { prefix += 1 }
        var suffix = 0
        while suffix < shorter - prefix, old[old.endIndex - 1 - suffix] == new[new.endIndex - 1 - suffix] {
            suffix += 1
        }
        return (prefix, suffix)
    }

    private static func sharedPairs(_ old: [Int], _ new: [Int], steps: inout SearchSteps) -> [Pair] {
        if let all = shortestEdit(old[...], new[...], steps: &steps) { return all }
        var pairs: [Pair] = []
        var (oldStart, newStart) = (0, 0)
        for anchor in uniqueLines(old, new) + [(old.count, new.count)] {
            appendGap(old[oldStart..<anchor.old], new[newStart..<anchor.new], to: &pairs, steps: &steps)
            if anchor.old < old.count { pairs.append(anchor) }
            (oldStart, newStart) = (anchor.old + 1, anchor.new + 1)
        }
        return pairs
    }

    /// What lies between two anchors: the ends that are the same, and between them what a few steps find.
    private static func appendGap(
        _ old: ArraySlice<Int>, _ new: ArraySlice<Int>, to pairs: inout [Pair], steps: inout SearchSteps
    ) {
        let (prefix, suffix) = sharedEnds(old, new)
        for index in 0..<prefix { pairs.append((old.startIndex + index, new.startIndex + index)) }
        let (oldRest, newRest) = (old.dropFirst(prefix).dropLast(suffix), new.dropFirst(prefix).dropLast(suffix))
        var ownSteps = SearchSteps(gap: oldRest.count + newRest.count)
        pairs += shortestEdit(oldRest, newRest, steps: &ownSteps) ?? []
        steps.add(ownSteps)
        for index in (0..<suffix).reversed() { pairs.append((old.endIndex - 1 - index, new.endIndex - 1 - index)) }
    }

    /// Nil if the steps did not suffice.
    private static func shortestEdit(
        _ old: ArraySlice<Int>, _ new: ArraySlice<Int>, steps: inout SearchSteps
    ) -> [Pair]? {
        if old.isEmpty || new.isEmpty { return [] }
        // On diagonal k (old − new), at `middle + k`: how far in `old` the best path has come.
        var furthest = [0, 0, 0]
        // For each number of edits, what the diagonals -edits - 1 ... edits + 1 had reached before it.
        var trace: [[Int]] = []
        for edits in 0...(old.count + new.count) {
            guard steps.take(edits + 1) else { return nil }
            trace.append(furthest)
            var next = [Int](repeating: 0, count: furthest.count + 2)
            for diagonal in stride(from: -edits, through: edits, by: 2) {
                let place = diagonal + edits + 1
                let goesDown = diagonal == -edits || (diagonal != edits && furthest[place - 1] < furthest[place + 1])
                var x = goesDown ? furthest[place + 1] : furthest[place - 1] + 1
                let first = x
                while x < old.count, x - diagonal < new.count,
                    old[old.startIndex + x] == new[new.startIndex + x - diagonal]
                {
                    x += 1
                }
                next[place + 1] = x
                guard steps.take(x - first) else { return nil }
                if x >= old.count, x - diagonal >= new.count {
                    return walkBack(trace, from: (old.count, new.count)).map {
                        (old: old.startIndex + $0.old, new: new.startIndex + $0.new)
                    }
                }
            }
            furthest = next
        }
        return nil
    }

    private static func walkBack(_ trace: [[Int]], from end: (x: Int, y: Int)) -> [Pair] {
        var (x, y) = end
        var pairs: [Pair] = []
        for edits in trace.indices.reversed() {
            let furthest = trace[edits]
            // The first is diagonal -edits - 1.
            func reached(_ diagonal: Int) -> Int { furthest[diagonal + edits + 1] }
            let diagonal = x - y
            let cameDown =
                diagonal == -edits || (diagonal != edits && reached(diagonal - 1) < reached(diagonal + 1))
            let previous = cameDown ? diagonal + 1 : diagonal - 1
            let start = edits == 0 ? 0 : reached(previous) + (cameDown ? 0 : 1)
            while x > start {
                x -= 1
                y -= 1
                pairs.append((old: x, new: y))
            }
            if edits > 0 {
                x = reached(previous)
                y = x - previous
            }
        }
        return pairs.reversed()
    }

    /// The longest rising sequence of lines that occur once on each side.
    private static func uniqueLines(_ old: [Int], _ new: [Int]) -> [Pair] {
        let oldPlaces = placesOfUnique(old)
        let newPlaces = placesOfUnique(new)
        let candidates = oldPlaces.compactMap { number, place in
            newPlaces[number].map { (old: place, new: $0) }
        }.sorted { $0.old < $1.old }
        // ends[n]: the candidate with the least new index that a rising sequence of n + 1 can end with.
        var ends: [Int] = []
        var previous = [Int?](repeating: nil, count: candidates.count)
        for (index, candidate) in candidates.enumerated() {
            var low = 0
            var high = ends.count
            while low < high {
                let half = (low + high) / 2
                if candidates[ends[half]].new < candidate.new { low = half + 1 } else { high = half }
            }
            previous[index] = low > 0 ? ends[low - 1] : nil
            if low < ends.count { ends[low] = index } else { ends.append(index) }
        }
        var pairs: [Pair] = []
        var next = ends.last
        while let index = next {
            pairs.append(candidates[index])
            next = previous[index]
        }
        return pairs.reversed()
    }

    private static func placesOfUnique(_ numbers: [Int]) -> [Int: Int] {
        var places: [Int: Int?] = [:]
        for (place, number) in numbers.enumerated() {
            places[number] = places[number] == nil ? .some(place) : .some(nil)
        }
        return places.compactMapValues(\.self)
    }
}

/// How much of a search is still allowed: one step is one line compared, or one path looked at.
struct SearchSteps {
    private(set) var left: Int
    private(set) var taken = 0

    /// For two texts together of so many lines.
    ///
    /// The constant is what texts of ordinary size, wholly rewritten, need: some
    /// milliseconds, and four megabytes.
    init(lines: Int) { left = 262_144 + 4 * lines }

    /// For the lines between two that belong together.
    init(gap lines: Int) { left = 64 + 16 * lines }

    /// False if that is too much.
    mutating func take(_ steps: Int) -> Bool {
        taken += steps
        left -= steps
        return left >= 0
    }

    /// Counts what another search has taken.
    mutating func add(_ other: Self) { taken += other.taken }
}
