import ArgumentParser
import DriftCore
import DriftStore
import PackFiles
import Postgres
import Presentation

extension AlertsCommand {
    struct Accept: DriftwatchCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the change of the pack that makes what a server has the wanted state.",
            discussion: """
                Prints a patch of the pack's files, and changes nothing. After the patch and driftwatch apply, the next \
                check finds the server as its pack wants it. The pack is looked for in the folder PATH; without its file, \
                the items are printed as YAML. What has no value that can be accepted is said, and then the exit status is 1.

                Example:
                  driftwatch alerts accept 7 --packs ./config | patch -d ./config -p1
                """)

        @OptionGroup var common: CommonOptions

        @Argument(help: "The alert's id.")
        var id: Int64

        @Option(
            help: ArgumentHelp("The folder with fleet.yaml and packs; by default the current one.", valueName: "path"))
        var packs: String?

        func perform(_ context: CommandContext) async throws -> ExitStatus {
            let (alert, pack, wrong, stored) = try await context.withDatabase { database in
                try await database.read { transaction in
                    guard let alert = try AlertsReader.alert(id, in: transaction) else {
                        throw CommandFailure.unknown(.alert(id))
                    }
                    guard alert.type == .configDrift, let pack = alert.packName else {
                        throw CommandFailure(
                            .usage, "alert \(id) is not about drift: nothing is there that a pack could want")
                    }
                    return (
                        alert, pack, try Self.wrongItems(alert, of: pack, in: transaction),
                        try ServersReader.packs(of: alert.serverID, in: transaction).first { $0.name == pack }
                    )
                }
            }
            guard !wrong.isEmpty else {
                context.console.note("nothing is known to be wrong on \(alert.serverID) with \(pack) now")
                return .fine
            }
            let answer: Acceptances
            if let files = try files(for: pack) {
                answer = try Acceptances(of: wrong, in: pack, files, below: packs ?? ".")
            } else {
                guard let stored else {
                    throw CommandFailure.unknown(.assignment(alert.serverID, pack))
                }
                answer = Acceptances(of: wrong, in: stored)
            }
            context.console.print(lines: answer.lines)
            for note in answer.notes { context.console.note(visible(note)) }
            return answer.isWhole ? .fine : .badNews
        }

        /// The files, if the pack is among them; nil where no folder was named and there are none here.
        private func files(for pack: PackName) throws -> ConfigurationFiles? {
            let files: ConfigurationFiles
            do throws(ConfigurationProblems) { files = try ConfigurationFiles(paths: [packs ?? "."]) } catch {
                guard packs != nil else { return nil }
                throw error
            }
            if files.packs.contains(where: { $0.stem == pack.rawValue }) { return files }
            guard let packs else { return nil }
            throw CommandFailure(
                .usage, "there is no file of the pack \(pack) in \(packs)",
                hint: "name the folder from which it is applied; without --packs the items are printed as YAML")
        }

        /// What is known to be wrong now, by item, with the diffs of the newest check.
        private static func wrongItems(
            _ alert: AlertLine, of pack: PackName, in transaction: borrowing Transaction
        ) throws -> [(key: ItemKey, mismatches: [Mismatch])] {
            let known = try AssignmentReader.view(alert.serverID, pack, in: transaction)?.mismatches ?? []
            let newest = try CheckReader.check(alert.serverID, pack, in: transaction)
            let seen = (newest?.items ?? []).flatMap { outcome -> [Mismatch] in
                guard case .wrong(let mismatches) = outcome.finding else { return [] }
                return mismatches
            }
            let mismatches = known.map { known in
                seen.first { $0.key == known.key && $0.type.rawValue == known.type && $0.actual == known.actual }
                    ?? Mismatch(
                        type: MismatchType(rawValue: known.type), item: known.item, key: known.key,
                        expected: known.expected, actual: known.actual)
            }
            return Dictionary(grouping: mismatches, by: \.key).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        }
    }
}

/// What is printed for the wrong items of an alert.
private struct Acceptances {
    private(set) var lines: [String] = []
    private(set) var notes: [String] = []
    /// Whether every wrong item is accepted.
    private(set) var isWhole = true

    /// As items in YAML, where the files are not known.
    init(of wrong: [(key: ItemKey, mismatches: [Mismatch])], in pack: Pack) {
        var sections: [String: [String]] = [:]
        for (key, mismatches) in wrong {
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
    /// - Throws: ``ConfigurationProblems`` if the files cannot be loaded, before or after the changes.
    init(
        of wrong: [(key: ItemKey, mismatches: [Mismatch])], in name: PackName, _ files: ConfigurationFiles,
        below folder: String
    ) throws {
        let loaded = try files.load(knownPacks: nil)
        let places = loaded.places[name] ?? [:]
        var packs = Dictionary(files.packs.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        var templates = files.templates
        var changedTemplates: [(path: String, old: [UInt8], new: [UInt8])] = []
        // From the bottom of each file, so that lines above stay where they are.
        for (key, mismatches) in wrong.sorted(by: { (places[$1.key]?.line ?? 0) < (places[$0.key]?.line ?? 0) }) {
            guard let expectation = loaded.packs[name]?.expectations.first(where: { $0.key == key }),
                let place = places[key], let file = packs[place.file]
            else {
                refuse(mismatches.first?.item ?? key.rawValue, "the files do not have the item: apply them first")
                continue
            }
            do {
                var acceptance = try Acceptance(of: mismatches, in: expectation)
                if let template = expectation.templateName, case .bytes(let old)? = templates[template],
                    let diff = acceptance.diff, let hash = acceptance.contentHash,
                    let new = FilePatch.applied(diff, to: old, giving: hash)
                {
                    acceptance = acceptance.keepingTemplate()
                    templates[template] = .bytes(new)
                    let path = NamedFile.folder(of: file.path) + "/templates/" + template
                    changedTemplates.append((path, old, new))
                }
                packs[place.file] = try PackEditor.accepting(acceptance, of: expectation, on: place.line, in: file)
                if file.stem != name.rawValue {
                    notes.append("\(expectation.item) is written in \(place.file), for every pack that extends it")
                }
            } catch let refusal as Acceptance.Refusal {
                refuse(expectation.item, refusal.reason)
            } catch let refusal as PackEditor.Refusal {
                refuse(expectation.item, refusal.reason)
            }
        }
        _ = try ConfigurationLoader.load(
            inventory: files.inventory, files: files.inventoryFiles, packs: files.packs.compactMap { packs[$0.path] },
            templates: templates, knownPacks: nil)
        for file in files.packs {
            add(
                FilePatch.text(Self.path(file.path, below: folder), from: file.bytes, to: packs[file.path]?.bytes ?? [])
            )
        }
        for (path, old, new) in changedTemplates {
            add(FilePatch.text(Self.path(path, below: folder), from: old, to: new))
        }
    }

    private mutating func add(_ patch: String) {
        lines += patch.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    private mutating func refuse(_ item: String, _ reason: String) {
        isWhole = false
        notes.append("\(item) cannot be accepted: \(reason)")
    }

    private static func path(_ path: String, below folder: String) -> String {
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
    }
}
