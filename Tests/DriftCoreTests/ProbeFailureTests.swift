import DriftCore
import Redaction
import Testing

@Suite struct ProbeFailureTests {
    /// The last line that a login shell prints ends up in a job, a log and on a terminal.
    @Test(arguments: [
        ("export DB_PASSWORD=hunter2", "export DB_PASSWORD=\(Masking.mask)"),
        ("curl: https://u:hunter2@h/ failed", "curl: https://u:\(Masking.mask)@h/ failed"),
        ("a\u{1B}[31m\u{202E}b\nc", "a[31mb c"), ("Permission denied (publickey).", "Permission denied (publickey)."),
    ])
    func wordsFromOutsideAreMasked(said: String, detail: String) {
        #expect(ProbeFailure(.shellRefused, detail: said).detail == detail)
    }

    @Test func longWordsAreCut() {
        let detail = ProbeFailure(.truncated, detail: String(repeating: "a", count: 100_000)).detail
        #expect(detail.utf8.count < 400)
    }
}
