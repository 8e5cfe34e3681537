import DriftCore
import Foundation
import PackFiles

/// The inventory, packs and templates that paths on the command line lead to.
///
/// A folder means its `fleet.yaml` and `packs/*.yaml`, and what these name; a file is an inventory if it is named `fleet.yaml`
/// or has a key of inventories, such as `servers:`, at the left margin, and a pack otherwise. One that has `items:` there, and
/// neither `servers:`, `defaults:` nor `schedule:`, is a pack whatever its name.
struct ConfigurationFiles: Sendable {
    private(set) var inventory: SourceFile?
    /// What the inventory includes, and Ansible's.
    private(set) var inventoryFiles = InventoryFiles()
    private(set) var packs: [SourceFile] = []
    private(set) var templates: [String: TemplateSource] = [:]
    /// Files that look as if they were meant, and are not read.
    private(set) var warnings: [Problem] = []
    /// Whether a folder or a pack was among the paths, so that packs not found are packs not wanted.
    private(set) var namesAllPacks = false

    /// Given beside the first; it may include them.
    private var otherInventories: [String] = []

    private static let maximumBytes = 16 << 20
    private static let maximumTemplateBytes = 1 << 20

    /// Reads everything.
    ///
    /// - Throws: ``ConfigurationProblems`` with every path that could not be read.
    init(paths: [String]) throws(ConfigurationProblems) {
        var problems: [Problem] = []
        var files: [String] = []
        for path in paths {
            do { files += try filesMeant(by: path) } catch { problems.append(error) }
        }
        var seen: Set<String> = []
        for path in files where seen.insert(NamedFile.real(path)).inserted {
            do { try read(path) } catch { problems.append(error) }
        }
        let named = readInventoryFiles()
        for other in otherInventories where !named.contains(NamedFile.real(other)) {
            problems.append(
                Problem(
                    file: other, message: "is a second inventory",
                    hint: inventory.map { "the first is \($0.path), which may include it" }))
        }
        guard problems.isEmpty else { throw ConfigurationProblems(problems) }
        // A file that the folder does not include may be given as well.
        let read = named.union((packs + [inventory].compactMap(\.self)).map { NamedFile.real($0.path) })
        warnings.removeAll { $0.message == PassedOverFiles.message && read.contains(NamedFile.real($0.file)) }
        readTemplates()
    }

    /// Checks what was read, against the packs that the database has besides; nil if nobody knows those.
    func load(knownPacks: Set<PackName>?) throws(ConfigurationProblems) -> LoadedConfiguration {
        do {
            var loaded = try ConfigurationLoader.load(
                inventory: inventory, files: inventoryFiles, packs: packs, templates: templates, knownPacks: knownPacks,
                now: Moment(Date.now))
            loaded.warnings = warnings + loaded.warnings
            return loaded
        } catch {
            throw ConfigurationProblems(warnings + error.problems)
        }
    }

    /// A warning for each pack that no server has.
    func unusedPacks(in loaded: LoadedConfiguration) -> [Problem] {
        let unused = loaded.unusedPacks
        return packs.filter { $0.stem.map { unused.contains(PackName(rawValue: $0)) } ?? false }.map { pack in
            Problem(
                .warning, file: pack.path, message: "no server has this pack, nor one that extends it",
                hint: "assign it in the inventory, in defaults, a group or at a server")
        }
    }

    // MARK: Paths

    private mutating func filesMeant(by path: String) throws(Problem) -> [String] {
        guard FileManager.default.fileExists(atPath: path) else {
            throw Problem(file: path, message: "does not exist")
        }
        guard isFolder(path) else { return [path] }
        namesAllPacks = true
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        let inventory = "\(folder)/fleet.yaml"
        let packFolder = "\(folder)/packs"
        var found = FileManager.default.fileExists(atPath: inventory) ? [inventory] : []
        warnings += PassedOverFiles.besideInventory(in: folder)
        guard FileManager.default.fileExists(atPath: packFolder) else {
            guard !found.isEmpty else {
                throw Problem(
                    file: path, message: "has neither fleet.yaml nor a folder packs",
                    hint: "a folder means its fleet.yaml and packs/*.yaml")
            }
            return found
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: packFolder) else {
            throw Problem(file: packFolder, message: "cannot be read")
        }
        found += names.sorted().filter { !$0.hasPrefix(".") && $0.hasSuffix(".yaml") }.map { "\(packFolder)/\($0)" }
        warnings += PassedOverFiles.amongPacks(names.sorted(), in: packFolder)
        return found
    }

    private mutating func read(_ path: String) throws(Problem) {
        let file: SourceFile
        do {
            file = SourceFile(path: path, bytes: try RegularFile(path, upTo: Self.maximumBytes).bytes)
        } catch {
            throw Problem(file: path, message: error.description)
        }
        let parts = TopLevelKeys(file.bytes)
        let isNamedInventory = ["fleet.yaml", "fleet.yml"].contains(path.split(separator: "/").last.map(String.init))
        guard parts.ofInventory || (isNamedInventory && !parts.ofPack) else {
            if isNamedInventory, NamedFile.folder(of: path).split(separator: "/").last != "packs" {
                warnings.append(
                    Problem(
                        .warning, file: path, message: "is read as a pack named fleet, because it has `items:`",
                        hint: "an inventory has `servers:`; move a pack to packs/"))
            }
            packs.append(file)
            namesAllPacks = true
            return
        }
        if inventory == nil { inventory = file } else { otherInventories.append(path) }
    }

    /// The real paths of what the inventory names.
    private mutating func readInventoryFiles() -> Set<String> {
        guard let inventory else { return [] }
        let folder = InventoryFolder(of: inventory)
        inventoryFiles = folder.files(ConfigurationLoader.filesNamed(by: inventory))
        warnings += folder.warnings(inventoryFiles)
        let found = Array(inventoryFiles.included.values.joined()) + [inventoryFiles.ansible].compactMap(\.self)
        return Set(found.map { NamedFile.real($0.path) })
    }

    // MARK: Templates

    /// Each from the folder `templates` next to the pack that names it.
    private mutating func readTemplates() {
        for pack in packs {
            let folder = NamedFile.folder(of: pack.path)
            for name in ConfigurationLoader.templateNames(in: [pack]) {
                let source = NamedFile.read(
                    "\(folder)/templates/\(name)", below: folder, upTo: Self.maximumTemplateBytes)
                if let other = templates[name], other != source {
                    templates[name] = .unusable("exists in two folders with different contents")
                } else {
                    templates[name] = source
                }
            }
        }
    }
}
