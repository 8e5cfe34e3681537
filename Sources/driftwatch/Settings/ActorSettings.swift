import ArgumentParser
import DriftStore
import Foundation
import Presentation

/// The option of every command that acts.
struct ActingOptions: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "Who acts, as recorded in the audit log (DRIFTWATCH_ACTOR); by default your login name.",
            valueName: "name"))
    var name: String?
}

/// A command that changes something, and writes down who did it.
protocol ActingCommand: DriftwatchCommand {
    var acting: ActingOptions { get }
}

/// `--as`, `DRIFTWATCH_ACTOR`: who acts; without it the account of the person at this machine.
func actingPerson(_ sources: SettingSources, environment: [String: String]) throws(SettingError) -> ActingPerson {
    let named = try sources.value(
        .actor, default: nil,
        wanted: "a person's name: at most 100 visible characters, and not \(programName), which "
            + "stands for the program itself"
    ) { text -> String?? in
        guard text.count <= 100, text == visible(text), text != programName else { return nil }
        return text
    }
    return named.map(ActingPerson.named) ?? .account(loginName(environment))
}

/// Stands for the program itself in the audit log and in the stories of alerts.
private let programName = "driftwatch"

/// The account of the person at this machine; nil if it is the one that the program's own processes have, as in the
/// container image.
private func loginName(_ environment: [String: String]) -> String? {
    let account = NSUserName()
    let name: String
    if geteuid() == 0, let person = environment["SUDO_USER"], !person.isEmpty {
        name = person
    } else {
        name = account.isEmpty ? "uid \(geteuid())" : account
    }
    return name == programName ? nil : String(name.prefix(100))
}
