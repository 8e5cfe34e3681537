import ArgumentParser
import Foundation
import TestSupport

@testable import driftwatch

/// One command of the documentation, held against what it names: the program's own parser, scripts, targets of the
/// Makefile, services of the Compose file, settings, and the options of tools.
struct DocumentedCommand {
    let words: [String]

    /// Tools without a `--help` to compare with; anything else that is not known here is an error.
    private static let plainTools: Set = [
        "adduser", "cat", "echo", "kill", "ssh", "ssh-keygen", "ssh-keyscan", "visudo", "wait",
    ]
    private static let toolsWithHelp: Set = [
        "createdb", "createuser", "install", "mkdir", "pg_dump", "pg_restore", "psql", "sed", "swift",
    ]

    /// What is wrong with it; nil when nothing is.
    func problem() async throws -> String? {
        var words = words[...]
        while let first = words.first, let assignment = first.prefixMatch(of: /([A-Z_]+)=/) {
            if let problem = Self.problem(ofVariable: String(assignment.1)) { return problem }
            words = words.dropFirst()
        }
        guard let name = words.first else { return nil }
        let arguments = Array(words.dropFirst())
        switch name {
        case "export": return try await DocumentedCommand(words: arguments).problem()
        case "sudo":
            let rest = arguments.first == "-u" ? Array(arguments.dropFirst(2)) : arguments
            return try await DocumentedCommand(words: rest).problem()
        case "driftwatch": return Self.problem(ofOwn: arguments)
        case "docker": return Self.problem(ofCompose: arguments)
        case "make": return Self.problem(ofTargets: arguments)
        case _ where name.contains("/"): return Self.problem(ofScript: name, arguments)
        case _ where Self.toolsWithHelp.contains(name): return try await Self.problem(ofTool: name, arguments)
        case _ where Self.plainTools.contains(name): return nil
        default: return "nothing is known about \(name)"
        }
    }

    /// Whether it is one of the program's commands, by its full name and without arguments.
    var isName: Bool {
        guard words.first == "driftwatch", let help = Self.said(of: words.dropFirst() + ["--help"]) else {
            return false
        }
        return Driftwatch.fullMessage(for: help).contains("USAGE: \(words.joined(separator: " ")) ")
    }

    static func problem(ofVariable name: String) -> String? {
        guard name.hasPrefix("DRIFTWATCH_"), !Settings.isKnown(variable: name) else { return nil }
        return "\(name) is not a setting"
    }

    private static func problem(ofOwn arguments: [String]) -> String? {
        guard let error = said(of: arguments), Driftwatch.exitCode(for: error) != .success else { return nil }
        return Driftwatch.fullMessage(for: error)
    }

    /// What the parser has to say instead of a command: help, or how the arguments are wrong.
    private static func said(of arguments: [String]) -> (any Error)? {
        do {
            var command = try Driftwatch.parseAsRoot(arguments)
            // A group without its subcommand, and `--help`, throw when they run.
            if !(command is any DriftwatchCommand) { try command.run() }
            return nil
        } catch {
            return error
        }
    }

    private static func problem(ofTargets arguments: [String]) -> String? {
        for target in arguments where !target.contains("=") {
            guard text("Makefile").contains("\n\(target):") else { return "the Makefile has no target \(target)" }
        }
        return nil
    }

    private static func problem(ofScript path: String, _ arguments: [String]) -> String? {
        guard FileManager.default.isExecutableFile(atPath: DocumentPage.root.appending(path: path).path) else {
            return "there is no script \(path)"
        }
        return options(arguments).first { !text(path).contains($0) }.map { "\(path) knows no option \($0)" }
    }

    private static func problem(ofTool name: String, _ arguments: [String]) async throws -> String? {
        let help = try await Tool.run(["/usr/bin/env", name, "--help"])
        guard help.status == 0 else { return "\(name) is not installed here" }
        return options(arguments).first { !help.text.contains($0) }.map { "\(name) knows no option \($0)" }
    }

    private static func problem(ofCompose arguments: [String]) -> String? {
        guard arguments.count > 1, arguments[0] == "compose" else { return "only docker compose is known" }
        let file = text("docker-compose.yml")
        let services = Set(
            file[(file.range(of: "\nservices:")?.upperBound ?? file.startIndex)...]
                .matches(of: /\n  ([a-z]+):\n/).map { String($0.1) })
        var words = arguments.dropFirst(2)
        switch arguments[1] {
        case "up", "build":
            for word in words where !word.hasPrefix("-") {
                let service = word.prefix { $0 != "=" }
                guard services.contains(String(service)) else { return "Compose has no service \(service)" }
            }
            return nil
        case "run", "exec":
            words = words.drop { $0.hasPrefix("--") }
            if words.isEmpty { return nil }
            guard let service = words.popFirst(), services.contains(service) else {
                return "Compose has no such service in \(arguments)"
            }
            // The image's entry point is the program.
            return service == "db" ? nil : problem(ofOwn: words.filter { $0 != "driftwatch" })
        case "down": return nil
        default: return "docker compose \(arguments[1]) is not known"
        }
    }

    private static func options(_ arguments: [String]) -> [String] {
        arguments.filter { $0.hasPrefix("--") && $0.count > 2 }.map { String($0.prefix { $0 != "=" }) }
    }

    private static func text(_ path: String) -> String {
        (try? String(contentsOf: DocumentPage.root.appending(path: path), encoding: .utf8)) ?? ""
    }
}
