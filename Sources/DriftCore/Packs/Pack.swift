/// A pack with its parent's items already merged in: what workers compare with and what the database stores.
package struct Pack: Hashable, Sendable {
    package var name: PackName
    package var displayName: String
    package var description: String?
    package var extends: PackName?
    /// In the order of their keys, each key once.
    package var expectations: [Expectation]

    package init(
        name: PackName, displayName: String? = nil, description: String? = nil, extends: PackName? = nil,
        expectations: [Expectation] = []
    ) {
        self.name = name
        self.displayName = displayName ?? name.rawValue
        self.description = description
        self.extends = extends
        self.expectations = expectations.sorted { $0.key < $1.key }
    }
}
