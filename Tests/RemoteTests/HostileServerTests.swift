import DriftCore
import Foundation
import Remote
import TestSupport
import Testing

/// What other accounts of a server, its file systems and its shells can do to a look, tried on the real script.
@Suite(.serialized) struct HostileServerTests {
    private static let other: Set = [SHA256Digest(of: [1])]

    private func needsRoot() async throws {
        guard geteuid() == 0, await SSHServer.canMakeNamespaces() else {
            try Test.cancel("only root can take another account's place here")
        }
    }

    /// Runs the script, as `user` where there is one, after `setUp` in a mount namespace of its own.
    private func look(
        _ files: [ProbeQuestions.File], as user: Int? = nil, after setUp: String = ":",
        script: [String] = ["/bin/sh", "-c", ProbeScript.text, ProbeScript.text], packages: Bool = false
    ) async throws -> (facts: Facts, text: String) {
        let request = ProbeRequest(ProbeQuestions(files: files, packages: packages))
        let drop = user.map { "setpriv --reuid \($0) --regid \($0) --clear-groups" } ?? ""
        let answer = try await Tool.run(
            ["/usr/bin/unshare", "-m", "/bin/sh", "-c", "\(setUp)\nexec \(drop) \"$@\"", "sh"] + script,
            input: request.input)
        let facts = try #require(try ProbeAnswer.facts(in: answer.output, to: request), "\(answer.text)")
        return (facts, answer.text)
    }

    private func content(_ facts: Facts, _ path: String) -> FileContent? {
        guard case .present(let entry) = facts.files[ServerPath(path)] else { return nil }
        return entry.content
    }

    // MARK: slow and odd

    /// A FUSE file system whose program never answers, mounted on `folder`, for as long as the look takes.
    private func hang(_ folder: String) -> String {
        """
        (exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0,allow_other hung '\(folder)'
            exec sleep 60) </dev/null >/dev/null 2>&1 &
        until grep -q ' \(folder) ' /proc/self/mountinfo; do :; done
        """
    }

