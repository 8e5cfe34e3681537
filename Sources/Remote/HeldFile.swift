import Foundation
import SystemPackage

/// A file without a name, which other processes of this account can read as long as this object lives.
///
/// Nothing is left on the disk, however this process ends.
final class HeldFile: Sendable {
    private let descriptor: FileDescriptor

    /// Where others find it: an entry of this process in `/proc`.
    var path: String { "/proc/\(ProcessInfo.processInfo.processIdentifier)/fd/\(descriptor.rawValue)" }

    init(holding bytes: some Collection<UInt8>) throws {
        let name = FileManager.default.temporaryDirectory.appendingPathComponent("driftwatch-\(UUID().uuidString)").path
        descriptor = try FileDescriptor.open(
            FilePath(name), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite)
        do {
            try FileManager.default.removeItem(atPath: name)
            try descriptor.writeAll(bytes)
        } catch {
            try? descriptor.close()
            throw error
        }
    }

    deinit { try? descriptor.close() }
}
