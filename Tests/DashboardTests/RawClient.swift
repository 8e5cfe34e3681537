import Foundation

/// A TCP connection to this machine that does what well-behaved clients do not; closed when it is released.
final class RawClient {
    private let descriptor: Int32

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = UInt16(port).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, size) }
        }
        guard status == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { close(descriptor) }

    /// Sends what fits at once; a connection that the other side has closed takes nothing.
    func send(_ text: String) { _ = send(Array(text.utf8)[...]) }

    /// Sends `text` over and over, and reads nothing, until both sides' buffers are full or the other side closes.
    func sendUntilNothingMoves(_ text: String) {
        let bytes = Array(text.utf8)
        var offset = 0
        while true {
            let sent = send(bytes[offset...])
            if sent > 0 {
                offset = (offset + sent) % bytes.count
            } else if errno != EAGAIN || !wait(for: POLLOUT, within: .milliseconds(200)) {
                return
            }
        }
    }

    private func send(_ bytes: ArraySlice<UInt8>) -> Int {
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        return unsafe bytes.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, flags) }
    }

    /// Whether the other side closes the connection within the time; what it sends meanwhile is thrown away.
    func isClosed(within time: Duration) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while wait(for: POLLIN, within: time) {
            if unsafe recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT)) <= 0 { return true }
        }
        return false
    }

    private func wait(for event: Int32, within time: Duration) -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        return unsafe poll(&wanted, 1, Int32(time / .milliseconds(1))) > 0
    }
}
