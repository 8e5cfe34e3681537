import DriftCore
import Glibc
internal import Redaction
import Synchronization
import SystemPackage

/// A child's standard input that stays open until it is closed: a pipe, of which we never wait for room without an end.
///
/// A child that is gone is not an error: what it said tells why. The process must ignore SIGPIPE.
final class OpenInput: Sendable {
    /// For the child.
    let readingEnd: FileDescriptor
    private let writingEnd: Mutex<FileDescriptor?>

    init() throws(ProbeFailure) {
        do throws(Errno) {
            let (reading, writing) = try FileDescriptor.pipe(options: .closeOnExec)
            // Only our end: the child waits for its input.
            _ = fcntl(writing.rawValue, F_SETFL, O_NONBLOCK)
            readingEnd = reading
            writingEnd = Mutex(writing)
        } catch {
            throw ProbeFailure(.misconfigured, detail: VisibleText.plain("no pipe: \(error)".utf8))
        }
    }

    deinit { close() }

    /// The child reads to the end of what was written.
    func close() {
        writingEnd.withLock { end in
            try? end?.close()
            end = nil
        }
    }

    /// Writes all of it, as the child reads it, or as much as it takes before the task is cancelled.
    ///
    /// Not on the shared pool, because it waits.
    func write(_ bytes: [UInt8]) async {
        await withTaskExecutorPreference(AnswerExecutor.shared) { await writeAll(bytes[...]) }
    }

    @concurrent
    private func writeAll(_ bytes: ArraySlice<UInt8>) async {
        var rest = bytes
        while !rest.isEmpty, !Task.isCancelled {
            guard let count = writeSome(rest) else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// How many of the bytes were written, perhaps none after some time; nil if nobody reads any more.
    private func writeSome(_ bytes: ArraySlice<UInt8>) -> Int? {
        writingEnd.withLock { end in
            guard let end else { return nil }
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(end.rawValue, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            guard errno == EAGAIN || errno == EINTR else { return nil }
            var waiting = pollfd(fd: end.rawValue, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&waiting, 1, 100)
            return 0
        }
    }
}
