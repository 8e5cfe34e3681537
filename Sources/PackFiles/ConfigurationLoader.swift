package import DriftCore

/// Turns the bytes of inventory and pack files into values.
///
/// It is strict: an unknown key, a duplicate or a value of the wrong type is an error with its line, because a typo that is
/// ignored silently weakens a check. All problems are reported at once, and a single error loads nothing.
///
/// In two phases, as nothing here reads a file: ask ``templateNames(in:)`` and ``filesNamed(by:)``, read those below
/// `packs/templates` and below the inventory's folder without following links out of them, then
/// ``load(inventory:files:packs:templates:knownPacks:)``.
package enum ConfigurationLoader {
    /// The templates that the packs mention, as names relative to `packs/templates`.
    ///
    /// Only names that stay below that folder: no absolute ones, none with `..`. It never fails; loading a file reports
    /// what is wrong with it.
    package static func templateNames(in packs: [SourceFile]) -> Set<String> {
        packs.reduce(into: []) { names, source in
            guard source.bytes.count <= LoadingLimit.packFileBytes else { return }
            var reader = PackFileReader(file: source.path)
            let draft = reader.draft(of: source, named: PackName(rawValue: ""))
            names.formUnion(PackFileReader.templateNames(in: draft.sources))
        }
    }

    /// The files that an inventory names besides packs: only paths that stay below its folder.
    ///
    /// It never fails; loading the inventory reports what is wrong with it.
    package static func filesNamed(by inventory: SourceFile) -> InventoryMentions {
        InventoryReader.mentions(in: inventory)
    }

    /// Loads all files, or none.
    ///
    /// `knownPacks` are those that may be assigned besides the given ones: what the database holds and keeps. Nil
    /// means that nobody knows, so that assignments are taken on trust. `now` is for warnings about what has ended.
    ///
    /// - Throws: ``ConfigurationProblems`` with every error and warning.
    package static func load(
        inventory inventoryFile: SourceFile? = nil, files: InventoryFiles = InventoryFiles(),
        packs packFiles: [SourceFile] = [], templates: [String: TemplateSource] = [:], knownPacks: Set<PackName>? = [],
        now: Moment? = nil
    ) throws(ConfigurationProblems) -> LoadedConfiguration {
        var (problems, names) = namePacks(packFiles)
        var drafts: [PackName: PackDraft] = [:]
        for (name, source) in names {
            var reader = PackFileReader(file: source.path)
            drafts[name] = reader.draft(of: source, named: name)
            problems += reader.reader.problems
        }
        let declared = Set(names.keys)
        var resolver = PackResolver(drafts: drafts, declared: declared, stored: knownPacks ?? [], templates: templates)
        let packs = resolver.resolve()
        problems += resolver.problems

        var assembly = InventoryAssembly(packs: knownPacks.map(declared.union))
        let inventory = inventoryFile.map { assembly.load($0, with: files) }
        problems += assembly.problems
        let places = resolver.places
        problems += PackConflicts(packs: packs, places: places).problems(of: inventory?.0.servers ?? [])
        problems += MissingLabels(packs: packs, places: places).problems(of: inventory?.0.servers ?? [])
        problems += WaiverDoubt(
            file: inventoryFile?.path ?? "", servers: inventory?.0.servers ?? [], packs: packs,
            stored: knownPacks.map(declared.union), now: now
        ).problems(of: assembly.waivers)
        problems = Problem.inReadingOrder(problems, files: assembly.files + packFiles.map(\.path))
        guard problems.allSatisfy({ $0.severity == .warning }) else { throw ConfigurationProblems(problems) }
        return LoadedConfiguration(
            inventory: inventory?.0, reasons: inventory?.1 ?? InventoryReasons(), packs: packs, warnings: problems,
            places: places)
    }

    /// Every pack file under its pack's name; files that give no name, or one that is taken, are problems.
    private static func namePacks(_ files: [SourceFile]) -> ([Problem], [PackName: SourceFile]) {
        var problems: [Problem] = []
        var names: [PackName: SourceFile] = [:]
        if files.count > LoadingLimit.packs, let last = files.last {
            problems.append(
                Problem(file: last.path, message: "\(files.count) packs", hint: "at most \(LoadingLimit.packs)"))
            return (problems, names)
        }
        for file in files {
            guard let stem = file.stem else {
                problems.append(Problem(file: file.path, message: "a pack's file ends in .yaml"))
                continue
            }
            if let fault = Grammar.name(stem, of: "pack name") {
                problems.append(Problem(file: file.path, message: fault.message, hint: fault.hint))
            } else if let other = names.updateValue(file, forKey: PackName(rawValue: stem)) {
                problems.append(
                    Problem(
                        file: file.path, message: "a second file for the pack \(quoted(stem))",
                        hint: "the other is \(other.path)"))
            }
        }
        return (problems, names)
    }
}

extension Problem {
    /// Files in the order given, and each from its top.
    static func inReadingOrder(_ problems: [Problem], files: [String]) -> [Problem] {
        let ranks = Dictionary(files.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        // The position among equals keeps the order stable.
        let ranked = problems.enumerated().map { offset, problem in
            let place = [ranks[problem.file] ?? .max, problem.line ?? 0, problem.column ?? 0, offset]
            return (place: place, problem: problem)
        }
        return ranked.sorted { $0.place.lexicographicallyPrecedes($1.place) }.map(\.problem)
    }
}
