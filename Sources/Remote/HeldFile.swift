import DriftCore
import Glibc
internal import Redaction
import SystemPackage

/// A file in shared memory, without a name, which other processes of this account can read as long as this object lives.
///
/// Nothing is written to a disk, and nothing is left there, however this process ends.
final class HeldFile: Sendable {
    /// At the file's beginning.
    let descriptor: FileDescriptor

    /// Where others find it: an entry of this process in `/proc`.
    var path: String { "/proc/\(getpid())/fd/\(descriptor.rawValue)" }

    init(holding bytes: some Collection<UInt8>) throws(ProbeFailure) {
        do {
            descriptor = try Self.emptyFile()
        } catch {
            throw Self.failure(error)
        }
        do {
            try descriptor.writeAll(toAbsoluteOffset: 0, bytes)
        } catch {
            try? descriptor.close()
            throw Self.failure(error)
        }
    }

    deinit { try? descriptor.close() }

    /// Has its name only for a moment.
    ///
    /// The programs that we start do not inherit it.
    private static func emptyFile() throws(Errno) -> FileDescriptor {
        let name = "/driftwatch-\(getpid())-\(String(UInt64.random(in: .min ... .max), radix: 36))"
        let descriptor = unsafe shm_open(name, O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR)
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        _ = unsafe shm_unlink(name)
        return FileDescriptor(rawValue: descriptor)
    }

    private static func failure(_ error: any Error) -> ProbeFailure {
        ProbeFailure(.misconfigured, detail: VisibleText.plain("no room in shared memory, /dev/shm: \(error)".utf8))
    }
}
