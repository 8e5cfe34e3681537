import Foundation

/// Text that is made before it can be printed, in little memory however long it is: all but the last megabyte is in a file
/// without a name.
struct TextSpool: Sendable {
    private static let memoryLimit = 1 << 20

    private var file: FileHandle?
    private var written: UInt64 = 0
    private var recent = Data()

    var isEmpty: Bool { written == 0 && recent.isEmpty }

    mutating func append(_ text: String) {
        recent.append(contentsOf: text.utf8)
        if recent.count >= Self.memoryLimit { spill() }
    }

    /// Hands out the text, one part after the other.
    func forEachPart(_ body: (Data) throws -> Void) throws {
        try file?.seek(toOffset: 0)
        var left = Int(written)
        while left > 0, let part = try file?.read(upToCount: min(left, Self.memoryLimit)), !part.isEmpty {
            try body(part)
            left -= part.count
        }
        try body(recent)
    }

    /// Where no file can be written, the text stays in memory.
    private mutating func spill() {
        do {
            let file = try file ?? Self.unnamedFile()
            self.file = file
            try file.seek(toOffset: written)
            try file.write(contentsOf: recent)
            written += UInt64(recent.count)
            recent.removeAll(keepingCapacity: true)
        } catch {}
    }

    /// In a folder that only this account can enter, until it is open.
    private static func unnamedFile() throws -> FileHandle {
        let manager = FileManager.default
        let folder = manager.temporaryDirectory.appendingPathComponent("driftwatch-\(UUID().uuidString)")
        try manager.createDirectory(
            at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? manager.removeItem(at: folder) }
        let path = folder.appendingPathComponent("text")
        try Data().write(to: path, options: .withoutOverwriting)
        return try FileHandle(forUpdating: path)
    }
}
