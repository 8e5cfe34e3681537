/// Which messages a month must bring, computed from the world and from the rules alone: no table is read, and none of the
/// code is asked.
///
/// One day after the other: ``check(_:slot:held:waived:)`` for each server that is looked at, then ``tell(heldServers:)``, which gives the
/// messages that must have gone out by then.
struct MonthModel {
    /// One alert in one message.
    struct Told: Hashable, CustomStringConvertible {
        var kind: String
        var server: String
        var pack: String?
        /// Items that are wrong by then; 0 where that is not what it is about.
        var count: Int
        var items: [String]
        /// Nobody was told of the opening.
        var isFirst: Bool

        var description: String {
            "\(kind) \(server) \(pack ?? "-") \(count) \(items.joined(separator: ","))\(isFirst ? " first" : "")"
        }
    }

    /// Alerts that are told in one message, with the reasons.
    struct Message {
        var told: Set<Told>
        var why: [String]
        /// There were more changes than messages, and which of equally common ones have their own is anybody's choice.
        var isOneOfMany = false
    }

    private struct Key: Hashable {
        var server: String
        var pack: String?
    }

    private struct Event {
        var kind: String
        var count = 0
        var items: Set<String> = []
        /// What goes together.
        var group: String
        var slot: Int?
        var why: Set<String>
        var wasHeld = false
    }

    private struct Memory {
        var wrong: Set<String> = []
        var isOpen = false
        /// Of the alert that is open, or was last.
        var group = ""
        /// What the alert that is open, or was last, has named outside of holds.
        var named: Set<String> = []
        /// The days of each item's turns.
        var turns: [String: [Int]] = [:]
        /// People have heard of the alert since the assignment flaps.
        var isHeardOf = false
        /// Equal checks in a row, while it flaps.
        var equal: Int?
        var slotsAway = 0
        var away: MonthWorld.Away?
        var waiting: [Event] = []
    }

    private var memories: [Key: Memory] = [:]
    private var taken: [String: Int] = [:]
    private(set) var day = 0
    /// What one message for each transition would have sent.
    private(set) var transitions = 0

    mutating func begin(_ day: Int) { self.day = day }

    // MARK: Checks

    mutating func check(_ server: MonthWorld.Server, slot: Int?, held: Bool, waived: Set<String>) {
        let whole = Key(server: server.id, pack: nil)
        var memory = memories[whole] ?? Memory()
        defer { memories[whole] = memory }
        if let away = server.away {
            if slot != nil { memory.slotsAway += 1 }
            memory.away = away
            if memory.slotsAway == 3, !memory.isOpen {
                memory.isOpen = true
                memory.group = "away \(away.jumpHost ?? "")"
                add(Event(kind: "check_failing", group: memory.group, why: [away.why], wasHeld: held), to: &memory)
            }
            return
        }
        if memory.isOpen {
            add(
                Event(
                    kind: "check_recovered", group: memory.group, why: [memory.away.map { "\($0.why): over" } ?? ""],
                    wasHeld: held),
                to: &memory)
        }
        memory = Memory(waiting: memory.waiting)
        for pack in server.packs { judge(server, pack, slot, held, waived) }
    }

    private mutating func judge(
        _ server: MonthWorld.Server, _ pack: String, _ slot: Int?, _ held: Bool, _ waived: Set<String>
    ) {
        var memory = memories[Key(server: server.id, pack: pack)] ?? Memory()
        defer { memories[Key(server: server.id, pack: pack)] = memory }
        let wrong = Set(server.wrong.keys.filter { MonthWorld.packs[pack]?.contains($0) == true })
        let counted = wrong.subtracting(waived)
        let added = counted.subtracting(memory.wrong)
        let isSame = counted == memory.wrong
        let before = memory
        memory.wrong = counted
        var event: Event?
        if !added.isEmpty {
            let change = added.map { "\($0)=\(server.wrong[$0]?.mode ?? 0)" }.sorted().joined(separator: ",")
            let reasons = Set(added.compactMap { server.wrong[$0]?.why })
            event = Event(
                kind: before.isOpen ? "drift_changed" : "drift_detected", count: counted.count, items: added,
                group: change,
                slot: slot, why: reasons, wasHeld: held)
            if !before.isOpen { memory.group = change }
            memory.isOpen = true
        } else if before.isOpen, counted.isEmpty {
            let reasons = before.wrong.map { waived.contains($0) ? "somebody accepts it" : server.righted[$0] ?? "" }
            event = Event(
                kind: "drift_resolved", count: before.wrong.count, group: before.group, slot: slot, why: Set(reasons),
                wasHeld: held)
            memory.isOpen = false
        }
        if event != nil { transitions += 1 }
        if event?.kind == "drift_detected" { (memory.named, memory.isHeardOf) = ([], false) }
        let turning: Set<String> =
            switch event?.kind {
            case "drift_resolved"? where wrong.isEmpty: memory.named
            case nil, "drift_resolved"?: []
            default: held ? [] : added.subtracting(memory.named)
            }
        memory.named.formUnion(turning)
        for item in turning { memory.turns[item, default: []].append(day) }
        func flaps(_ item: String) -> Bool { (memory.turns[item] ?? []).filter { day - $0 < 14 }.count >= 4 }
        let state = "\(pack) \(memory.isOpen) \(memory.group)"
        guard let equal = memory.equal else {
            if !held, event?.kind != "drift_changed", turning.contains(where: flaps) {
                memory.equal = 1
                if let event, event.kind == "drift_detected", !added.allSatisfy(flaps) { memory.waiting.append(event) }
                memory.waiting.append(
                    Event(kind: "drift_flapping", group: state, slot: slot, why: ["it flaps"]))
            } else if let event {
                memory.waiting.append(event)
            }
            return
        }
        if let event, event.kind == "drift_resolved" ? memory.isHeardOf : !added.allSatisfy(flaps) {
            memory.waiting.append(event)
            memory.isHeardOf = true
        }
        memory.equal = isSame ? equal + 1 : 1
        if memory.equal == 3 {
            memory.equal = nil
            memory.turns = [:]
            memory.waiting.append(
                Event(kind: "drift_settled", group: state, slot: slot, why: ["it rests"]))
        }
    }

