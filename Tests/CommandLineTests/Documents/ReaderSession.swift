import Foundation
import TestSupport

/// A reader at a terminal: runs the blocks of a page, one after the other, in one shell.
///
/// What the reader has is stood in for. `web-1.example.net` is a real `sshd` on loopback, which only the reader's ssh config
/// knows. `make` builds nothing: it hands out the program that the tests have built. Between blocks the reader reads,
/// so that messages which are on their way arrive.
struct ReaderSession: CustomStringConvertible {
    struct Step: Sendable {
        var block: DocumentPage.Block
        var output: String
        var errors: String
    }

    var steps: [Step] = []
    /// The commands that did not end with 0, each after its status.
    var failures: [String] = []
    /// The files that `run` left in the reader's home.
    var messages = ""
    var log = ""

    var description: String {
        let steps = steps.map { "$ \($0.block.text)\($0.output)\($0.errors)" }
        return (failures + steps + [messages, log]).joined(separator: "\n")
    }

    /// Ends what a session leaves running, also when the test gives up.
    static func run(_ blocks: [DocumentPage.Block], with server: SSHServer) async throws -> ReaderSession {
        try await withFolder { folder in
            let reader = try Reader(folder: folder, server: server)
            try reader.write(blocks)
            let result = try await Tool.run(
                ["/usr/bin/timeout", "--kill-after=10", "240", "/bin/bash", "\(folder)/session"],
                environment: reader.environment)
            _ = try? await Tool.run(
                [reader.root + "scripts/private-postgres", "stop", "\(folder)/home/driftwatch/postgres"])
            let session = try reader.session(of: blocks)
            guard result.status == 0 else {
                throw DocumentError("the session ended with \(result.status ?? -1): \(session)\(result.errorText)")
            }
            return session
        }
    }

    /// The session's files: the reader's home, programs that are stood in for, and what each block prints.
    private struct Reader {
        let folder: String
        let root = DocumentPage.root.path(percentEncoded: false)
        let environment: [String: String]

        init(folder: String, server: SSHServer) throws {
            self.folder = folder
            for name in ["home/.ssh", "bin"] {
                try FileManager.default.createDirectory(
                    atPath: "\(folder)/\(name)", withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            }
            let known = """
                Host web-1.example.net
                    HostName 127.0.0.1
                    Port \(server.port)
                    User watcher
                    UserKnownHostsFile \(server.folder.path)/known_hosts

                """
            try known.write(toFile: "\(folder)/ssh_config", atomically: true, encoding: .utf8)
            // The reader can log in already; Driftwatch cannot, until the reader lets it in.
            try (known + "    IdentityFile \(server.folder.path)/client\n").write(
                toFile: "\(folder)/home/.ssh/config", atomically: true, encoding: .utf8)
            environment = [
                "HOME": "\(folder)/home", "LANG": "C.UTF-8",
                "PATH": "\(folder)/bin:\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")",
                "DRIFTWATCH_SSH_CONFIG": "\(folder)/ssh_config",
                "DRIFTWATCH_LISTEN": "127.0.0.1:\(unusedPort())",
                "DRIFTWATCH_SSH_CONNECT_TIMEOUT": "60s", "DRIFTWATCH_SSH_LOGIN_TIMEOUT": "60s",
                "DRIFTWATCH_PROBE_TIMEOUT": "60s",
            ]
            try script(
                "bin/ssh",
                """
                # Driftwatch's own ssh says which configuration it reads.
                case " $* " in *' -F '*) exec /usr/bin/ssh "$@" ;; esac
                exec /usr/bin/ssh -F ~/.ssh/config "$@"
                """)
            try script(
                "bin/make",
                """
                /usr/bin/make --dry-run "$@" >/dev/null || exit
                for word; do
                    case $word in
                        PREFIX=*)
                            mkdir -p "${word#PREFIX=}/bin"
                            exec ln -sf '\(Program.path)' "${word#PREFIX=}/bin/driftwatch"
                            ;;
                        demo) exec scripts/demo ;;
                    esac
                done
                exit 1
                """)
        }

        func script(_ name: String, _ text: String) throws {
            try "#!/bin/bash\n\(text)\n".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(name)")
        }

        func write(_ blocks: [DocumentPage.Block]) throws {
            var lines = [
                "cd '\(root)'", "set -o pipefail -o errtrace", "failures='\(folder)/failures'; : >\"$failures\"",
                "trap 'status=$?; [[ $BASH_COMMAND == source\\ * ]] || echo \"$status $BASH_COMMAND\" >>\"$failures\"' ERR",
                """
                messages_arrive() {
                    [ -n "${DRIFTWATCH_DATABASE_URL-}" ] || return 0
                    local open
                    while open=$(psql -XAtqc "select count(*) from driftwatch.outbox where state in ('pending', 'sending')" \\
                        "$DRIFTWATCH_DATABASE_URL" 2>/dev/null) && [ "$open" != 0 ]; do sleep 0.05; done
                    return 0
                }
                """,
            ]
            for (index, block) in blocks.enumerated() {
                try block.text.write(toFile: "\(folder)/\(index).sh", atomically: true, encoding: .utf8)
                lines.append(
                    "source '\(folder)/\(index).sh' </dev/null >'\(folder)/\(index).out' 2>'\(folder)/\(index).err'")
                lines.append("messages_arrive 2>/dev/null")
            }
            lines.append("exit 0")
            try script("session", lines.joined(separator: "\n"))
        }

        func session(of blocks: [DocumentPage.Block]) throws -> ReaderSession {
            func text(_ name: String) throws -> String {
                try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            }
            var session = ReaderSession()
            for (index, block) in blocks.enumerated() {
                session.steps.append(
                    Step(
                        block: block, output: (try? text("\(index).out")) ?? "",
                        errors: (try? text("\(index).err")) ?? ""))
            }
            session.failures = try text("failures").split(separator: "\n").map(String.init)
            session.messages = (try? text("home/driftwatch/messages")) ?? ""
            session.log = (try? text("home/driftwatch/log")) ?? ""
            return session
        }
    }
}
