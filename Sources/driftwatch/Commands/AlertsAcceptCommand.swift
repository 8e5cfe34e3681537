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
                the items are printed as YAML. An item without a value that can be accepted is named, with the reason, and the exit \
                status is 1.

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
            let (alert, pack, wrong, stored, servers) = try await context.withDatabase { database in
                try await database.read { transaction in
                    guard let alert = try AlertsReader.alert(id, in: transaction) else {
                        throw CommandFailure.unknown(.alert(id))
                    }
                    guard alert.type == .configDrift, let pack = alert.packName else {
                        throw CommandFailure(.usage, "alert \(id) is not about drift, so there is nothing to accept")
                    }
                    guard alert.status != "resolved" else {
                        throw CommandFailure(
                            .usage, "alert \(id) is resolved already",
                            hint: "driftwatch diff \(alert.serverID) --pack \(pack) shows how it is now")
                    }
                    return (
                        alert, pack, try Self.wrongItems(alert, of: pack, in: transaction),
                        try ServersReader.packs(of: alert.serverID, in: transaction).first { $0.name == pack },
                        try ServersReader.list(ServerSelection(pack: pack), in: transaction).map(\.id)
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
                context.console.note("the pack's file is not here; --packs names its folder, for a patch of it")
                answer = Acceptances(of: wrong, in: stored)
            }
            context.console.print(lines: answer.lines)
            for note in answer.notes { context.console.note(visible(note)) }
            let others = servers.filter { $0 != alert.serverID }
            if !others.isEmpty, !answer.lines.isEmpty {
                context.console.note(
                    "the pack changes for \(plural(others.count, "other server")) too: \(names(others))")
            }
            guard !answer.isWhole else { return .fine }
            context.console.note(
                "what is left: change it by hand, or accept it with driftwatch waivers add "
                    + "--server \(alert.serverID) --pack \(pack) --item ITEM --reason WHY")
            return .badNews
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
        ) throws -> Acceptances.Wrong {
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
            return Dictionary(grouping: mismatches, by: \.key)
        }
    }
}
