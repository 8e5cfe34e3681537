import DriftCore
import Foundation
import PackFiles
import Postgres
import TestSupport
import Testing

/// `alerts accept`: what it prints is applied with `patch`, and then the server complies.
@Suite(.timeLimit(.minutes(3)))
struct AcceptCommandTests {
    /// What a pack says of one item, and what the server has.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        /// The section and its items as a pack file has them.
        var items: String
        var mismatch: (type: String, key: String, item: String, expected: String, actual: String)
        /// What the file says afterwards.
        var says: String

        var testDescription: String { name }
    }

    private static let hash = "sha256:" + String(repeating: "b", count: 64)

    private static let cases = [
        Case(
            name: "mode in a block",
            items: "  files:\n    - path: /etc/motd  # greets\n      mode: \"0644\"\n      owner: root\n",
            mismatch: ("wrong_permissions", "file:/etc/motd", "/etc/motd", #"{"mode":"0644"}"#, #"{"mode":"0600"}"#),
            says: "    - path: /etc/motd  # greets\n      mode: \"0600\"\n      owner: root\n"),
        Case(
            name: "mode between braces",
            items: "  files:\n    - { path: /etc/motd, max_mode: \"0644\", owner: root }\n",
            mismatch: (
                "wrong_permissions", "file:/etc/motd", "/etc/motd", #"{"max_mode":"0644"}"#, #"{"mode":"0666"}"#
            ),
            says: "    - { path: /etc/motd, mode: \"0666\", owner: root }\n"),
        Case(
            name: "owner and group", items: "  files:\n    - path: /etc/motd\n      owner: root\n      group: 'root'\n",
            mismatch: (
                "wrong_owner", "file:/etc/motd", "/etc/motd", #"{"owner":"root","group":"root"}"#,
                #"{"owner":"deploy","group":"www-data"}"#
            ), says: "      owner: \"deploy\"\n      group: \"www-data\"\n"),
        Case(
            name: "missing file",
            items: "  files:\n    - { path: /etc/motd, mode: \"0644\", owner: root, group: root }\n",
            mismatch: ("missing_file", "file:/etc/motd", "/etc/motd", #"{"state":"file"}"#, #"{"state":"absent"}"#),
            says: "    - { path: /etc/motd, state: \"absent\" }\n"),
        Case(
            name: "missing file in a block",
            items:
                "  files:\n    - path: /etc/motd\n      mode: \"0644\"\n      contains:\n      - a\n      - b\n      description: x\n    - path: /b\n",
            mismatch: ("missing_file", "file:/etc/motd", "/etc/motd", #"{"state":"file"}"#, #"{"state":"absent"}"#),
            says: "    - path: /etc/motd\n      state: \"absent\"\n      description: x\n    - path: /b\n"),
        Case(
            name: "package version", items: "  packages:\n    - { name: curl, min_version: \"7.88\" }\n",
            mismatch: (
                "wrong_version", "package:curl", "curl", #"{"min_version":"7.88"}"#,
                #"{"version":"7.74.0-1","note":"x"}"#
            ),
            says: "    - { name: curl, min_version: \"7.74.0-1\" }\n"),
        Case(
            name: "setting",
            items: "  settings:\n    - key: vm.swappiness\n      type: sysctl\n      min: 1\n      max: 10\n",
            mismatch: (
                "wrong_setting", "setting:vm.swappiness", "vm.swappiness", #"{"value":"1 to 10"}"#, #"{"value":"60"}"#
            ),
            says: "    - key: vm.swappiness\n      expected: \"60\"\n      type: sysctl\n"),
        Case(
            name: "service", items: "  services:\n    - { name: ssh.service, enabled: true, running: true }\n",
            mismatch: (
                "wrong_service", "service:ssh.service", "ssh.service", #"{"running":"true"}"#,
                #"{"running":"inactive (dead)","note":"x"}"#
            ), says: "    - { name: ssh.service, enabled: true, running: false }\n"),
        Case(
            name: "content hash",
            items:
                "  files:\n    - path: /etc/motd\n      content: |\n        hello\n        there\n      mode: \"0644\"\n",
            mismatch: (
                "wrong_content", "file:/etc/motd", "/etc/motd", #"{"content_hash":"sha256:aa"}"#,
                #"{"content_hash":"\#(hash)"}"#
            ), says: "    - path: /etc/motd\n      content_hash: \"\(hash)\"\n      mode: \"0644\"\n"),
    ]

    /// An alert about the mismatch, and the folder with the pack.
    private static func withAlert(
        _ items: String, _ mismatch: (type: String, key: String, item: String, expected: String, actual: String),
        files: [String: String] = [:], _ body: (Database, String, [String: String]) async throws -> Void
    ) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let pack = "name: Base\nitems:\n" + items
            let configuration = ["fleet.yaml": "servers: [{ id: web-1, packs: [base] }]\n", "packs/base.yaml": pack]
            try await withFolder(configuration.merging(files) { $1 }) { folder in
                let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo, "DRIFTWATCH_ACTOR": "ann"]
                let applied = try await Program.run(["apply", folder], environment)
                try #require(applied.status == 0, "\(applied)")
                try await lent.database.executeScript(
                    """
                    insert into driftwatch.mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                    values ('web-1', 'base', '\(mismatch.key)', '\(mismatch.type)', '\(mismatch.item)', '\(mismatch.expected)',
                            '\(mismatch.actual)', now(), 1);
                    select driftwatch.open_alert('web-1', 'base', 1, 1, '[]');
                    """)
                try await body(lent.database, folder, environment)
            }
        }
    }

    @Test(arguments: cases)
    func thePatchMakesThePresentValueTheWantedOne(example: Case) async throws {
        try await Self.withAlert(example.items, example.mismatch) { _, folder, environment in
            let accepted = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(accepted.status == 0 && accepted.errors.isEmpty, "\(accepted)")
            let patched = try await Tool.run(
                ["/bin/sh", "-c", "patch -d \"$0\" -p1", folder], input: Array(accepted.output.utf8))
            #expect(patched.status == 0, "\(patched.text) \(accepted.output)")
            let file = try String(contentsOfFile: "\(folder)/packs/base.yaml", encoding: .utf8)
            #expect(file.hasSuffix(example.says), "\(file)")
            let again = try await Program.run(["apply", folder], environment)
            #expect(again.status == 0 && again.output.contains("pack base: changed"), "\(again)")
        }
    }

    @Test
    func withoutTheFilesTheItemIsPrintedAsYAML() async throws {
        let example = Self.cases[0]
        try await Self.withAlert(example.items, example.mismatch) { _, _, environment in
            // Where no pack's files are.
            let settings = environment.map { "\($0)=\($1)" }
            let printed = try await Tool.run(
                ["/usr/bin/env", "-C", "/"] + settings + [Program.path, "alerts", "accept", "1"])
            #expect(printed.status == 0, "\(printed.errorText)")
            #expect(
                printed.text
                    == """
                    # base
                    items:
                      files:
                        - {"mode":"0600","owner":"root","path":"/etc/motd","state":"file"}

                    """)
        }
    }

    @Test(arguments: [
        (#"{"value":"‹masked›"}"#, "the value is not shown in full"),
        (#"{"state":"unset"}"#, "the setting is not set"), ("{}", "it is not known what the server has"),
    ])
    func whatHasNoValueToAcceptIsSaid(actual: String, says: String) async throws {
        let items = "  settings:\n    - { key: TOKEN, expected: vim, type: env_var }\n"
        let mismatch = ("wrong_setting", "setting:TOKEN", "TOKEN", #"{"value":"vim"}"#, actual)
        try await Self.withAlert(items, mismatch) { _, folder, environment in
            let refused = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(refused.status == 1 && refused.output.isEmpty, "\(refused)")
            #expect(refused.errors.contains("TOKEN cannot be accepted: \(says)"), "\(refused)")
        }
    }

    @Test
    func aVariableIsNotOverwritten() async throws {
        let items = "  files:\n    - { path: /etc/motd, mode: \"{{ mode }}\" }\nvars: { mode: \"0644\" }\n"
        try await Self.withAlert(items, Self.cases[0].mismatch) { _, folder, environment in
            let refused = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(refused.status == 1 && refused.errors.contains("its value comes from a variable"), "\(refused)")
        }
    }

    @Test
    func anItemOfAParentIsChangedThereAndThatIsSaid() async throws {
        let parent = "name: Parent\nitems:\n" + Self.cases[0].items
        try await Self.withAlert(
            "  {}\nextends: parent\n", Self.cases[0].mismatch, files: ["packs/parent.yaml": parent]
        ) {
            _, folder, environment in
            let accepted = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(accepted.status == 0 && accepted.output.contains("+++ b/packs/parent.yaml"), "\(accepted)")
            #expect(accepted.errors.contains("for every pack that extends it"), "\(accepted)")
        }
    }

    @Test
    func aTemplateIsPatchedWhereItsWholeTextIsShown() async throws {
        let old = "one\ntwo\nthree\n"
        let new = "one\n2\nthree"
        let hash = SHA256Digest(of: Array(new.utf8)).description
        let diff =
            "--- expected /etc/motd\\n+++ actual /etc/motd\\n@@ -1,3 +1,3 @@\\n one\\n-two\\n-three\\n+2\\n+three\\n\\\\ No newline at end of file\\n"
        let mismatch = (
            "wrong_content", "file:/etc/motd", "/etc/motd", #"{"content_hash":"sha256:aa"}"#,
            #"{"content_hash":"\#(hash)"}"#
        )
        try await Self.withAlert(
            "  files:\n    - { path: /etc/motd, template: motd }\n", mismatch, files: ["packs/templates/motd": old]
        ) { database, folder, environment in
            try await database.executeScript(
                """
                insert into driftwatch.check_details values ('web-1', 'base', 'f', '[{"key": "file:/etc/motd", "item": "/etc/motd",
                    "status": "wrong", "mismatches": [{"type": "wrong_content", "item": "/etc/motd", "key": "file:/etc/motd",
                    "expected": {"content_hash": "sha256:aa"}, "actual": {"content_hash": "\(hash)"}, "diff": "\(diff)"}]}]');
                insert into driftwatch.checks (job_id, server_id, pack_name, verdict, mismatch_count, item_count, fingerprint, checked_at)
                values (99, 'web-1', 'base', 'drifted', 1, 1, 'f', now());
                """)
            let accepted = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(accepted.status == 0 && !accepted.output.contains("base.yaml"), "\(accepted)")
            let patched = try await Tool.run(
                ["/bin/sh", "-c", "patch -d \"$0\" -p1", folder], input: Array(accepted.output.utf8))
            #expect(patched.status == 0, "\(patched.text) \(accepted.output)")
            #expect(try String(contentsOfFile: "\(folder)/packs/templates/motd", encoding: .utf8) == new)
        }
    }
}
