import Foundation
import Runtime
import Testing

@Suite("FileLimit", .timeLimit(.minutes(1)))
struct FileLimitTests {
    /// In a process of its own, as the limit is the whole process's.
    @Test func theSoftLimitIsRaisedToTheHardOne() async {
        await #expect(processExitsWith: .success) {
            var limits = rlimit(rlim_cur: 64, rlim_max: 512)
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { exit(2) }
            FileLimit.raise()
            guard FileLimit.current == 512 else { exit(1) }
            FileLimit.raise()
            guard FileLimit.current == 512 else { exit(3) }
        }
    }
}
