import ArgumentParser
import Foundation

/// Refuses an option that takes one value and is given several times: the parser would take the last one in silence.
func requireEachOptionOnce(_ arguments: [String], of command: any ParsableCommand.Type) throws {
    let options = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }.map { $0.prefix { $0 != "=" } }
    let repeated = Set(Dictionary(grouping: options) { $0 }.filter { $1.count > 1 }.keys)
    guard !repeated.isEmpty else { return }
    let tool = try JSONDecoder().decode(ParsedTool.self, from: Data(command._dumpHelp().utf8))
    let single = tool.command.arguments.filter { $0.kind == "option" && !$0.isRepeating }
    let names = Set(single.flatMap { $0.names ?? [] }.map { "--\($0.name)" })
    guard let option = options.first(where: { repeated.contains($0) && names.contains(String($0)) }) else { return }
    throw CommandFailure(.usage, "\(option) is given more than once, and takes one value", hint: "give it once")
}

/// What the parser says of a command.
private struct ParsedTool: Decodable {
    struct Command: Decodable {
        var arguments: [Argument]
    }

    struct Argument: Decodable {
        var kind: String
        var isRepeating: Bool
        var names: [Name]?
    }

    struct Name: Decodable {
        var name: String
    }

    var command: Command
}
