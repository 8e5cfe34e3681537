import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

/// Who is written down for what a command does.
@Suite
struct ActorTests {
    /// One server with an open alert, a dead message and a paused destination.
    private static func withFleet(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await lent.database.makeServer("web-1")
            try await lent.database.makeServer("web-2", packs: ["more": ["/etc/issue"]])
            for server in [("web-1", "base"), ("web-2", "more")] {
                try await lent.database.execute(
                    "select driftwatch.open_alert(\(server.0), \(server.1), 1, 1, '[]'::jsonb)")
            }
            try await lent.database.execute("update driftwatch.outbox set state = 'dead', last_error = 'x'")
            try await lent.database.execute("truncate driftwatch.audit_log")
            try await body(lent.database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo])
        }
    }

    private static func written(_ database: Database) async throws -> Set<String> {
        Set(
            try await database.rows(
                """
                select action || ' by ' || actor from driftwatch.audit_log
                union all
                select event || ' by ' || actor from driftwatch.alert_events where event <> 'opened'
                """, as: String.self))
    }

    @Test
    func everyCommandThatActsWritesDownWhoItWasToldActs() async throws {
        try await Self.withFleet { database, environment in
            try await withFolder(["fleet.yaml": "servers: [ { id: db-1, packs: [] } ]\n"]) { folder in
                let environment = environment.merging(["DRIFTWATCH_ACTOR": "bob"]) { $1 }
                let commands: [[String]] = [
                    ["alerts", "ack", "1"], ["alerts", "resolve", "1"], ["check", "web-1", "--timeout", "1s"],
                    ["servers", "disable", "web-2", "--reason", "x"], ["servers", "enable", "web-2"],
                    ["outbox", "redrive", "1"], ["destination", "resume"], ["schedule", "set", "1 1 * * *"],
                    ["schedule", "pause", "--reason", "x"], ["schedule", "resume"],
                    ["queue", "pause", "default", "--reason", "x"], ["queue", "resume", "default"],
                    ["hold", "--server", "web-1", "--until", "1h", "--reason", "x"], ["hold", "end", "1"],
                    ["silence", "add", "--server", "web-1", "--until", "1h", "--reason", "x"], ["silence", "end", "2"],
                    ["jobs", "cancel", "1"], ["jobs", "retry", "1"],
                    ["apply", folder],
                ]
                for command in commands {
                    let result = try await Program.run(command + ["--as", "alice"], environment)
                    #expect([0, 4].contains(result.status), "\(command): \(result)")
                }
                let actions = [
                    "acknowledged", "resolved", "acknowledge_alert", "resolve_alert", "enqueue_check",
                    "disable_drift_detection", "enable_drift_detection", "redrive_outbox", "resume_destination",
                    "add_hold", "end_hold", "add_silence", "end_silence", "set_schedule", "pause_schedule",
                    "resume_schedule", "pause_queue", "resume_queue", "cancel_job",
                    "retry_job", "apply",
                ]
                let written = try await Self.written(database)
                #expect(written.isSuperset(of: actions.map { "\($0) by alice" }), "\(written)")
                #expect(written.allSatisfy { $0.hasSuffix(" by alice") }, "\(written)")

                _ = try await Program.run(["schedule", "set", "2 2 * * *"], environment)
                #expect(try await Self.written(database).contains("set_schedule by bob"))
            }
        }
    }

    /// The environment may say what it likes; the account database, and sudo for root, say who it is.
    @Test
    func withoutANameItIsTheLoginName() async throws {
        try await Self.withFleet { database, environment in
            let own = NSUserName()
            let lying = environment.merging(["USER": "mallory", "LOGNAME": "mallory"]) { $1 }
            _ = try await Program.run(["schedule", "set", "2 2 * * *"], lying)
            #expect(try await Self.written(database) == ["set_schedule by \(own)"])
            try await database.execute("truncate driftwatch.audit_log")
            let sudo = environment.merging(["SUDO_USER": "carol"]) { $1 }
            _ = try await Program.run(["schedule", "set", "3 3 * * *"], sudo)
            #expect(try await Self.written(database) == ["set_schedule by \(own == "root" ? "carol" : own)"])
        }
    }

    @Test(arguments: ["driftwatch", "a\u{202e}b", "two\nlines", String(repeating: "x", count: 101)])
    func aNameThatIsNobodysIsRefused(_ name: String) async throws {
        try await Self.withFleet { database, environment in
            let option = try await Program.run(["alerts", "ack", "1", "--as", name], environment)
            #expect(option.status == 2, "\(option)")
            #expect(option.errors.contains("--as: "), "\(option)")
            let variable = try await Program.run(
                ["alerts", "ack", "1"], environment.merging(["DRIFTWATCH_ACTOR": name]) { $1 })
            #expect(variable.status == 2, "\(variable)")
            #expect(variable.errors.contains("DRIFTWATCH_ACTOR: "), "\(variable)")
            #expect(try await Self.written(database).isEmpty)
        }
    }

    /// As in the image: everybody there has the account of the processes.
    @Test
    func inAContainerNobodyIsTheProgramItself() async throws {
        guard await SSHServer.canMakeNamespaces() else { try Test.cancel("mount namespaces are not allowed here") }
        try await Self.withFleet { database, environment in
            try await withFolder(["passwd": "driftwatch:x:0:0::/root:/bin/sh\n"]) { folder in
                func run(_ arguments: [String], _ more: [String: String] = [:]) async throws -> Tool.Result {
                    try await Tool.run(
                        [
                            "/usr/bin/unshare", "-m", "/bin/sh", "-c",
                            "mount --bind \"$0/passwd\" /etc/passwd && exec \"$@\"", folder, Program.path,
                        ] + arguments,
                        environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 }.merging(more) { $1 })
                }
                let unknown = try await run(["alerts", "ack", "1"])
                #expect(unknown.status == 2, "\(unknown.errorText)")
                #expect(unknown.errorText.contains("--as NAME, or set DRIFTWATCH_ACTOR"), "\(unknown.errorText)")
                #expect(try await Self.written(database).isEmpty)
                #expect(try await run(["alerts", "list"]).status == 0, "who only looks need not say")
                #expect(try await run(["alerts", "ack", "1"], ["DRIFTWATCH_ACTOR": "dave"]).status == 0)
                #expect(try await Self.written(database) == ["acknowledge_alert by dave", "acknowledged by dave"])
            }
        }
    }
}
