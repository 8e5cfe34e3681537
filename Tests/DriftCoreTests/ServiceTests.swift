import DriftCore
import Testing

@Suite("Services")
struct ServiceTests {
    private let base = PackName(rawValue: "base")

    /// A block of `systemctl show`, with these fields in place of those of a service that runs and is enabled.
    private static func unit(_ name: String, _ changes: [String: String] = [:]) -> [String] {
        var fields: [String: String] = [
            "Id": name, "Names": name, "LoadState": "loaded", "ActiveState": "active", "SubState": "running",
            "Type": "simple", "Result": "success", "UnitFileState": "enabled", "TriggeredBy": "", "SourcePath": "",
            "WantedBy": "multi-user.target", "ExecMainExitTimestampMonotonic": "0",
        ]
        for (field, value) in changes { fields[field] = value }
        return fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }

    private func outcome(_ wanted: ServiceExpectation, _ lines: [String]) -> ItemOutcome? {
        let pack = Pack(name: base, expectations: [Expectation(.service(wanted))])
        var facts = Facts()
        for question in ProbeQuestions(packs: [pack]).topics {
            facts.topics.read(question.topic, lines.map { Array($0.utf8)[...] })
        }
        return Comparison.judge(facts, against: pack, digest: anyDigest).outcomes.first
    }

    private func told(_ wanted: ServiceExpectation, _ lines: [String]) -> Told? {
        Told(outcome(wanted, lines)?.finding)
    }

    /// What a unit with these fields comes to, asked for true and for false.
    private func both(_ changes: [String: String], _ wanted: (Bool) -> ServiceExpectation) -> [Told?] {
        [true, false].map {
            told(wanted($0), ["manager systemd"] + Self.unit("a.service", changes) + ["", "templates"])
        }
    }

    private static func wrong(_ key: String, _ wanted: Bool, _ seen: String, note: String? = nil) -> Told {
        var actual = [key: seen]
        actual["note"] = note
        return .wrong(.wrongService, [key: "\(wanted)"], actual)
    }

    private static let untilBoot = "it is enabled until the next boot"

