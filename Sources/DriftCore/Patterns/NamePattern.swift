/// A pattern of file names in which `*` stands for any characters and `?` for one; all else is itself.
package struct NamePattern: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    /// Whether the whole name fits, in at most as many steps as the product of both lengths.
    package func matches(_ name: String) -> Bool {
        let (pattern, name) = (Array(text.unicodeScalars), Array(name.unicodeScalars))
        var (place, index) = (0, 0)
        /// Where the last star was, and how much of the name it stands for.
        var star: (place: Int, index: Int)?
        while index < name.count {
            if place < pattern.count, pattern[place] == "*" {
                star = (place, index)
                place += 1
            } else if place < pattern.count, pattern[place] == "?" || pattern[place] == name[index] {
                place += 1
                index += 1
            } else if let last = star {
                star = (last.place, last.index + 1)
                place = last.place + 1
                index = last.index + 1
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == "*" }
    }
}
