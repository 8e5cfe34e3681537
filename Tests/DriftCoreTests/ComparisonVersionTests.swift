import DriftCore
import Testing

/// Versions and holds, by each manager's own rules.
@Suite struct ComparisonVersionTests {
    private static let kernels = ["5.14.0-362.el9", "5.14.0-427.el9", "5.14.0-70.el9"]

    private func told(
        _ manager: PackageManager, _ versions: [String], _ wanted: PackageExpectation, held: [Bool?] = []
    ) -> Told? {
        Told(judge(.package(wanted), facts(manager, versions, held)))
    }

    private func facts(_ manager: PackageManager, _ versions: [String], _ held: [Bool?] = []) -> Facts {
        let entries = versions.enumerated().map { place, version in
            InstalledPackage(
                isHeld: place < held.count ? held[place] : nil, version: version,
                architecture: place == 0 ? "amd64" : "i386")
        }
        return Facts(packages: .listed(PackageDatabase(manager, ["p": entries, "other": entries])))
    }

    private static func wrong(_ expected: [String: String], _ version: String, _ note: String? = nil) -> Told {
        var actual = ["version": version]
        actual["note"] = note
        return .wrong(.wrongVersion, expected, actual)
    }

    @Test(
        arguments: [
            (PackageExpectation(name: "p", minimumVersion: "5.14.0-400"), .ok),
            (.init(name: "p", minimumVersion: "5.14.0"), .ok), (.init(name: "p", version: "5.14.0-362.*"), .ok),
            (.init(name: "p", version: "5.14.0"), .ok), (.init(name: "p", maximumVersion: "5.14.0"), .ok),
            (.init(name: "p", maximumVersion: "5.14.0-427.el9"), .ok),
            (
                .init(name: "p", minimumVersion: "5.14.0-503"),
                wrong(["min_version": "5.14.0-503"], "5.14.0-427.el9")
            ),
            (
                .init(name: "p", maximumVersion: "5.14.0-100"),
                wrong(["max_version": "5.14.0-100"], "5.14.0-427.el9, 5.14.0-362.el9")
            ),
            (
                .init(name: "p", version: "5.15.*"),
                wrong(["version": "5.15.*"], "5.14.0-427.el9, 5.14.0-362.el9, 5.14.0-70.el9")
            ),
            (
                .init(name: "p", version: "5.14.0-70.*", minimumVersion: "6", maximumVersion: "5.14.0-400"),
                wrong(["min_version": "6", "max_version": "5.14.0-400"], "5.14.0-427.el9")
            ),
        ] as [(PackageExpectation, Told)])
    func severalVersionsAreJudgedTogether(wanted: PackageExpectation, expected: Told) {
        #expect(told(.rpm, Self.kernels, wanted) == expected)
    }

    @Test(
        arguments: [
            (.dpkg, "1.0~rc1-1", "1.0", false), (.rpm, "1.0~rc1-1", "1.0", false), (.apk, "1.0_rc1-r0", "1.0", false),
            (.pacman, "1.0rc1-1", "1.0", false), (.rpm, "1.0^git1-1", "1.0", true), (.apk, "1.0_git1-r0", "1.0", true),
            (.apk, "1.0-r2", "1.0-r10", false), (.pacman, "1:0.1-1", "9", true), (.rpm, "1.0a-1", "1.0.1", false),
            (.dpkg, "1.0a-1", "1.0", true), (.pacman, "1.0a-1", "1.0", false), (.rpm, "1.0a-1", "1.0", true),
        ] as [(PackageManager, String, String, Bool)])
    func eachManagerHasItsOwnOrder(manager: PackageManager, installed: String, minimum: String, isMet: Bool) {
        let outcome = told(manager, [installed], .init(name: "p", minimumVersion: minimum))
        #expect(outcome == (isMet ? .ok : Self.wrong(["min_version": minimum], installed)))
    }

    /// Each manager refuses what its own tools refuse.
    @Test(
        arguments: [
            (.dpkg, "1.0_rc1"), (.rpm, "latest"), (.rpm, "1.0-1-2"), (.apk, "1:1.0"), (.apk, "1.0-1"), (.apk, "v1"),
            (.pacman, "1.0-r1"), (.pacman, "a:1"),
        ] as [(PackageManager, String)])
    func whatIsNotAVersionIsNotCompared(manager: PackageManager, bound: String) {
        let installed = manager == .apk ? "1.0-r0" : "1.0-1"
        for wanted in [
            PackageExpectation(name: "p", minimumVersion: bound), PackageExpectation(name: "p", maximumVersion: bound),
        ] {
            #expect(told(manager, [installed], wanted) == .unreadable(.notAVersion))
        }
    }

