import DriftCore
import Testing

@Suite("Accounts")
struct AccountTests {
    private let deploy = "user file deploy:shadow:1001:1001:/home/deploy:/bin/bash"
    private let local = [
        "sources passwd files", "sources group files", "group file deploy:1001:", "group file www-data:33:web,deploy",
        "group file docker:99:web", "user file deploy:shadow:1001:1001:/home/deploy:/bin/bash", "whole",
    ]

    private func told(_ account: AccountExpectation, _ lines: [String]? = nil, shadow: [String]? = nil) -> Told? {
        DriftCoreTests.told(
            .user(.account(account)), ["accounts": lines ?? local, "shadow": shadow].compactMapValues(\.self))
    }

    private static func deploy(_ change: (inout AccountExpectation) -> Void) -> AccountExpectation {
        var account = AccountExpectation(name: "deploy")
        change(&account)
        return account
    }

    @Test(
        arguments: [
            (deploy { _ in }, .ok),
            (
                deploy {
                    ($0.uid, $0.gid, $0.group, $0.shell) = (1001, 1001, "deploy", "/bin/bash")
                    ($0.home, $0.groups) = ("/home/deploy/", ["www-data", "deploy"])
                }, .ok
            ),
            (deploy { $0.uid = 1002 }, .wrong(.wrongUser, ["uid": "1002"], ["uid": "1001"])),
            (deploy { $0.shell = "/bin/sh" }, .wrong(.wrongUser, ["shell": "/bin/sh"], ["shell": "/bin/bash"])),
            (deploy { $0.home = "/srv" }, .wrong(.wrongUser, ["home": "/srv"], ["home": "/home/deploy"])),
            (deploy { $0.gid = 33 }, .wrong(.wrongGroup, ["gid": "33"], ["gid": "1001"])),
            (
                deploy { $0.group = "www-data" },
                .wrong(.wrongGroup, ["group": "www-data"], ["group": "gid 1001, not 33"])
            ),
            (
                deploy { $0.group = "none" },
                .wrong(.wrongGroup, ["group": "none"], ["group": "gid 1001, and none does not exist"])
            ),
            (
                deploy { $0.groups = ["www-data", "docker"] },
                .wrong(.wrongGroup, ["groups": "docker, www-data"], ["groups": "www-data"])
            ),
            (deploy { $0.groups = ["none"] }, .wrong(.wrongGroup, ["groups": "none"], ["groups": "none of these"])),
            (deploy { ($0.uid, $0.gid) = (1, 1) }, .several([.wrongUser, .wrongGroup])),
            (
                AccountExpectation(name: "deploy", state: .absent),
                .wrong(.unexpectedUser, ["state": "absent"], ["state": "present", "uid": "1001"])
            ),
            (AccountExpectation(name: "games", state: .absent), .ok),
            (AccountExpectation(name: "games"), .wrong(.missingUser, ["state": "present"], ["state": "absent"])),
        ] as [(AccountExpectation, Told)])
    func areJudgedByTheDatabase(account: AccountExpectation, expected: Told) { #expect(told(account) == expected) }

    @Test func anEmptyShellIsTheStandardOne() {
        let lines = ["user file deploy:shadow:1:1:/:", "whole"]
        #expect(told(Self.deploy { $0.shell = "/bin/sh" }, lines) == .ok)
    }

    /// An account cannot be proven missing by a database that was not asked whole.
    @Test(
        arguments: [
            ([], .malformedAnswer), (["user file deploy:shadow:1:1:/:"], .malformedAnswer),
            (["sources passwd files systemd", "whole"], .directoryUnseen),
            (["sources passwd compat", "other passwd", "whole"], .directoryUnseen),
            (["done passwd 3", "whole"], .readError), (["done passwd 127", "whole"], .readError),
            (["done passwd 0", "whole"], .malformedAnswer),
            // getent has it under another name, such as deploy@example.net.
            (["done passwd 2", "other passwd", "whole"], .malformedAnswer),
            (["done passwd 2", "user file deploy:shadow:1:1:/:", "whole"], .malformedAnswer),
            (["sources passwd files sss", "done passwd 2", "whole"], .directoryUnseen),
            (["sources passwd files [NOTFOUND=return X=Y] ldap", "done passwd 2", "whole"], .directoryUnseen),
        ] as [([String], UnreadableReason)])
    func whatIsNotFoundMayBeThere(lines: [String], reason: UnreadableReason) {
        for state in Presence.allCases {
            #expect(told(AccountExpectation(name: "deploy", state: state), lines) == .unreadable(reason))
        }
    }

    @Test(arguments: [
        ["whole"], ["sources passwd files", "whole"], ["sources passwd files systemd", "done passwd 2", "whole"],
        ["sources passwd files [success=return] extrausers", "done passwd 2", "whole"],
        // The directory service gave another account, so it answers.
        ["sources passwd files sss", "user passwd anna:shadow:5000:5000:/:/bin/sh", "done passwd 2", "whole"],
    ])
    func whatAllDatabasesLackIsMissing(lines: [String]) {
        #expect(told(AccountExpectation(name: "deploy", state: .absent), lines) == .ok)
    }

    @Test(arguments: [
        "user file deploy:shadow:1001:1001:/home/deploy", "user file deploy:shadow:-1:1:/:",
        "user file deploy:x:1:1:/:",
        "user file deploy:shadow:99999999999:1:/:", "user nowhere deploy:shadow:1:1:/:", "user file", "user",
    ])
    func aLineThatMakesNoSenseIsNone(line: String) {
        let wanted = AccountExpectation(name: "deploy")
        #expect(told(wanted, [line, "done passwd 0", "whole"]) == .unreadable(.malformedAnswer))
    }

    @Test func aSecondLineThatDiffersIsWrong() {
        let second = "user file deploy:shadow:0:0:/root:/bin/bash"
        let wanted = Self.deploy { $0.uid = 1001 }
        #expect(told(wanted, [deploy, deploy, "whole"]) == .ok)
        #expect(
            told(wanted, [deploy, second, "whole"])
                == .wrong(.wrongUser, ["entries": "1"], ["entries": "2 that differ in /etc/passwd"]))
        #expect(told(Self.deploy { $0.uid = 0 }, [deploy, second, "whole"]) != .ok)
    }

