import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Kernel modules, as this machine's kernel has them.
@Suite struct KernelTopicTests {
    private func findings(_ modules: [ModuleExpectation]) async throws -> [ItemOutcome.Finding] {
        let pack = Pack(name: PackName(rawValue: "base"), expectations: modules.map { Expectation(.module($0)) })
        return try await TopicLook.findings(of: pack)
    }

    @Test func isWhatTheKernelSays() async throws {
        let list = try? String(contentsOfFile: "/proc/modules", encoding: .utf8)
        guard let loaded = list?.split(separator: " ").first else { try Test.cancel("no module is loaded here") }
        let name = String(loaded)
        #expect(try await findings([ModuleExpectation(module: name)]) == [.ok])
        guard case .wrong(let mismatches) = try await findings([ModuleExpectation(module: name, state: .absent)])[0]
        else {
            Issue.record("a loaded module passes for absent")
            return
        }
        #expect(mismatches.map(\.type) == [.unexpectedModule])
    }

    @Test func aPartOfTheKernelIsThere() async throws {
        #expect(FileManager.default.fileExists(atPath: "/sys/module/printk"))
        #expect(
            try await findings([
                ModuleExpectation(module: "driftwatch_none", state: .absent), ModuleExpectation(module: "printk"),
            ]) == [.ok, .ok])
    }
}
