import ArgumentParser
import DriftCore
import DriftStore
import Postgres
import Presentation

struct CanaryCommand: ActingCommand {
    static let configuration = CommandConfiguration(
        commandName: "canary",
        abstract: "Plant a drift on this machine, and expect its alert and the end of it.",
        discussion: """
            This proves the whole line, from the schedule to the message. Run it shortly before each slot, on the machine \
            of a local server with the pack canary (packs/canary.yaml) and the label canary=true. It plants the file that \
            the pack wants absent, waits for the slot's check, the alert and its message, removes the file, and waits for \
            the resolution and its message. Exit status 1: one of them did not come, and the answer says which.

            Examples:
              driftwatch canary
              driftwatch canary --server monitor --now --timeout 2m
            """)

    @OptionGroup var common: CommonOptions
    @OptionGroup var acting: ActingOptions

    @Option(help: "The local server that is this machine; default: the only one with the label canary=true.")
    var server: ServerID?

    @Option(help: "The file to plant; a pack of the server wants it absent.")
    var file = PlantedFile.standardPath

    @Flag(help: "Ask for the check instead of waiting for the next slot, which then is not part of the proof.")
    var now = false

    @Option(help: "How long all of it may take.")
    var timeout = TimeSpan(seconds: 1800, description: "30m")

    func perform(_ context: CommandContext) async throws -> ExitStatus {
        let actor = try context.person().sql
        return try await context.withDatabase { database in
            let (line, packs) = try await database.read { transaction in
                let line = try canary(in: transaction)
                return (line, try ServersReader.packs(of: line.id, in: transaction))
            }
            guard let (pack, item) = place(in: packs) else {
                throw CommandFailure(
                    .usage, "no pack of \(line.id) wants \(visible(file)) absent",
                    hint: "give it the pack canary, or name the file that another pack wants absent: --file")
            }
            let run = CanaryRun(
                database: database, console: context.console, actor: actor, server: line, pack: pack, item: item,
                file: PlantedFile(path: file), asksAtOnce: now, deadline: .now + timeout.duration)
            try await run.run()
            context.console.print("the canary on \(line.id) is well")
            return .fine
        }
    }

    private func canary(in transaction: borrowing Transaction) throws -> ServerLine {
        guard let server else {
            let canaries = try CanaryReader.canaries(in: transaction)
            guard canaries.count == 1 else {
                throw CommandFailure(
                    .usage,
                    canaries.isEmpty
                        ? "no local server has the label canary=true"
                        : "several local servers have the label canary=true",
                    hint: "name the one that is this machine: --server")
            }
            return canaries[0]
        }
        guard let line = try ServersReader.server(server, in: transaction) else {
            throw CommandFailure.unknown(.server(server))
        }
        guard line.connection == .local else {
            throw CommandFailure(
                .usage, "\(server) is not a local server", hint: "a canary needs connection: local in the inventory")
        }
        return line
    }

    /// The pack, and the item in it, that wants the file absent.
    private func place(in packs: [Pack]) -> (PackName, ItemKey)? {
        for pack in packs {
            for expectation in pack.expectations {
                if case .file(let wanted) = expectation.subject, wanted.path == file, wanted.state == .absent {
                    return (pack.name, expectation.key)
                }
            }
        }
        return nil
    }
}