    @Test(arguments: [true, false]) func whatLiesBelowAHungMountIsSlowAndAllElseIsJudged(named: Bool) async throws {
        try await needsRoot()
        guard FileManager.default.fileExists(atPath: "/dev/fuse") else { try Test.cancel("there is no FUSE here") }
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let mount = folder.path("mount")
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
        // By their names, or by links that only tell when they are followed.
        let hung = (0..<40).map { named ? "\(mount)/\($0)" : folder.path("link\($0)") }
        if !named {
            for (number, path) in hung.enumerated() {
                try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "\(mount)/\(number)")
            }
        }
        let start = ContinuousClock.now
        let (facts, _) = try await look(
            (hung + [folder.path("plain"), folder.path("missing")]).map { .init(path: $0, expectedHashes: Self.other) },
            as: 65534, after: hang(mount), packages: true)
        #expect(ContinuousClock.now - start < .seconds(26), "inside its own budget")
        for path in hung { #expect(facts.files[ServerPath(path)] == .unreadable(.slow)) }
        #expect(
            content(facts, folder.path("plain"))
                == .read(SHA256Digest(of: Array("hello\n".utf8)), bytes: Array("hello\n".utf8)))
        #expect(facts.files[ServerPath(folder.path("missing"))] == .missing)
        guard case .listed = facts.packages else {
            Issue.record("\(facts.packages)")
            return
        }
    }

    @Test func aLinkIntoAPseudoFileSystemIsNotReadAndHidesNothing() async throws {
        try await needsRoot()
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        for name in ["pagemap", "mem", "environ"] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path(name), withDestinationPath: "/proc/self/\(name)")
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("sys"), withDestinationPath: "/sys/kernel/uevent_seqnum")
        let names = ["pagemap", "mem", "environ", "sys", "plain"]
        let (facts, text) = try await look(
            names.map { .init(path: folder.path($0), expectedHashes: Self.other, show: .text) }, as: 65534)
        for name in names.dropLast() {
            #expect(content(facts, folder.path(name)) == .unreadable(.special), "\(name)")
        }
        #expect(text.split(separator: "\n").count { $0.hasPrefix("text ") } == 1)
        #expect(content(facts, folder.path("plain")) != nil)
    }

    @Test func fiveThousandFilesThatDifferFitTheBudget() async throws {
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let paths = (0..<5000).map { folder.path("many \($0)") }
        for path in paths { try Data("\(path)\n".utf8).write(to: URL(fileURLWithPath: path)) }
        let (facts, _) = try await look(paths.map { .init(path: $0, expectedHashes: Self.other) })
        for path in paths {
            guard case .read(SHA256Digest(of: Array("\(path)\n".utf8)), _) = content(facts, path) else {
                Issue.record("\(path): \(String(describing: facts.files[ServerPath(path)]))")
                return
            }
        }
    }

    // MARK: what is not for everybody

    /// Of the mode of the file, of a folder on its way, and of what the pack says.
    @Test func aTextComesOnlyWhereEveryAccountMayReadIt() async throws {
        try await needsRoot()
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let files = FileManager.default
        for (name, mode) in [("closed", 0o750), ("passable", 0o711)] {
            try files.createDirectory(atPath: folder.path(name), withIntermediateDirectories: false)
            try Data("diary\n".utf8).write(to: URL(fileURLWithPath: folder.path(name) + "/file"))
            try files.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.path(name) + "/file")
            try files.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path(name))
        }
        try Data("diary\n".utf8).write(to: URL(fileURLWithPath: folder.path("private")))
        try files.setAttributes([.posixPermissions: 0o640], ofItemAtPath: folder.path("private"))
        try files.createSymbolicLink(atPath: folder.path("way in"), withDestinationPath: "closed/file")
        let diary = Array("diary\n".utf8)
        for (name, isOpen) in [("closed/file", false), ("passable/file", true), ("private", false), ("way in", false)] {
            for (show, isShown) in [(FileExpectation.Show.worldReadable, isOpen), (.text, true), (.hidden, false)] {
                let path = folder.path(name)
                let (facts, text) = try await look([.init(path: path, expectedHashes: Self.other, show: show)])
                #expect(
                    content(facts, path) == .read(SHA256Digest(of: diary), bytes: isShown ? diary : nil),
                    "\(name) \(show)")
                #expect(text.contains("ZGlhcnkK") == isShown, "\(name) \(show): kept on the server")
            }
        }
    }

    /// Whoever asks a pinned script may be a thief.
    @Test func aPinnedScriptDecidesForItself() async throws {
        try await needsRoot()
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let pin = folder.path("pin")
        try ProbeScript.text.write(toFile: pin, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: pin)
        let path = folder.path("private")
        try Data("diary\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        let secret = folder.path("wg0.conf.bak")
        try Data("diary\n".utf8).write(to: URL(fileURLWithPath: secret))
        // Asked by hand, as a thief would.
        let sum = SHA256Digest(of: [1]).hexadecimal
        let input = "#driftwatch-probe d1 2\n#file 0 t \(sum) \(path)\n#file 1 t \(sum) \(secret)\n#end\n"
        func ask(_ setUp: String) async throws -> String {
            try await Tool.run(
                ["/usr/bin/unshare", "-m", "/bin/sh", "-c", "\(setUp)\nexec \"$0\"", pin], input: Array(input.utf8)
            ).text
        }
        func listed(_ line: String, mode: String = "644", owner: String = "0") -> String {
            """
            mount -t tmpfs none /mnt && mkdir -p /mnt/upper /mnt/work && mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work none /etc
            mkdir -p /etc/driftwatch && printf '%s\\n' '\(line)' >/etc/driftwatch/show
            chmod \(mode) /etc/driftwatch/show && chown \(owner) /etc/driftwatch/show
            """
        }
        #expect(!(try await ask(":")).contains("text "))
        #expect(try await ask(listed(path)).contains("text 0 base64 ZGlhcnkK"))
        #expect(!(try await ask(listed(path))).contains("text 1 "))
        #expect(!(try await ask(listed(secret))).contains("text "), "never of a secret place")
        #expect(!(try await ask(listed(path, mode: "666"))).contains("text "), "others may write to the list")
        #expect(!(try await ask(listed(path, owner: "1"))).contains("text "), "the list is not root's")
    }

    /// Whatever stands where a number, a name or a path should.
    @Test(arguments: [["/bin/bash"], ["/bin/dash"], ["/bin/busybox", "sh"], ["/usr/bin/mksh"]])
    func noQuestionIsRunByTheScriptItself(shell: [String]) async throws {
        guard Tool.has(shell[0]) else { try Test.cancel("\(shell[0]) is not installed") }
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let mark = folder.path("ran")
        let run = "$(touch \(mark))"
        let link = folder.path("a:/proc/self/fd/;touch \(mark.split(separator: "/").last ?? "")")
        try FileManager.default.createDirectory(
            atPath: folder.path("a:/proc/self/fd"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/etc/passwd")
        let sum = SHA256Digest(of: [1]).hexadecimal
        let lines = [
            "#time a[\(run)]", "#time 9999999999", "#env a[\(run)]", "#env x;touch \(mark)", "#home \(run)",
            "#file a[\(run)] c \(sum) \(folder.path("plain"))",
            "#file 0;touch\t\(mark); t \(sum) \(folder.path("plain"))",
            "#file 1 c[\(run)] \(sum) \(folder.path("plain"))", "#file 2 c \(run) \(folder.path("plain"))",
            "#file 3 s - \(link)", "#file 4 s - /proc/self/fd/30", "#file 5 c \(sum) ~/\(run)", "#packages",
        ]
        for nonce in ["d1", "d1;touch", "\(run)"] {
            let input = (["#driftwatch-probe \(nonce) 2"] + lines + ["#end", ""]).joined(separator: "\n")
            let answer = try await Tool.run(
                shell + ["-c", ProbeScript.text, ProbeScript.text, "chosen"], input: Array(input.utf8))
            #expect(answer.text.contains("end 3") == (nonce == "d1"), "\(answer.text)")
            #expect(!FileManager.default.fileExists(atPath: mark))
        }
    }

    // MARK: root as a deputy

    /// Runs as root on files in the home of an account that plants links there.
    @Test func rootFollowsNoLinkThatAnotherMade() async throws {
        try await needsRoot()
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let (home, closed) = (folder.path("home"), folder.path("root"))
        let files = FileManager.default
        for path in [home, closed] { try files.createDirectory(atPath: path, withIntermediateDirectories: false) }
        try Data("notes\n".utf8).write(to: URL(fileURLWithPath: closed + "/notes"))
        try files.setAttributes([.posixPermissions: 0o700], ofItemAtPath: closed)
        try Data("own\n".utf8).write(to: URL(fileURLWithPath: home + "/own"))
        for (name, target) in [("planted", "\(closed)/notes"), ("mine", "own"), ("folder", closed)] {
            try files.createSymbolicLink(atPath: "\(home)/\(name)", withDestinationPath: target)
        }
        try files.createSymbolicLink(atPath: folder.path("roots own"), withDestinationPath: "root/notes")
        let setUp = "chown -h 65534 '\(home)'/*"
        let paths = ["planted", "mine", "folder/notes"].map { "\(home)/\($0)" } + [folder.path("roots own")]
        let (facts, text) = try await look(
            paths.map { .init(path: $0, expectedHashes: Self.other, show: .text) }, after: setUp)
        let notes = SHA256Digest(of: Array("notes\n".utf8))
        #expect(facts.files[ServerPath(paths[0])] == .unreadable(.plantedLink))
        #expect(content(facts, paths[1]) == .read(SHA256Digest(of: Array("own\n".utf8)), bytes: Array("own\n".utf8)))
        #expect(facts.files[ServerPath(paths[2])] == .unreadable(.plantedLink))
        #expect(content(facts, paths[3]) == .read(notes, bytes: Array("notes\n".utf8)))
        #expect(text.split(separator: "\n").count { $0.contains(notes.hexadecimal) } == 1, "not even its hash")
    }

    /// A file and a link to another's secret take each other's place all the time.
    @Test func aRaceForANameWinsNothing() async throws {
        try await needsRoot()
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let (path, secret) = (folder.path("config"), folder.path("notes"))
        try Data("canary\n".utf8).write(to: URL(fileURLWithPath: secret))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: secret)
        let race = """
            (cd '\(folder.url.path)' && while :; do
                echo mine >a && chmod 600 a && chown 65534 a && mv -f a config
                ln -s notes b && chown -h 65534 b && mv -Tf b config
            done) </dev/null >/dev/null 2>&1 & racer=$!
            until [ -e '\(path)' ]; do :; done
            (while kill -0 $$; do :; done 2>/dev/null; kill -9 $racer) </dev/null >/dev/null 2>&1 &
            """
        let canary = SHA256Digest(of: Array("canary\n".utf8))
        for _ in 0..<20 {
            let (facts, text) = try await look(
                [.init(path: path, expectedHashes: Self.other, show: .text)], after: race)
            #expect(!text.contains("Y2FuYXJ5"), "\(text)")
            #expect(!text.contains(canary.hexadecimal))
            if case .read(let digest, _) = content(facts, path) {
                #expect(digest == SHA256Digest(of: Array("mine\n".utf8)))
            }
        }
    }

    /// The same race, won: the link takes the file's place after the look at the path and before the open.
    @Test func aFileThatIsNotTheOneThatWasLookedAtIsDropped() async throws {
        try await needsRoot()
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        try Data("canary\n".utf8).write(to: URL(fileURLWithPath: folder.path("notes")))
        let open = #"if [ -n "$dw_is_open" ]"#
        let script = ProbeScript.text.replacing(open, with: "ln -sf notes '\(folder.path("plain"))'\n\(open)")
        #expect(script != ProbeScript.text)
        let (facts, text) = try await look(
            [.init(path: folder.path("plain"), expectedHashes: Self.other, show: .text)],
            script: ["/bin/sh", "-c", script, script])
        #expect(facts.files[ServerPath(folder.path("plain"))] == .unreadable(.plantedLink))
        #expect(!text.contains("Y2FuYXJ5"))
    }

    /// Names with newlines move no answer to another item.
    @Test func answersBelongToTheirItems() async throws {
        try await needsRoot()
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let files = FileManager.default
        let deep = folder.path("a\n\(folder.path("plain"))\nb")
        try files.createDirectory(atPath: deep, withIntermediateDirectories: true)
        try Data("odd\n".utf8).write(to: URL(fileURLWithPath: deep + "/file"))
        try files.createSymbolicLink(atPath: folder.path("first"), withDestinationPath: deep + "/file")
        try files.createSymbolicLink(atPath: folder.path("second"), withDestinationPath: "two words")
        try Data("secret\n".utf8).write(to: URL(fileURLWithPath: folder.path(".pgpass")))
        try files.createSymbolicLink(atPath: folder.path("third"), withDestinationPath: ".pgpass")
        let names = ["first", "second", "third", "plain"]
        for shell in [["/bin/sh"], ["/bin/dash"], ["/bin/busybox", "sh"]] where Tool.has(shell[0]) {
            let (facts, text) = try await look(
                names.map { .init(path: folder.path($0), expectedHashes: Self.other) }, as: 65534,
                script: shell + ["-c", ProbeScript.text, ProbeScript.text, "chosen"])
            #expect(content(facts, folder.path("first")) == .read(SHA256Digest(of: Array("odd\n".utf8)), bytes: nil))
            let hello = Array("hello\n".utf8)
            for name in ["second", "plain"] {
                #expect(content(facts, folder.path(name)) == .read(SHA256Digest(of: hello), bytes: hello), "\(name)")
            }
            #expect(content(facts, folder.path("third")) == .read(SHA256Digest(of: Array("secret\n".utf8)), bytes: nil))
            #expect(!text.contains("c2VjcmV0"))
        }
    }

    // MARK: inert questions

    @Test(arguments: ["/usr/bin/zsh", "/usr/bin/fish", "/bin/bash", "/usr/bin/tcsh", "/usr/bin/mksh", "/bin/cat"])
    func noQuestionIsRunByAnotherProgram(program: String) async throws {
        guard Tool.has(program) else { try Test.cancel("\(program) is not installed") }
        let folder = try await StrangeFiles()
        defer { folder.remove() }
        let mark = folder.path("ran")
        let request = ProbeRequest(
            ProbeQuestions(
                files: [
                    .init(path: "/srv/$(touch \(mark))/y", expectedHashes: Self.other),
                    .init(path: "/x;touch \(mark)"), .init(path: "~/`touch \(mark)`"),
                ], packages: true, environment: ["touch"]), configUser: "$(touch\t\(mark))")
        #expect(String(decoding: request.input, as: UTF8.self).split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
        _ = try await Tool.run([program], input: request.input)
        #expect(!FileManager.default.fileExists(atPath: mark))
    }
}
