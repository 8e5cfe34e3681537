import Foundation
import Remote

/// The files of one private `sshd`.
struct SSHServerFiles {
    let folder: URL
    let variation: SSHServer.Variation
    let inNamespace: Bool

    func writeKeys() async throws {
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        for name in ["host", "other", "client"] {
            guard
                await Tool.succeeds([
                    "/usr/bin/ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path(name),
                ])
            else { throw TestServerError(description: "ssh-keygen failed") }
        }
        let key = try String(contentsOfFile: path(variation.acceptsKey ? "client.pub" : "other.pub"), encoding: .utf8)
        try write(key, to: "authorized_keys")
        try write("# Keeps the user's own settings out.\n", to: "ssh_config")
        try await variation.prepare?(folder)
        guard variation.account != nil || variation.sudo != nil || variation.pam != nil else { return }
        guard inNamespace else { throw TestServerError(description: "accounts and sudo need a mount namespace") }
        if let pam = variation.pam { try write(pam.map(inFolder).joined(separator: "\n") + "\n", to: "pam") }
        try await writeAccount()
    }

    func writeSettings(port: Int) throws {
        let hostKey = try String(
            contentsOfFile: path(variation.hostKey == .changed ? "other.pub" : "host.pub"), encoding: .utf8)
        try write(variation.hostKey == .unknown ? "" : "[127.0.0.1]:\(port) \(hostKey)", to: "known_hosts")
        var lines = [
            "Port \(port)", "ListenAddress 127.0.0.1", "HostKey \(path("host"))",
            "AuthorizedKeysFile \(path("authorized_keys"))", "StrictModes no", "UsePAM no", "PidFile none",
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes", "LogLevel INFO",
        ]
        lines.insert(contentsOf: variation.configuration.map(inFolder), at: 0)
        if let command = variation.forceCommand { lines.append("ForceCommand \(command)") }
        if let banner = variation.banner {
            try write(banner, to: "banner")
            lines.append("Banner \(path("banner"))")
        }
        try write(lines.joined(separator: "\n") + "\n", to: "sshd_config")
    }

    private func inFolder(_ line: String) -> String { line.replacingOccurrences(of: "FOLDER", with: folder.path) }

    /// `sshd` in the foreground, under the process identifier that starts.
    var command: [String] {
        let daemon = ["/usr/sbin/sshd", "-D", "-e", "-f", path("sshd_config")]
        guard inNamespace else { return daemon }
        return ["/usr/bin/unshare", "-m", "/bin/sh", "-c", Self.enter, folder.path] + daemon
    }

    /// Makes the namespace what the folder holds, then becomes the rest of the command line.
    private static let enter = """
        set -e
        mount -t tmpfs -o mode=755 tmpfs /run
        mkdir -p /run/sshd /run/current-system/sw/bin
        for name in passwd group shadow; do
            if [ -e "$0/$name" ]; then mount --bind "$0/$name" "/etc/$name"; fi
        done
        if [ -e "$0/pam" ]; then mount --bind "$0/pam" /etc/pam.d/sshd; fi
        if [ -e "$0/sudoers" ]; then
            mount --bind "$0/sudoers" /etc/sudoers
            mount -t tmpfs -o mode=750 tmpfs /etc/sudoers.d
        fi
        if [ -e "$0/sudo" ]; then
            if [ -e /usr/bin/sudo ]; then mount --bind "$0/sudo" /usr/bin/sudo
            else cp "$0/sudo" /run/current-system/sw/bin/sudo; fi
        fi
        exec "$@"
        """

    private func writeAccount() async throws {
        if let account = variation.account {
            let home = folder.appendingPathComponent("home")
            try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            for (name, text) in account.files {
                let file = home.appendingPathComponent(name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try text.write(to: file, atomically: false, encoding: .utf8)
            }
            guard await Tool.succeeds(["/bin/chown", "-R", "4242:4242", home.path]) else {
                throw TestServerError(description: "chown failed")
            }
            let known = try String(contentsOfFile: "/etc/passwd", encoding: .utf8)
            try write("\(known)\(account.name):x:4242:4242::\(home.path):\(account.shell)\n", to: "passwd")
            let shadows = try String(contentsOfFile: "/etc/shadow", encoding: .utf8)
            try write("\(shadows)\(account.name):\(account.shadow)\n", to: "shadow", mode: 0o600)
            if let group = account.group {
                let groups = try String(contentsOfFile: "/etc/group", encoding: .utf8)
                try write("\(groups)\(group):*:4242:\n", to: "group")
            }
        }
        switch variation.sudo {
        case .absent: try write("", to: "sudo")
        case .refusing:
            try write("#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n", to: "sudo", mode: 0o755)
        case .granting:
            try write("#4242 ALL=(ALL) NOPASSWD: ALL\n", to: "sudoers", mode: 0o440)
        case nil: break
        }
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func write(_ text: String, to name: String, mode: Int = 0o644) throws {
        try text.write(toFile: path(name), atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
    }
}
