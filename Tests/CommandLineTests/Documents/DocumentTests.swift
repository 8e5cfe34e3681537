import DriftCore
import Foundation
import TestSupport
import Testing

@testable import driftwatch

/// What the documentation names exists: commands, options, settings, files, services, reasons.
@Suite
struct DocumentTests {
    private static let kinds: Set = ["sh", "sh checked", "text", "yaml", "ini", "psql", "python"]

    @Test(arguments: DocumentPage.all)
    func everyCommandInABlockIsOneThatExists(page: DocumentPage) async throws {
        for block in page.blocks {
            #expect(Self.kinds.contains(block.kind), "\(page):\(block.line): a block of kind '\(block.kind)'")
            guard block.kind.hasPrefix("sh") else { continue }
            for words in try ShellCommands(block.text).commands {
                let problem = try await DocumentedCommand(words: words).problem()
                #expect(problem == nil, "\(page):\(block.line): \(words.joined(separator: " "))")
            }
        }
    }

    @Test(arguments: DocumentPage.all)
    func everyCommandInASentenceIsOneThatExists(page: DocumentPage) async throws {
        for span in page.spans where !span.contains("…") && !span.contains("COMMAND") && !span.contains("NOPASSWD") {
            let words = try #require(try? ShellCommands(span).commands.first ?? [], "\(page): `\(span)`")
            let isOurs = ["driftwatch", "docker", "make"].contains(words.first) && words.count > 1
            guard isOurs || words.first?.hasPrefix("scripts/") == true else { continue }
            let command = DocumentedCommand(words: words)
            // A sentence may name a command without what it needs.
            if command.isName { continue }
            #expect(try await command.problem() == nil, "\(page): `\(span)`")
        }
    }

    @Test(arguments: DocumentPage.all)
    func everySettingThatIsNamedExists(page: DocumentPage) {
        for match in page.text.matches(of: /DRIFTWATCH_[A-Z_]+(…)?/) where match.1 == nil {
            #expect(DocumentedCommand.problem(ofVariable: String(match.0)) == nil, "\(page)")
        }
    }

    @Test(arguments: DocumentPage.all)
    func everyLinkLeadsSomewhere(page: DocumentPage) throws {
        for link in page.links where !link.contains("://") {
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let folder = page.path.contains("/") ? "docs/" : ""
            let path = parts[0].isEmpty ? page.path : "\(folder)\(parts[0])"
            #expect(
                FileManager.default.fileExists(atPath: DocumentPage.root.appending(path: path).path),
                "\(page) links to \(link)")
            guard parts.count > 1 else { continue }
            let target = try DocumentPage(path.replacing("docs/../", with: ""))
            #expect(target.anchors.contains(String(parts[1])), "\(page) links to \(link)")
        }
    }

    @Test
    func theIndexNamesEveryPage() throws {
        let index = try DocumentPage.named("docs/README.md")
        for page in DocumentPage.all where page.path.hasPrefix("docs/") && page.path != index.path {
            #expect(index.links.contains(String(page.path.dropFirst(5))), "\(page)")
        }
    }

    /// The page says of each setting what its declaration says, and may add to it.
    @Test
    func theTableOfSettingsSaysWhatTheProgramDoes() throws {
        let rows = try DocumentPage.named("docs/SETTINGS.md").text.matches(of: /(?m)^\| `DRIFTWATCH_.*$/)
            .map { $0.0.dropFirst(2).dropLast(2).components(separatedBy: " | ") }
        #expect(rows.count == Settings.all.count + 1, "each setting has one row, and so has DRIFTWATCH_CONFIG")
        for setting in Settings.all {
            let name = "`\(setting.environmentName)`" + (setting.isSecret ? " ¹" : "")
            guard let row = rows.first(where: { $0.first == name }), row.count == 3 else {
                Issue.record("no row for \(name)")
                continue
            }
            #expect(Self.plain(row[1]) == setting.standard, "\(name)")
            #expect(Self.plain(row[2]).hasPrefix(setting.meaning), "\(name): \(setting.meaning)")
        }
    }

    /// Without code marks and the targets of links.
    private static func plain(_ cell: String) -> String {
        cell.replacing(/\[(.*?)\]\(.*?\)/) { $0.1 }.replacing("`", with: "")
    }

    @Test
    func everyReasonHasARemedy() throws {
        let page = try DocumentPage.named("docs/OPERATING.md")
        // A job that found no place goes back; no check says so.
        for reason in ProbeFailure.Reason.allCases where reason != .noPlace {
            #expect(page.spans.contains(reason.rawValue), "\(reason)")
        }
        for reason in UnreadableReason.allCases { #expect(page.spans.contains(reason.rawValue), "\(reason)") }
    }

    @Test
    func thePacksAndTheInventoryInThePagesLoad() async throws {
        try await withFolder { folder in
            let root = DocumentPage.root.path(percentEncoded: false)
            try FileManager.default.copyItem(atPath: root + "packs", toPath: folder + "/packs")
            var written: [String] = []
            for block in try DocumentPage.named("docs/writing-packs.md").blocks where block.kind == "yaml" {
                let name = try #require(block.text.firstMatch(of: /^# (\S+)\n/)?.1, "line \(block.line)")
                try block.text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
                written.append(String(name))
            }
            #expect(written == ["packs/example.yaml", "packs/site.yaml", "packs/settings.yaml", "fleet.yaml"])
            let lint = try await Program.run(["lint", folder])
            #expect(lint.status == 0, "\(lint)")
        }
    }

    @Test
    func theSettingsFileInThePagesIsRead() throws {
        let yaml = try DocumentPage.named("docs/INSTALL.md").blocks.filter { $0.kind == "yaml" }
        #expect(yaml.count == 1)
        for block in yaml { _ = try SettingsFile(bytes: Array(block.text.utf8), path: "docs/INSTALL.md") }
    }
}
