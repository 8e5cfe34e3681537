import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Mounts, ports and the system as this machine's own tools see them, in namespaces of their own.
@Suite struct MachineTopicTests {
    /// Looks after `setUp`, in mounts of its own.
    private func findings(
        _ subjects: [DriftCore.Expectation.Subject], in namespaces: [String] = ["-m"], after setUp: String,
        shell: [String] = ["/bin/sh"]
    ) async throws -> [ItemOutcome.Finding] {
        guard geteuid() == 0, await Tool.succeeds(["/usr/bin/unshare", "-m", "/bin/true"]) else {
            try Test.cancel("no namespaces here")
        }
        let enter = ["/usr/bin/unshare"] + namespaces + ["/bin/sh", "-c", "set -e\n\(setUp)\nexec \"$@\"", "sh"]
        let pack = Pack(name: PackName(rawValue: "base"), expectations: subjects.map { Expectation($0) })
        let facts = try await TopicLook.facts(ProbeQuestions(packs: [pack]), shell: enter + shell)
        let outcomes = Comparison.judge(facts, against: pack, digest: pack.digest).outcomes
        let byKey = Dictionary(outcomes.map { ($0.key, $0.finding) }, uniquingKeysWith: { first, _ in first })
        return subjects.compactMap { byKey[DriftCore.Expectation($0).key] }
    }

    private func actual(_ finding: ItemOutcome.Finding?) -> [String: String] {
        guard case .wrong(let mismatches) = finding else { return ["finding": "\(String(describing: finding))"] }
        return mismatches[0].actual
    }

    /// dash, BusyBox and bash; the others have no bash that they could hand on to.
    private static let shells = [["/bin/bash"], ["/bin/dash"], ["/bin/busybox", "sh"]]

    private func without(bash shell: [String]) -> String {
        shell == ["/bin/bash"] ? "" : "mount --bind /dev/null /bin/bash"
    }

