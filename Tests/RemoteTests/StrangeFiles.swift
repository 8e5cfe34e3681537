import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// A folder of real files whose names and kinds lead naive probes astray.
struct StrangeFiles {
    let url: URL
    private let names = [
        "plain", "two words", " leading", "trailing ", "quo'te", "dou\"ble", "$(touch pwned)", "`touch pwned`", "-rf",
        "a|b", "back\\slash", "back\\nslash", "süß €", "Łódź ÁÈŁ", "*", "?[a]", "a;b&c", "~", "#hash", "!bang",
        "tab\there", "colon:slash", "%s%n", "=equals", "\u{1}\u{7F}control",
    ]
    private static let text = Array("hello\n".utf8)

    init() async throws {
        url = URL(fileURLWithPath: "/tmp/driftwatch-strange-\(UUID().uuidString.prefix(8))")
        let files = FileManager.default
        try files.createDirectory(at: url, withIntermediateDirectories: true)
        for name in names {
            try Data(Self.text).write(to: URL(fileURLWithPath: path(name)))
        }
        try files.createDirectory(atPath: path("folder"), withIntermediateDirectories: false)
        try Data(count: 70_000).write(to: URL(fileURLWithPath: path("binary")))
        try Data(Self.text).write(to: URL(fileURLWithPath: path("server.key")))
        for (name, target) in [
            ("to file", "plain"), ("dangling", "nowhere"), ("loop", "loop"), ("to folder", "folder"), ("odd", " a\\b "),
            ("to key", "server.key"), ("through", "plain/below"), ("two\nlines", "x"),
        ] {
            try files.createSymbolicLink(atPath: path(name), withDestinationPath: target)
        }
        try files.createSymbolicLink(atPath: path("newline"), withDestinationPath: "a\nb")
        guard await Tool.succeeds(["/usr/bin/mkfifo", path("fifo")]) else {
            throw TestServerError(description: "mkfifo failed")
        }
    }

    func remove() { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.path + "/" + name }

    var questions: ProbeQuestions {
        let other = SHA256Digest(of: [1])
        let asked =
            (names + ["folder", "binary", "fifo", "to file", "to folder", "server.key", "to key", "plain/below"])
        let files =
            asked.map { ProbeQuestions.File(path: path($0), expectedHashes: [other]) }
            + ["dangling", "loop", "odd", "missing", "missing/below", "newline", "through", "two\nlines"].map {
                ProbeQuestions.File(path: path($0))
            }
        return ProbeQuestions(files: files)
    }

    /// Checks what was seen against what is there.
    func expect(_ facts: Facts, _ location: SourceLocation = #_sourceLocation) {
        func entry(_ name: String) -> FileEntry? {
            guard case .present(let entry) = facts.files[ServerPath(path(name))] else { return nil }
            return entry
        }
        func sees(_ name: String, _ content: FileContent?, _ type: FileStatus.FileType = .file) {
            let seen = entry(name)
            #expect(seen?.status.type == type, "\(name)", sourceLocation: location)
            #expect(seen?.content == content, "\(name)", sourceLocation: location)
        }
        let read = FileContent.read(SHA256Digest(of: Self.text), bytes: Self.text)
        let hashed = FileContent.read(SHA256Digest(of: Self.text), bytes: nil)
        for name in names { sees(name, read) }
        sees("binary", .read(SHA256Digest(of: [UInt8](repeating: 0, count: 70_000)), bytes: nil))
        sees("folder", .unreadable(.notRegular), .directory)
        sees("fifo", .unreadable(.notRegular), .fifo)
        sees("to file", read, .symlink)
        sees("to folder", .unreadable(.notRegular), .symlink)
        sees("server.key", hashed)
        sees("to key", hashed, .symlink)
        #expect(entry("to file")?.link?.destination?.type == .file, sourceLocation: location)
        #expect(entry("to file")?.realPath == .elsewhere(path("plain")), sourceLocation: location)
        #expect(entry("plain")?.realPath == .asAsked, sourceLocation: location)
        #expect(entry("dangling")?.link == .init(target: "nowhere", destination: nil), sourceLocation: location)
        #expect(entry("loop")?.link == .init(target: "loop", destination: nil), sourceLocation: location)
        #expect(entry("odd")?.link == .init(target: " a\\b ", destination: nil), sourceLocation: location)
        #expect(entry("through")?.link == .init(target: "plain/below", destination: nil), sourceLocation: location)
        for name in ["missing", "missing/below", "plain/below"] {
            #expect(facts.files[ServerPath(path(name))] == .missing, "\(name)", sourceLocation: location)
        }
        // A `stat` that quotes nothing cannot tell a newline from another control character.
        let newline = entry("newline")?.link?.target
        #expect(newline == "a\nb" || newline == "a\u{FFFD}b", sourceLocation: location)
        #expect(facts.files[ServerPath(path("two\nlines"))] == .unreadable(.unsupported), sourceLocation: location)
        #expect(!FileManager.default.fileExists(atPath: path("pwned")), sourceLocation: location)
    }
}
