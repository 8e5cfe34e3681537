internal import Glibc

/// How many files and sockets the process may have open.
///
/// The limit must never be reached: libdispatch could not read its own threads in `/proc` and would end the process.
package enum FileLimit {
    /// More than any process here needs; some programs walk through all numbers that a file may have.
    private static let plenty: rlim_t = 65_536

    package static var current: Int { Int(clamping: limits.rlim_cur) }

    /// Raises the limit as far as the hard one allows: the usual soft limit of 1024 is for programs that use `select`.
    package static func raise() {
        var limits = limits
        limits.rlim_cur = max(limits.rlim_cur, min(limits.rlim_max, plenty))
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    }

    private static var limits: rlimit {
        var limits = rlimit()
        // It cannot fail: the resource exists, and the memory is ours.
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
        return limits
    }
}