    @Test(arguments: shells) func mountsAreThoseOfFindmnt(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0]) here") }
        let setUp = """
            \(without(bash: shell))
            mount -t tmpfs none /mnt
            mkdir "/mnt/a b#\\\\c" /mnt/twice /mnt/hidden /mnt/plain
            mount -t tmpfs -o nosuid,noexec,size=64k none "/mnt/a b#\\\\c"
            mount -t tmpfs -o ro none /mnt/twice
            mount -t ramfs none /mnt/twice
            """
        let odd = #"/mnt/a b#\c"#
        let subjects = [
            MountExpectation(path: odd, type: "tmpfs", options: ["nosuid", "noexec", "dev", "rw", "size=64k"]),
            MountExpectation(path: odd, options: ["nodev"]),
            MountExpectation(path: "/mnt/twice", type: "ramfs", options: ["rw"]),
            MountExpectation(path: "/mnt/plain", state: .absent), MountExpectation(path: "/mnt/plain"),
            MountExpectation(path: "/mnt/twice", state: .absent), MountExpectation(path: "/mnt/none/x"),
            MountExpectation(path: "/proc", type: "proc"),
        ].map(DriftCore.Expectation.Subject.mount)
        var found: [ItemOutcome.Finding] = []
        // Two items of one path are two packs.
        for subject in subjects { found += try await findings([subject], after: setUp, shell: shell) }
        #expect(found[0] == .ok)
        let shown = try await Tool.run(
            ["/usr/bin/unshare", "-m", "/bin/sh", "-c", setUp + "\nfindmnt -nro OPTIONS \"$0\"", odd]
        ).text
        let options = Set(shown.split { $0 == "," || $0 == "\n" }.map(String.init))
        #expect(Set((actual(found[1])["options"] ?? "").split(separator: ",").map(String.init)) == options)
        #expect(found[2] == .ok)
        #expect(found[3] == .ok)
        #expect(actual(found[4]) == ["state": "absent", "note": "it lies on the mount /mnt"])
        #expect(actual(found[5]) == ["state": "present", "type": "ramfs"])
        #expect(actual(found[6]) == ["state": "absent", "note": "it lies on the mount /mnt"])
        #expect(found[7] == .ok)
    }

    private static let sockets = #"""
        ip link set lo up
        cat >/tmp/sockets <<'END'
        use Socket qw(:all);
        sub at { my ($type, $family, $address, $port, $only) = @_;
          socket(my $s, $family, $type, 0) or die; push @open, $s;
          setsockopt($s, IPPROTO_IPV6, IPV6_V6ONLY, $only) if $family == PF_INET6;
          my $name = $family == PF_INET6 ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $address)) : pack_sockaddr_in($port, inet_aton($address));
          bind($s, $name) or die; listen($s, 1) if $type == SOCK_STREAM; }
        at(SOCK_STREAM, PF_INET, "0.0.0.0", 22, 0);
        at(SOCK_STREAM, PF_INET6, "::", 443, 1);
        at(SOCK_STREAM, PF_INET6, "::ffff:127.0.0.2", 8080, 0);
        at(SOCK_STREAM, PF_INET6, "::1", 5432, 1);
        at(SOCK_DGRAM, PF_INET, "127.0.0.53", 53, 0);
        at(SOCK_DGRAM, PF_INET6, "::", 546, 1);
        at(SOCK_DGRAM, PF_INET, "0.0.0.0", 40000, 0);
        socket(my $c, PF_INET, SOCK_DGRAM, 0); connect($c, pack_sockaddr_in(53, inet_aton("127.0.0.53"))); push @open, $c;
        # The probe has descriptors of its own.
        my $child = fork; if (!$child) { exec @ARGV }
        waitpid($child, 0); exit($? >> 8);
        END
        set -- perl /tmp/sockets "$@"
        """#

    @Test(arguments: shells) func portsAreThoseOfSs(shell: [String]) async throws {
        guard Tool.has(shell[0]), Tool.has("/usr/bin/perl"), Tool.has("/usr/bin/ss") || Tool.has("/bin/ss") else {
            try Test.cancel("there is no perl, ss or \(shell[0]) here")
        }
        let setUp = "\(without(bash: shell))\nmount -t tmpfs none /tmp\n\(Self.sockets)"
        let allowed = AllowedPorts([], transports: [.tcp, .udp], loopback: true)
        let found = try await findings(
            [
                .port(.only(allowed)), .port(.listen(try #require(ListenAddress("tcp *:22")))),
                .port(.listen(try #require(ListenAddress("udp 127.0.0.53:53")))),
                .port(.listen(try #require(ListenAddress("udp 0.0.0.0:53")))),
                .port(.listen(try #require(ListenAddress("tcp [::]:443")))),
                .port(.listen(try #require(ListenAddress("udp *:40000")))),
            ], in: ["-m", "-n"], after: setUp, shell: shell)
        let printed = try await Tool.run(
            ["/usr/bin/unshare", "-m", "-n", "/bin/sh", "-c", "set -- ss -Htuln\n\(setUp)\nexec \"$@\""]
        ).text
        let listed = printed.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            return ListenAddress("\(words[0]) \(words[4])")?.text
        }
        #expect(listed.count == 7)
        // The one at a client's port is passed over.
        let also = Set((actual(found[0])["also"] ?? "").split(separator: ", ").map(String.init))
        #expect(also == Set(Set(listed).subtracting(["udp 0.0.0.0:40000"]).map { $0 + " (perl)" }))
        #expect([found[1], found[2], found[4], found[5]] == [.ok, .ok, .ok, .ok])
        #expect(actual(found[3]) == ["listen": "udp 127.0.0.53:53 (perl)"])
    }

    /// A folder of modules for each kernel, over the machine's own.
    private func kernels(_ names: [String]) -> String {
        """
        mount -t tmpfs none /mnt
        mkdir /mnt/upper /mnt/work /mnt/run
        mount -t overlay -o lowerdir=/usr/lib,upperdir=/mnt/upper,workdir=/mnt/work none /usr/lib
        rm -rf /usr/lib/modules
        mkdir -p /usr/lib/modules/9.9.9-left-over
        running=$(uname -r)
        for name in \(names.joined(separator: " ")); do mkdir -p "/usr/lib/modules/$name/kernel"; done
        mount --bind /mnt/run /run
        """
    }

    @Test(arguments: shells) func aNewerKernelWaitsForAReboot(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0]) here") }
        let item = DriftCore.Expectation.Subject.system(.noRebootRequired)
        func look(_ names: [String], _ more: String = "") async throws -> ItemOutcome.Finding? {
            try await findings([item], after: "\(kernels(names))\n\(without(bash: shell))\n\(more)", shell: shell).first
        }
        #expect(try await look(["$running"]) == .ok)
        #expect(actual(try await look(["$running", "1000.$running"]))["reboot_required"] == "true")
        #expect(
            actual(try await look(["$running"], ": >/run/reboot-required"))["note"] == "/run/reboot-required is there")
        guard case .notApplicable = try await look([]) else {
            Issue.record("a machine without a kernel has an answer")
            return
        }
        func answering(_ status: Int) -> String {
            """
            mkdir /mnt/upper2 /mnt/work2
            mount -t overlay -o lowerdir=/usr/bin,upperdir=/mnt/upper2,workdir=/mnt/work2 none /usr/bin
            printf '#!/bin/sh\\nexit \(status)\\n' >/usr/bin/needs-restarting
            chmod +x /usr/bin/needs-restarting
            """
        }
        #expect(try await look(["$running"], answering(0)) == .ok)
        #expect(actual(try await look(["$running"], answering(1)))["note"] == "needs-restarting says so")
        #expect(try await look(["$running"], answering(2)) == .unreadable(.readError))
    }

    @Test func aClockIsAsItsProgramSays() async throws {
        guard Tool.has("/usr/bin/timedatectl"), Tool.has("/bin/busybox") else { try Test.cancel("no timedatectl here") }
        let item = DriftCore.Expectation.Subject.system(.clock(.synchronised))
        func look(_ answer: String) async throws -> ItemOutcome.Finding? {
            let setUp = """
                mount -t tmpfs none /run
                mkdir -p /run/systemd/system /run/dbus
                : >/run/dbus/system_bus_socket
                printf '#!/bin/sh\\n%s\\n' \(answer) >/run/timedatectl
                chmod +x /run/timedatectl
                mount --bind /run/timedatectl /usr/bin/timedatectl
                """
            return try await findings([item], after: setUp).first
        }
        #expect(try await look("'echo NTPSynchronized=yes'") == .ok)
        #expect(actual(try await look("'echo NTPSynchronized=no'")) == ["clock": "not synchronised"])
        #expect(try await look("'exit 1'") == .unreadable(.readError))
        #expect(try await look("'exec sleep 60'") == .unreadable(.slow))
        // Without systemd the kernel is asked, through BusyBox.
        let printed = try await Tool.run(["/bin/busybox", "adjtimex"]).text
        let line = try #require(printed.split(separator: "\n").first { $0.contains("maxerror") })
        let error = try #require(line.split(separator: " ").last.flatMap { Int($0) })
        let hidden = ["chronyc", "ntpq", "adjtimex"].map { "[ ! -e /usr/bin/\($0) ] || exit 1" }.joined(separator: "\n")
        let found = try await findings([item], after: "mount -t tmpfs none /run\n\(hidden)").first
        #expect((found == .ok) == (error < 16_000_000))
    }
}
