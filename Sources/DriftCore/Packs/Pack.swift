/// A pack with its parents' items already merged in: what workers compare with and what the database stores.
package struct Pack: Hashable, Sendable {
    package var name: PackName
    package var displayName: String
    package var description: String?
    /// In the order of the pack file: later ones win.
    package var extends: [PackName]
    /// In the order of their keys, each key once.
    package var expectations: [Expectation]

    package init(
        name: PackName, displayName: String? = nil, description: String? = nil, extends: [PackName] = [],
        expectations: [Expectation] = []
    ) {
        self.name = name
        self.displayName = displayName ?? name.rawValue
        self.description = description
        self.extends = extends
        self.expectations = expectations.sorted { $0.key < $1.key }
    }
}

extension Pack {
    /// The parents in one text, such as `base, web`; nil if there are none.
    package var parents: String? { extends.isEmpty ? nil : extends.map(\.rawValue).joined(separator: ", ") }
}
