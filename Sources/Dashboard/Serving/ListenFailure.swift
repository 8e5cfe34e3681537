import Glibc
import NIOCore

/// Why the pages cannot be served, in words.
package struct ListenFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ error: IOError) {
        description =
            switch error.errnoCode {
            case EADDRINUSE: "another process listens there"
            case EADDRNOTAVAIL: "this machine has no such address"
            case EACCES: "this account may not use that port"
            default: "\(error)"
            }
    }
}
