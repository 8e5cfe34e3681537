/// Whether text may be coloured, and how.
package struct Palette: Hashable, Sendable {
    package enum Colour: String, Sendable { case red = "31", green = "32", yellow = "33", faint = "2", bold = "1" }

    /// No colour at all.
    package static let plain = Palette(hasColour: false)

    package let hasColour: Bool

    package init(hasColour: Bool) { self.hasColour = hasColour }

    package func coloured(_ text: String, _ colour: @autoclosure () -> Colour?) -> String {
        guard hasColour, let colour = colour() else { return text }
        return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
    }
}
