/// What moves where when an apply moves items from one pack of a server to another.
///
/// An item *leaves* a pack that is unassigned, or whose new version does not have it. If another pack of the server then
/// has the same item (same key, same expected value), what is known about it moves there, so that renaming, splitting or
/// merging packs neither hides drift nor reports it twice. If the expected value changes at the same time, nothing moves:
/// the item is new to the other pack, and its first check alerts nobody.
package struct MemoryMoves: Hashable, Sendable {
    /// By key, what a pack wants: see ``Expectation/wanted``.
    package typealias Wants = [ItemKey: SHA256Digest]

    package struct Move: Hashable, Sendable {
        package var key: ItemKey
        package var source: PackName
        package var target: PackName

        package init(_ key: ItemKey, from source: PackName, to target: PackName) {
            self.key = key
            self.source = source
            self.target = target
        }
    }

    /// In the order of their sources, then of their keys.
    package var moves: [Move] = []

    /// `before` and `after` are the packs that the server has, with the version that is in force.
    ///
    /// Each memory goes to one pack: the first by name that gains the expectation, or else the first that had it already.
    package init(from before: [PackName: Wants], to after: [PackName: Wants]) {
        let targets = after.keys.sorted()
        for source in before.keys.sorted() {
            guard let wants = before[source] else { continue }
            let stays = after[source] ?? [:]
            for (key, wanted) in wants.sorted(by: { $0.key < $1.key }) where stays[key] == nil {
                let heirs = targets.filter { $0 != source && after[$0]?[key] == wanted }
                guard let target = heirs.first(where: { before[$0]?[key] == nil }) ?? heirs.first else { continue }
                moves.append(Move(key, from: source, to: target))
            }
        }
    }
}

/// What is remembered as wrong of one assignment, and the alert about it.
package struct RememberedDrift: Hashable, Sendable {
    package var pack: PackName
    package var wrong: Set<ItemKey>
    /// Nil if no alert is live: a first look, or one that was resolved by hand.
    package var alert: Int64?

    package init(_ pack: PackName, wrong: Set<ItemKey>, alert: Int64?) {
        self.pack = pack
        self.wrong = wrong
        self.alert = alert
    }
}

/// What becomes of the alerts of one server when memory moves.
///
/// An alert that loses all its items follows them to the pack that gets most of them; if that pack already has an alert, it
/// is closed. Every other pack that gets some of its items also has an alert afterwards: its own, one that followed, or a
/// new one. Items without an alert move without a message.
package struct AlertMoves: Hashable, Sendable {
    package struct Step: Hashable, Sendable {
        package var alert: Int64
        package var source: PackName
        package var target: PackName

        package init(_ alert: Int64, from source: PackName, to target: PackName) {
            self.alert = alert
            self.source = source
            self.target = target
        }
    }

    /// These alerts end: what they were about went to packs that have an alert, or nobody wants it any more.
    package private(set) var close: [Int64] = []
    /// These become alerts of their target.
    package private(set) var follow: [Step] = []
    /// Their targets get new alerts, each for a part of what this one was about.
    package private(set) var split: [Step] = []

    /// `after` are the packs that the server then has, each with the keys that its version then has.
    package init(_ drifts: [RememberedDrift], moves: [MemoryMoves.Move], after: [PackName: Set<ItemKey>]) {
        func keepsSomething(_ drift: RememberedDrift) -> Bool {
            !drift.wrong.isDisjoint(with: after[drift.pack] ?? [])
        }
        var alerted = Set(drifts.filter { $0.alert != nil && keepsSomething($0) }.map(\.pack))
        var parts: [Step] = []
        // The oldest alert has the first choice.
        for drift in drifts.sorted(by: { ($0.alert ?? 0) < ($1.alert ?? 0) }) {
            guard let alert = drift.alert else { continue }
            var shares: [PackName: Int] = [:]
            for move in moves where move.source == drift.pack && drift.wrong.contains(move.key) {
                shares[move.target, default: 0] += 1
            }
            var targets = shares.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
            if !keepsSomething(drift) {
                if let heir = targets.first, !alerted.contains(heir) {
                    alerted.insert(heir)
                    targets.removeFirst()
                    follow.append(Step(alert, from: drift.pack, to: heir))
                } else {
                    close.append(alert)
                }
            }
            parts += targets.map { Step(alert, from: drift.pack, to: $0) }
        }
        for part in parts where alerted.insert(part.target).inserted { split.append(part) }
    }
}
