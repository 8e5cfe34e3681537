import Foundation

// The one place where the domain reads files: the system's time zones.
extension ZoneRules {
    /// Where the system keeps its rules: `TZDIR`, as for libc, or `/usr/share/zoneinfo`.
    package static var systemFolder: String {
        let folder = ProcessInfo.processInfo.environment["TZDIR"] ?? ""
        return folder.isEmpty ? "/usr/share/zoneinfo" : folder
    }

    /// The rules of the zone of this name; nil if there is no such file, or it holds something else.
    ///
    /// UTC is known without a file.
    static func read(_ name: String, in folder: String = systemFolder) -> ZoneRules? {
        if ["UTC", "GMT", "UCT", "Etc/UTC", "Etc/GMT", "Etc/UCT"].contains(name) { return .utc }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { isLetter($0) || (48...57).contains($0) || "_+-".utf8.contains($0) }
        }
        // Copies of all zones, the second one with leap seconds.
        guard isPlain, !["posix", "right"].contains(parts.first),
            let bytes = FileManager.default.contents(atPath: "\(folder)/\(name)"), bytes.count <= 1 << 20
        else { return nil }
        return try? ZoneFile(Array(bytes)).rules
    }

    /// The release of the system's rules, such as `2025b`; nil if nothing says so.
    package static func systemVersion(in folder: String = systemFolder) -> String? {
        if let text = text("\(folder)/tzdata.zi"), let line = text.split(separator: "\n", maxSplits: 1).first,
            line.hasPrefix("# version ")
        {
            return String(line.dropFirst("# version ".count))
        }
        for name in ["+VERSION", "version"] {
            if let text = text("\(folder)/\(name)") { return text.trimmingCharacters(in: .whitespacesAndNewlines) }
        }
        return nil
    }

    /// The names of all zones, as far as the system lists them; links are other names of a zone, often old ones.
    static func names(in folder: String = systemFolder, withoutLinks: Bool = false) -> [String] {
        guard let text = text("\(folder)/tzdata.zi") else { return [] }
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return switch words.first {
            case "Z" where words.count > 1: String(words[1])
            case "L" where words.count > 2 && !withoutLinks: String(words[2])
            default: nil
            }
        }
    }

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

private func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte & 0xDF) }
