import DriftCore
import Foundation
import PackFiles

/// A file that a configuration names.
///
/// Links are followed as long as they stay below a folder: mounted configuration is often made of links. One that leads out
/// could bring any file of this machine into the database, or into an error.
enum NamedFile {
    /// Nil if it does not exist.
    static func read(_ path: String, below folder: String, upTo limit: Int) -> TemplateSource? {
        let file: RegularFile
        do { file = try RegularFile(path, upTo: limit) } catch {
            return error == .missing ? nil : .unusable(error.description)
        }
        let inside = real(folder.isEmpty ? "/" : folder)
        guard file.realPath.hasPrefix(inside.hasSuffix("/") ? inside : inside + "/") else {
            return .unusable("leads out of \(folder)")
        }
        return .bytes(file.bytes)
    }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "" : String(path[..<slash])
    }

    /// Without links.
    static func real(_ path: String) -> String {
        URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path(percentEncoded: false)
    }
}

/// Reads what an inventory names besides packs.
struct InventoryFolder {
    private let folder: String
    /// What stands before the name in the inventory's path.
    private let prefix: String
    private let inventory: String
    private static let maximumBytes = 16 << 20

    init(of inventory: SourceFile) {
        folder = NamedFile.folder(of: inventory.path)
        prefix = inventory.path.lastIndex(of: "/").map { String(inventory.path[...$0]) } ?? ""
        self.inventory = NamedFile.real(inventory.path)
    }

    func files(_ mentions: InventoryMentions) -> InventoryFiles {
        var files = InventoryFiles()
        for pattern in mentions.includes { files.included[pattern] = found(pattern) }
        if let path = mentions.ansible,
            let source = NamedFile.read(prefix + path, below: folder, upTo: Self.maximumBytes)
        {
            files.ansible = InventoryFiles.Found(path: prefix + path, source: source)
        }
        return files
    }

    /// The files that match a pattern, by name; never the inventory itself.
    private func found(_ pattern: String) -> [InventoryFiles.Found] {
        var paths = [""]
        let components = pattern.split(separator: "/").map(String.init)
        for (index, component) in components.enumerated() {
            let isLast = index == components.count - 1
            paths = paths.flatMap { path in names(component, in: path).map { path + $0 + (isLast ? "" : "/") } }
            // One more than may be read is enough to say so.
            paths = Array(paths.prefix(LoadingLimit.includedFiles + 1))
        }
        return paths.compactMap { path in
            guard NamedFile.real(prefix + path) != inventory else { return nil }
            return NamedFile.read(prefix + path, below: folder, upTo: Self.maximumBytes).map {
                InventoryFiles.Found(path: prefix + path, source: $0)
            }
        }
    }

    /// The names in a folder that match one component; hidden ones only where the pattern begins with a dot.
    private func names(_ component: String, in path: String) -> [String] {
        guard component.contains("*") || component.contains("?") else { return [component] }
        let pattern = NamePattern(component)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: prefix + (path.isEmpty ? "." : path))) ?? []
        return names.filter { pattern.matches($0) && $0.hasPrefix(".") == component.hasPrefix(".") }.sorted()
    }

    /// Folders of variables that Ansible would read, too.
    func warnings(_ files: InventoryFiles) -> [Problem] {
        guard let ansible = files.ansible?.path else { return [] }
        return ["group_vars", "host_vars"].map { "\(NamedFile.folder(of: ansible))/\($0)" }.filter(isFolder).map {
            path in
            Problem(
                .warning, file: path, message: "is not read",
                hint: "ansible-inventory -i \(ansible) --list --yaml prints an inventory that has these variables")
        }
    }
}
