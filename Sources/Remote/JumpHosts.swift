import DriftCore
import Foundation

/// The jump hosts on the way to each server, as the user's ssh config has them.
///
/// Asked only where the config can name any.
final class JumpHosts: Sendable {
    private let configs: ResolvedConfigs
    private let mayJump: Bool

    init(_ settings: RemoteSettings, _ configs: ResolvedConfigs) {
        self.configs = configs
        let paths = settings.sshConfig.map { [$0] } ?? Self.usual
        mayJump = paths.contains(where: Self.canNameAny)
    }

    /// The names of the hosts where ssh logs in before it reaches `target`, the first one first.
    func hosts(on target: ProbeTarget) async throws(ProbeFailure) -> [String] {
        guard mayJump else { return [] }
        return try await configs.config(for: target)?.jumpHosts ?? []
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