    @Test func aDirectoryServiceSaysWhatALoginGets() {
        let lines = [
            "sources group files sss", "user passwd deploy:shadow:1001:1001:/home/deploy:/bin/bash", "done passwd 0",
            "group group staff:5000:", "group group ops:5001:", "done group 0", "gids deploy   27 5000", "whole",
        ]
        #expect(told(Self.deploy { $0.groups = ["staff"] }, lines) == .ok)
        #expect(
            told(Self.deploy { $0.groups = ["ops", "staff"] }, lines)
                == .wrong(.wrongGroup, ["groups": "ops, staff"], ["groups": "staff"]))
        #expect(told(Self.deploy { $0.groups = ["staff"] }, lines + ["large group staff"]) == .unreadable(.tooLarge))
    }

    @Test func whatIsWrongIsWrongWhateverElseCouldNotBeSeen() {
        let lines = ["sources group files sss", deploy, "whole"]
        #expect(told(Self.deploy { $0.groups = ["staff"] }, lines) == .unreadable(.directoryUnseen))
        #expect(
            told(Self.deploy { ($0.uid, $0.groups) = (1, ["staff"]) }, lines)
                == .wrong(.wrongUser, ["uid": "1"], ["uid": "1001"]))
    }

    // MARK: Passwords

    @Test(
        arguments: [
            ("shadow locked valid deploy", true, false), ("shadow set valid deploy", false, false),
            ("shadow open valid deploy", false, false), ("shadow set expired deploy", false, true),
        ])
    func areLockedOrExpired(line: String, locked: Bool, expired: Bool) {
        for wanted in [true, false] {
            let (lock, expiry) = (Self.deploy { $0.locked = wanted }, Self.deploy { $0.expired = wanted })
            #expect(
                told(lock, shadow: [line])
                    == (wanted == locked ? .ok : .wrong(.wrongUser, ["locked": "\(wanted)"], ["locked": "\(locked)"])))
            #expect(
                told(expiry, shadow: [line])
                    == (wanted == expired
                        ? .ok : .wrong(.wrongUser, ["expired": "\(wanted)"], ["expired": "\(expired)"])))
        }
    }

    @Test(
        arguments: [
            (nil, .sudoRefused), ([], .unsupported), (["shadow locked valid other"], .unsupported),
            (["shadow gone valid deploy"], .unsupported), (["shadow locked deploy"], .unsupported),
            (["shadow locked valid deploy", "shadow set valid deploy"], .malformedAnswer),
        ] as [([String]?, UnreadableReason)])
    func whatOnlyRootMaySeeIsNotGuessed(shadow: [String]?, reason: UnreadableReason) {
        #expect(told(Self.deploy { $0.locked = true }, shadow: shadow) == .unreadable(reason))
        #expect(
            told(Self.deploy { ($0.uid, $0.locked) = (5, true) }, shadow: shadow)
                == .wrong(.wrongUser, ["uid": "5"], ["uid": "1001"]))
    }

    /// A password in the account's own line is the one that counts.
    @Test(arguments: [("locked", true), ("open", false), ("set", false)])
    func thePasswordMayStandInThePublicDatabase(word: String, locked: Bool) {
        let lines = ["user file deploy:\(word):1001:1001:/home/deploy:/bin/bash", "whole"]
        #expect(told(Self.deploy { $0.locked = locked }, lines) == .ok)
        #expect(told(Self.deploy { $0.locked = !locked }, lines) != .ok)
    }

    // MARK: User ids

    private func holders(_ only: [String], _ lines: [String]) -> Told? {
        DriftCoreTests.told(.user(.holders(UserIDExpectation(uid: 0, only: only))), ["accounts": lines])
    }

    @Test func onlySaysWhoMayHaveAUserID() {
        let root = "user file root:shadow:0:0:/root:/bin/bash"
        let toor = "user file toor:shadow:0:0:/root:/bin/bash"
        #expect(holders(["root"], [deploy, root, "whole"]) == .ok)
        #expect(holders(["root", "toor"], [root, "whole"]) == .ok)
        #expect(
            holders(["root"], [root, toor, "whole"])
                == .wrong(.unexpectedUser, ["only": "root"], ["only": "root, toor"]))
        #expect(holders([], [root, "whole"]) == .wrong(.unexpectedUser, ["only": "none"], ["only": "root"]))
        #expect(holders(["root"], [root]) == .unreadable(.malformedAnswer))
        #expect(holders(["root"], [root, "cut file", "whole"]) == .unreadable(.tooLarge))
        let remote = ["sources passwd files sss", root]
        #expect(holders(["root"], remote + ["whole"]) == .unreadable(.directoryUnseen))
        #expect(holders(["root"], remote + ["done list 2", "whole"]) == .unreadable(.directoryUnseen))
        #expect(holders(["root"], remote + ["done list 0", "whole"]) == .ok)
        #expect(
            holders(["root"], remote + ["user list anna:shadow:0:0:/:/bin/sh", "done list 0", "whole"])
                == .wrong(.unexpectedUser, ["only": "root"], ["only": "anna, root"]))
    }

    @Test func aServiceThatListsNothingIsNamed() throws {
        let pack = Pack(
            name: PackName(rawValue: "base"),
            expectations: [Expectation(.user(.holders(UserIDExpectation(uid: 0, only: ["root"]))))])
        var facts = Facts()
        let lines = [
            "sources passwd files sss", "user list root:shadow:0:0:/:", "user file root:shadow:0:0:/:", "done list 0",
        ]
        for question in ProbeQuestions(packs: [pack]).topics {
            facts.topics.read(question.topic, (lines + ["whole"]).map { Array($0.utf8)[...] })
        }
        let outcome = try #require(Comparison.judge(facts, against: pack, digest: anyDigest).outcomes.first)
        #expect(outcome.remark == "of the accounts in sss, only those that getent passwd lists were looked at")
    }

    // MARK: Questions

    @Test func eachThingIsAskedOnce() {
        #expect(questions(.user(.account(Self.deploy { $0.uid = 1 }))) == ["accounts user deploy"])
        #expect(
            questions(.user(.account(Self.deploy { ($0.group, $0.groups, $0.locked) = ("a", ["b", "a"], true) })))
                == ["accounts group a", "accounts group b", "accounts user deploy", "shadow deploy"])
        #expect(questions(.user(.holders(UserIDExpectation(uid: 0, only: ["root"])))) == ["accounts uid 0"])
    }
}
