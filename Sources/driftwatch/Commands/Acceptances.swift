import DriftCore
import DriftStore
import PackFiles

/// What is printed for the wrong items of an alert.
struct Acceptances {
    /// All that is wrong, by item; no list is empty.
    typealias Wrong = [ItemKey: [Mismatch]]

    private(set) var lines: [String] = []
    private(set) var notes: [String] = []
    /// Whether every wrong item is accepted.
    private(set) var isWhole = true

    /// As items in YAML, where the files are not known.
    init(of wrong: Wrong, in pack: Pack) {
        var sections: [String: [String]] = [:]
        for (key, mismatches) in wrong.sorted(by: { $0.key < $1.key }) {
            guard let expectation = pack.expectations.first(where: { $0.key == key }) else { continue }
            do {
                let acceptance = try Acceptance(of: mismatches, in: expectation)
                sections[expectation.section, default: []].append(try expectation.yaml(with: acceptance))
            } catch let refusal as Acceptance.Refusal {
                refuse(expectation.item, refusal.reason)
            } catch {
                refuse(expectation.item, "it cannot be written")
            }
        }
        guard !sections.isEmpty else { return }
        lines = ["# \(pack.name)", "items:"]
        for (section, items) in sections.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(section):")
            lines += items.map { "    - \($0)" }
        }
    }

    /// As a patch of the files below `folder`.
    ///
    /// - Throws: ``ConfigurationProblems`` if the files cannot be loaded as they are.
    init(of wrong: Wrong, in name: PackName, _ files: ConfigurationFiles, below folder: String) throws {
        let loaded = try files.load(knownPacks: nil)
        let places = loaded.places[name] ?? [:]
        var accepted = try AcceptedFiles(files)
        // From the bottom of each file, so that lines above stay where they are.
        for (key, mismatches) in wrong.sorted(by: {
            (places[$1.key]?.line ?? 0, $0.key) < (places[$0.key]?.line ?? 0, $1.key)
        }) {
            guard let expectation = loaded.packs[name]?.expectations.first(where: { $0.key == key }),
                let place = places[key], let file = accepted.packs[place.file]
            else {
                refuse(mismatches.first?.item ?? key.rawValue, "the files do not have it: apply them first")
                continue
            }
            do {
                let acceptance = try Acceptance(of: mismatches, in: expectation)
                try accepted.accept(acceptance, of: expectation, at: place)
                if file.stem != name.rawValue {
                    notes.append("\(expectation.item) is written in \(place.file), for every pack that extends it")
                }
                let template = accepted.changedTemplate
                let others = template.map { Self.items(with: $0, in: loaded, besides: place) } ?? []
                if let template, !others.isEmpty {
                    notes.append("the template \(template) is also that of \(others.joined(separator: ", "))")
                }
            } catch let refusal as Acceptance.Refusal {
                refuse(expectation.item, refusal.reason)
            } catch let refusal as PackEditor.Refusal {
                refuse(expectation.item, refusal.reason)
            }
        }
        lines = accepted.patch(below: folder)
    }

    /// Such as `/etc/motd (packs/base.yaml:7)`, each once.
    private static func items(
        with template: String, in loaded: LoadedConfiguration, besides place: PackConflicts.Place
    ) -> [String] {
        var seen: Set = [place]
        return loaded.packs.sorted { $0.key < $1.key }.flatMap { name, pack in
            pack.expectations.compactMap { expectation in
                guard expectation.templateName == template, let place = loaded.places[name]?[expectation.key],
                    seen.insert(place).inserted
                else { return nil }
                return "\(expectation.item) (\(place.file):\(place.line))"
            }
        }
    }

    private mutating func refuse(_ item: String, _ reason: String) {
        isWhole = false
        notes.append("\(item) cannot be accepted: \(reason)")
    }
}

/// Packs and templates as they are with what was accepted; they load at all times.
private struct AcceptedFiles {
    private let original: ConfigurationFiles
    private(set) var packs: [String: SourceFile]
    private var templates: [String: TemplateSource]
    /// The path of each template that is changed.
    private var changed: [String: String] = [:]
    /// That of the item that was accepted last, if accepting it changed its template.
    private(set) var changedTemplate: String?
    private var warningCount = 0

