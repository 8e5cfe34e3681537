/// Finds which lines of two texts belong together.
///
/// A longest common subsequence by Myers' greedy algorithm ("An O(ND) Difference Algorithm and Its Variations",
/// 1986), as long as the texts differ in no more than ``effort`` lines that occur in both. Beyond, only lines that
/// occur once in each are matched, so that no input takes long.
enum LineMatching {
    /// The most edits looked for; time and memory grow with its square.
    static let effort = 1000

    /// Pairs of indices, rising on both sides.
    static func pairs(_ old: TextLines, _ new: TextLines) -> [(old: Int, new: Int)] {
        var numbers: [ArraySlice<UInt8>: Int] = [:]
        func number(_ line: ArraySlice<UInt8>) -> Int {
            if let number = numbers[line] { return number }
            numbers[line] = numbers.count
            return numbers.count - 1
        }
        return pairs(old.lines.map(number), new.lines.map(number))
    }

    static func pairs(_ old: [Int], _ new: [Int]) -> [(old: Int, new: Int)] {
        let prefix = zip(old, new).prefix { $0 == $1 }.count
        let shorter = min(old.count, new.count)
        let suffix = zip(old.reversed(), new.reversed()).prefix(shorter - prefix).prefix { $0 == $1 }.count
        let oldMiddle = prefix..<(old.count - suffix)
        let newMiddle = prefix..<(new.count - suffix)
        // A line that the other side lacks can match nothing, so the search need not meet it.
        let oldNumbers = Set(old[oldMiddle])
        let newNumbers = Set(new[newMiddle])
        let oldIndices = oldMiddle.filter { newNumbers.contains(old[$0]) }
        let newIndices = newMiddle.filter { oldNumbers.contains(new[$0]) }
        let oldShared = oldIndices.map { old[$0] }
        let newShared = newIndices.map { new[$0] }
        let middle = shortestEdit(oldShared, newShared) ?? uniqueLines(oldShared, newShared)
        return (0..<prefix).map { (old: $0, new: $0) }
            + middle.map { (old: oldIndices[$0.old], new: newIndices[$0.new]) }
            + (0..<suffix).map { (old: oldMiddle.upperBound + $0, new: newMiddle.upperBound + $0) }
    }

    /// Nil where the texts differ in more than ``effort`` lines.
    private static func shortestEdit(_ old: [Int], _ new: [Int]) -> [(old: Int, new: Int)]? {
        let limit = min(old.count + new.count, effort)
        // furthest[k + limit + 1]: how far in `old` the best path on diagonal k (old − new) has come.
        var furthest = [Int](repeating: 0, count: 2 * limit + 3)
        let middle = limit + 1
        // For each number of edits, what the diagonals -d...d had reached before it.
        var trace: [[Int]] = []
        for edits in 0...limit {
            trace.append(Array(furthest[(middle - edits - 1)...(middle + edits + 1)]))
            for diagonal in stride(from: -edits, through: edits, by: 2) {
                let place = middle + diagonal
                let goesDown =
                    diagonal == -edits || (diagonal != edits && furthest[place - 1] < furthest[place + 1])
                var x = goesDown ? furthest[place + 1] : furthest[place - 1] + 1
                var y = x - diagonal
                while x < old.count && y < new.count && old[x] == new[y] {
                    x += 1
                    y += 1
                }
                furthest[place] = x
                if x >= old.count && y >= new.count {
                    return walkBack(trace, from: (old.count, new.count))
                }
            }
        }
        return nil
    }

    private static func walkBack(_ trace: [[Int]], from end: (x: Int, y: Int)) -> [(old: Int, new: Int)] {
        var (x, y) = end
        var pairs: [(old: Int, new: Int)] = []
        for edits in trace.indices.reversed() {
            let furthest = trace[edits]
            // The slice begins at diagonal -edits - 1.
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
    private static func uniqueLines(_ old: [Int], _ new: [Int]) -> [(old: Int, new: Int)] {
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
        var pairs: [(old: Int, new: Int)] = []
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
