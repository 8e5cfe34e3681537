import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// The list of packages, which the script reads from dpkg's database itself.
@Suite struct PackageListTests {
    private func packages(_ environment: [String: String]? = nil) async throws -> [String: [InstalledPackage]] {
        let request = ProbeRequest(ProbeQuestions(packages: true))
        let answer = try await Tool.run(
            ["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], input: request.input, environment: environment)
        let facts = try #require(try ProbeAnswer.facts(in: answer.output, to: request))
        guard case .dpkg(let packages) = facts.packages else {
            Issue.record("\(facts.packages)")
            return [:]
        }
        return packages
    }

    @Test func itIsTheOneThatDpkgQueryPrints() async throws {
        guard Tool.has("/usr/bin/dpkg-query") else { try Test.cancel("there is no dpkg here") }
        let format = #"${db:Status-Abbrev}/${Package}/${Version}/${Architecture}\n"#
        let printed = try await Tool.run(["/usr/bin/dpkg-query", "-W", "-f", format]).text
        let listed = try await packages().flatMap { name, entries in
            entries.map { "\($0.status)/\(name)/\($0.version)/\($0.architecture)" }
        }
        #expect(listed.sorted() == printed.split(separator: "\n").map(String.init).sorted())
    }

    @Test(arguments: [
        ("install ok installed", "ii "), ("hold ok installed", "hi "), ("deinstall ok config-files", "rc "),
        ("install reinstreq half-installed", "iHR"), ("unknown ok unpacked", "uU "),
        ("install ok half-configured", "iF "),
        ("install ok triggers-awaited", "iW "), ("purge ok triggers-pending", "pt "), ("purge ok not-installed", nil),
    ])
    func eachStatusHasDpkgsLetters(status: String, letters: String?) async throws {
        guard Tool.has("/usr/bin/dpkg-query") else { try Test.cancel("there is no dpkg here") }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "driftwatch-dpkg-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let stanzas = """
            Package: other
            Status: install ok installed
            Architecture: all
            Version: 1
            Description: x
             Package: not-one

            Package: asked
            Status: \(status)
            Architecture: amd64
            Version: 1:2.3-4

            """
        try stanzas.write(to: folder.appendingPathComponent("status"), atomically: false, encoding: .utf8)
        let found = try await packages(["PATH": "/usr/bin:/bin", "DPKG_ADMINDIR": folder.path])
        #expect(Set(found.keys) == (letters == nil ? ["other"] : ["other", "asked"]))
        #expect(
            found["asked"]
                == letters.map { [InstalledPackage(status: $0, version: "1:2.3-4", architecture: "amd64")] })
    }
}
