/// What a set of files declares, whole and free of errors.
package struct LoadedConfiguration: Hashable, Sendable {
    /// Nil if no inventory was given.
    package var inventory: Inventory?
    /// Why the inventory's servers are as they are.
    package var reasons: InventoryReasons
    /// Each with its parents' items merged in.
    package var packs: [PackName: Pack]
    /// Items that this version cannot judge, and servers that nothing is asked of; in reading order.
    package var warnings: [Problem]
    /// Where each pack says what it wants, its parents' files included.
    package var places: PackConflicts.Places

    package init(
        inventory: Inventory? = nil, reasons: InventoryReasons = InventoryReasons(), packs: [PackName: Pack] = [:],
        warnings: [Problem] = [], places: PackConflicts.Places = [:]
    ) {
        self.inventory = inventory
        self.reasons = reasons
        self.packs = packs
        self.warnings = warnings
        self.places = places
    }
}

extension LoadedConfiguration {
    /// The packs that a pack extends.
    package func parents(of name: PackName) -> [PackName] { packs[name]?.extends ?? [] }

    /// Packs that neither a server nor a group has, nor another pack that is used extends.
    ///
    /// None where no inventory was given.
    package var unusedPacks: Set<PackName> {
        guard let inventory else { return [] }
        var used: Set<PackName> = []
        var waiting = inventory.servers.flatMap(\.packs) + reasons.groups.flatMap(\.packs)
        while let next = waiting.popLast() {
            if used.insert(next).inserted { waiting += parents(of: next) }
        }
        return Set(packs.keys).subtracting(used)
    }
}
