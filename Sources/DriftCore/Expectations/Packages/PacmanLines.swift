/// The sections `%NAME%`, `%VERSION%`, `%ARCH%`, `%PROVIDES%` and `%GROUPS%` of pacman's `desc` files, each up to an empty
/// line.
///
/// In front stands what `pacman-conf` prints: `conf-read`, and lines such as `conf IgnorePkg = linux*`.
struct PacmanLines: PackageLines {
    private(set) var entries = PackageEntries()
    private var sections: [String: [ArraySlice<UInt8>]] = [:]
    private var section: String?
    /// Nil if pacman's settings were not read.
    private var ignored: (packages: [StarPattern], groups: [StarPattern])?

    private static let names: Set<String> = ["%NAME%", "%VERSION%", "%ARCH%", "%PROVIDES%", "%GROUPS%"]

    mutating func read(_ line: ArraySlice<UInt8>) {
        if line.isEmpty {
            section = nil
        } else if let section {
            sections[section, default: []].append(line)
        } else if line.elementsEqual("conf-read".utf8) {
            ignored = ([], [])
        } else if line.starts(with: "conf ".utf8) {
            readSetting(line.dropFirst(5))
        } else {
            begin(String(decoding: line, as: UTF8.self))
        }
    }

    private mutating func begin(_ name: String) {
        if name == "%NAME%" { end() }
        if !Self.names.contains(name) || sections[name] != nil { entries.isBroken = true }
        section = name
        sections[name] = []
    }

    private mutating func readSetting(_ line: ArraySlice<UInt8>) {
        let words = line.split(separator: UInt8(ascii: " "))
        guard words.count == 3, words[1].elementsEqual("=".utf8) else { return }
        let isPackage = words[0].elementsEqual("IgnorePkg".utf8)
        guard isPackage || words[0].elementsEqual("IgnoreGroup".utf8) else { return }
        // Other special signs of such patterns are as good as never written.
        guard !words[2].contains(where: { "?[\\".utf8.contains($0) }) else { return ignored = nil }
        let pattern = StarPattern(words[2])
        if isPackage { ignored?.packages.append(pattern) } else { ignored?.groups.append(pattern) }
    }

    mutating func end() {
        guard !sections.isEmpty else { return }
        defer {
            sections = [:]
            section = nil
        }
        // A section that holds one thing has one line.
        guard let name = one("%NAME%"), let version = one("%VERSION%") else {
            entries.isBroken = true
            return
        }
        let isHeld = ignored.map { ignored in
            ignored.packages.contains { $0.fits(name) }
                || (sections["%GROUPS%"] ?? []).contains { group in ignored.groups.contains { $0.fits(group) } }
        }
        entries.add(
            name, version: version, architecture: one("%ARCH%") ?? [], provides: sections["%PROVIDES%"] ?? [],
            isHeld: isHeld)
    }

    private func one(_ section: String) -> ArraySlice<UInt8>? {
        let lines = sections[section] ?? []
        return lines.count == 1 ? lines[0] : nil
    }
}
