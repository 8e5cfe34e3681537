import Foundation
import TestSupport
import Testing

/// Which files of a folder are read, and what is said of the others.
@Suite struct PassedOverFileTests {
    private static let pack = "items:\n  packages:\n    - name: curl\n"
    private static let inventory = "servers:\n  - id: web-1\n    packs: [base]\n"
    private static let fine = ["fleet.yaml": inventory, "packs/base.yaml": pack]

    /// What `lint` prints of a folder with these files.
    private func lint(_ files: [String: String], _ arguments: [String] = []) async throws -> Program.Result {
        try await withFolder(files) { folder in
            var result = try await Program.run(["lint", folder] + arguments.map { "\(folder)/\($0)" })
            result.output = result.output.replacing(folder + "/", with: "")
            result.errors = result.errors.replacing(folder + "/", with: "")
            return result
        }
    }

    @Test(arguments: [
        ("packs/sub/x.yaml", pack, "move it to"), ("packs/sub/deep/x.yml", pack, "folders below are not read"),
        ("packs/x.yml", pack, "name it x.yaml"), ("packs/x.YAML", pack, "name it x.yaml"),
        ("packs.d/x.yaml", pack, "packs/*.yaml"), ("Packs/x.yaml", pack, "packs/*.yaml"),
        ("x.yaml", pack, "move a pack to packs/"), ("x.yml", pack, "move a pack to packs/"),
        ("fleet.yml", inventory, "name it fleet.yaml"), ("Fleet.yaml", inventory, "name it fleet.yaml"),
        ("hosts.yaml", "schedule: { cron: \"0 6 * * *\" }\n" + inventory, "the inventory is fleet.yaml"),
    ])
    func aFileThatLooksMeantIsWarnedAbout(path: String, text: String, hint: String) async throws {
        let result = try await lint(Self.fine.merging([path: text]) { $1 })
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2, "\(result.output)")
        #expect(lines.first?.hasPrefix("\(path): warning: is not read (") == true, "\(result.output)")
        #expect(lines.first?.contains(hint) == true, "\(result.output)")
        #expect(lines.last == "fine: 1 server, 1 pack, 1 warning")
    }

    @Test(arguments: [
        ("packs/README.md", "items:"), ("packs/.base.yaml", pack), ("packs/base.yaml~", pack),
        ("packs/templates/x.yaml", pack),
        ("packs/sub/README", "x"), ("docker-compose.yml", "services:\n  items: 1\n"), ("x.yaml", "servers: [a]\n"),
        ("k8s.yaml", "kind: List\nitems:\n- kind: Pod\n"), ("sub/packs/x.yaml", pack),
    ])
    func othersAreNot(path: String, text: String) async throws {
        let result = try await lint(Self.fine.merging([path: text]) { $1 })
        #expect(result.output == "fine: 1 server, 1 pack\n")
    }

    @Test func aFileThatIsNamedBesideTheFolderIsRead() async throws {
        let result = try await lint(Self.fine.merging(["packs/more/x.yaml": Self.pack]) { $1 }, ["packs/more/x.yaml"])
        #expect(!result.output.contains("is not read"))
        #expect(result.output.hasSuffix("\nfine: 1 server, 2 packs, 1 warning\n"), "\(result)")
    }

    @Test func aPackMayBeCalledFleet() async throws {
        let inventory = "servers:\n  - id: web-1\n    packs: [fleet]\n"
        let result = try await lint(["fleet.yaml": inventory, "packs/fleet.yaml": Self.pack])
        #expect(result.output == "fine: 1 server, 1 pack\n")
        #expect(result.status == 0)
    }

    @Test func aPackInPlaceOfTheInventoryIsTold() async throws {
        let result = try await lint(["fleet.yaml": Self.pack, "packs/base.yaml": Self.pack])
        #expect(result.output.contains("fleet.yaml: warning: is read as a pack named fleet, because it has `items:`"))
        #expect(result.output.contains("fine: 2 packs, 1 warning"))
    }

    @Test func anEmptyInventoryIsStillOne() async throws {
        let result = try await lint(["fleet.yaml": "# none yet\n", "packs/base.yaml": Self.pack])
        #expect(result.status == 1)
        #expect(
            result.output.contains("fleet.yaml:1:1: error: the file is empty (write servers: [] if there are none)"))
    }
}
