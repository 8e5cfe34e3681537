import Foundation

/// The file that is the planted drift: only ever made where there is nothing, and only removed if it is our own.
struct PlantedFile {
    static let standardPath = "/var/lib/driftwatch/canary/planted"
    private static let text =
        "Planted by driftwatch canary, which removes it again. Its server drifts while it is here.\n"

    let path: String

    /// - Throws: ``CommandFailure`` where something is in the way, or the folder cannot be written.
    func plant() throws {
        let folder = URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false)
        guard isFolder(folder) else {
            throw CommandFailure(
                .usage, "there is no folder \(folder)", hint: "make it, for nothing but the canary: mkdir -p \(folder)")
        }
        do { try Data(Self.text.utf8).write(to: URL(filePath: path), options: .withoutOverwriting) } catch {
            throw CommandFailure(
                .usage, "\(path) cannot be made: something is in its place, or the folder cannot be written",
                hint: "the folder belongs to the account that runs the canary")
        }
    }

    /// Removes the file, and returns whether it was there.
    ///
    /// - Throws: ``CommandFailure`` for a file that is not the canary's.
    @discardableResult
    func remove() throws -> Bool {
        let file: RegularFile
        do { file = try RegularFile(path, upTo: 4096) } catch .missing { return false } catch {
            throw CommandFailure(.usage, "the file \(path) \(error)", hint: "remove what is in the canary's place")
        }
        guard file.bytes == Array(Self.text.utf8) else {
            throw CommandFailure(
                .usage, "the file \(path) is not the canary's", hint: "remove what is in the canary's place")
        }
        try FileManager.default.removeItem(atPath: path)
        return true
    }
}
