internal import Redaction

/// Lines that were removed and added at one place, as they are shown.
///
/// If a removed and an added line would look the same, a remark says how they differ.
struct ShownChange {
    private(set) var removed: [ShownText]
    private(set) var added: [ShownText]
    /// Which of the added lines look like a removed one and are not.
    private(set) var hidden: [Int] = []
    /// Which of the added lines are cut, and at which sign they differ from the removed ones.
    private(set) var places: [(line: Int, sign: Int)] = []

    /// `isSame` says whether a removed and an added line are the same in truth.
    init(removed old: [[Sign]], added new: [[Sign]], isSame: (Int, Int) -> Bool) {
        removed = old.map(Self.alone)
        added = new.map(Self.alone)
        guard !old.isEmpty, !new.isEmpty else { return }
        var partners = Partners(old: old.count, new: new.count)
        partners.pairLookalikes(old.map(\.impression), new.map(\.impression))
        partners.pairLong(old, new)
        partners.pairRest()
        for (line, partner) in partners.ofNew.enumerated() {
            guard let partner else { continue }
            let contrast = Contrast(old[partner], new[line], keepingTabs: true)
            guard !contrast.isHidden else { continue }
            if partners.ofOld[partner] == line { removed[partner] = contrast.old }
            added[line] = contrast.new
            if let place = contrast.place { places.append((line, place)) }
        }
        for crowd in partners.crowds {
            let twins = Twins(crowd.old.map { old[$0] } + crowd.new.map { new[$0] })
            for line in crowd.old { removed[line] = Self.named(old[line], twins) }
            for line in crowd.new { added[line] = Self.named(new[line], twins) }
        }
        findHidden(isSame)
    }

    private mutating func findHidden(_ isSame: (Int, Int) -> Bool) {
        var lines: [[UInt8]: [Int]] = [:]
        for (line, text) in removed.enumerated() { lines[Array(text.shown.utf8), default: []].append(line) }
        hidden = added.indices.filter { line in
            let twins = lines[Array(added[line].shown.utf8)] ?? []
            // Where many look the same, secrets differ; one that is the same in truth would have been paired.
            return !twins.isEmpty && !twins.prefix(16).contains { isSame($0, line) }
        }
    }

    /// A line by itself: its beginning.
    static func alone(_ signs: [Sign]) -> ShownText {
        ShownText(signs, in: 0..<min(signs.count, Contrast.limit), keepingTabs: true)
    }

    /// A line that looks like several others: all that may deceive is named, but for single spaces between words.
    private static func named(_ signs: [Sign], _ twins: Twins) -> ShownText {
        let differing = twins.differing(in: signs)
        return ShownText(signs, in: 0..<min(signs.count, Contrast.limit), keepingTabs: true) { place in
            if differing.contains(place) { return true }
            guard signs[place] == .scalar(" ") else { return signs[place].canDeceive }
            guard place > 0, place + 1 < signs.count else { return true }
            return signs[place - 1].canDeceive || signs[place + 1].canDeceive
        }
    }
}

/// Where lines that look the same have different letters or digits of ASCII, such as `l` and `1`.
private struct Twins {
    /// Which of the signs that have a twin, counted from the line's beginning, are not the same in all lines.
    private let differing: Set<Int>

    init(_ lines: [[Sign]]) {
        let twins = lines.map { $0.filter(\.hasTwin) }
        let first = twins.first ?? []
        // Where letters of other writings stand between them, the places do not correspond, and those are named anyway.
        let areComparable = twins.allSatisfy { $0.count == first.count }
        differing = Set(
            areComparable ? first.indices.filter { place in twins.contains { $0[place] != first[place] } } : [])
    }

    /// The places of these signs in a line.
    func differing(in line: [Sign]) -> Set<Int> {
        if differing.isEmpty { return [] }
        let places = line.indices.filter { line[$0].hasTwin }
        return Set(differing.map { places[$0] })
    }
}

/// Which removed line an added one is held against.
private struct Partners {
    private(set) var ofOld: [Int?]
    private(set) var ofNew: [Int?]
    /// Lines of which more than two look the same.
    private(set) var crowds: [(old: [Int], new: [Int])] = []

    init(old: Int, new: Int) {
        ofOld = [Int?](repeating: nil, count: old)
        ofNew = [Int?](repeating: nil, count: new)
    }

    mutating func pairLookalikes(_ old: [String], _ new: [String]) {
        var groups: [String: (old: [Int], new: [Int])] = [:]
        for (line, impression) in old.enumerated() { groups[impression, default: ([], [])].old.append(line) }
        for (line, impression) in new.enumerated() { groups[impression, default: ([], [])].new.append(line) }
        for group in groups.values where !group.old.isEmpty && !group.new.isEmpty {
            if group.old.count == 1 && group.new.count == 1 {
                pair(group.old[0], group.new[0])
            } else {
                crowds.append(group)
            }
        }
    }

    /// Pairs lines that would both be cut and begin alike.
    mutating func pairLong(_ old: [[Sign]], _ new: [[Sign]]) {
        func head(_ line: [Sign]) -> String { Array(line.prefix(64)).impression }
        var waiting: [String: [Int]] = [:]
        for line in old.indices.reversed() where ofOld[line] == nil && old[line].count > Contrast.limit {
            waiting[head(old[line]), default: []].append(line)
        }
        for line in new.indices where ofNew[line] == nil && new[line].count > Contrast.limit {
            let head = head(new[line])
            // The last one serves all that are left.
            guard let partner = waiting[head]?.last else { continue }
            if (waiting[head]?.count ?? 0) > 1 { waiting[head]?.removeLast() }
            ofNew[line] = partner
            if ofOld[partner] == nil { ofOld[partner] = line }
        }
    }

    /// Pairs what is left in its order.
    mutating func pairRest() {
        let crowded = (old: Set(crowds.flatMap(\.old)), new: Set(crowds.flatMap(\.new)))
        let oldRest = ofOld.indices.filter { ofOld[$0] == nil && !crowded.old.contains($0) }
        let newRest = ofNew.indices.filter { ofNew[$0] == nil && !crowded.new.contains($0) }
        for (old, new) in zip(oldRest, newRest) { pair(old, new) }
    }

    private mutating func pair(_ old: Int, _ new: Int) {
        ofOld[old] = new
        ofNew[new] = old
    }
}
