import Foundation

/// Why a file could not be read; completes "the file x …".
enum FileProblem: Error, Hashable, CustomStringConvertible {
    case missing
    case notRegular
    case unreadable
    case tooLarge(limit: Int)

    var description: String {
        switch self {
        case .missing: "does not exist"
        case .notRegular: "is not a regular file"
        case .unreadable: "cannot be read: permission denied, or an I/O error"
        case .tooLarge(let limit): "is larger than \(limit >> 10) KiB"
        }
    }
}

/// Whether there is a folder, links followed.
func isFolder(_ path: String) -> Bool {
    let real = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
    return (try? FileManager.default.attributesOfItem(atPath: real))?[.type] as? FileAttributeType == .typeDirectory
}

/// The bytes of a regular file, links followed; a FIFO or a device is refused before it is opened, as it could hang.
func readRegularFile(_ path: String, upTo limit: Int) throws(FileProblem) -> [UInt8] {
    let real = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: real) else {
        // A folder that may not be entered hides its files.
        throw FileManager.default.fileExists(atPath: real) ? .unreadable : .missing
    }
    guard attributes[.type] as? FileAttributeType == .typeRegular else { throw .notRegular }
    guard let handle = FileHandle(forReadingAtPath: real) else { throw .unreadable }
    defer { try? handle.close() }
    do {
        // Longer than its size said is possible: files grow, and those under /proc have none.
        let data = try handle.read(upToCount: limit + 1) ?? Data()
        guard data.count <= limit else { throw FileProblem.tooLarge(limit: limit) }
        return Array(data)
    } catch let problem as FileProblem {
        throw problem
    } catch {
        throw .unreadable
    }
}
