import ArgumentParser
import DriftCore
import DriftStore
import Postgres
import Presentation

struct ApplyCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Load an inventory and packs into the database.",
        discussion: """
            All in one transaction: one invalid file, and nothing is applied. A folder means its fleet.yaml and \
            packs/*.yaml, and the files that fleet.yaml names. A listed server's assignments become exactly what \
            `driftwatch inventory` shows. Servers and packs that the database has and PATH lacks are kept and named, \
            unless --prune removes them.

            Servers that get a pack, whose pack changes, or whose address or login changes are checked at once. An item that \
            moves to another pack of its server, as when a pack is renamed or split, takes along what is known of it, \
            and its alert. The answer names the items that changed, and each alert that closes, moves or opens.

            Example:
              driftwatch apply ./config --prune --dry-run
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var acting: ActingOptions

    @Argument(help: "Folders, inventory files and pack files.")
    var paths: [String]

    @Flag(help: "Remove servers and packs that PATH lacks; wants an inventory in PATH.")
    var prune = false

    @Flag(help: "Change nothing; say what would be done.")
    var dryRun = false

    @Flag(help: "Let --prune remove more than a fifth of the servers.")
    var yes = false

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let files = try ConfigurationFiles(paths: paths)
        if prune && files.inventory == nil { throw Self.explain(.pruneWithoutInventory) }
        return try await context.withDatabase { settings in
            // A large fleet takes a while, all in one transaction.
            settings.callDeadline = .seconds(900)
            settings.statementTimeout = .seconds(120)
            settings.lockTimeout = .seconds(60)
        } _: { database in
            let applier = Applier(database)
            let known: Set<PackName> = prune && files.namesAllPacks ? [] : try await applier.knownPacks()
            let configuration: LoadedConfiguration
            do { configuration = try files.load(knownPacks: known) } catch let found as ConfigurationProblems {
                for problem in found.problems { context.console.note(visible(problem.description)) }
                context.console.note("driftwatch: \(plural(found.errors.count, "error")); nothing was applied")
                return .badNews
            }
            let report: ApplyReport
            do {
                report = try await applier.apply(
                    Applier.Request(
                        configuration: configuration, namesAllPacks: files.namesAllPacks, prune: prune,
                        confirmed: yes, dryRun: dryRun, actor: context.person()))
            } catch ApplyRefusal.conflicts(let problems) {
                for problem in problems { context.console.note(visible(problem.description)) }
                context.console.note("driftwatch: \(plural(problems.count, "error")); nothing was applied")
                return .badNews
            } catch let refusal as ApplyRefusal {
                throw Self.explain(refusal)
            }
            for warning in configuration.warnings { context.console.note(visible(warning.description)) }
            if output.asJSON {
                context.console.print(report.json(dryRun: dryRun).pretty)
            } else {
                context.console.print(lines: ApplyText(report, dryRun: dryRun).lines)
            }
            return .fine
        }
    }

    private static func explain(_ refusal: ApplyRefusal) -> CommandFailure {
        switch refusal {
        case .pruneWithoutInventory:
            CommandFailure(
                .usage, "--prune needs an inventory in PATH: without one it would remove every server",
                hint: "give the folder that holds fleet.yaml")
        case .pruneTooLarge(let removing, let total):
            CommandFailure(
                .usage,
                "--prune would remove \(removing.count) of \(plural(total, "server")): "
                    + removing.prefix(10).map(\.rawValue).joined(separator: ", ") + (removing.count > 10 ? ", …" : ""),
                hint: "--dry-run shows what would change; --yes confirms it")
        case .conflicts(let problems):
            CommandFailure(.badNews, problems.map(\.description).joined(separator: "\n"), hint: nil)
        case .unknownPacks(let packs):
            CommandFailure(
                .badNews,
                "there is no \(packs.count == 1 ? "pack" : "packs") "
                    + packs.map(\.rawValue).joined(separator: ", ") + " that the inventory assigns",
                hint: "they have just been removed; give their files too")
        }
    }
}
