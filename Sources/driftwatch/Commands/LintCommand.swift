import ArgumentParser
import DriftCore
import Presentation

struct LintCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Validate an inventory and packs without a database.",
        discussion: """
            A folder means its fleet.yaml and packs/*.yaml, and the files that fleet.yaml names. Every problem is one line: file, line, column, and what to \
            write instead. Exits with 1 if there are errors; warnings alone are fine.

            Packs that an inventory assigns must be among the files, unless only an inventory is given. Packs that no \
            server has are warned about, and so are groups that match no server.

            Example:
              driftwatch lint ./config
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "Folders, inventory files and pack files.")
    var paths: [String]

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let files = try ConfigurationFiles(paths: paths)
        let loaded: LoadedConfiguration
        do {
            loaded = try files.load(knownPacks: files.namesAllPacks ? [] : nil)
        } catch {
            for problem in error.problems { context.console.print(visible(problem.description)) }
            context.console.note("driftwatch: \(plural(error.errors.count, "error"))")
            return .badNews
        }
        let warnings = loaded.warnings + files.unusedPacks(in: loaded)
        for warning in warnings { context.console.print(visible(warning.description)) }
        let servers = loaded.inventory.map { plural($0.servers.count, "server") + ", " } ?? ""
        let count = warnings.isEmpty ? "" : ", \(plural(warnings.count, "warning"))"
        context.console.print("fine: \(servers)\(plural(loaded.packs.count, "pack"))\(count)")
        return .fine
    }
}
