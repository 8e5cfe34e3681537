import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// The list of packages, which the script reads from dpkg's database itself.
@Suite struct PackageListTests {
    private func packages(_ environment: [String: String]? = nil) async throws -> [String: [InstalledPackage]] {
        let facts = try await facts(environment)
        guard case .listed(let database) = facts.packages else {
            Issue.record("\(facts.packages)")
            return [:]
        }
        #expect(database.manager == .dpkg)
        return database.packages
    }

    private func providers(
        _ environment: [String: String], asking provided: [String] = []
    ) async throws -> [String: Set<String>]? {
        guard case .listed(let database) = try await facts(environment, asking: provided).packages else { return nil }
        return database.providers
    }

    private func facts(_ environment: [String: String]?, asking provided: [String] = []) async throws -> Facts {
        let request = ProbeRequest(ProbeQuestions(packages: true, providedNames: provided))
        let answer = try await Tool.run(
            ["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], input: request.input, environment: environment)
        return try #require(try ProbeAnswer.facts(in: answer.output, to: request))
    }

    @Test func whoProvidesANameIsSaid() async throws {
        guard Tool.has("/usr/bin/dpkg-query") else { try Test.cancel("there is no dpkg here") }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "driftwatch-dpkg-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func stanza(_ name: String, _ status: String, _ provides: String) -> String {
            let pending = status.hasSuffix("pending") ? "Triggers-Pending: x\n" : ""
            return "Package: \(name)\nStatus: \(status)\nProvides: \(provides)\nArchitecture: all\nVersion: 1\n"
                + "\(pending)\n"
        }
        let stanzas =
            stanza("postfix", "install ok installed", "default-mta, mail-transport-agent")
            + stanza("exim4", "deinstall ok config-files", "mail-transport-agent")
            + stanza("msmtp-mta", "hold ok triggers-pending", "mail-transport-agent (= 1.0)")
            + stanza("nullmailer", "install ok installed", "mail-transport-agent:any")
            + stanza("esmtp", "install ok installed", "x, mail-transport-agent(= 2)")
            + stanza("mawk", "install ok installed", "awk")
            + "Package: plain\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n"
        try stanzas.write(to: folder.appendingPathComponent("status"), atomically: false, encoding: .utf8)
        let environment = ["PATH": "/usr/bin:/bin", "DPKG_ADMINDIR": folder.path]
        let asked = ["mail-transport-agent", "awk", "exim4", "plain:all", "mta", "$(id)", "a b"]
        let facts = try await facts(environment, asking: asked)
        guard case .listed(let database) = facts.packages else {
            Issue.record("\(facts.packages)")
            return
        }
        #expect(
            database.providers == [
                "mail-transport-agent": ["postfix", "msmtp-mta", "nullmailer", "esmtp"], "awk": ["mawk"],
            ])
        // Those that were asked about, and the first one.
        #expect(Set(database.packages.keys) == ["exim4", "plain", "postfix"])
        #expect(try await providers(environment)?.isEmpty == true)

        // While a change waits in dpkg's journal, dpkg-query is asked, and says the same.
        let journal = folder.appendingPathComponent("updates")
        try FileManager.default.createDirectory(at: journal, withIntermediateDirectories: true)
        try "Package: late\nStatus: install ok installed\nArchitecture: all\nVersion: 1\nProvides: awk\n\n".write(
            to: journal.appendingPathComponent("0000"), atomically: false, encoding: .utf8)
        var pending = database.providers
        pending["awk"] = ["mawk", "late"]
        #expect(try await providers(environment, asking: asked) == pending)
    }

    @Test func itIsTheOneThatDpkgQueryPrints() async throws {
        guard Tool.has("/usr/bin/dpkg-query") else { try Test.cancel("there is no dpkg here") }
        let format = #"${db:Status-Abbrev}/${Package}/${Version}/${Architecture}\n"#
        let printed = try await Tool.run(["/usr/bin/dpkg-query", "-W", "-f", format]).text
        var expected: [String: Set<InstalledPackage>] = [:]
        for line in printed.split(separator: "\n") {
            let fields = line.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            try #require(fields.count == 4)
            expected[fields[1], default: []].insert(
                InstalledPackage(dpkgLetters: fields[0], version: fields[2], architecture: fields[3]))
        }
        #expect(expected.count > 50)
        #expect(try await packages().mapValues(Set.init) == expected)
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
                == letters.map { [InstalledPackage(dpkgLetters: $0, version: "1:2.3-4", architecture: "amd64")] })
    }

    /// Whether what depends on `upper` may be configured, with `upper` in a state.
    ///
    /// In one point we are stricter: a package that has to be installed again is not called installed.
    @Test(arguments: [
        ("install ok installed", true), ("hold ok installed", true), ("install ok triggers-pending", true),
        ("hold ok triggers-pending", true), ("install ok triggers-awaited", false),
        ("hold ok triggers-awaited", false), ("install ok unpacked", false), ("install ok half-configured", false),
        ("deinstall ok config-files", false),
    ])
    func aStateCountsAsItDoesForDpkg(status: String, isInstalled: Bool) async throws {
        guard Tool.has("/usr/bin/dpkg"), geteuid() == 0 else { try Test.cancel("this takes dpkg and root") }
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("driftwatch-root-\(UUID().uuidString)")
        let database = root.appendingPathComponent("var/lib/dpkg")
        for folder in ["info", "updates", "triggers"] {
            try FileManager.default.createDirectory(
                at: database.appendingPathComponent(folder), withIntermediateDirectories: true)
        }
        defer { try? FileManager.default.removeItem(at: root) }
        let version = status.hasSuffix("config-files") ? "Config-Version: 1\nVersion: 1" : "Version: 1"
        let awaited = status.hasSuffix("awaited") ? "Triggers-Awaited: other\n" : ""
        let pending = status.hasSuffix("pending") ? "Triggers-Pending: /usr/x\n" : ""
        func stanza(_ name: String, _ status: String, _ more: String) -> String {
            "Package: \(name)\nStatus: \(status)\nMaintainer: x <x@example.net>\nArchitecture: all\n\(more)Description: x\n\n"
        }
        let text =
            stanza("upper", status, version + "\n" + awaited + pending)
            + stanza(
                "other", status.hasSuffix("awaited") ? "install ok triggers-pending" : "install ok installed",
                "Version: 1\n" + (status.hasSuffix("awaited") ? "Triggers-Pending: /usr/x\n" : ""))
            + stanza("lower", "install ok unpacked", "Depends: upper\nVersion: 1\n")
        try text.write(to: database.appendingPathComponent("status"), atomically: false, encoding: .utf8)
        for name in ["upper", "other", "lower"] {
            try "".write(to: database.appendingPathComponent("info/\(name).list"), atomically: false, encoding: .utf8)
        }
        let listed = try await packages(["PATH": "/usr/bin:/bin", "DPKG_ADMINDIR": database.path])
        let said = try await Tool.run(
            ["/usr/bin/dpkg", "--root", root.path, "--no-triggers", "--configure", "lower"],
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
        #expect((said.status == 0) == isInstalled, "\(said.text) \(said.errorText)")
        let pack = Pack(
            name: PackName(rawValue: "p"), expectations: [Expectation(.package(PackageExpectation(name: "upper")))])
        let check = Comparison.judge(
            Facts(packages: .listed(PackageDatabase(.dpkg, listed))), against: pack, digest: pack.digest)
        #expect((check.verdict == .compliant) == isInstalled)
    }
}
