import DriftStore
import Foundation
import Postgres
import Presentation
import Remote

/// How a process logs in to servers: its account, key and ssh files.
///
/// A worker stores it in its row of `workers`, so that `doctor` does not vouch for a worker that logs in differently from the
/// person who runs it.
struct LoginMeans: Hashable, Sendable {
    private struct Files: Codable, Hashable, Sendable {
        var sshConfig: String?
        var knownHosts: String?
        var identity: String?
        /// Whether an agent may have the key: none is named.
        var agent: Bool

        enum CodingKeys: String, CodingKey {
            case sshConfig = "ssh_config"
            case knownHosts = "known_hosts"
            case identity, agent
        }
    }

    private let account: String
    private let files: Files

    init(_ settings: RemoteSettings, account: String = NSUserName(), environment: [String: String]) {
        self.account = account
        files = Files(
            sshConfig: settings.sshConfig, knownHosts: settings.knownHosts, identity: settings.identity,
            agent: settings.identity == nil && environment["SSH_AUTH_SOCK"]?.isEmpty == false)
    }

    /// Those of a worker; nil if its version does not tell them.
    init?(_ worker: WorkerLine) {
        guard worker.process == "worker", let account = worker.account,
            let files = try? JSONDecoder().decode(Files.self, from: Data(worker.settings.rawValue.utf8))
        else { return nil }
        self.account = account
        self.files = files
    }

    var json: JSONText {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return JSONText((try? encoder.encode(files)).map { String(decoding: $0, as: UTF8.self) } ?? "{}")
    }

    /// For people, such as `as root with the key /etc/driftwatch/key, …`.
    var words: String {
        let key = files.identity.map { "the key \($0)" } ?? (files.agent ? "its ssh-agent" : "its own keys")
        let hosts = files.knownHosts ?? "its own and the machine's known_hosts"
        let config = files.sshConfig.map { "the ssh config \($0)" } ?? "its own ssh config"
        return "as \(account) with \(key), \(hosts) and \(config)"
    }

    /// The command line that uses the same means.
    var command: String {
        let variables = [
            ("DRIFTWATCH_SSH_IDENTITY", files.identity), ("DRIFTWATCH_SSH_KNOWN_HOSTS", files.knownHosts),
            ("DRIFTWATCH_SSH_CONFIG", files.sshConfig),
        ].compactMap { name, path in path.map { "\(name)=\($0) " } }.joined()
        return "sudo -u \(account) \(variables)driftwatch doctor"
    }
}
