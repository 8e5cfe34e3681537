import NIOCore

/// What the host in a `Host` header or a URL means.
package enum HostName {
    /// Whether it is a name or an address of this machine that no other machine can have.
    package static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.wholeMatch(of: #/127(\.\d{1,3}){3}/#) != nil
    }

    /// Whether it is an IP address.
    ///
    /// Unlike a name, it leads to the same place whatever a name server answers.
    static func isAddress(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }
}
