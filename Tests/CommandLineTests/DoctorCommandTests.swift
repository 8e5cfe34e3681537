import Foundation
import Postgres
import TestSupport
import Testing

/// `doctor` with the binary: what it says of the database, of the workers, and of this machine.
@Suite
struct DoctorCommandTests {
    static func withFleet(_ body: (Database, [String: String], String) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            try await withFolder([
                "fleet.yaml": """
                servers:
                  - { id: here, connection: local, packs: [tiny] }
                  - { id: far, address: no-such-host.invalid, packs: [tiny] }
                """,
                "packs/tiny.yaml": "items: { files: [ { path: /etc, state: directory } ] }",
            ]) { folder in
                let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo]
                #expect(try await Program.run(["apply", folder], environment).status == 0)
                try await body(lent.database, environment, folder)
            }
        }
    }

    private static func lines(_ result: Program.Result, of subject: String) -> [String] {
        result.output.split(separator: "\n").map(String.init).filter { $0.dropFirst(7).hasPrefix(subject) }
    }

    @Test
    func aProbeThatDoesNotRunHereIsNotWell() async throws {
        guard await SSHServer.canMakeNamespaces() else { try Test.cancel("mount namespaces are not allowed here") }
        try await Self.withFleet { _, environment, _ in
            let well = try await Program.run(["doctor", "here"], environment)
            #expect(Self.lines(well, of: "here").first?.hasPrefix("ok") == true, "\(well)")
            let broken = try await Tool.run(
                [
                    "/usr/bin/unshare", "-m", "/bin/bash", "-c",
                    "mount --bind /bin/false \"$(readlink -f /bin/sh)\" && exec \"$0\" doctor here", Program.path,
                ], environment: environment.merging(["PATH": "/usr/bin:/bin"]) { $1 })
            let result = Program.Result(status: broken.status, output: broken.text, errors: broken.errorText)
            #expect(result.status == 1)
            #expect(Self.lines(result, of: "here").first?.hasPrefix("wrong") == true, "\(result)")
            #expect(result.output.contains("shell: /bin/sh"), "\(result)")
        }
    }

    @Test
    func aConnectionLimitBelowWhatTheProcessesTakeIsSaid() async throws {
        try await Self.withFleet { database, environment, _ in
            let name = try await database.rows("select current_database()::text", as: String.self)[0]
            for (pid, process) in [(1, "worker"), (2, "notifier")] {
                try await database.execute(
                    "select driftwatch.register_worker(\(process), \(process), 'there', \(pid), 'x', 1, '{default}')")
            }
            let enough = try await Program.run(["doctor", "here"], environment)
            #expect(Self.lines(enough, of: "connections").isEmpty, "\(enough)")
            try await database.execute("alter database \(identifier: name) connection limit 6")
            let few = try await Program.run(["doctor", "here"], environment)
            let line = try #require(Self.lines(few, of: "connections").first, "\(few)")
            #expect(line.hasPrefix("note"))
            #expect(line.contains("take up to 7, and the database \(name) allows 6"))
        }
    }

    @Test
    func aDatabaseThatTakesNoWritesIsWrong() async throws {
        try await Self.withFleet { database, environment, _ in
            let name = try await database.rows("select current_database()::text", as: String.self)[0]
            try await database.execute(
                "alter database \(identifier: name) set default_transaction_read_only = on")
            let doctor = try await Program.run(["doctor", "here"], environment)
            #expect(doctor.status == 1)
            #expect(doctor.output.contains("default_transaction_read_only is on (from: database)"), "\(doctor)")
            let refused = try await Program.run(["servers", "enable", "here"], environment)
            #expect(refused.status == 3)
            #expect(refused.errors.contains("it takes no writes"), "\(refused)")
        }
    }

    @Test
    func aDatabaseOfAnotherEncodingIsRefused() async throws {
        try await PrivatePostgres.withServer { server in
            try await server.withDatabase { database in
                try await database.execute(
                    "create database latin encoding 'LATIN1' locale 'C' template template0")
            }
            for command in ["migrate", "doctor"] {
                let result = try await Program.run(
                    [command], ["DRIFTWATCH_DATABASE_URL": "host=\(server.socketFolder) user=postgres dbname=latin"])
                #expect(result.status == 3, "\(command): \(result)")
                #expect((result.output + result.errors).contains("LATIN1"), "\(command): \(result)")
                #expect((result.output + result.errors).contains("encoding 'UTF8'"), "\(command): \(result)")
            }
        }
    }

    /// What works for the person who asks need not for the worker.
    @Test
    func aWorkerThatLooksInAnotherWayIsNamedAndNotVouchedFor() async throws {
        try await SSHServer.with { server in
            try await Self.withFleet { database, environment, folder in
                try """
                servers: [ { id: far, address: 127.0.0.1, port: \(server.port), packs: [tiny] } ]

                """.write(toFile: "\(folder)/fleet.yaml", atomically: true, encoding: .utf8)
                #expect(try await Program.run(["apply", folder], environment).status == 0)
                let own = environment.merging([
                    "DRIFTWATCH_SSH_IDENTITY": "\(server.folder.path)/client",
                    "DRIFTWATCH_SSH_KNOWN_HOSTS": "\(server.folder.path)/known_hosts",
                    "DRIFTWATCH_SSH_CONFIG": "\(server.folder.path)/ssh_config",
                ]) { $1 }
                let alone = try await Program.run(["doctor", "far"], own)
                #expect(Self.lines(alone, of: "far").first?.hasPrefix("ok") == true, "\(alone)")

                let other = own.merging(["DRIFTWATCH_SSH_IDENTITY": "\(server.folder.path)/other"]) { $1 }
                try await Program.running(["worker"], other) { worker in
                    #expect(await worker.says("started"))
                    let isRegistered = try await eventually {
                        try await database.rows("select account from driftwatch.workers", as: String.self).count == 1
                    }
                    #expect(isRegistered)
                    let doctor = try await Program.run(["doctor", "far"], own)
                    let said = Self.lines(doctor, of: "ssh")
                    #expect(said.contains { $0.contains("with the key \(server.folder.path)/client,") }, "\(doctor)")
                    #expect(
                        said.contains { $0.hasPrefix("note") && $0.contains("\(server.folder.path)/other,") },
                        "\(doctor)")
                    #expect(doctor.output.contains("DRIFTWATCH_SSH_IDENTITY=\(server.folder.path)/other"))
                    #expect(Self.lines(doctor, of: "far").first?.hasPrefix("note") == true, "\(doctor)")
                    let same = try await Program.run(["doctor", "far"], other)
                    #expect(!Self.lines(same, of: "ssh").contains { $0.hasPrefix("note") }, "\(same)")
                }
            }
        }
    }

    @Test
    func asJSONItIsOneObjectWithAStageForEachFault() async throws {
        try await Self.withFleet { _, environment, _ in
            let doctor = try await Program.run(["doctor", "far", "--json"], environment)
            #expect(doctor.status == 1)
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(doctor.output.utf8)) as? [String: Any], "\(doctor)")
            #expect(json["well"] as? Bool == false)
            let findings = try #require(json["findings"] as? [[String: Any]])
            let far = findings.filter { $0["subject"] as? String == "far" }
            #expect(far.compactMap { $0["stage"] as? String } == ["DNS"])
            #expect(far.first?["state"] as? String == "wrong")
        }
    }
}
