import Foundation
import Postgres
import TestSupport
import Testing

/// `inventory`, and which files an inventory leads to, with the binary.
@Suite
struct InventoryCommandTests {
    private static let files = [
        "fleet.yaml": """
        include: fleet.d/*.yaml
        ansible: ansible/hosts
        defaults: { user: driftwatch, packs: [base] }
        groups:
          web: { match: { webservers: member }, packs: [web] }
        servers:
          - { id: own-1, name: Own, labels: { role: db }, also: [web], drift_detection: false }
        """,
        "fleet.d/ham.yaml": "defaults: { packs: [] }\nservers: [{ id: ham-1, packs: [web] }]\n",
        "fleet.d/.hidden.yaml": "no inventory", "fleet.d/README": "no inventory", "fleet.d/x.yaml~": "no inventory",
        "ansible/hosts": "[webservers]\nweb-[1:2] ansible_port=2222\n",
        "packs/base.yaml": "items: {}\n", "packs/web.yaml": "extends: base\nitems: {}\n",
    ]

    /// What the program says in a folder with these files, without the folder's name.
    private func run(
        _ arguments: [String], _ files: [String: String] = Self.files, prepare: (String) throws -> Void = { _ in }
    ) async throws -> Program.Result {
        try await withFolder(files) { folder in
            try prepare(folder)
            let words = arguments.map { $0.replacing("FOLDER", with: folder) }
            var result = try await Program.run(words)
            result.output = result.output.replacing(folder + "/", with: "")
            result.errors = result.errors.replacing(folder + "/", with: "")
            return result
        }
    }

