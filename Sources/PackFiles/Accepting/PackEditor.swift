package import DriftCore
import Yams

/// Changes items in the text of a pack file.
package enum PackEditor {
    /// Why an item's text cannot be changed.
    package struct Refusal: Error, Hashable, Sendable {
        package var reason: String

        package init(reason: String) { self.reason = reason }
    }

    /// The file with one item changed: the one with this name that begins on `line`.
    package static func accepting(
        _ acceptance: Acceptance, of expectation: Expectation, on line: Int, in file: SourceFile
    ) throws(Refusal) -> SourceFile {
        let found: [Node.Mapping]
        do throws(Problem) {
            let root = try YAMLDocument.root(of: file, byteLimit: LoadingLimit.packFileBytes)
            let section = value(of: expectation.section, in: value(of: "items", in: root))?.sequence
            found = section?.compactMap { $0.position.line == line ? $0.mapping : nil } ?? []
        } catch {
            throw Refusal(reason: error.message)
        }
        let named = found.count == 1 ? found : found.filter { $0.first?.value.scalar?.string == expectation.item }
        guard let mapping = named.first, named.count == 1 else {
            throw Refusal(reason: "the item is not found on line \(line) of \(file.path)")
        }
        let lines = String(decoding: file.bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        do throws(Fault) {
            let changed = try ItemText(lines: lines.map(String.init), mapping: mapping).changed(acceptance.changes)
            return SourceFile(path: file.path, text: changed.joined(separator: "\n"))
        } catch {
            throw Refusal(reason: error.message)
        }
    }

    private static func value(of key: String, in node: Node?) -> Node? {
        node?.mapping?.first { $0.key.scalar?.string == key }?.value
    }
}
