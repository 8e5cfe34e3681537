import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Certificates that openssl made, in files of all kinds.
@Suite struct CertificateTopicTests {
    private func withFolder(_ script: String, _ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("certificates-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = try await Tool.run(
            script: """
                make() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" \
                    -days "$2" -subj "/O=Trust/CN=$1" -addext "subjectAltName=$3" 2>/dev/null || echo failed; }
                chmod 755 .
                \(script)
                """, in: folder.path)
        try #require(output.isEmpty, "\(output)")
        try await body(folder.path)
    }

    private func findings(_ wanted: [CertificateExpectation], shell: [String] = ["/bin/sh"]) async throws
        -> [ItemOutcome.Finding]
    {
        let packs = wanted.map {
            Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.certificate($0))])
        }
        let facts = try await TopicLook.facts(ProbeQuestions(packs: packs), shell: shell)
        return packs.flatMap { Comparison.judge(facts, against: $0, digest: $0.digest).outcomes.map(\.finding) }
    }

    private func types(_ finding: ItemOutcome.Finding) -> [MismatchType] {
        if case .wrong(let mismatches) = finding { mismatches.map(\.type) } else { [] }
    }

    @Test(arguments: AccountTopicTests.shells) func areReadAsOpenSSLMadeThem(shell: [String]) async throws {
        let script = """
            make site 30 DNS:www.example.net; cat site.key site.pem >both.pem
            { echo; openssl x509 -in site.pem -text; } | sed 's/$/\\r/' >text.pem; tr -d '\\n' <site.pem >one-line.pem
            openssl x509 -in site.pem -outform DER -out site.der; : >empty.pem; mkfifo fifo.pem; mkdir folder.pem
            { head -n 3 site.pem; cat site.key; } >cut.pem; sed 's/CERTIFICATE/PRIVATE KEY/' site.pem >disguised.pem
            { sed 1q site.pem; echo !; sed 1d site.pem; } >strange.pem; ln -s both.pem link.pem
            """
        try await withFolder(script) { folder in
            func wanted(_ file: String, _ days: Int? = nil, names: [String]? = nil, issuer: String? = nil)
                -> CertificateExpectation
            {
                CertificateExpectation(path: "\(folder)/\(file)", minDays: days, names: names, issuer: issuer)
            }
            let right = ["site.pem", "both.pem", "text.pem", "link.pem"].map {
                wanted($0, 29, names: ["www.example.net"], issuer: "site")
            }
            let empty = ["empty.pem", "cut.pem", "disguised.pem", "strange.pem", "one-line.pem", "site.key"]
            let found = try await findings(
                right + empty.map { wanted($0) } + [
                    wanted("site.pem", 31), wanted("site.pem", names: ["example.net"]),
                    wanted("site.pem", issuer: "R10"),
                    wanted("missing.pem"), wanted("site.der"), wanted("fifo.pem"), wanted("folder.pem"),
                ], shell: shell)
            #expect(found.prefix(4).allSatisfy { $0 == .ok }, "\(found.prefix(4))")
            for (finding, name) in zip(found.dropFirst(4).prefix(6), empty) {
                #expect(types(finding) == [.wrongCertificate], "\(name)")
            }
            let rest = Array(found.dropFirst(10))
            #expect(types(rest[0]) == [.expiringCertificate])
            #expect(types(rest[1]) == [.wrongCertificate])
            #expect(types(rest[2]) == [.wrongCertificate])
            #expect(types(rest[3]) == [.missingFile])
            #expect(rest[4] == .unreadable(.unsupported))
            #expect(rest[5] == .unreadable(.notRegular))
            #expect(rest[6] == .unreadable(.notRegular))
        }
    }

    /// Nothing that is not a certificate leaves the server, whatever the file makes it look like.
    @Test(arguments: AccountTopicTests.shells) func noPrivateKeyIsSent(shell: [String]) async throws {
        let script = """
            make site 30 DNS:a.example.net; cat site.key site.pem >a.pem; cat site.pem site.key >b.pem
            { echo -----BEGIN CERTIFICATE-----; cat site.key; echo -----END CERTIFICATE-----; } >c.pem
            { sed '$d' site.pem; cat site.key; } >d.pem; { echo secret words; cat site.pem; echo more words; } >e.pem
            """
        try await withFolder(script) { folder in
            let packs = ["a", "b", "c", "d", "e"].map { name in
                Pack(
                    name: PackName(rawValue: "base"),
                    expectations: [Expectation(.certificate(CertificateExpectation(path: "\(folder)/\(name).pem")))])
            }
            let answer = try await Tool.run(
                shell + ["-c", ProbeScript.text, ProbeScript.text],
                input: ProbeRequest(ProbeQuestions(packs: packs)).input)
            let key = try String(contentsOfFile: folder + "/site.key", encoding: .utf8).split(separator: "\n")
            #expect(answer.text.contains("pem 1 MII"))
            for line in key.dropFirst().dropLast() { #expect(!answer.text.contains(line)) }
            #expect(!answer.text.contains("words"))
        }
    }

    @Test func manyCertificatesAreNotSent() async throws {
        try await withFolder(
            "make a 30 DNS:a; for n in 1 2 3 4 5 6 7; do cat a.pem a.pem a.pem; done >many.pem; head -c 1000000 /dev/zero >large.pem"
        ) { folder in
            let found = try await findings(
                ["many.pem", "large.pem", "a.pem"].map { CertificateExpectation(path: "\(folder)/\($0)") })
            #expect(found == [.unreadable(.tooLarge), .unreadable(.tooLarge), .ok])
        }
    }

    /// What the login user may not read, root does; one file's privacy takes nothing from the others.
    @Test(arguments: [false, true]) func aPrivateFileIsRoots(sudo: Bool) async throws {
        if sudo, !Tool.has("/usr/bin/sudo") { try Test.cancel("sudo is not installed") }
        let script =
            "make a 30 DNS:a; cp a.pem b.pem; chmod 600 b.pem; cp a.pem c.pem; chown 4242 c.pem; ln -s b.pem d.pem; chown -h 4242 d.pem"
        try await withFolder(script) { folder in
            let shell = """
                if [ "$1" = sudo ]; then
                    { cat /etc/passwd; echo looker:*:4242:4242::/:/bin/sh; } >"$0/passwd" && mount --bind "$0/passwd" /etc/passwd &&
                        printf '#4242 ALL=(ALL) NOPASSWD: ALL\\n' >"$0/sudoers" && chmod 440 "$0/sudoers" &&
                        mount --bind "$0/sudoers" /etc/sudoers && mount -t tmpfs -o mode=750 tmpfs /etc/sudoers.d || exit
                elif [ -e /usr/bin/sudo ]; then mount --bind /dev/null /usr/bin/sudo; fi
                shift
                exec setpriv --reuid=4242 --regid=4242 --clear-groups "$@"
                """
            let found = try await findings(
                ["a.pem", "b.pem", "c.pem", "d.pem"].map { CertificateExpectation(path: "\(folder)/\($0)") },
                shell: [
                    "/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", shell, folder,
                    sudo ? "sudo" : "none", "/bin/sh",
                ])
            #expect(
                found == [
                    .ok, sudo ? .ok : .unreadable(.permissionDenied), .ok,
                    .unreadable(sudo ? .plantedLink : .permissionDenied),
                ])
        }
    }
}