    /// A person closes the alert: what is wrong stays known.
    mutating func close(_ server: String, pack: String, by who: String) {
        let key = Key(server: server, pack: pack)
        guard var memory = memories[key], memory.isOpen else { return }
        memory.isOpen = false
        add(
            Event(
                kind: "drift_resolved", count: memory.wrong.count, group: "closed by \(who)", why: ["\(who) closed it"]),
            to: &memory)
        memories[key] = memory
    }

    private mutating func add(_ event: Event, to memory: inout Memory) {
        transitions += 1
        memory.waiting.append(event)
    }

    // MARK: Messages

    /// What goes out now; messages about `heldServers` wait.
    mutating func tell(heldServers: Set<String> = []) -> [Message] {
        var ready: [(event: Event, told: Told)] = []
        for (key, memory) in memories where !memory.waiting.isEmpty && !heldServers.contains(key.server) {
            memories[key]?.waiting = []
            ready += Self.folded(memory).map { event, isFirst in
                (
                    event,
                    Told(
                        kind: event.kind, server: key.server, pack: key.pack, count: event.count,
                        items: event.items.sorted(),
                        isFirst: isFirst)
                )
            }
        }
        return grouped(ready)
    }

    /// What the waiting events of an alert still have to say; each with whether it is an end of which nobody knew the beginning.
    private static func folded(_ memory: Memory) -> [(Event, Bool)] {
        var left: [(Event, Bool)] = []
        // Another alert begins with each opening.
        var runs: [[Event]] = []
        for event in memory.waiting {
            let begins = ["drift_detected", "check_failing", "drift_flapping", "drift_settled"].contains(event.kind)
            if begins || runs.isEmpty { runs.append([event]) } else { runs[runs.count - 1].append(event) }
        }
        for run in runs {
            guard let first = run.first, let last = run.last else { continue }
            let opens = first.kind == "drift_detected" || first.kind == "check_failing"
            if last.kind == "drift_resolved" || last.kind == "check_recovered" {
                if opens, run.count > 1, first.wasHeld { continue }
                var end = last
                if opens, run.count > 1 { end.items = run.reduce(into: Set<String>()) { $0.formUnion($1.items) } }
                left.append((end, opens && run.count > 1))
            } else if run.count == 1 {
                left.append((first, false))
            } else {
                var whole = first
                whole.count = last.count
                whole.items = run.reduce(into: Set<String>()) { $0.formUnion($1.items) }.intersection(memory.wrong)
                whole.group = run.map(\.group).joined(separator: "|") + whole.items.sorted().joined(separator: "|")
                whole.why = run.reduce(into: Set<String>()) { $0.formUnion($1.why) }
                left.append((whole, false))
            }
        }
        return left
    }

    /// At most five messages of a kind for each slot: the most common changes have their own, and the last tells the rest.
    private mutating func grouped(_ ready: [(event: Event, told: Told)]) -> [Message] {
        var messages: [Message] = []
        let bySlot = Dictionary(grouping: ready) { "\($0.event.kind) \($0.event.slot.map(String.init) ?? "none")" }
        for (slot, events) in bySlot {
            var groups = Dictionary(grouping: events) { $0.event.group }.values
                .sorted { ($1.count, $0[0].event.group) < ($0.count, $1[0].event.group) }
            let changes = groups.count
            if events[0].event.slot != nil {
                let own =
                    taken[slot, default: 0] + groups.count <= 5 ? groups.count : max(0, 4 - taken[slot, default: 0])
                let rest = groups.dropFirst(own).flatMap(\.self)
                groups = Array(groups.prefix(own)) + (rest.isEmpty ? [] : [rest])
                taken[slot, default: 0] += groups.count
            }
            messages += groups.map { group in
                Message(
                    told: Set(group.map(\.told)),
                    why: group.reduce(into: Set<String>()) { $0.formUnion($1.event.why) }.sorted(),
                    isOneOfMany: groups.count < changes)
            }
        }
        return messages
    }
}
