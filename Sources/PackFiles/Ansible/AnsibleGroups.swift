internal import DriftCore

/// How the groups of an Ansible inventory lie within each other.
struct AnsibleGroups {
    /// All groups around each one, without itself and `all`.
    private(set) var ancestors: [Set<Int>]
    /// The order in which variables are merged, later ones win: outer groups before inner ones, then by
    /// `ansible_group_priority`, then by name.
    private(set) var ranks: [Int]

    /// - Throws: ``AnsibleFault`` for groups that contain themselves, or that lie in too many others.
    init(_ groups: [AnsibleInventory.Group]) throws(AnsibleFault) {
        for group in groups {
            guard let all = group.children.first(where: { $0.group == AnsibleInventory.all }) else { continue }
            throw AnsibleFault(
                "the group `all` lies in \(quoted(group.name))", hint: "every group lies in `all`", at: all.position)
        }
        var waiting = groups.map { _ in 0 }
        for group in groups { for child in group.children { waiting[child.group] += 1 } }
        ancestors = groups.map { _ in [] }
        var depths = groups.indices.map { $0 == AnsibleInventory.all ? 0 : 1 }
        // Each group after all that contain it.
        var ready = groups.indices.filter { waiting[$0] == 0 }
        var done = 0
        while let index = ready.popLast() {
            done += 1
            let above = index == AnsibleInventory.all ? [] : ancestors[index].union([index])
            guard above.count <= LoadingLimit.labels else {
                throw AnsibleFault(
                    "the group \(quoted(groups[index].name)) lies in \(above.count - 1) others",
                    hint: "at most \(LoadingLimit.labels - 1)", at: groups[index].position)
            }
            for child in groups[index].children {
                ancestors[child.group].formUnion(above)
                depths[child.group] = max(depths[child.group], depths[index] + 1)
                waiting[child.group] -= 1
                if waiting[child.group] == 0 { ready.append(child.group) }
            }
        }
        guard done == groups.count else { throw Self.cycle(groups, among: groups.indices.filter { waiting[$0] > 0 }) }
        let priorities = groups.map { group in
            if case .text(let text) = group.variables["ansible_group_priority"]?.value { Int(text) ?? 1 } else { 1 }
        }
        let order = groups.indices.sorted { left, right in
            if depths[left] != depths[right] { return depths[left] < depths[right] }
            if priorities[left] != priorities[right] { return priorities[left] < priorities[right] }
            return groups[left].name.unicodeScalars.lexicographicallyPrecedes(groups[right].name.unicodeScalars)
        }
        ranks = groups.map { _ in 0 }
        for (rank, index) in order.enumerated() { ranks[index] = rank }
    }

    /// The groups that a host is in, by their ranks, `all` first.
    ///
    /// Ansible takes a host out of `ungrouped` where it is in another group.
    func groups(of host: AnsibleInventory.Host) -> [Int] {
        var groups = host.groups.reduce(into: Set<Int>()) { groups, index in
            groups.formUnion(ancestors[index])
            groups.insert(index)
        }
        groups.insert(AnsibleInventory.all)
        if groups.count > 2 { groups.remove(AnsibleInventory.ungrouped) }
        if groups.count == 1 { groups.insert(AnsibleInventory.ungrouped) }
        return groups.sorted { ranks[$0] < ranks[$1] }
    }

    /// Follows children that are left until one comes again.
    private static func cycle(_ groups: [AnsibleInventory.Group], among left: [Int]) -> AnsibleFault {
        let left = Set(left)
        var path: [Int] = []
        var next = left.min()
        while let index = next, !path.contains(index) {
            path.append(index)
            // Every group that is left lies in another one that is.
            next = groups.indices.first { left.contains($0) && groups[$0].children.contains { $0.group == index } }
        }
        let circle = Array(path[(next.flatMap(path.firstIndex) ?? 0)...].reversed())
        let names = (circle + circle.prefix(1)).map { groups[$0].name }
        let position = groups[circle.last ?? 0].children.first { $0.group == circle.first }?.position
        return AnsibleFault(
            "groups contain each other in a circle: \(quoted(names.joined(separator: " → ")))",
            hint: "remove one of them from the children of the one before",
            at: position ?? groups[circle.last ?? 0].position)
    }
}

/// Something in an Ansible inventory that cannot be used.
struct AnsibleFault: Error, Hashable {
    var message: String
    var hint: String?
    var position: Position

    init(_ message: String, hint: String? = nil, at position: Position) {
        self.message = message
        self.hint = hint
        self.position = position
    }
}
