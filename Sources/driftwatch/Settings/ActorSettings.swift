import ArgumentParser
import DriftStore
import Foundation
import Presentation

/// The option of every command that acts.
struct ActingOptions: ParsableArguments {
    @Option(\.actor)
    var name: String?
}

/// A command that changes something, and writes down who did it.
protocol ActingCommand: DriftwatchCommand {
    var acting: ActingOptions { get }
}

/// `--as`, `DRIFTWATCH_ACTOR`: who acts; without it the account of the person at this machine.
func actingPerson(_ sources: SettingSources, environment: [String: String]) throws(SettingError) -> ActingPerson {
    try sources.value(\.actor).map(ActingPerson.named) ?? .account(loginName(environment))
}

/// Stands for the program itself in the audit log and in the stories of alerts.
let programName = "driftwatch"

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
