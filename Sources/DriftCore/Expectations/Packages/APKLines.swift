/// The fields `P:` (name), `V:`, `A:` and `p:` (provides) of apk's `installed`, with an empty line after each package.
///
/// In front, `world-read` says that the lines `world SPEC` are all of `/etc/apk/world`.
struct APKLines: PackageLines {
    private(set) var entries = PackageEntries()
    private var fields: [UInt8: ArraySlice<UInt8>] = [:]
    /// Nil if the file was not read.
    private var pinned: Set<ArraySlice<UInt8>>?

    mutating func read(_ line: ArraySlice<UInt8>) {
        if line.isEmpty {
            end()
        } else if line.elementsEqual("world-read".utf8) {
            pinned = []
        } else if line.starts(with: "world ".utf8) {
            if let name = Self.pinnedName(in: line.dropFirst(6)) { pinned?.insert(name) }
        } else if let letter = line.first, "PVAp".utf8.contains(letter), line.dropFirst().first == UInt8(ascii: ":"),
            fields[letter] == nil
        {
            fields[letter] = line.dropFirst(2)
        } else {
            entries.isBroken = true
        }
    }

    mutating func end() {
        guard !fields.isEmpty else { return }
        let name = fields[letter: "P"]
        entries.add(
            name, version: fields[letter: "V"], architecture: fields[letter: "A"],
            provides: fields[letter: "p"].split(separator: UInt8(ascii: " ")), isHeld: pinned?.contains(name))
        fields = [:]
    }

    /// The name in a line of `world`, such as `name@edge=1.2`, that keeps a package from becoming newer.
    private static func pinnedName(in spec: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let name = spec.prefix { !"=<>~@".utf8.contains($0) }
        let signs = spec.drop { !"=<>~".utf8.contains($0) }.prefix { "=<>~".utf8.contains($0) }
        // `><` asks for one build by its checksum.
        let isLowerBound = signs.first == UInt8(ascii: ">") && !signs.elementsEqual("><".utf8)
        return signs.isEmpty || isLowerBound || name.first == UInt8(ascii: "!") ? nil : name
    }
}

extension [UInt8: ArraySlice<UInt8>] {
    fileprivate subscript(letter letter: Unicode.Scalar) -> ArraySlice<UInt8> { self[UInt8(ascii: letter)] ?? [] }
}