    @Test
    func eachSettingStandsBesideWhatItComesFrom() async throws {
        let result = try await run(["inventory", "FOLDER"])
        #expect(
            result.output == """
                web-1, ansible/hosts:2
                  address  web-1              Ansible host
                  port     2222               Ansible host
                  user     driftwatch         defaults
                  labels   webservers=member  Ansible group webservers
                  packs    base               defaults
                           web                group web

                web-2, ansible/hosts:2
                  address  web-2              Ansible host
                  port     2222               Ansible host
                  user     driftwatch         defaults
                  labels   webservers=member  Ansible group webservers
                  packs    base               defaults
                           web                group web

                own-1 (Own), fleet.yaml:7, not checked
                  address  own-1       the id
                  user     driftwatch  defaults
                  labels   role=db     server
                  packs    base        defaults
                           web         also

                ham-1, fleet.d/ham.yaml:2
                  address  ham-1       the id
                  user     driftwatch  defaults
                  packs    web         server

                """)
        #expect(result.status == 0 && result.errors == "")
    }

    @Test
    func theGraphShowsGroupsAndPacks() async throws {
        let result = try await run(["inventory", "FOLDER", "--graph", "web-2", "own-1"])
        #expect(
            result.output == """
                groups
                └─ web (webservers=member) → web
                   └─ web-2
                servers
                ├─ web-2
                │  ├─ base (defaults)
                │  └─ web (group web)
                │     └─ base
                └─ own-1
                   ├─ base (defaults)
                   └─ web (also)
                      └─ base

                """)
    }

    @Test
    func scriptsGetJSON() async throws {
        let result = try await run(["inventory", "FOLDER", "--json", "--label", "webservers=member", "--pack", "web"])
        let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let servers = try #require(json["servers"] as? [[String: Any]])
        #expect(servers.map { $0["server_id"] as? String } == ["web-1", "web-2"])
        #expect(servers[0]["port"] as? Int == 2222)
        #expect(servers[0]["groups"] as? [String] == ["web"])
        let from = try #require(servers[0]["from"] as? [String: String])
        #expect(from["user"] == "defaults" && from["labels.webservers"] == "Ansible group webservers")
        let packs = try #require(servers[0]["packs"] as? [[String: Any]])
        #expect(packs.map { $0["pack_name"] as? String } == ["base", "web"])
        #expect(packs[1]["from"] as? [String] == ["group web"])
        #expect(packs[1]["extends"] as? [String] == ["base"])
        let groups = try #require(json["groups"] as? [[String: Any]])
        #expect(groups.first?["servers"] as? [String] == ["web-1", "web-2"])
        #expect(groups.first?["match"] as? [String: [String]] == ["webservers": ["member"]])
    }

    @Test(arguments: [
        (["FOLDER", "--label", "role=db"], "own-1 (Own)", 1), (["FOLDER", "--pack", "base"], "web-1", 3),
        (["FOLDER/fleet.yaml", "ham-1"], "ham-1", 1), (["FOLDER/fleet.d/ham.yaml", "FOLDER/packs"], "", 0),
        (["FOLDER/fleet.yaml", "FOLDER/fleet.d/ham.yaml"], "web-1", 4),
        (["FOLDER", "--label", "role=x"], "nothing", 0),
    ])
    func oneAsksForSome(arguments: [String], first: String, count: Int) async throws {
        let result = try await run(["inventory"] + arguments)
        #expect(result.output.hasPrefix(first), "\(result)")
        #expect(result.output.components(separatedBy: "  address  ").count - 1 == count, "\(result)")
    }

    @Test(arguments: [
        (
            ["FOLDER", "web-3"], 2,
            "the inventory has no server web-3, and there is no such file (did you mean `web-1`?)"
        ),
        (["FOLDER", "--pack", "wbe"], 2, "no server of the inventory has the pack wbe (did you mean `web`?)"),
        (["FOLDER/none"], 1, "does not exist"), (["FOLDER/packs/base.yaml"], 2, "there is no inventory in PATH"),
        (["FOLDER", "--graph", "--json"], 2, "--graph is for people"),
        (["FOLDER/fleet.yaml", "FOLDER/second.yaml"], 1, "second.yaml: error: is a second inventory"),
    ])
    func aWrongArgumentIsTold(arguments: [String], status: Int, says: String) async throws {
        let files = Self.files.merging(["second.yaml": "servers: []\n"]) { $1 }
        let result = try await run(["inventory"] + arguments, files)
        #expect(result.status == status, "\(result)")
        #expect(result.errors.contains(says), "\(result)")
    }

    @Test
    func errorsOfAllFilesAreTold() async throws {
        var files = Self.files
        files["fleet.d/ham.yaml"] = "servers: [{ id: own-1, pakcs: [] }]\n"
        files["ansible/hosts"] = "a b\n"
        let result = try await run(["inventory", "FOLDER"], files)
        #expect(result.status == 1 && result.output == "")
        #expect(result.errors.contains("fleet.d/ham.yaml:1:24: error: unknown key `pakcs` in a server"), "\(result)")
        #expect(result.errors.contains("(first at fleet.yaml:7)"), "\(result)")
        #expect(result.errors.contains("ansible/hosts:1:1: error: `b` is not a variable"), "\(result)")
        #expect(result.errors.contains("driftwatch: 3 errors"), "\(result)")
    }

    /// Mounted configuration is made of links; one that leads out could show any file of this machine.
    @Test
    func linksAreFollowedInsideTheFolderOnly() async throws {
        func link(_ name: String, to target: String) -> (String) throws -> Void {
            { try FileManager.default.createSymbolicLink(atPath: "\($0)/\(name)", withDestinationPath: target) }
        }
        var files = Self.files
        files[".data/moved.yaml"] = "servers: [{ id: moved, packs: [web] }]\n"
        let inside = try await run(
            ["inventory", "FOLDER", "moved"], files, prepare: link("fleet.d/m.yaml", to: "../.data/moved.yaml"))
        #expect(inside.status == 0 && inside.output.hasPrefix("moved, fleet.d/m.yaml:1"), "\(inside)")
        let out = try await run(["inventory", "FOLDER"], prepare: link("fleet.d/m.yaml", to: "/etc/hostname"))
        #expect(
            out.status == 1 && out.errors.contains("fleet.yaml:1:10: error: the file `fleet.d/m.yaml` leads out of"),
            "\(out)")
        files["ansible/hosts"] = nil
        let ansible = try await run(["inventory", "FOLDER"], files) { folder in
            try FileManager.default.createDirectory(atPath: folder + "/ansible", withIntermediateDirectories: true)
            try link("ansible/hosts", to: "/etc/hosts")(folder)
        }
        #expect(
            ansible.status == 1 && ansible.errors.contains("the Ansible inventory `ansible/hosts` leads out of"),
            "\(ansible)")
    }

    @Test
    func anInventoryDoesNotIncludeItself() async throws {
        let files = [
            "fleet.yaml": "include: \"*.yaml\"\n", "b.yaml": "servers: [{ id: b, packs: [base] }]\n",
            "a.yaml": "servers: [{ id: a, packs: [base] }]\ndefaults: {}\n", "packs/base.yaml": "items: {}\n",
        ]
        let result = try await run(["inventory", "FOLDER", "--graph"], files)
        #expect(result.output.hasPrefix("servers\n├─ a\n"), "\(result)")
        // `a.yaml` looks like an inventory that is passed over, and is not.
        #expect(result.errors == "")
    }

    @Test
    func whatIsNotAFileIsToldAndNotWaitedFor() async throws {
        let fifo = try await run(["lint", "FOLDER"]) { folder in
            let made = try Process.run(URL(filePath: "/usr/bin/mkfifo"), arguments: [folder + "/fleet.d/pipe.yaml"])
            made.waitUntilExit()
        }
        #expect(
            fifo.status == 1 && fifo.output.contains("the file `fleet.d/pipe.yaml` is not a regular file"), "\(fifo)")
    }

    @Test
    func variablesBesideAnAnsibleInventoryAreTold() async throws {
        let files = Self.files.merging(["ansible/group_vars/all.yml": "ansible_user: x\n"]) { $1 }
        let result = try await run(["lint", "FOLDER"], files)
        #expect(result.status == 0)
        #expect(result.output.contains("ansible/group_vars: warning: is not read ("), "\(result)")
        #expect(result.output.contains("ansible-inventory -i ansible/hosts --list --yaml"), "\(result)")
        #expect(!result.output.contains("host_vars"))
    }

    @Test
    func lintNamesPacksThatNobodyHasAndGroupsWithoutServers() async throws {
        var files = Self.files
        files["packs/lost.yaml"] = "extends: base\nitems: {}\n"
        files["fleet.d/ham.yaml"] = "groups: { lost: { match: { role: dbs }, queue: q } }\n"
        let result = try await run(["lint", "FOLDER"], files)
        #expect(
            result.output == """
                fleet.d/ham.yaml:1:11: warning: the group `lost` matches no server: none has the label `role=dbs` \
                (did you mean `db`?)
                packs/lost.yaml: warning: no server has this pack, nor one that extends it \
                (assign it in the inventory, in defaults, a group or at a server)
                fine: 3 servers, 3 packs, 2 warnings

                """)
        // Without an inventory nobody knows who has them.
        let packs = try await run(["lint", "FOLDER/packs/lost.yaml", "FOLDER/packs/base.yaml"], files)
        #expect(packs.output == "fine: 2 packs\n")
    }

    @Test
    func applyStoresWhatItShows() async throws {
        try await withTestDatabase(from: .migrated) { database in
            let environment = ["DRIFTWATCH_DATABASE_URL": database.conninfo]
            try await withFolder(Self.files) { folder in
                let applied = try await Program.run(["apply", folder], environment)
                #expect(applied.status == 0, "\(applied)")
                #expect(applied.output.contains("server web-1: created (packs +base +web)"), "\(applied)")
                let rows = try await database.database.rows(
                    """
                    select server_id || ' ' || coalesce(port::text, '-') || ' ' || labels::text
                    from driftwatch.servers order by server_id
                    """, as: String.self)
                #expect(
                    rows == [
                        "ham-1 - {}", "own-1 - {\"role\": \"db\"}", "web-1 2222 {\"webservers\": \"member\"}",
                        "web-2 2222 {\"webservers\": \"member\"}",
                    ])
                let found = try await Program.run(
                    ["status", "--label", "webservers=member", "--pack", "web"], environment)
                #expect(found.output.contains("web-1") && found.output.contains("web-2"), "\(found)")
                // A host that leaves the group loses the group's packs.
                try "web-1\n[webservers]\nweb-2\n".write(
                    toFile: folder + "/ansible/hosts", atomically: true, encoding: .utf8)
                let moved = try await Program.run(["apply", folder], environment)
                #expect(moved.output.contains("server web-1: "), "\(moved)")
                #expect(moved.output.contains("-web"), "\(moved)")
            }
        }
    }
}