    @Test func anInstalledVersionThatMakesNoSenseProvesNothing() {
        #expect(told(.apk, ["trunk"], .init(name: "p", minimumVersion: "1")) == .unreadable(.malformedAnswer))
        #expect(told(.apk, ["trunk"], .init(name: "p")) == .ok)
    }

    @Test func aMaximumSaysWhyItIsPassed() {
        let revision = "every revision of 1.22.1 is newer than 1.22.1 itself"
        let wanted = PackageExpectation(name: "p", maximumVersion: "1.22.1")
        #expect(told(.dpkg, ["1.22.1-9"], wanted) == Self.wrong(["max_version": "1.22.1"], "1.22.1-9", revision))
        #expect(told(.apk, ["1.22.1-r9"], wanted) == Self.wrong(["max_version": "1.22.1"], "1.22.1-r9", revision))
        #expect(told(.rpm, ["1.22.1-9"], wanted) == .ok)
        #expect(told(.pacman, ["1.22.1-9"], wanted) == .ok)
        #expect(
            told(.rpm, ["1:1.0-1"], wanted)
                == Self.wrong(
                    ["max_version": "1.22.1"], "1:1.0-1", "the epoch 1: is newer than every version that begins with 0:"
                ))
    }

    @Test func aMaximumThatIsTrueForEverIsRemarkedOn() throws {
        let wanted = PackageExpectation(name: "p", maximumVersion: "1:2.0")
        let pack = Pack(name: PackName(rawValue: "p"), expectations: [Expectation(.package(wanted))])
        func remark(_ installed: String) -> String? {
            Comparison.judge(facts(.rpm, [installed]), against: pack, digest: pack.digest).outcomes.first?.remark
        }
        #expect(remark("9-1") == "9-1 has no epoch, and so is older than every version that begins with 1:")
        #expect(remark("1:1-1") == nil)
    }

    @Test(
        arguments: [
            ([true], true, .ok), ([false], false, .ok), ([true, true], true, .ok), ([nil], nil, .ok),
            ([false], true, .wrong(.wrongHold, ["held": "true"], ["held": "false"])),
            ([true], false, .wrong(.wrongHold, ["held": "false"], ["held": "true"])),
            ([true, false], true, .wrong(.wrongHold, ["held": "true"], ["held": "amd64"])),
            ([false, true], false, .wrong(.wrongHold, ["held": "false"], ["held": "i386"])),
            ([nil], true, .unreadable(.unsupported)), ([nil], false, .unreadable(.unsupported)),
        ] as [([Bool?], Bool?, Told)])
    func holdsAreJudged(held: [Bool?], wanted: Bool?, expected: Told) {
        let versions = held.map { _ in "1.0-1" }
        #expect(told(.dpkg, versions, .init(name: "p", isHeld: wanted), held: held) == expected)
    }

    @Test func aVersionIsWrongWhateverIsKnownOfHolds() {
        let wanted = PackageExpectation(name: "p", minimumVersion: "2", isHeld: true)
        #expect(told(.rpm, ["1.0-1"], wanted) == Self.wrong(["min_version": "2"], "1.0-1"))
        let check = judge(.package(wanted), facts(.dpkg, ["1.0-1"], [false]))
        guard case .wrong(let mismatches) = check else {
            Issue.record("\(check)")
            return
        }
        #expect(mismatches.map(\.type) == [.wrongVersion, .wrongHold])
    }

    @Test(arguments: [
        (PackageManager.rpm, "glibc.i686", true), (.rpm, "glibc.x86_64", false), (.rpm, "glibc:i686", true),
        (.rpm, "python3.11", true), (.rpm, "python3.11.i686", true), (.rpm, "tzdata.i686", true),
        (.rpm, "tzdata.noarch", true), (.dpkg, "glibc.i686", false), (.apk, "tzdata:x86_64", true),
        (.pacman, "files:x86_64", true), (.pacman, "glibc:x86_64", false), (.dpkg, "files:amd64", false),
    ])
    func anArchitectureMayBeNamed(manager: PackageManager, name: String, isThere: Bool) {
        let packages = ["glibc": "i686", "python3.11": "i686", "tzdata": "noarch", "files": "any"].mapValues {
            [InstalledPackage(version: "1", architecture: $0)]
        }
        let facts = Facts(packages: .listed(PackageDatabase(manager, packages)))
        #expect((judge(.package(.init(name: name)), facts) == .ok) == isThere)
    }

    @Test func aMissingPackageSaysWhichVersionsAreMeant() {
        let wanted = PackageExpectation(
            name: "nowhere", version: "1.*", minimumVersion: "1.1", maximumVersion: "1.9", isHeld: true)
        #expect(
            told(.rpm, ["1"], wanted)
                == .wrong(
                    .missingPackage,
                    ["state": "present", "version": "1.*", "min_version": "1.1", "max_version": "1.9"],
                    ["state": "absent"]))
    }
}
