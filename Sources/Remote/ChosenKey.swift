import DriftCore
import Foundation

/// The one key to offer where neither a setting nor the user's ssh config names one.
///
/// ssh itself would offer all that an agent holds and all default files, one after the other, and each refused one
/// counts: sshd ends the connection after six, and penalises where they came from.
struct ChosenKey {
    /// The private key's file, or the public part of a key that an agent holds.
    let path: String
    /// Where `path` is a file of ours.
    let publicPart: HeldFile?

    /// The first key that ssh would offer.
    ///
    /// That is a default file's where an agent has it, else an agent's first, else the first default file. Nil if the
    /// ssh config names keys, and where there is none.
    static func choose(
        for target: ProbeTarget, settings: RemoteSettings, _ configs: ResolvedConfigs
    ) async throws(ProbeFailure) -> ChosenKey? {
        guard settings.identity == nil, let config = try await configs.config(for: target), config.namesNoKey else {
            return nil
        }
        let environment = SSHCommand.environment
        // As ssh does, which does not ask HOME.
        let home = NSHomeDirectoryForUser(NSUserName()) ?? NSHomeDirectory()
        let files = config.identityFiles.map { name in
            name.hasPrefix("~/") ? home + name.dropFirst() : name
        }
        let agent = await agentKeys(config.agentSocket(environment), environment, settings.budgets.login)
        if let first = agent.first {
            let ofFiles = files.lazy.compactMap { try? String(contentsOfFile: "\($0).pub", encoding: .utf8) }
                .compactMap { keyBlob($0) }
            let preferred = ofFiles.compactMap { blob in agent.first { keyBlob($0) == blob } }.first
            let file = try HeldFile(holding: Array(((preferred ?? first) + "\n").utf8))
            return ChosenKey(path: file.path, publicPart: file)
        }
        return files.first { FileManager.default.isReadableFile(atPath: $0) }.map {
            ChosenKey(path: $0, publicPart: nil)
        }
    }

    /// Lines as in `authorized_keys`.
    private static func agentKeys(_ socket: String?, _ environment: [String: String], _ limit: Duration) async
        -> [String]
    {
        guard let socket, !socket.isEmpty else { return [] }
        var environment = environment
        environment["SSH_AUTH_SOCK"] = socket
        let text = await Helper.output(of: "ssh-add", ["-L"], environment, within: limit) ?? ""
        return text.split(separator: "\n").map(String.init).filter { keyBlob($0) != nil }
    }

    /// The second word of a public key's line.
    private static func keyBlob(_ line: String) -> String? {
        let words = line.split(separator: " ", maxSplits: 2)
        return words.count >= 2 && words[1].hasPrefix("AAAA") ? String(words[1]) : nil
    }
}
