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
                "wrong_permissions", "file:/etc/motd", "/etc/motd", #"{"max_mode":"0644"}"#, #"{"mode":"0466"}"#
            ),
            says: "    - { path: /etc/motd, max_mode: \"0666\", owner: root }\n"),
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
            says: "    - key: vm.swappiness\n      type: sysctl\n      min: 1\n      max: \"60\"\n"),
        Case(
            name: "the lower limit",
            items: "  settings:\n    - { key: vm.swappiness, type: sysctl, min: 10, max: 60 }\n",
            mismatch: (
                "wrong_setting", "setting:vm.swappiness", "vm.swappiness", #"{"value":"10 to 60"}"#, #"{"value":"1"}"#
            ), says: "    - { key: vm.swappiness, type: sysctl, min: \"1\", max: 60 }\n"),
        Case(
            name: "one of a few between braces",
            items: "  settings:\n    - { key: LEVEL, type: env_var, one_of: [info, warn] }\n",
            mismatch: (
                "wrong_setting", "setting:LEVEL", "LEVEL", #"{"value":"info or warn"}"#, #"{"value":"debug"}"#
            ), says: "    - { key: LEVEL, type: env_var, one_of: [info, warn, \"debug\"] }\n"),
        Case(
            name: "one of a few in a block",
            items:
                "  settings:\n    - key: LEVEL\n      one_of:\n      - info\n      - warn  # loud\n      type: env_var\n",
            mismatch: (
                "wrong_setting", "setting:LEVEL", "LEVEL", #"{"value":"info or warn"}"#, #"{"value":"debug"}"#
            ), says: "      - info\n      - warn  # loud\n      - \"debug\"\n      type: env_var\n"),
        Case(
            name: "what looks like a variable of packs",
            items: "  settings:\n    - { key: PROMPT, type: env_var, expected: a }\n",
            mismatch: ("wrong_setting", "setting:PROMPT", "PROMPT", #"{"value":"a"}"#, #"{"value":"{{ b }}"}"#),
            says: "    - { key: PROMPT, literal: true, type: env_var, expected: \"{{ b }}\" }\n"),
        Case(
            name: "what looks like a variable of a shell",
            items: "  settings:\n    - { key: PROMPT, type: env_var, expected: a }\n",
            mismatch: ("wrong_setting", "setting:PROMPT", "PROMPT", #"{"value":"a"}"#, #"{"value":"$HOME"}"#),
            says: "    - { key: PROMPT, literal: true, type: env_var, expected: \"$HOME\" }\n"),
        Case(
            name: "a list between braces that goes",
            items: "  files:\n    - { path: /etc/motd, contains: [a, b], owner: root }\n",
            mismatch: ("missing_file", "file:/etc/motd", "/etc/motd", #"{"state":"file"}"#, #"{"state":"absent"}"#),
            says: "    - { path: /etc/motd, state: \"absent\" }\n"),
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

    /// The pack's file after the printed patch.
    private static func patched(_ accepted: Program.Result, in folder: String) async throws -> String {
        let patched = try await Tool.run(
            ["/bin/sh", "-c", "patch -d \"$0\" -p1", folder], input: Array(accepted.output.utf8))
        #expect(patched.status == 0, "\(patched.text) \(accepted.output)")
        return try String(contentsOfFile: "\(folder)/packs/base.yaml", encoding: .utf8)
    }

    @Test(arguments: cases)
    func thePatchMakesThePresentValueTheWantedOne(example: Case) async throws {
        try await Self.withAlert(example.items, example.mismatch) { _, folder, environment in
            let accepted = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(accepted.status == 0 && accepted.errors.isEmpty, "\(accepted)")
            let file = try await Self.patched(accepted, in: folder)
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
            #expect(printed.errorText.contains("--packs names its folder"), "\(printed.errorText)")
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

    @Test
    func theYAMLOfAnItemWithPlaceholdersCanBeLoaded() async throws {
        let items = "  files:\n    - { path: \"/etc/{{ labels.role }}\", mode: \"0644\" }\n"
        let mismatch = (
            "wrong_permissions", "file:/etc/{{ labels.role }}", "/etc/web", #"{"mode":"0644"}"#, #"{"mode":"0600"}"#
        )
        let fleet = "servers: [{ id: web-1, packs: [base], labels: { role: web } }]\n"
        try await Self.withAlert(items, mismatch, files: ["fleet.yaml": fleet]) { _, _, environment in
            let settings = environment.map { "\($0)=\($1)" }
            let printed = try await Tool.run(
                ["/usr/bin/env", "-C", "/"] + settings + [Program.path, "alerts", "accept", "1"])
            #expect(printed.text.contains(#""path":"/etc/{{ labels.role }}""#), "\(printed.text)")
            try await withFolder(["base.yaml": "name: Base\n" + printed.text]) { folder in
                let lint = try await Program.run(["lint", "\(folder)/base.yaml"])
                #expect(lint.status == 0 && lint.errors.isEmpty, "\(lint) \(printed.text)")
            }
        }
    }

    @Test
    func anAlertThatIsResolvedIsRefused() async throws {
        try await Self.withAlert(Self.cases[0].items, Self.cases[0].mismatch) { _, folder, environment in
            #expect(try await Program.run(["alerts", "resolve", "1"], environment).status == 0)
            let refused = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(refused.status == 2 && refused.errors.contains("alert 1 is resolved already"), "\(refused)")
        }
    }

    @Test
    func theOtherServersWithThePackAreNamed() async throws {
        let fleet = "servers: [{ id: web-1, packs: [base] }, { id: web-2, packs: [base] }, { id: web-3 }]\n"
        try await Self.withAlert(Self.cases[0].items, Self.cases[0].mismatch, files: ["fleet.yaml": fleet]) {
            _, folder, environment in
            let accepted = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(
                accepted.errors == "the pack changes for 1 other server too: web-2\n" && accepted.status == 0,
                "\(accepted)")
        }
    }

    /// A file with other braces in it would be taken for a text with variables, so it is left as it is.
    @Test
    func oneItemThatCannotBeLoadedDoesNotKeepTheOthersFromBeingAccepted() async throws {
        let items =
            "  settings:\n    - { key: PROMPT, type: env_var, expected: a, description: \"{{ c }}\" }\n"
            + "    - { key: LEVEL, type: env_var, expected: info }\nvars: { c: x }\n"
        let mismatch = ("wrong_setting", "setting:PROMPT", "PROMPT", #"{"value":"a"}"#, #"{"value":"{{ b }}"}"#)
        try await Self.withAlert(items, mismatch) { database, folder, environment in
            try await database.executeScript(
                """
                insert into driftwatch.mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                values ('web-1', 'base', 'setting:LEVEL', 'wrong_setting', 'LEVEL', '{"value":"info"}', '{"value":"warn"}', now(), 1);
                """)
            let accepted = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(accepted.status == 1 && accepted.output.contains("expected: \"warn\""), "\(accepted)")
            #expect(!accepted.output.contains("+    - { key: PROMPT"), "\(accepted)")
            #expect(accepted.errors.contains("PROMPT cannot be accepted: the pack could not be loaded"), "\(accepted)")
            #expect(accepted.errors.contains("driftwatch waivers add --server web-1 --pack base"), "\(accepted)")
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

    @Test(arguments: [
        ("{ path: /etc/motd, state: directory, only: [a] }", "wrong_mode", "the item is about several files"),
        (
            "{ path: /etc/motd, content: \"{{ server.id }}\" }", "wrong_content",
            "its text is another one on each server"
        ),
    ])
    func whatIsNotOneValueIsSaid(item: String, type: String, says: String) async throws {
        let mismatch = (type, "file:/etc/motd", "/etc/motd", #"{"mode":"0644"}"#, #"{"mode":"0600"}"#)
        try await Self.withAlert("  files:\n    - \(item)\n", mismatch) { _, folder, environment in
            let refused = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(
                refused.status == 1 && refused.errors.contains("/etc/motd cannot be accepted: \(says)"), "\(refused)")
        }
    }

    @Test
    func aVariableIsNotOverwritten() async throws {
        let items = "  files:\n    - { path: /etc/motd, mode: \"{{ mode }}\" }\nvars: { mode: \"0644\" }\n"
        try await Self.withAlert(items, Self.cases[0].mismatch) { _, folder, environment in
            let refused = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(refused.status == 1 && refused.errors.contains("its value comes from {{ mode }}"), "\(refused)")
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

    /// Writes what a check has found of the content of a file.
    private static func find(
        _ diff: String, _ mismatch: (type: String, key: String, item: String, expected: String, actual: String),
        in database: Database
    ) async throws {
        let quoted = diff.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        try await database.executeScript(
            """
            insert into driftwatch.check_details values ('web-1', 'base', 'f', '[{"key": "\(mismatch.key)", "item": "\(mismatch.item)",
                "status": "wrong", "mismatches": [{"type": "\(mismatch.type)", "item": "\(mismatch.item)", "key": "\(mismatch.key)",
                "expected": \(mismatch.expected), "actual": \(mismatch.actual), "diff": "\(quoted)"}]}]');
            insert into driftwatch.checks (job_id, server_id, pack_name, verdict, mismatch_count, item_count, fingerprint, checked_at)
            values (99, 'web-1', 'base', 'drifted', 1, 1, 'f', now());
            """)
    }

    private static func wrongContent(
        _ text: String
    ) -> (type: String, key: String, item: String, expected: String, actual: String) {
        let hash = SHA256Digest(of: Array(text.utf8)).description
        return (
            "wrong_content", "file:/etc/motd", "/etc/motd", #"{"content_hash":"sha256:aa"}"#,
            #"{"content_hash":"\#(hash)"}"#
        )
    }

    @Test
    func aTemplateIsPatchedWhereItsWholeTextIsShown() async throws {
        let old = "one\ntwo\nthree\n"
        let new = "one\n2\nthree"
        let diff = "@@ -1,3 +1,3 @@\n one\n-two\n-three\n+2\n+three\n\\ No newline at end of file\n"
        let mismatch = Self.wrongContent(new)
        try await Self.withAlert(
            "  files:\n    - { path: /etc/motd, template: motd }\n    - { path: /etc/issue, template: motd }\n",
            mismatch,
            files: ["packs/templates/motd": old]
        ) { database, folder, environment in
            try await Self.find(diff, mismatch, in: database)
            let accepted = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(accepted.status == 0 && !accepted.output.contains("base.yaml"), "\(accepted)")
            #expect(
                accepted.errors.contains("the template motd is also that of /etc/issue (\(folder)/packs/base.yaml:5)"),
                "\(accepted)")
            let patched = try await Tool.run(
                ["/bin/sh", "-c", "patch -d \"$0\" -p1", folder], input: Array(accepted.output.utf8))
            #expect(patched.status == 0, "\(patched.text) \(accepted.output)")
            #expect(try String(contentsOfFile: "\(folder)/packs/templates/motd", encoding: .utf8) == new)
        }
    }

    @Test
    func aTextInThePackIsWrittenAnewWhereAllOfItIsShown() async throws {
        let mismatch = Self.wrongContent("one\n\n2\n")
        let items =
            "  files:\n    - path: /etc/motd\n      content: |\n        one\n\n        two\n      mode: \"0644\"\n"
        try await Self.withAlert(items, mismatch) { database, folder, environment in
            try await Self.find("@@ -1,3 +1,3 @@\n one\n \n-two\n+2\n", mismatch, in: database)
            let accepted = try await Program.run(["alerts", "accept", "1", "--packs", folder], environment)
            #expect(accepted.status == 0 && accepted.errors.isEmpty, "\(accepted)")
            let file = try await Self.patched(accepted, in: folder)
            #expect(file.hasSuffix(items.replacing("two", with: "2")), "\(file)")
        }
    }
}
