import DriftCore
import Foundation
import Synchronization

/// The jump hosts on the way to each server, as the user's ssh config has them.
///
/// Asked of `ssh -G` once per server and process, and only where the config can name any.
final class JumpHosts: Sendable {
    private let settings: RemoteSettings
    private let mayJump: Bool
    private let known = Mutex<[ProbeTarget: [String]]>([:])

    init(_ settings: RemoteSettings) {
        self.settings = settings
        let paths = settings.sshConfig.map { [$0] } ?? Self.usual
        mayJump = paths.contains(where: Self.canNameAny)
    }

    /// The names of the hosts where ssh logs in before it reaches `target`, the first one first.
    func hosts(on target: ProbeTarget) async throws(ProbeFailure) -> [String] {
        guard mayJump else { return [] }
        if let hosts = known.withLock({ $0[target] }) { return hosts }
        let command = try SSHCommand.resolving(target, settings: settings)
        defer { withExtendedLifetime(command) {} }
        guard
            let text = await Helper.output(
                of: command.executable, command.arguments, SSHCommand.environment(), within: settings.budgets.login)
        else { return [] }
        let hosts = Self.hosts(inResolved: text)
        known.withLock { $0[target] = hosts }
        return hosts
    }

    /// From `proxyjump user@one:22,ssh://two`.
    static func hosts(inResolved text: String) -> [String] {
        let line = text.split(separator: "\n").first { $0.hasPrefix("proxyjump ") }
        guard let list = line?.dropFirst("proxyjump ".count), list != "none" else { return [] }
        return list.split(separator: ",").map { hop in
            var name = hop.hasPrefix("ssh://") ? hop.dropFirst("ssh://".count) : hop
            if let at = name.lastIndex(of: "@") { name = name[name.index(after: at)...] }
            if name.hasPrefix("["), let end = name.firstIndex(of: "]") {
                name = name[name.index(after: name.startIndex)..<end]
            } else if let colon = name.firstIndex(of: ":"), name.lastIndex(of: ":") == colon {
                name = name[..<colon]
            }
            return String(name)
        }
    }

    private static var usual: [String] {
        let own = (NSHomeDirectoryForUser(NSUserName()) ?? NSHomeDirectory()) + "/.ssh/config"
        let folder = "/etc/ssh/ssh_config.d"
        let parts = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return [own, "/etc/ssh/ssh_config"] + parts.map { "\(folder)/\($0)" }
    }

    /// Whether a config file speaks of jump hosts, or of files that may.
    private static func canNameAny(_ path: String) -> Bool {
        guard let data = FileManager.default.contents(atPath: path) else { return false }
        return String(decoding: data, as: UTF8.self).lowercased().split(separator: "\n").contains { line in
            let line = line.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("proxyjump") { return true }
            // Debian's own line, whose files are among those looked at.
            return line.hasPrefix("include") && !line.hasSuffix(" /etc/ssh/ssh_config.d/*.conf")
        }
    }
}
