import ArgumentParser
import DriftCore
import Foundation
import PackFiles
import Presentation

struct InventoryCommand: DriftwatchCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory",
        abstract: "Show which settings and packs each server gets from the files, and why.",
        discussion: """
            Needs no database: it shows what `apply` would store. Behind each setting, label and pack stands what it comes \
            from: defaults, a group, the server itself, or a host or group of the Ansible inventory. What nobody sets \
            is left to ssh's configuration.

            An argument that is a file or a folder here is a path; any other is the id of a server. Without a path, the \
            current folder is meant.

            Examples:
              driftwatch inventory ./config web-1
              driftwatch inventory ./config --graph --label role=web
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var filter: FilterOptions

    @Argument(
        help: ArgumentHelp("Folders, inventory files and pack files; and servers.", valueName: "path-or-server"))
    var names: [String] = []

    @Flag(help: "Show groups with their servers, and servers with their packs and what these extend, as trees.")
    var graph = false

    func validate() throws {
        if graph && output.asJSON { throw ValidationError("--graph is for people: leave out --json") }
    }

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let paths = names.filter(Self.isPath)
        let files = try ConfigurationFiles(paths: paths.isEmpty ? ["."] : paths)
        guard files.inventory != nil else {
            throw CommandFailure(.usage, "there is no inventory in PATH", hint: "give the folder that holds fleet.yaml")
        }
        let loaded: LoadedConfiguration
        do {
            loaded = try files.load(knownPacks: files.namesAllPacks ? [] : nil)
        } catch {
            for problem in error.problems { context.console.note(visible(problem.description)) }
            context.console.note("driftwatch: \(plural(error.errors.count, "error")); lint shows them too")
            return .badNews
        }
        for warning in loaded.warnings { context.console.note(visible(warning.description)) }
        let servers = try selected(of: loaded.inventory?.servers ?? [])
        if output.asJSON {
            context.console.print(InventoryJSON(loaded, servers).value.pretty)
        } else if servers.isEmpty {
            context.console.print(isSelective ? "nothing matches" : "the inventory has no servers")
        } else {
            context.console.print(
                lines: graph ? InventoryGraph(loaded, servers).lines : InventoryText(loaded, servers).lines)
        }
        return .fine
    }

    private static func isPath(_ argument: String) -> Bool {
        ServerID(argument: argument) == nil || argument.hasSuffix(".yaml") || argument.hasSuffix(".yml")
            || FileManager.default.fileExists(atPath: argument)
    }

    private var isSelective: Bool { filter.pack != nil || !filter.labels.isEmpty }

    private func selected(of servers: [Server]) throws -> [Server] {
        let ids = names.filter { !Self.isPath($0) }.map(ServerID.init(rawValue:))
        let known = Set(servers.map(\.id))
        if let unknown = ids.first(where: { !known.contains($0) }) {
            throw CommandFailure(
                .usage, "the inventory has no server \(unknown), and there is no such file",
                hint: didYouMean(unknown.rawValue, among: known.map(\.rawValue).sorted()))
        }
        if let pack = filter.pack, !servers.contains(where: { $0.packs.contains(pack) }) {
            throw CommandFailure(
                .usage, "no server of the inventory has the pack \(pack)",
                hint: didYouMean(pack.rawValue, among: Set(servers.flatMap(\.packs)).map(\.rawValue).sorted()))
        }
        return servers.filter { server in
            (ids.isEmpty || ids.contains(server.id))
                && filter.labels.allSatisfy { server.labels[$0.key] == $0.value }
                && filter.pack.map(server.packs.contains) ?? true
        }
    }
}
