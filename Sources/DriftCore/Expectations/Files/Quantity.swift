/// Sizes and ages as packs write them, such as `1MiB` and `26h`.
package enum Quantity {
    private static let sizes: [(unit: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000),
        ("B", 1),
    ]
    private static let ages: [(unit: String, seconds: Int)] = [
        ("d", 86400), ("h", 3600), ("min", 60), ("m", 60), ("s", 1),
    ]

    package static var sizeUnits: [String] { sizes.map(\.unit) }
    package static var ageUnits: [String] { ages.map(\.unit) }

    /// Nil for a text that is not a whole number with one of the units.
    package static func bytes(_ text: String) -> Int? { parsed(text, sizes.map { ($0.unit, $0.bytes) }) }

    package static func seconds(_ text: String) -> Int? { parsed(text, ages.map { ($0.unit, $0.seconds) }) }

    private static func parsed(_ text: String, _ units: [(String, Int)]) -> Int? {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        guard let number = Int(digits), let factor = units.first(where: { $0.0 == unit })?.1 else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }

    /// The same in the largest unit that divides it, so that a pack's `1MiB` stays one.
    static func size(_ bytes: Int) -> String {
        let unit = sizes.first { bytes >= $0.bytes && bytes.isMultiple(of: $0.bytes) } ?? ("B", 1)
        return "\(bytes / unit.bytes) \(unit.unit)"
    }

    /// In days, hours, minutes and seconds, as far as there are any.
    package static func age(_ seconds: Int) -> String {
        let parts = [
            (seconds / 86400, "d"), (seconds % 86400 / 3600, "h"), (seconds % 3600 / 60, "min"), (seconds % 60, "s"),
        ]
        let words = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
        return words.isEmpty ? "0 s" : words.joined(separator: " ")
    }
}
