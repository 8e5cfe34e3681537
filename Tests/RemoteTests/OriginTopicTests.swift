import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Where changes come from, asked by the real script on a machine with logs of our own.
@Suite struct OriginTopicTests {
    /// What the script prints about the topic, in a mount namespace in which `setUp` has run.
    private func lines(
        _ arguments: [String], shell: [String] = ["/bin/sh"], after setUp: String
    ) async throws -> [String] {
        guard geteuid() == 0, await SSHServer.canMakeNamespaces() else { try Test.cancel("no mount namespaces here") }
        let request = ProbeRequest(ProbeQuestions(topics: [TopicQuestion(OriginFacts.self, about: arguments)]))
        let answer = try await Tool.run(
            ["/usr/bin/unshare", "-m", "/bin/sh", "-c", "\(setUp)\nexec \"$@\"", "sh"] + shell
                + ["-c", ProbeScript.text, ProbeScript.text, "chosen"],
            input: request.input)
        let lines = answer.text.split(separator: "\n").map(String.init)
        let begin = try #require(lines.firstIndex(of: "topic origin"), "\(answer.text)")
        let end = try #require(lines.firstIndex { $0.hasSuffix(" origin ok") }, "\(answer.text)")
        return Array(lines[(begin + 1)..<end])
    }

    private static let shells = [["/bin/bash"], ["/bin/dash"], ["/bin/busybox", "sh"]]

    /// A time as dpkg writes it, so long ago.
    private func stamp(_ ago: Int) async throws -> String {
        try await Tool.run(["/bin/date", "-d", "-\(ago) seconds", "+%Y-%m-%d %H:%M:%S"]).text.split(separator: "\n")
            .first.map(String.init) ?? ""
    }

    @Test(arguments: shells) func dpkgSaysWhoseAFileIsAndWhatHappenedSince(shell: [String]) async throws {
        let (old, young) = (try await stamp(7200), try await stamp(600))
        let log = """
            \(old) upgrade early:amd64 1 2
            \(young) startup archives unpack
            \(young) upgrade nginx:amd64 1.22.1-9 1.22.2-1
            \(young) status unpacked nginx:amd64 1.22.2-1
            \(young) install new:all <none> 3
            """
        let lines = try await lines(
            ["file /etc/nginx/nginx.conf", "file /etc/a*b", "since 3600"], shell: shell,
            after: """
                mount -t tmpfs tmpfs /var/lib/dpkg/info
                printf '/.\\n/etc/nginx/nginx.conf\\n' >/var/lib/dpkg/info/nginx-common.list
                printf '/etc/nginx/nginx.conf.d\\n/etc/axb\\n' >/var/lib/dpkg/info/other:amd64.list
                mount -t tmpfs tmpfs /var/log
                cat >/var/log/dpkg.log <<'END'
                \(log)
                END
                """)
        #expect(
            lines.filter { !$0.hasPrefix("now ") && !$0.hasPrefix("login") && !$0.hasPrefix("rpm") } == [
                "/var/lib/dpkg/info/nginx-common.list:/etc/nginx/nginx.conf",
                "log upgrade nginx:amd64 1.22.1-9 1.22.2-1", "log install new:all <none> 3", "packages-end",
            ])
        #expect(lines.first.map { $0.hasPrefix("now 1") } == true)
    }

    @Test(arguments: shells) func loginsAreNamesAndTimesAlone(shell: [String]) async throws {
        guard Tool.has("/usr/bin/utmpdump"), Tool.has("/usr/bin/last") else { try Test.cancel("no utmpdump here") }
        func record(_ type: Int, _ user: String, _ line: String, _ host: String, _ time: String) -> String {
            let pad = { (text: String, size: Int) in text.padding(toLength: size, withPad: " ", startingAt: 0) }
            return "[\(type)] [00123] [ts/1] [\(pad(user, 8))] [\(pad(line, 12))] [\(pad(host, 20))] "
                + "[192.0.2.77     ] [2025-11-27T\(time),000000+00:00]"
        }
        let wtmp = [
            record(2, "reboot", "~", "6.1.0", "20:00:00"), record(7, "deploy", "pts/1", "192.0.2.77", "22:00:00"),
            record(8, "", "pts/1", "", "22:30:00"), record(7, "ann", "pts/2", "there.example", "22:40:00"),
        ].joined(separator: "\n")
        let lines = try await lines(
            ["since 3600"], shell: shell,
            after: """
                mount -t tmpfs tmpfs /var/log
                utmpdump -r >/var/log/wtmp 2>/dev/null <<'END'
                \(wtmp)
                END
                """)
        let logins = lines.filter { $0.hasPrefix("login ") }
        #expect(logins.count == 2, "\(lines)")
        #expect(logins.contains("login deploy 2025-11-27T22:00:00+00:00 2025-11-27T22:30:00+00:00"))
        #expect(logins.contains { $0.hasPrefix("login ann 2025-11-27T22:40:00+00:00 ") })
        #expect(!lines.contains { $0.contains("192.0.2.77") || $0.contains("there.example") || $0.contains("pts") })
        #expect(lines.last == "logins-end")
    }

    @Test(arguments: ["since", "since x", "since $(touch /x)", "since 1234567890", "file /etc"])
    func aSpanThatIsNotANumberIsRefused(argument: String) async throws {
        let request = ProbeRequest(ProbeQuestions(topics: [TopicQuestion(OriginFacts.self, about: [argument])]))
        let answer = try await Tool.run(
            ["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], input: request.input)
        #expect(answer.text.contains(" origin error\n"), "\(answer.text)")
    }
}