    @Test(
        arguments: [
            ("enabled", .ok, wrong("enabled", false, "enabled")),
            (
                "enabled-runtime", wrong("enabled", true, "enabled-runtime", note: untilBoot),
                wrong("enabled", false, "enabled-runtime", note: untilBoot)
            ),
            ("linked", wrong("enabled", true, "linked"), .ok),
            ("linked-runtime", wrong("enabled", true, "linked-runtime"), .ok),
            ("masked", wrong("enabled", true, "masked"), .ok),
            ("masked-runtime", wrong("enabled", true, "masked-runtime"), .unreadable(.undecided)),
            ("disabled", wrong("enabled", true, "disabled"), .ok),
            ("transient", wrong("enabled", true, "transient", note: "the unit ends with this boot"), .ok),
            ("bad", wrong("enabled", true, "bad"), .unreadable(.undecided)),
            ("static", .unreadable(.undecided), .unreadable(.undecided)),
            ("indirect", .unreadable(.undecided), .unreadable(.undecided)),
            ("alias", .unreadable(.undecided), .unreadable(.undecided)),
            ("generated", .unreadable(.undecided), .unreadable(.undecided)),
            ("", .unreadable(.undecided), .unreadable(.undecided)),
            ("of-tomorrow", .unreadable(.unsupported), .unreadable(.unsupported)),
        ] as [(String, Told, Told)])
    func areEnabledOrNot(state: String, forTrue: Told, forFalse: Told) {
        #expect(
            both(["UnitFileState": state]) { ServiceExpectation(name: "a.service", enabled: $0) } == [
                forTrue, forFalse,
            ])
    }

    /// So that a person sees what to write instead.
    @Test func whatIsNeitherYesNorNoIsSaid() {
        let lines = ["manager systemd"] + Self.unit("a.service", ["UnitFileState": "static"]) + ["", "templates"]
        let outcome = outcome(ServiceExpectation(name: "a.service", enabled: true), lines)
        #expect(outcome?.finding == .unreadable(.undecided))
        #expect(outcome?.remark == "enabled: static")
    }

    @Test(
        arguments: [
            ("active", "running", .ok, wrong("running", false, "active (running)")),
            ("active", "exited", .ok, wrong("running", false, "active (exited)")),
            ("reloading", "reload", .ok, wrong("running", false, "reloading (reload)")),
            ("refreshing", "refresh", .ok, wrong("running", false, "refreshing (refresh)")),
            (
                "activating", "auto-restart", wrong("running", true, "activating (auto-restart)"),
                wrong("running", false, "activating (auto-restart)")
            ),
            (
                "activating", "start", wrong("running", true, "activating (start)"),
                wrong("running", false, "activating (start)")
            ),
            (
                "deactivating", "stop-sigterm", wrong("running", true, "deactivating (stop-sigterm)"),
                wrong("running", false, "deactivating (stop-sigterm)")
            ),
            ("inactive", "dead", wrong("running", true, "inactive (dead)"), .ok),
            ("failed", "failed", wrong("running", true, "failed (success)"), .ok),
            ("maintenance", "x", wrong("running", true, "maintenance (x)"), .ok),
            ("of-tomorrow", "x", .unreadable(.unsupported), .unreadable(.unsupported)),
        ] as [(String, String, Told, Told)])
    func runOrNot(active: String, sub: String, forTrue: Told, forFalse: Told) {
        let changes = ["ActiveState": active, "SubState": sub]
        #expect(both(changes) { ServiceExpectation(name: "a.service", running: $0) } == [forTrue, forFalse])
    }

    @Test(
        arguments: [
            // At work, ended well, ended badly, never run.
            (["ActiveState": "activating", "SubState": "start"], .ok, wrong("running", false, "activating (start)")),
            (["ActiveState": "inactive", "SubState": "dead", "ExecMainExitTimestampMonotonic": "7"], .ok, .ok),
            (
                ["ActiveState": "failed", "SubState": "failed", "Result": "timeout"],
                wrong("running", true, "failed (timeout)"), .ok
            ),
            (
                [
                    "ActiveState": "inactive", "SubState": "dead", "Result": "exit-code",
                    "ExecMainExitTimestampMonotonic": "7",
                ],
                wrong("running", true, "inactive (dead)"), .ok
            ),
            (
                ["ActiveState": "inactive", "SubState": "dead"],
                wrong(
                    "running", true, "inactive (dead)",
                    note: "it is a oneshot, and has not run since the machine started"),
                .ok
            ),
            (
                ["ActiveState": "activating", "SubState": "auto-restart"],
                wrong("running", true, "activating (auto-restart)"),
                wrong("running", false, "activating (auto-restart)")
            ),
        ] as [([String: String], Told, Told)])
    func aOneshotIsFineWhenItEndedWell(changes: [String: String], forTrue: Told, forFalse: Told) {
        let changes = changes.merging(["Type": "oneshot"]) { $1 }
        #expect(both(changes) { ServiceExpectation(name: "a.service", running: $0) } == [forTrue, forFalse])
    }

    @Test func onlyAServiceIsAOneshot() {
        let mount = Self.unit("a.mount", ["Type": "oneshot", "ActiveState": "inactive", "SubState": "dead"])
        let wanted = ServiceExpectation(name: "a.mount", running: true)
        #expect(told(wanted, ["manager systemd"] + mount) == Self.wrong("running", true, "inactive (dead)"))
    }

    @Test func whatSaysMoreIsARemark() {
        func remark(_ wanted: ServiceExpectation, _ changes: [String: String]) -> String? {
            outcome(wanted, ["manager systemd"] + Self.unit("a.service", changes))?.remark
        }
        let stopped = ServiceExpectation(name: "a.service", running: false)
        #expect(
            remark(stopped, ["ActiveState": "failed", "Result": "signal"])
                == "it does not run because it failed (signal)")
        #expect(remark(stopped, ["ActiveState": "inactive"]) == nil)
        let ended = ["ActiveState": "inactive", "Type": "oneshot", "ExecMainExitTimestampMonotonic": "1"]
        #expect(
            remark(ServiceExpectation(name: "a.service", running: true), ended)
                == "it is a oneshot, which ran and ended well")
    }

    @Test func whatWouldStartItIsSaid() {
        let changes = [
            "ActiveState": "inactive", "SubState": "dead", "TriggeredBy": "ssh.socket a.path",
            "UnitFileState": "disabled",
        ]
        #expect(
            told(
                ServiceExpectation(name: "a.service", enabled: true, running: true),
                ["manager systemd"] + Self.unit("a.service", changes))
                == .wrong(
                    .wrongService, ["enabled": "true", "running": "true"],
                    [
                        "enabled": "disabled", "running": "inactive (dead)",
                        "note": "a.path and ssh.socket may start it",
                    ]))
    }

    @Test func aUnitThatIsNotThereIsNeitherEnabledNorRunning() {
        let changes = ["LoadState": "not-found", "ActiveState": "inactive", "SubState": "dead", "UnitFileState": ""]
        #expect(
            both(changes) { ServiceExpectation(name: "a.service", enabled: $0, running: $0) } == [
                .wrong(
                    .wrongService, ["enabled": "true", "running": "true"],
                    ["enabled": "not-found", "running": "not-found"]), .ok,
            ])
        // Its file was deleted while it ran.
        let changed = ["LoadState": "not-found", "UnitFileState": ""]
        #expect(
            both(changed) { ServiceExpectation(name: "a.service", running: $0) } == [
                .ok, Self.wrong("running", false, "active (running)"),
            ])
    }

    @Test func whatIsWrongIsWrongWhateverElseIsUndecided() {
        let changes = ["ActiveState": "failed", "Result": "signal", "UnitFileState": "static"]
        #expect(
            both(changes) { ServiceExpectation(name: "a.service", enabled: true, running: $0) } == [
                Self.wrong("running", true, "failed (signal)"), .unreadable(.undecided),
            ])
    }

    @Test(arguments: ["masked", "bad-setting", "error"])
    func aUnitThatCannotBeLoadedSaysSo(load: String) {
        let changes = ["LoadState": load, "ActiveState": "inactive", "SubState": "dead"]
        let expected =
            load == "masked"
            ? Self.wrong("running", true, "masked")
            : Self.wrong("running", true, "inactive (dead)", note: "its unit file is wrong: \(load)")
        #expect(both(changes) { ServiceExpectation(name: "a.service", running: $0) } == [expected, .ok])
    }

    @Test(
        arguments: [
            ("/etc/init.d/a", "graphical.target multi-user.target", .ok, wrong("enabled", false, "enabled")),
            ("/etc/rc.d/init.d/a", "runlevel3.target", .ok, wrong("enabled", false, "enabled")),
            ("/etc/init.d/a", "", wrong("enabled", true, "disabled"), .ok),
            ("/etc/init.d/a", "b.service", wrong("enabled", true, "disabled"), .ok),
            ("/etc/fstab", "multi-user.target", .unreadable(.undecided), .unreadable(.undecided)),
        ] as [(String, String, Told, Told)])
    func aScriptOfSystemVIsEnabledByItsLinks(source: String, wantedBy: String, forTrue: Told, forFalse: Told) {
        let changes = ["UnitFileState": "generated", "SourcePath": source, "WantedBy": wantedBy]
        #expect(both(changes) { ServiceExpectation(name: "a.service", enabled: $0) } == [forTrue, forFalse])
    }

    @Test func isFoundByAnyOfItsNames() {
        let ssh = Self.unit("ssh.service", ["Names": #"ssh.service sshd.service "a\\x2db.service""#])
        let lines = ["manager systemd"] + ssh + [""] + ssh + [""] + Self.unit("b.service", ["ActiveState": "failed"])
        for name in ["ssh.service", "sshd.service", #"a\x2db.service"#] {
            #expect(told(ServiceExpectation(name: name, enabled: true, running: true), lines) == .ok)
        }
        #expect(
            told(ServiceExpectation(name: "b.service", running: true), lines)
                == Self.wrong("running", true, "failed (success)"))
    }

    @Test(
        arguments: [
            ([], UnreadableReason.malformedAnswer), (["manager"], .malformedAnswer),
            (["manager launchd"], .malformedAnswer),
            (unit("a.service"), .malformedAnswer),
            // systemctl could not ask, or stopped before it came to this unit.
            (["manager systemd"], .readError), (["manager systemd"] + unit("b.service"), .readError),
            (["manager systemd"] + unit("a.service") + ["Id=a.service"], .readError),
            (["manager systemd"] + unit("a.service") + ["nonsense"], .readError),
            (["manager systemd"] + unit("a.service").filter { !$0.hasPrefix("ActiveState") }, .readError),
            (["manager systemd", "templates"] + unit("a.service"), .readError),
            (
                ["manager systemd"] + unit("a.service") + [""] + unit("a.service", ["ActiveState": "failed"]),
                .malformedAnswer
            ),
            (["manager openrc"], .malformedAnswer), (["manager openrc", "boots boot"], .malformedAnswer),
            (["manager openrc", "service a.service started"], .malformedAnswer),
            (["manager openrc", "boots boot", "service a.service"], .malformedAnswer),
            (["manager openrc", "boots boot", "service a.service dead"], .malformedAnswer),
            (
                ["manager openrc", "boots boot", "service a.service started", "service a.service started"],
                .malformedAnswer
            ),
        ] as [([String], UnreadableReason)])
    func whatMakesNoSenseProvesNothing(lines: [String], reason: UnreadableReason) {
        for wanted in [true, false] {
            #expect(
                told(ServiceExpectation(name: "a.service", enabled: wanted, running: wanted), lines)
                    == .unreadable(reason))
        }
    }

    @Test func aTemplateIsAskedForApart() {
        let names = ["getty@.service", "getty@tty1.service", "a@.b.service", "a.service"]
        let expectations = names.map { Expectation(.service(ServiceExpectation(name: $0, enabled: true))) }
        let topics = ProbeQuestions(packs: [Pack(name: base, expectations: expectations)]).topics
        #expect(
            topics.map(\.arguments) == [
                ["template getty@.service", "unit a.service", "unit a@.b.service", "unit getty@tty1.service"]
            ])
        func template(_ lines: [String]) -> [Told?] {
            [true, false].map {
                told(
                    ServiceExpectation(name: "getty@.service", enabled: $0), ["manager systemd", "templates"] + lines)
            }
        }
        let whole = "basic.target static -"
        #expect(template([whole, "getty@.service enabled enabled"]) == [.ok, Self.wrong("enabled", false, "enabled")])
        #expect(
            template([whole, "getty@.service disabled enabled"]) == [Self.wrong("enabled", true, "disabled"), .ok])
        #expect(template([whole, "getty@.service indirect"]) == [.unreadable(.undecided), .unreadable(.undecided)])
        #expect(template([whole, "getty@.service new"]) == [.unreadable(.unsupported), .unreadable(.unsupported)])
        #expect(template([whole]) == [Self.wrong("enabled", true, "not-found"), .ok])
        #expect(template(["getty@.service enabled"]) == [.unreadable(.readError), .unreadable(.readError)])
        #expect(
            told(ServiceExpectation(name: "getty@.service", running: true), ["manager systemd", "templates", whole])
                == Self.wrong("running", true, "inactive", note: "it is a template, which never runs itself"))
    }

    @Test(
        arguments: [
            (
                "started default", .ok,
                .wrong(.wrongService, twice("false"), ["enabled": "in runlevel default", "running": "started"])
            ),
            ("stopped boot", wrong("running", true, "stopped"), wrong("enabled", false, "in runlevel boot")),
            ("started", wrong("enabled", true, "in no runlevel"), wrong("running", false, "started")),
            (
                "started desktop", .ok,
                .wrong(.wrongService, twice("false"), ["enabled": "in runlevel desktop", "running": "started"])
            ),
            (
                "started nonetwork", wrong("enabled", true, "only in runlevel nonetwork"),
                wrong("running", false, "started")
            ),
            ("absent", .wrong(.wrongService, twice("true"), ["enabled": "not-found", "running": "not-found"]), .ok),
            ("crashed default", wrong("running", true, "crashed"), wrong("enabled", false, "in runlevel default")),
            (
                "starting default", wrong("running", true, "starting"),
                .wrong(.wrongService, twice("false"), ["enabled": "in runlevel default", "running": "starting"])
            ),
            ("unsure default", .unreadable(.permissionDenied), wrong("enabled", false, "in runlevel default")),
        ] as [(String, Told, Told)])
    func ofOpenRCAreWhatItsFoldersSay(seen: String, forTrue: Told, forFalse: Told) {
        let lines = ["manager openrc", "boots sysinit boot default desktop", "service a.service \(seen)"]
        let found = [true, false].map { told(ServiceExpectation(name: "a.service", enabled: $0, running: $0), lines) }
        #expect(found == [forTrue, forFalse])
        #expect(
            told(ServiceExpectation(name: "a.socket", enabled: true), lines)
                == .notApplicable("OpenRC has no units of type socket"))
    }

    private static func twice(_ word: String) -> [String: String] { ["enabled": word, "running": word] }
}
