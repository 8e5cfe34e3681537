import DriftCore
import Foundation
import PackFiles
import TestSupport
import Testing

/// The example packs, on this machine.
@Suite struct ExamplePackTests {
    @Test(arguments: ["accounts", "kernel-hardening", "ssh-hardening"])
    func eachItemGetsAnAnswer(name: String) async throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "packs/\(name).yaml")
        let source = SourceFile(path: "packs/\(name).yaml", bytes: Array(try Data(contentsOf: file)))
        let pack = try #require(try ConfigurationLoader.load(packs: [source]).packs[PackName(rawValue: name)])
        let findings = try await TopicLook.findings(of: pack)
        #expect(findings.count == pack.expectations.count)
        // An ordinary account may not see everything, and this machine may have no sshd; all else is answered.
        let expected: [UnreadableReason] = [.permissionDenied, .sudoRefused]
        for (expectation, finding) in zip(pack.expectations, findings) {
            guard case .unreadable(let reason) = finding else { continue }
            #expect(getuid() != 0 && expected.contains(reason), "\(expectation.key): \(reason.rawValue)")
        }
    }
}
