import DriftCore
import Testing

@Suite("Groups")
struct GroupTests {
    private let lines = [
        "sources passwd files", "sources group files", "group file sudo:27:alice,bob", "group file empty:50:",
        "user file alice:shadow:1000:1000:/:/bin/sh", "user file bob:shadow:1001:1001:/:/bin/sh",
        "user file carol:shadow:1002:27:/:/bin/sh", "whole",
    ]

    private func told(_ group: GroupExpectation, _ lines: [String]? = nil) -> Told? {
        DriftCoreTests.told(.group(group), ["accounts": lines ?? self.lines])
    }

    private static func sudo(_ change: (inout GroupExpectation) -> Void) -> GroupExpectation {
        var group = GroupExpectation(name: "sudo")
        change(&group)
        return group
    }

    @Test(
        arguments: [
            (sudo { _ in }, .ok), (sudo { $0.gid = 27 }, .ok),
            (sudo { $0.gid = 28 }, .wrong(.wrongGroup, ["gid": "28"], ["gid": "27"])),
            (sudo { $0.members = ["bob", "alice"] }, .ok),
            // Her primary group counts.
            (sudo { $0.members = ["carol"] }, .ok),
            (
                sudo { $0.members = ["alice", "dave"] },
                .wrong(.wrongGroup, ["members": "alice, dave"], ["members": "alice"])
            ),
            (sudo { $0.members = ["dave"] }, .wrong(.wrongGroup, ["members": "dave"], ["members": "none of these"])),
            (sudo { $0.only = ["alice", "bob", "carol", "dave"] }, .ok),
            (
                sudo { $0.only = ["alice", "bob"] },
                .wrong(.unexpectedUser, ["only": "alice, bob"], ["only": "alice, bob, carol"])
            ),
            (
                sudo { $0.only = [] }, .wrong(.unexpectedUser, ["only": "none"], ["only": "alice, bob, carol"])
            ),
            (sudo { ($0.gid, $0.only) = (1, ["alice"]) }, .several([.wrongGroup, .unexpectedUser])),
            (
                GroupExpectation(name: "sudo", state: .absent),
                .wrong(.wrongGroup, ["state": "absent"], ["state": "present", "gid": "27"])
            ),
            (GroupExpectation(name: "docker", state: .absent), .ok),
            (GroupExpectation(name: "docker"), .wrong(.wrongGroup, ["state": "present"], ["state": "absent"])),
        ] as [(GroupExpectation, Told)])
    func areJudgedByTheDatabase(group: GroupExpectation, expected: Told) { #expect(told(group) == expected) }

    @Test func nobodyIsInAnEmptyGroup() {
        var group = GroupExpectation(name: "empty")
        group.only = []
        #expect(told(group) == .ok)
    }

    /// A login gets the groups of every line.
    @Test func theMembersOfASecondLineCount() {
        let wanted = Self.sudo { $0.only = ["alice", "bob", "carol"] }
        #expect(told(wanted, lines + ["group file sudo:27:mallory"]) != .ok)
        #expect(told(wanted, lines + ["group file wheel:27:mallory"]) != .ok)
        #expect(told(wanted, lines + ["group file wheel:28:mallory"]) == .ok)
    }

    @Test(
        arguments: [
            (["sources group files sss", "done group 2", "whole"], .directoryUnseen),
            (["done group 1", "whole"], .readError),
            (["large file sudo", "whole"], .tooLarge), ([], .malformedAnswer),
            (["group file sudo:27:"], .malformedAnswer),
            (["group file sudo:x:", "done group 0", "whole"], .malformedAnswer),
            (["group file sudo:27", "done group 0", "whole"], .malformedAnswer),
        ] as [([String], UnreadableReason)])
    func whatIsNotFoundMayBeThere(lines: [String], reason: UnreadableReason) {
        for state in Presence.allCases {
            #expect(told(GroupExpectation(name: "sudo", state: state), lines) == .unreadable(reason))
        }
    }

    @Test func aStrangerIsProofEvenInAListThatIsNotWhole() {
        let remote = ["sources passwd files sss", "group file sudo:27:alice"]
        #expect(
            told(Self.sudo { $0.only = ["alice"] }, remote + ["done list 1", "whole"]) == .unreadable(.directoryUnseen))
        #expect(
            told(Self.sudo { $0.only = ["bob"] }, remote + ["done list 1", "whole"])
                == .wrong(.unexpectedUser, ["only": "bob"], ["only": "alice"]))
    }

    @Test func aMemberMayBeUnseen() {
        let lines = ["sources passwd files sss", "group file sudo:27:alice", "done passwd 2", "whole"]
        #expect(told(Self.sudo { $0.members = ["alice"] }, lines) == .ok)
        #expect(told(Self.sudo { $0.members = ["alice", "bob"] }, lines) == .unreadable(.directoryUnseen))
    }

    @Test func aLongListIsCut() throws {
        let names = (10...99).map { "u\($0)" }
        let lines = ["group file sudo:27:\(names.joined(separator: ","))", "whole"]
        guard case .wrong(_, _, let actual)? = told(Self.sudo { $0.only = [] }, lines) else {
            Issue.record("90 members pass for none")
            return
        }
        #expect(actual["only"]?.hasSuffix("u29 and 70 more") == true)
    }

    @Test func eachThingIsAskedOnce() {
        #expect(questions(.group(Self.sudo { $0.gid = 1 })) == ["accounts group sudo"])
        #expect(
            questions(.group(Self.sudo { ($0.members, $0.only) = (["b", "a"], ["a", "b"]) }))
                == ["accounts list sudo", "accounts user a", "accounts user b"])
    }
}
