import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// Services as systemd and OpenRC have them.
@Suite struct ServiceTopicTests {
    private func findings(
        _ services: [ServiceExpectation], enter: [String] = [], shell: [String] = ["/bin/sh"]
    ) async throws -> [String: ItemOutcome] {
        let pack = Pack(name: PackName(rawValue: "base"), expectations: services.map { Expectation(.service($0)) })
        let facts = try await TopicLook.facts(ProbeQuestions(packs: [pack]), shell: enter + shell)
        let outcomes = Comparison.judge(facts, against: pack, digest: pack.digest).outcomes
        return Dictionary(outcomes.map { ($0.item, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// `+` for ok, `?` for unreadable with the reason, else what is there in place of what is wanted.
    private func words(_ outcome: ItemOutcome?) -> String {
        switch outcome?.finding {
        case .ok: "+"
        case .unreadable(let reason): "?\(reason.rawValue)"
        case .notApplicable: "n/a"
        case .notable, .exempt, nil: "-"
        case .wrong(let mismatches):
            mismatches.map { ($0.actual["enabled"] ?? "") + ($0.actual["running"] ?? "") }.joined()
        }
    }

    private func words(
        _ names: [String], _ enter: [String], _ wanted: (String) -> ServiceExpectation
    ) async throws -> [String: String] {
        try await findings(names.map(wanted), enter: enter).mapValues(words)
    }

    @Test(.timeLimit(.minutes(2))) func areWhatARealSystemdSays() async throws {
        guard let system = try await PrivateSystemd.start() else { try Test.cancel("no systemd of its own here") }
        defer { #expect(throws: Never.self) { try system.stop() } }
        let running = [
            "plain.service": "active", "nick.service": "active", #"back\x2dslash.service"#: "active",
            "rt.service": "active",
            "remain.service": "active", "door.socket": "active", "tick.timer": "active", "inst@a.service": "active",
            "off.service": "inactive", "crash.service": "failed", "oncebad.service": "failed",
            "loop.service": "activating",
            "none.service": "inactive", "mask.service": "inactive", "inst@b.service": "inactive",
            "door.service": "inactive",
            "bad.service": "inactive",
        ]
        for (unit, state) in running {
            #expect(try await system.output(of: ["/usr/bin/systemctl", "is-active", "--", unit]) == state, "\(unit)")
        }
        let up = try await words(running.keys.sorted(), system.enter) { ServiceExpectation(name: $0, running: true) }
        #expect(
            up == [
                "plain.service": "+", "nick.service": "+", #"back\x2dslash.service"#: "+", "rt.service": "+",
                "remain.service": "+", "door.socket": "+", "tick.timer": "+", "inst@a.service": "+",
                "off.service": "inactive (dead)", "crash.service": "failed (exit-code)",
                "oncebad.service": "failed (exit-code)", "loop.service": "activating (auto-restart)",
                "none.service": "not-found", "mask.service": "masked", "inst@b.service": "inactive (dead)",
                "door.service": "inactive (dead)", "bad.service": "inactive (dead)",
            ])
        let down = try await words(running.keys.sorted(), system.enter) { ServiceExpectation(name: $0, running: false) }
        let isDown = running.filter { $0.value != "active" && $0.value != "activating" }
        #expect(Set(down.filter { $0.value == "+" }.keys) == Set(isDown.keys))

        let once = ["once.service", "never.service", "tick.service"]
        let outcomes = try await findings(once.map { ServiceExpectation(name: $0, running: true) }, enter: system.enter)
        #expect(outcomes["once.service"]?.finding == .ok)
        #expect(outcomes["once.service"]?.remark == "it is a oneshot, which ran and ended well")
        #expect(words(outcomes["never.service"]) == "inactive (dead)")
        guard case .wrong(let mismatches) = outcomes["tick.service"]?.finding else {
            Issue.record("a service that has not run passes")
            return
        }
        #expect(mismatches[0].actual["note"]?.contains("tick.timer may start it") == true)

        try await aSystemdTellsWhatIsEnabled(system)
        try await anOrdinaryAccountIsTold(system)
    }

    private func aSystemdTellsWhatIsEnabled(_ system: PrivateSystemd) async throws {
        _ = try await system.output(of: ["/usr/bin/systemd-run", "--unit=trans", "/bin/sleep", "1000"])
        let states = [
            "plain.service": "enabled", "off.service": "disabled", "still.service": "static", "mask.service": "masked",
            "inst@a.service": "enabled", "inst@b.service": "disabled", "also.service": "indirect",
            "linked.service": "linked", "rt.service": "enabled-runtime", "mnt.mount": "generated",
            "trans.service": "transient", "none.service": "not-found", "none@.service": "not-found",
            "inst@.service": "indirect", "spare@.service": "disabled", "old.service": "enabled",
            "oldoff.service": "disabled", "bad.service": "static",
        ]
        for (unit, state) in states { #expect(try await system.isEnabled(unit) == state, "\(unit)") }
        #expect(try await system.isEnabled("written.service") == "alias")
        let names = states.keys.sorted() + ["written.service", "nick.service"]
        let on = try await words(names, system.enter) { ServiceExpectation(name: $0, enabled: true) }
        let off = try await words(names, system.enter) { ServiceExpectation(name: $0, enabled: false) }
        for name in names {
            let state = states[name] ?? "enabled"
            switch state {
            case "enabled": #expect([on[name], off[name]] == ["+", "enabled"], "\(name)")
            case "enabled-runtime": #expect([on[name], off[name]] == [state, state], "\(name)")
            case "static", "indirect", "generated":
                #expect([on[name], off[name]] == ["?undecided", "?undecided"], "\(name)")
            default: #expect([on[name], off[name]] == [state, "+"], "\(name)")
            }
        }
    }

    private func anOrdinaryAccountIsTold(_ system: PrivateSystemd) async throws {
        let enter = system.enter + ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        let names = ["plain.service", "off.service", "spare@.service"]
        func seen() async throws -> [String: String] {
            try await words(names, enter) { ServiceExpectation(name: $0, enabled: true) }
        }
        #expect(try await seen() == ["plain.service": "+", "off.service": "disabled", "spare@.service": "disabled"])
        let denied = Dictionary(
            uniqueKeysWithValues: names.map { ($0, Tool.has("/usr/bin/sudo") ? "?sudo_refused" : "?permission_denied") }
        )
        _ = try await system.output(of: ["/usr/bin/mv", "/run/dbus", "/run/gone"])
        // Without the bus only root is answered; its password is not asked for.
        #expect(try await seen() == denied)
        let asRoot = try await words(names, system.enter) { ServiceExpectation(name: $0, enabled: false) }
        #expect(asRoot == ["plain.service": "enabled", "off.service": "+", "spare@.service": "+"])
        _ = try await system.output(of: ["/usr/bin/mv", "/run/gone", "/run/dbus"])
        _ = try await system.output(of: ["/usr/bin/systemctl", "stop", "dbus.service", "dbus.socket"])
        #expect(try await seen() == names.reduce(into: [:]) { $0[$1] = "?read_error" })
    }

    // MARK: Made roots

    /// Looks in mounts of its own, after `setUp`.
    private func look(
        _ services: [ServiceExpectation], after setUp: String, shell: [String] = ["/bin/sh"]
    ) async throws -> [String: String] {
        guard geteuid() == 0, await Tool.succeeds(["/usr/bin/unshare", "-m", "/bin/true"]) else {
            try Test.cancel("no mount namespaces here")
        }
        let enter = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", "set -e\n\(setUp)\nexec \"$@\"", "sh"]
        return try await findings(services, enter: enter, shell: shell).mapValues(words)
    }

    /// A systemctl that is this script.
    private func standIn(_ script: String) -> String {
        """
        mount -t tmpfs none /run
        mkdir -p /run/systemd/system /run/stand
        cat >/run/stand/systemctl <<'END'
        #!/bin/sh
        \(script)
        END
        chmod +x /run/stand/systemctl
        mount --bind /run/stand/systemctl /usr/bin/systemctl
        """
    }

    @Test func aSystemctlThatHangsIsSlow() async throws {
        let services = ["a.service", "b@.service"].map { ServiceExpectation(name: $0, enabled: true) }
        let seen = try await look(services, after: standIn("exec sleep 60"))
        #expect(seen == ["a.service": "?slow", "b@.service": "?slow"])
    }

    @Test func namesAreDataAndEachOfThemIsAskedOnce() async throws {
        let log = FileManager.default.temporaryDirectory.appendingPathComponent("driftwatch-log-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: log) }
        let script = "for word; do printf '<%s>' \"$word\"; done >>\(log.path); echo >>\(log.path)"
        let names = ["-a.service", "$(id).service", "a;b.service", "b@.service", "*.service", "b@x.service"]
        let seen = try await look(names.map { ServiceExpectation(name: $0, running: true) }, after: standIn(script))
        #expect(Set(seen.values) == ["?read_error"])
        let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.hasSuffix("<--><$(id).service><-a.service><a;b.service><b@x.service>") == true)
        #expect(lines.last?.hasSuffix("<--><basic.target><b@.service>") == true)
    }

    @Test func aSystemctlThatDoesNotAnswerProvesNothing() async throws {
        let services = ["a.service", "b@.service"].map { ServiceExpectation(name: $0, enabled: false, running: false) }
        for script in ["exit 1", "exit 0", "echo; echo x; kill -9 $$", "echo 'Running in chroot, ignoring command'"] {
            let seen = try await look(services, after: standIn(script))
            #expect(seen == ["a.service": "?read_error", "b@.service": "?read_error"])
        }
    }

    @Test func whereNothingManagesServicesThereAreNone() async throws {
        let seen = try await look(
            [ServiceExpectation(name: "a.service", running: false)], after: "mount -t tmpfs none /run")
        #expect(seen == ["a.service": "n/a"])
    }

    @Test(arguments: [["/bin/bash"], ["/bin/dash"], ["/bin/busybox", "sh"]])
    func openRCIsReadFromItsFolders(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("there is no \(shell[0]) here") }
        let setUp = """
            mount -t tmpfs none /run
            mount -t tmpfs none /etc
            [ "\(shell[0])" = /bin/bash ] || mount --bind /dev/null /bin/bash
            mkdir -p /run/openrc/started /run/openrc/failed /run/openrc/starting /run/openrc/daemons /etc/init.d
            mkdir -p /etc/runlevels/boot /etc/runlevels/default /etc/runlevels/nonetwork /etc/runlevels/desktop
            ln -s ../desktop /etc/runlevels/default/desktop
            echo default >/run/openrc/softlevel
            cd /etc/init.d
            for n in sshd crond netmount slow broken gone quiet deep; do : >$n; chmod +x $n; done
            for n in sshd crond slow gone quiet; do ln -s /etc/init.d/$n /run/openrc/started/$n; done
            ln -s /etc/init.d/broken /run/openrc/failed/broken
            ln -s /etc/init.d/netmount /run/openrc/starting/netmount
            for n in sshd gone quiet; do ln -s /etc/init.d/$n /etc/runlevels/default/$n; done
            ln -s /etc/init.d/crond /etc/runlevels/nonetwork/crond
            ln -s /etc/init.d/deep /etc/runlevels/desktop/deep
            mkdir /run/openrc/daemons/sshd /run/openrc/daemons/gone /run/openrc/daemons/slow
            printf 'exec=/usr/sbin/sshd\\npidfile=/run/sshd.pid\\n' >/run/openrc/daemons/sshd/001
            printf 'exec=/usr/sbin/gone\\npidfile=/run/gone.pid\\n' >/run/openrc/daemons/gone/001
            printf 'exec=/usr/sbin/slow\\npidfile=/run/none.pid\\n' >/run/openrc/daemons/slow/001
            echo 1 >/run/sshd.pid
            echo 4194999 >/run/gone.pid
            """
        let names = ["sshd", "crond", "netmount", "slow", "broken", "gone", "quiet", "deep", "nothing"]
        let up = try await look(
            names.map { ServiceExpectation(name: "\($0).service", running: true) }, after: setUp, shell: shell)
        #expect(
            up == [
                "sshd.service": "+", "crond.service": "+", "netmount.service": "starting", "slow.service": "crashed",
                "broken.service": "failed", "gone.service": "crashed", "quiet.service": "+", "deep.service": "stopped",
                "nothing.service": "not-found",
            ])
        let on = try await look(
            names.map { ServiceExpectation(name: "\($0).service", enabled: true) }
                + [ServiceExpectation(name: "sshd.socket", enabled: true)], after: setUp, shell: shell)
        #expect(
            on == [
                "sshd.service": "+", "crond.service": "only in runlevel nonetwork",
                "netmount.service": "in no runlevel",
                "slow.service": "in no runlevel", "broken.service": "in no runlevel", "gone.service": "+",
                "quiet.service": "+", "deep.service": "+", "nothing.service": "not-found",
                "sshd.socket": "n/a",
            ])
    }
}
