import DriftCore
import Testing

@Suite("Mounts")
struct MountTests {
    private static let root = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro"
    private static let tmp = "30 21 0:25 / /tmp rw,nosuid,nodev shared:2 master:3 - tmpfs tmpfs rw,size=1048576k"

    private func told(_ wanted: MountExpectation, _ lines: [String]) -> Told? {
        let pack = Pack(name: PackName(rawValue: "base"), expectations: [Expectation(.mount(wanted))])
        var facts = Facts()
        for question in ProbeQuestions(packs: [pack]).topics {
            facts.topics.read(question.topic, lines.map { Array($0.utf8)[...] })
        }
        return Told(judge(.mount(wanted), facts))
    }

    private static func wrong(_ expected: [String: String], _ actual: [String: String]) -> Told {
        .wrong(.wrongMount, expected, actual)
    }

    @Test(
        arguments: [
            (MountExpectation(path: "/tmp"), [root, tmp], .ok),
            (
                MountExpectation(path: "/tmp", type: "tmpfs", options: ["nodev", "nosuid", "size=1048576k"]),
                [root, tmp], .ok
            ),
            (
                MountExpectation(path: "/tmp", options: ["rw", "exec", "relatime"]),
                [root, tmp.replacing("nodev", with: "relatime")], .ok
            ),
            (
                MountExpectation(path: "/tmp", type: "ext4", options: ["noexec", "nodev"]), [root, tmp],
                wrong(
                    ["type": "ext4", "options": "nodev,noexec"],
                    ["type": "tmpfs", "options": "rw,nosuid,nodev,size=1048576k", "note": "without noexec"])
            ),
            (
                MountExpectation(path: "/tmp", options: ["dev"]), [root, tmp],
                wrong(["options": "dev"], ["options": "rw,nosuid,nodev,size=1048576k", "note": "without dev"])
            ),
            // The file system is read-only, whatever the mount says.
            (
                MountExpectation(path: "/tmp", options: ["ro"]), [root, tmp.replacing("tmpfs rw", with: "tmpfs ro")],
                .ok
            ),
            (
                MountExpectation(path: "/tmp", options: ["rw"]), [root, tmp.replacing("tmpfs rw", with: "tmpfs ro")],
                wrong(["options": "rw"], ["options": "ro,nosuid,nodev,size=1048576k", "note": "without rw"])
            ),
            (MountExpectation(path: "/tmp", options: ["ro"]), [root, tmp.replacing("/tmp rw", with: "/tmp ro")], .ok),
            (
                MountExpectation(path: "/tmp/a"), [root, tmp],
                wrong(["state": "present"], ["state": "absent", "note": "it lies on the mount /tmp"])
            ),
            (
                MountExpectation(path: "/tmpx"), [root, tmp],
                wrong(["state": "present"], ["state": "absent", "note": "it lies on the mount /"])
            ),
            (MountExpectation(path: "/tmp/a", state: .absent), [root, tmp], .ok),
            (
                MountExpectation(path: "/tmp", state: .absent), [root, tmp],
                wrong(["state": "absent"], ["state": "present", "type": "tmpfs"])
            ),
            (MountExpectation(path: "/", type: "ext4"), [root], .ok),
            // The topmost of two at one path.
            (MountExpectation(path: "/tmp", type: "xfs"), [root, tmp, "31 30 8:2 / /tmp rw - xfs /dev/b rw"], .ok),
            (MountExpectation(path: "/tmp", type: "xfs"), [root, "31 30 8:2 / /tmp rw - xfs /dev/b rw", tmp], .ok),
            // What lies below a mount that came later cannot be seen.
            (
                MountExpectation(path: "/srv/a"),
                [root, "40 21 8:3 / /srv/a rw - ext4 /dev/c rw", "41 21 8:4 / /srv rw - ext4 /dev/d rw"],
                wrong(["state": "present"], ["state": "absent", "note": "it lies on the mount /srv"])
            ),
            (
                MountExpectation(path: #"/a b\c"#), [root, #"50 21 8:5 / /a\040b\134c rw - ext4 /dev/e rw"#], .ok
            ),
            // An automount that waits.
            (MountExpectation(path: "/net"), [root, "60 21 0:50 / /net rw - autofs systemd-1 rw"], .ok),
            (
                MountExpectation(path: "/net", type: "nfs4"), [root, "60 21 0:50 / /net rw - autofs systemd-1 rw"],
                .unreadable(.undecided)
            ),
        ] as [(MountExpectation, [String], Told)])
    func areAsWantedOrNot(wanted: MountExpectation, lines: [String], expected: Told) {
        #expect(told(wanted, lines) == expected)
    }

    @Test(arguments: [
        [], [tmp], [root, "nonsense"], [root, "x 21 0:25 / /tmp rw - tmpfs tmpfs rw"], [root, "30 21 0:25 / /tmp rw"],
        [root, "30 21 0:25 / tmp rw shared:1 - tmpfs tmpfs rw"], [root, tmp, tmp],
        [root, root.replacing("21 1", with: "22 1")],
        ["21 22 8:1 / / rw - ext4 a rw", "22 21 8:1 / / rw - ext4 a rw"],
        [root, tmp, "30 30 0:25 / /tmp rw - tmpfs tmpfs rw"], [root, tmp, "31 21 0:26 / /tmp rw - tmpfs tmpfs rw"],
    ])
    func whatMakesNoSenseProvesNothing(lines: [String]) {
        for state in Presence.allCases {
            #expect(told(MountExpectation(path: "/tmp", state: state), lines) == .unreadable(.malformedAnswer))
        }
    }

    @Test func theFoldersAboveAreAskedAsWell() {
        let pack = Pack(
            name: PackName(rawValue: "base"), expectations: [Expectation(.mount(MountExpectation(path: "/srv/a #1")))])
        #expect(
            ProbeQuestions(packs: [pack]).topics.map(\.arguments)
                == [["/", "/srv", #"/srv/a\040#1"#, #"/srv/a\040\0431"#]])
        #expect(
            told(MountExpectation(path: "/srv/a #1"), [Self.root, #"50 21 8:5 / /srv/a\040\0431 rw - ext4 /dev/e rw"#])
                == .ok)
    }
}
