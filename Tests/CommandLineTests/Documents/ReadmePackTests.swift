import Foundation
import TestSupport
import Testing

/// The README's pack is a part of the example, and what it shows of a server is what the program prints.
@Suite
struct ReadmePackTests {
    private static func block(_ kind: String) throws -> [Substring] {
        let page = try DocumentPage.named("README.md")
        let blocks = page.blocks.filter { $0.section == "## Packs" && $0.kind == kind }
        #expect(blocks.count == 1)
        return blocks.first?.text.split(separator: "\n") ?? []
    }

    /// Whether all of `lines` are among the others, in their order.
    private static func areInOrder(_ lines: some Sequence<Substring>, in others: [Substring]) -> Bool {
        var rest = others[...]
        for line in lines {
            guard let index = rest.firstIndex(of: line) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    @Test
    func itsLinesAreThoseOfTheExample() throws {
        let pack = try ExampleServer.pack("web.yaml").split(separator: "\n")
        #expect(Self.areInOrder(try Self.block("yaml").dropFirst(), in: pack))
    }

    @Test
    func itsDifferencesAreWhatTheProgramPrints() async throws {
        guard await ExampleServer.isPossible() else { try Test.cancel("such a server cannot be made here") }
        try await withTestDatabase(from: .migrated) { lent in
            try await withFolder { folder in
                let root = DocumentPage.root.path(percentEncoded: false)
                try FileManager.default.copyItem(atPath: root + "packs", toPath: folder + "/packs")
                try "servers: [{ id: web-1, connection: local, packs: [web] }]"
                    .write(toFile: folder + "/fleet.yaml", atomically: true, encoding: .utf8)
                let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"]
                let applied = try await Program.run(["apply", folder], environment)
                #expect(applied.status == 0, "\(applied)")
                let change = ": >nginx/sites-enabled/shop.bak; open=\"$open 0.0.0.0:6379\""
                let looked = try await Tool.run(
                    ExampleServer.enter(after: change) + [Program.path, "probe", "web-1"], environment: environment)
                #expect(looked.status == 1, "\(looked.errorText)")
                #expect(
                    Self.areInOrder(try Self.block("text"), in: looked.text.split(separator: "\n")), "\(looked.text)")
            }
        }
    }
}
