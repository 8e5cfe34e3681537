import DriftCore
import Foundation

/// Files in a configuration's folder that look as if they were meant, and are not read.
///
/// In `packs`, where every file is a pack, the name alone decides. Next to the inventory, where other programs may have
/// files too, the keys at the left margin decide.
enum PassedOverFiles {
    static let message = "is not read"

    /// Files next to `fleet.yaml`.
    static func besideInventory(in folder: String) -> [Problem] {
        names(in: folder).flatMap { name -> [Problem] in
            let path = "\(folder)/\(name)"
            if name == "fleet.yml" || name.lowercased() == "fleet.yaml" && name != "fleet.yaml" {
                return [warning(path, hint: "name it fleet.yaml")]
            }
            if ["pack", "packs.d"].contains(name.lowercased()) || name.lowercased() == "packs" && name != "packs" {
                return packs(below: path, depth: 1).map { warning($0, hint: "a folder means its packs/*.yaml") }
            }
            guard isYAML(name), name != "fleet.yaml", let file = try? RegularFile(path, upTo: 1 << 20) else {
                return []
            }
            let keys = TopLevelKeys(file.bytes)
            if keys.ofPack, keys.hasSections { return [warning(path, hint: "move a pack to packs/")] }
            return keys.isWholeInventory
                ? [warning(path, hint: "the inventory is fleet.yaml")] : []
        }
    }

    /// What lies in `packs`, whose `names` are known.
    static func amongPacks(_ names: [String], in folder: String) -> [Problem] {
        names.flatMap { name -> [Problem] in
            let path = "\(folder)/\(name)"
            if isYAML(name) {
                return name.hasSuffix(".yaml") ? [] : [warning(path, hint: "name it \(stem(name)).yaml")]
            }
            guard name != "templates", !name.hasPrefix(".") else { return [] }
            return packs(below: path, depth: 0).map {
                warning($0, hint: "move it to \(folder); folders below are not read")
            }
        }
    }

    private static func warning(_ path: String, hint: String) -> Problem {
        Problem(.warning, file: path, message: message, hint: hint)
    }

    private static func packs(below path: String, depth: Int) -> [String] {
        // A link may lead anywhere, and round in a circle.
        guard depth < 4,
            let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType,
            kind == .typeDirectory
        else { return [] }
        return names(in: path).flatMap { name in
            isYAML(name) ? ["\(path)/\(name)"] : packs(below: "\(path)/\(name)", depth: depth + 1)
        }
    }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder))?.filter { !$0.hasPrefix(".") }.sorted() ?? []
    }

    private static func isYAML(_ name: String) -> Bool {
        [".yaml", ".yml"].contains { name.lowercased().hasSuffix($0) } && !name.hasPrefix(".")
    }

    private static func stem(_ name: String) -> String {
        name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }
}

/// Which of an inventory's and a pack's own keys stand at the left margin of a file.
struct TopLevelKeys {
    let ofInventory: Bool
    let ofPack: Bool
    /// Whether `items:` is likely to be a pack's.
    let hasSections: Bool
    /// Not only a key that files of other programs have too.
    let isWholeInventory: Bool

    init(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        func has(_ key: String) -> Bool { lines.contains { $0.starts(with: "\(key):".utf8) } }
        let isInventory = has("servers") || has("defaults") || has("schedule")
        ofPack = !isInventory && has("items")
        ofInventory = isInventory || !ofPack && (has("include") || has("ansible") || has("groups"))
        let sections = ["files:", "packages:", "settings:", "services:"].map { Array($0.utf8) }
        hasSections = lines.contains { line in
            let text = line.drop { $0 == UInt8(ascii: " ") }
            return sections.contains { text.starts(with: $0) }
        }
        isWholeInventory = has("servers") && (has("defaults") || has("schedule"))
    }
}
