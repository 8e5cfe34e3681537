internal import Foundation
internal import Glibc

/// A file descriptor that closes itself, with the few blocking calls that the stand-in needs.
final class Socket: Sendable {
    enum Wait: Hashable {
        case ready, timedOut, ended
    }

    private let descriptor: Int32

    private init(_ descriptor: Int32) throws {
        guard descriptor >= 0 else { throw POSIXError(.EMFILE) }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// On a free port of 127.0.0.1.
    static func listening() throws -> Socket {
        let socket = try Socket(Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(socket.descriptor, address, size)
            }
        }
        guard status == 0, listen(socket.descriptor, 64) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        return socket
    }

    /// Two ends: one becomes readable when the other closes.
    static func pair() throws -> (Socket, Socket) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw POSIXError(.EMFILE) }
        return (try Socket(ends[0]), try Socket(ends[1]))
    }

    func port() throws -> Int {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getsockname(descriptor, address, &size)
            }
        }
        guard status == 0 else { throw POSIXError(.ENOTSOCK) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    func accept() -> Socket? {
        let socket = try? Socket(Glibc.accept(descriptor, nil, nil))
        if let socket {
            // A child process must not keep the connection open.
            _ = fcntl(socket.descriptor, F_SETFD, FD_CLOEXEC)
            // A reader that stops reading must not hold the thread for ever.
            var limit = timeval(tv_sec: 5, tv_usec: 0)
            let size = socklen_t(MemoryLayout<timeval>.size)
            unsafe setsockopt(socket.descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        }
        return socket
    }

    /// `ready` covers the peer's end: a read then gives nothing.
    func waitForInput(orEndOf stop: Socket, for duration: Duration?) -> Wait {
        var sets = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let timeout = duration.map { Int32($0 / .milliseconds(1)) } ?? -1
        var count: Int32
        repeat { count = unsafe poll(&sets, 2, timeout) } while count < 0 && errno == EINTR
        if sets[1].revents != 0 || count < 0 { return .ended }
        return count == 0 ? .timedOut : .ready
    }

    /// Empty at the peer's end.
    func receive() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 65536) { buffer, count in
            count = max(0, unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0))
        }
    }

    /// Whether the peer took all of it.
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
