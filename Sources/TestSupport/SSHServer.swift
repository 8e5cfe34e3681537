package import DriftCore
package import Foundation
package import Remote

/// A real `sshd` on a loopback port, with keys, accounts and settings of its own in a temporary folder.
///
/// As root it runs in a mount namespace of its own, where accounts and `sudo` can be what a test needs and nothing on
/// the machine changes; else it serves the current user.
package final class SSHServer: Sendable {
    /// How a server differs from a plain one.
    package struct Variation: Sendable {
        /// A command in place of the asked one.
        package var forceCommand: String?
        package var banner: String?
        /// Lines for `sshd_config` that come before the plain ones and so win; `FOLDER` stands for the server's folder.
        package var configuration: [String] = []
        /// Changes the folder's files before sshd starts.
        package var prepare: (@Sendable (URL) async throws -> Void)?
        /// The lines of PAM's service `sshd`, which need a namespace; `FOLDER` as above.
        package var pam: [String]?
        /// What the client believes of the host key.
        package var hostKey = HostKeyBelief.right
        package var acceptsKey = true
        /// Who logs in, which needs a namespace; nil for the current user.
        package var account: Account?
        /// What `sudo` is, which needs a namespace; nil leaves the machine's own.
        package var sudo: Sudo?

        package init() {}

        package init(_ change: (inout Variation) -> Void) { change(&self) }
    }

    package enum HostKeyBelief: Sendable { case right, unknown, changed }

    package enum Sudo: Sendable {
        /// Not installed.
        case absent
        /// Wants a password.
        case refusing
        /// Lets the account do everything; the machine's own `sudo` with other rules.
        case granting
    }

    /// An account that exists only inside the namespace.
    package struct Account: Sendable {
        package var name = "watcher"
        package var shell = "/bin/sh"
        /// The fields of `/etc/shadow` after the name, which need a namespace.
        package var shadow = "*:20000:0:99999:7:::"
        /// The name of its group; nil if the group has none.
        package var group: String?
        /// Files in the home, by their names.
        package var files: [String: String] = [:]

        package init(
            name: String = "watcher", shell: String = "/bin/sh", group: String? = nil, files: [String: String] = [:]
        ) {
            self.name = name
            self.shell = shell
            self.group = group
            self.files = files
        }
    }

    package let folder: URL
    package let port: Int
    private let user: String?
    private let daemon: ChildProcess

    private init(folder: URL, port: Int, user: String?, daemon: ChildProcess) {
        self.folder = folder
        self.port = port
        self.user = user
        self.daemon = daemon
    }

    /// Runs `body` with a server that is stopped, with all its sessions, when `body` ends.
    package static func with<Value>(
        _ variation: Variation = Variation(), _ body: (SSHServer) async throws -> Value
    ) async throws -> Value {
        let server = try await start(variation)
        do {
            let value = try await body(server)
            await server.stop()
            return value
        } catch {
            await server.stop()
            throw error
        }
    }

    package static func start(_ variation: Variation = Variation()) async throws -> SSHServer {
        let folder = URL(fileURLWithPath: "/tmp/driftwatch-sshd-\(UUID().uuidString.prefix(8))")
        let files = SSHServerFiles(
            folder: folder, variation: variation, inNamespace: await canMakeNamespaces())
        do {
            try await files.writeKeys()
            for _ in 0..<20 {
                let port = unusedPort()
                try files.writeSettings(port: port)
                let daemon = try await ChildProcess(files.command)
                if await daemon.says("Server listening on ") {
                    return SSHServer(folder: folder, port: port, user: variation.account?.name, daemon: daemon)
                }
                await daemon.end()
            }
            throw TestServerError(description: "sshd does not start: see \(folder.path)")
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
    }

    /// Ends the server and every session of it, and removes its folder.
    package func stop() async {
        await daemon.end()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Kills every session, as a reboot does.
    package func endEverything() async { daemon.killDescendants() }

    /// The settings with which a prober reaches this server, with budgets for a machine that is busy with tests.
    package var settings: RemoteSettings {
        RemoteSettings(
            sshConfig: folder.appendingPathComponent("ssh_config").path,
            knownHosts: folder.appendingPathComponent("known_hosts").path,
            identity: folder.appendingPathComponent("client").path,
            budgets: .init(connect: .seconds(60), login: .seconds(60), probe: .seconds(60)))
    }

    package func target(configUser: String? = nil) -> ProbeTarget {
        ProbeTarget(
            serverID: ServerID(rawValue: "test"), address: "127.0.0.1", port: port, user: user, configUser: configUser)
    }

    /// Waits until sshd has let somebody in.
    package func hasLogin() async -> Bool { await daemon.says("Accepted publickey") }

    /// The home of the account that the variation made.
    package var home: URL { folder.appendingPathComponent("home") }

    /// Whether this process may make mount namespaces.
    package static func canMakeNamespaces() async -> Bool {
        await Tool.succeeds(["/usr/bin/unshare", "-m", "/bin/sh", "-c", "mount -t tmpfs tmpfs /run"])
    }
}

/// Why a server for tests did not come up.
package struct TestServerError: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) { self.description = description }
}
