import PackFiles
import Testing

@testable import DriftCore

/// Loads one pack, named `base`, that stands in `packs/base.yaml`.
func loadPack(_ text: String, templates: [String: TemplateSource] = [:]) throws -> (pack: Pack, warnings: [Problem]) {
    let source = SourceFile(path: "packs/base.yaml", text: text)
    let loaded = try ConfigurationLoader.load(packs: [source], templates: templates)
    return (try #require(loaded.packs[PackName(rawValue: "base")]), loaded.warnings)
}

/// Loads `fleet.yaml`, with the packs `base` and `web` known.
func loadInventory(_ text: String) throws -> (inventory: Inventory, warnings: [Problem]) {
    let loaded = try ConfigurationLoader.load(
        inventory: SourceFile(path: "fleet.yaml", text: text),
        knownPacks: [PackName(rawValue: "base"), PackName(rawValue: "web")])
    return (try #require(loaded.inventory), loaded.warnings)
}

/// The problems with which loading fails; none where it succeeds.
func problems(_ load: () throws -> some Any) -> [Problem] {
    do {
        _ = try load()
        return []
    } catch let error as ConfigurationProblems {
        return error.problems
    } catch {
        Issue.record("\(error)")
        return []
    }
}

/// One bad input, and what must be said about it.
struct BadInput: CustomTestStringConvertible, Sendable {
    var text: String
    var line: Int?
    /// Parts of the first error's description.
    var says: [String]

    init(_ text: String, line: Int?, _ says: String...) {
        self.text = text
        self.line = line
        self.says = says
    }

    var testDescription: String { says.first ?? text }

    func check(_ problems: [Problem], sourceLocation: SourceLocation = #_sourceLocation) {
        let errors = problems.filter { $0.severity == .error }
        guard let first = errors.first else {
            Issue.record("accepted: \(text)", sourceLocation: sourceLocation)
            return
        }
        #expect(errors.count == 1, "\(errors)", sourceLocation: sourceLocation)
        #expect(first.line == line, "\(first)", sourceLocation: sourceLocation)
        for part in says { #expect(first.description.contains(part), "\(first)", sourceLocation: sourceLocation) }
    }
}
