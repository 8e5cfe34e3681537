import Foundation

/// A page of the documentation: its fenced blocks, code spans, links and headings.
struct DocumentPage: Sendable, CustomStringConvertible {
    struct Block: Sendable {
        /// The words behind the fence, such as `sh checked` or `text`.
        var kind: String
        var text: String
        var line: Int
        /// The heading that it stands below.
        var section = ""
    }

    /// The path inside the repository.
    let path: String
    private(set) var blocks: [Block] = []
    /// What stands between backticks, outside of blocks.
    private(set) var spans: [String] = []
    private(set) var links: [String] = []
    /// The names by which links reach the headings.
    private(set) var anchors: Set<String> = []
    let text: String

    var description: String { path }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let all: [DocumentPage] = {
        let folder = root.appending(path: "docs").path(percentEncoded: false)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return (["README.md", "CONTRIBUTING.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/\($0)" })
            .compactMap { try? DocumentPage($0) }
    }()

    static func named(_ path: String) throws -> DocumentPage { try DocumentPage(path) }

    init(_ path: String) throws {
        self.path = path
        text = try String(contentsOf: Self.root.appending(path: path), encoding: .utf8)
        var open: (block: Block, indent: Int)?
        var prose = ""
        var section = ""
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let bare = line.drop { $0 == " " }
            if let current = open {
                if bare == "```" {
                    blocks.append(current.block)
                    open = nil
                } else {
                    open?.block.text += line.dropFirst(min(current.indent, line.count - bare.count)) + "\n"
                }
            } else if bare.hasPrefix("```") {
                open = (
                    Block(kind: String(bare.dropFirst(3)), text: "", line: index + 1, section: section),
                    line.count - bare.count
                )
            } else {
                prose += line + "\n"
                if line.hasPrefix("#") {
                    section = String(line)
                    anchors.insert(Self.anchor(line))
                }
            }
        }
        if let open { throw DocumentError("\(path):\(open.block.line): the block has no end") }
        spans = prose.matches(of: /`([^`]+)`/).map { String($0.1.replacing("\n", with: " ")) }
        links = prose.matches(of: /\]\(([^)\s]+)\)/).map { String($0.1) }
    }

    private static func anchor(_ heading: Substring) -> String {
        heading.drop { $0 == "#" || $0 == " " }.lowercased().replacing(" ", with: "-")
            .filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
    }
}

struct DocumentError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
