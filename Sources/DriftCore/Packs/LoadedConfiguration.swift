/// What a set of files declares, whole and free of errors.
package struct LoadedConfiguration: Hashable, Sendable {
    /// Nil if no inventory was given.
    package var inventory: Inventory?
    /// Each with its parents' items merged in.
    package var packs: [PackName: Pack]
    /// Items that this version cannot judge, and servers that nothing is asked of; in reading order.
    package var warnings: [Problem]
    /// Where each pack says what it wants, its parents' files included.
    package var places: PackConflicts.Places

    package init(
        inventory: Inventory? = nil, packs: [PackName: Pack] = [:], warnings: [Problem] = [],
        places: PackConflicts.Places = [:]
    ) {
        self.inventory = inventory
        self.packs = packs
        self.warnings = warnings
        self.places = places
    }
}