    /// - Throws: ``ConfigurationProblems``.
    init(_ files: ConfigurationFiles) throws(ConfigurationProblems) {
        original = files
        packs = Dictionary(files.packs.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        templates = files.templates
        warningCount = try countWarnings()
    }

    /// Makes the change, with `literal: true` where the new value would otherwise be an error or a warning.
    ///
    /// - Throws: ``PackEditor/Refusal``; then nothing is changed.
    mutating func accept(
        _ acceptance: Acceptance, of expectation: Expectation, at place: PackConflicts.Place
    ) throws(PackEditor.Refusal) {
        var plain = self
        try plain.edit(acceptance, of: expectation, at: place)
        let outcome = plain.reload()
        if outcome != .fine, let literal = literal(acceptance, of: expectation, at: place) {
            self = literal
        } else if case .refused(let message) = outcome {
            throw PackEditor.Refusal(reason: "the pack could not be loaded then: \(message)")
        } else {
            self = plain
        }
    }

    /// Nil if that does not help.
    private func literal(
        _ acceptance: Acceptance, of expectation: Expectation, at place: PackConflicts.Place
    ) -> AcceptedFiles? {
        guard !hasVariables(templateOf: expectation) else { return nil }
        var files = self
        do { try files.edit(acceptance.literal, of: expectation, at: place) } catch { return nil }
        return files.reload() == .fine ? files : nil
    }

    /// What is different now, for `patch -p1` in `folder`.
    func patch(below folder: String) -> [String] {
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        func lines(_ path: String, _ old: [UInt8], _ new: [UInt8]) -> [String] {
            let path = path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
            return FilePatch.text(path, from: old, to: new)
                .split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        }
        let packLines = original.packs.flatMap { lines($0.path, $0.bytes, packs[$0.path]?.bytes ?? $0.bytes) }
        return packLines
            + changed.sorted { $0.value < $1.value }.flatMap { template, path in
                guard case .bytes(let old)? = original.templates[template], case .bytes(let new)? = templates[template]
                else { return [String]() }
                return lines(path, old, new)
            }
    }

    private func hasVariables(templateOf expectation: Expectation) -> Bool {
        guard let name = expectation.templateName, case .bytes(let bytes)? = templates[name] else { return false }
        return String(decoding: bytes, as: UTF8.self).contains("{{")
    }

    // MARK: One change

    private enum Outcome: Hashable {
        case fine
        case doubtful
        case refused(String)
    }

    private mutating func edit(
        _ acceptance: Acceptance, of expectation: Expectation, at place: PackConflicts.Place
    ) throws(PackEditor.Refusal) {
        guard let file = packs[place.file] else { return }
        var acceptance = acceptance
        changedTemplate = nil
        if let name = expectation.templateName, case .bytes(let old)? = templates[name],
            let new = acceptance.wholeContent(insteadOf: old)
        {
            acceptance = acceptance.keepingTemplate()
            changedTemplate = name
            templates[name] = .bytes(new)
            changed[name] = NamedFile.folder(of: file.path) + "/templates/" + name
        }
        packs[place.file] = try PackEditor.accepting(acceptance, of: expectation, on: place.line, in: file)
    }

    /// Whether all can be loaded, without more warnings than before.
    private mutating func reload() -> Outcome {
        do throws(ConfigurationProblems) {
            let count = try countWarnings()
            defer { warningCount = count }
            return count <= warningCount ? .fine : .doubtful
        } catch {
            return .refused(error.problems.first { $0.severity == .error }?.message ?? "it has errors")
        }
    }

    private func countWarnings() throws(ConfigurationProblems) -> Int {
        try ConfigurationLoader.load(
            inventory: original.inventory, files: original.inventoryFiles,
            packs: original.packs.compactMap { packs[$0.path] },
            templates: templates, knownPacks: nil
        ).warnings.count
    }
}
