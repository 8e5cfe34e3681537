import Foundation
import Glibc
import SystemPackage

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

/// A regular file as it was when it was opened.
///
/// All values belong to the same file, even if its path leads elsewhere later.
struct RegularFile: Sendable {
    let bytes: [UInt8]
    /// Without links.
    let realPath: String
    /// The number of the account.
    let owner: UInt32
    /// The permission bits.
    let mode: UInt32

    /// Reads the file, links followed; a FIFO or a device is refused and never waited for.
    init(_ path: String, upTo limit: Int) throws(FileProblem) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            switch errno {
            case ENOENT, ENOTDIR: throw .missing
            // A FIFO or socket that nobody serves.
            case ENXIO, ENODEV: throw .notRegular
            default: throw .unreadable
            }
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard let status = try? FileDescriptor(rawValue: descriptor).stat() else { throw .unreadable }
        guard status.type == .regular else { throw .notRegular }
        owner = status.userID.rawValue
        mode = status.permissions.rawValue
        realPath =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)"))
            ?? URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
        let data: Data
        // Longer than its size said is possible: files grow, and those under /proc have none.
        do { data = try handle.read(upToCount: limit + 1) ?? Data() } catch { throw .unreadable }
        guard data.count <= limit else { throw .tooLarge(limit: limit) }
        bytes = Array(data)
    }
}
