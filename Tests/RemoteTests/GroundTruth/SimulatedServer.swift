import DriftCore
import Foundation
import PackFiles
import Remote
import TestSupport

/// One server of the simulated fleet: its files, a pack about it, and what must come out.
///
/// Everything follows from the seed.
struct SimulatedServer {
    /// Who logs in: root, or an ordinary account that may not become root, or may.
    enum Login: String, CaseIterable { case root, user, sudo }
    /// The programs that the server has.
    enum Userland: String, CaseIterable { case bash, dash, busybox }
    enum System: String, CaseIterable { case debian, rocky, alpine, arch, bare }

    let seed: UInt64
    private(set) var random: SeededGenerator
    let login: Login
    let userland: Userland
    let system: System
    /// The account's login shell, which is handed the script.
    let shell: String
    let pool: CredentialPool
    let now: Int

    var files = Archive()
    /// Lines of shell that mount something, with the server's root at `$root`.
    var mounts: [String] = []
    private(set) var sections: [String: [String]] = [:]
    private(set) var truths: [String: Truth] = [:]
    /// What each item was made to be, for the message of a failure.
    private(set) var items: [String: String] = [:]
    var templates: [String: String] = [:]

    /// What is given is not chosen at random, and changes nothing of what else is.
    init(
        seed: UInt64, pool: CredentialPool, now: Int, login: Login? = nil, userland: Userland? = nil,
        shell: String? = nil
    ) {
        self.seed = seed
        self.pool = pool
        self.now = now
        random = SeededGenerator(seed: seed)
        let (anyLogin, anyUserland) = (
            Login.allCases.randomElement(using: &random), Userland.allCases.randomElement(using: &random)
        )
        self.login = login ?? anyLogin ?? .root
        self.userland = userland ?? anyUserland ?? .bash
        system = System.allCases.randomElement(using: &random) ?? .debian
        let anyShell = Self.shells.filter { Tool.has("/usr/bin/\($0)") }.randomElement(using: &random)
        // If there is a bash, it runs the script.
        let anyOther = anyShell == "bash" && self.userland != .bash ? "sh" : anyShell
        self.shell = "/bin/" + (shell ?? anyOther ?? "sh")
        makeSystem()
        makeAccounts()
        makeFiles()
        makePackages()
        makeSettings()
        makeServices()
        makeMachine()
        makeCertificates()
    }

    var becomesRoot: Bool { login != .user }

    // MARK: Random choices

    mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &random) < probability }

    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &random)] }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    /// Some of the values, perhaps none.
    mutating func some<Value>(_ values: [Value]) -> [Value] { values.filter { _ in chance(0.5) } }

    // MARK: Items

    /// Adds an item, given as a flow mapping without its braces; perhaps under a condition, perhaps only of interest.
    ///
    /// `onlyRoot` says that nobody else may see what it is about.
    mutating func expect(_ key: String, in section: String, _ item: String, _ truth: Truth, onlyRoot: Bool = false) {
        var (item, truth) = (item, truth)
        if onlyRoot, !becomesRoot { truth = .denied }
        if chance(0.1) {
            item += ", severity: info"
            if case .wrong(let types) = truth { truth = .notable(types) }
        }
        if chance(0.15) {
            let (condition, answer) = condition()
            item += ", when: \(condition)"
            if answer == false { truth = .notApplicable }
            if answer == nil { truth = .unreadable("unsupported", "malformed_answer", "read_error", "undecided") }
        }
        sections[section, default: []].append(item)
        truths[key] = truth
        items[key] = item
    }

    var pack: String {
        let body = sections.sorted { $0.key < $1.key }.map { section, items in
            "  \(section):\n" + items.map { "    - { \($0) }\n" }.joined()
        }
        return "items:\n" + body.joined()
    }

    static let labels = ["role": "web", "site": "fra"]

    /// A condition, and whether the server meets it; nil if the server does not say.
    private mutating func condition() -> (String, Bool?) {
        let saysWhat = system != .bare
        switch number(0...4) {
        case 0:
            let names = pick([["debian"], ["alpine", "arch"], ["rocky"], ["debian", "arch", "alpine", "rocky"]])
            return ("{ os: [\(names.joined(separator: ", "))] }", saysWhat ? names.contains(system.rawValue) : nil)
        case 1:
            let family = pick(["rhel", "debian", "fedora"])
            let families = ["rocky": ["rocky", "rhel", "fedora"]][system.rawValue] ?? [system.rawValue]
            return ("{ family: \(family) }", saysWhat ? families.contains(family) : nil)
        case 2:
            // Debian is 12, Rocky 9.4; Arch has no versions.
            let name = pick(["debian", "rocky"])
            let isMet = name == system.rawValue && name == "debian"
            return ("{ os: \(name), version: \">= 10\" }", saysWhat ? isMet : nil)
        case 3:
            let site = pick(["fra", "ams"])
            return ("{ label: { site: \(site) } }", site == "fra")
        default:
            let machine = pick(["aarch64", "x86_64"])
            return ("{ architecture: \(machine) }", machine == "aarch64")
        }
    }

    // MARK: What every server has

    private mutating func makeSystem() {
        for (link, target) in [
            ("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib64", "host/usr/lib64"), ("/dev", "host/dev"),
            ("/lib", "usr/lib"), ("/usr/lib/x86_64-linux-gnu", "/host/usr/lib/x86_64-linux-gnu"),
            ("/usr/lib/aarch64-linux-gnu", "/host/usr/lib/aarch64-linux-gnu"),
            ("/proc/self", "/host/proc/self"), ("/proc/uptime", "/host/proc/uptime"),
        ] { files.add(link: link, to: target) }
        for folder in ["/host/usr", "/host/proc", "/host/dev", "/run", "/sys/module", "/usr/sbin", "/var/lib"] {
            files.add(folder: folder)
        }
        files.add(folder: "/tmp", mode: 0o1777)
        files.add(file: "/proc/sys/kernel/arch", "aarch64\n")
        files.add(file: "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
        if userland == .busybox {
            for name in Self.applets { files.add(link: "/usr/bin/\(name)", to: "/host/usr/bin/busybox") }
        } else {
            for name in Self.programs { files.add(link: "/usr/bin/\(name)", to: "/host/usr/bin/\(name)") }
            files.add(link: "/usr/bin/awk", to: "/host/usr/bin/mawk")
            files.add(link: "/usr/bin/sh", to: "/host/usr/bin/dash")
            if userland == .bash { files.add(link: "/usr/bin/bash", to: "/host/usr/bin/bash") }
        }
        if login == .sudo {
            files.add(link: "/usr/bin/sudo", to: "/host/usr/bin/sudo")
            files.add(link: "/usr/lib/sudo", to: "/host/usr/lib/sudo")
            files.add(link: "/usr/libexec/sudo", to: "/host/usr/libexec/sudo")
            files.add(file: "/etc/sudoers", "watcher ALL=(ALL) NOPASSWD: ALL\n", mode: 0o440)
            files.add(
                file: "/etc/pam.d/sudo",
                ["auth", "account", "session"].map { "\($0) required pam_permit.so\n" }.joined())
        }
        // Debian's links to ksh and csh lead through /etc.
        let shellName = shell.dropFirst("/bin/".count)
        if files["/usr/bin/\(shellName)"] == nil {
            let program = shellName == "ash" ? "/host/usr/bin/busybox" : "/host/usr/bin/\(shellName)"
            files.add(link: "/usr/bin/\(shellName)", to: program)
        }
        // What fish makes at the first login.
        if shellName == "fish" {
            let (home, owner) = login == .root ? ("/root", 0) : ("/home/watcher", 4242)
            for folder in [".local", ".local/share", ".local/share/fish", ".config", ".config/fish"] {
                files.add(
                    "\(home)/\(folder)", Archive.Entry(content: .folder, mode: 0o700, owner: owner, group: owner))
            }
        }
        for folder in ["zsh", "fish"] { files.add(link: "/usr/lib/\(folder)", to: "/host/usr/lib/\(folder)") }
        files.add(link: "/usr/share", to: "/host/usr/share")
        let release =
            switch system {
            case .debian: "ID=debian\nVERSION_ID=\"12\"\n"
            case .rocky: "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\n"
            case .alpine: "ID=alpine\nVERSION_ID=3.20.1\n"
            case .arch: "ID=arch\n"
            case .bare: ""
            }
        if system != .bare { files.add(file: "/etc/os-release", "NAME=x\n" + release) }
    }

    static let shells = ["sh", "dash", "bash", "ash", "ksh93", "mksh", "zsh", "fish", "tcsh"]

    static let applets = [
        "sh", "cat", "stat", "sha256sum", "base64", "grep", "sed", "awk", "head", "tail", "tr", "cut", "sort", "find",
        "date", "id", "uname", "sleep", "kill", "readlink", "realpath", "ls", "dd", "wc", "env", "printenv", "xargs",
        "od", "rm", "test", "true", "false", "mkdir", "printf", "echo", "expr", "timeout", "dirname", "basename", "ps",
    ]
    static let programs = applets + ["getent"]

    // MARK: The look

    /// Everything in `root` belongs to the namespace that it is made in, and ends with it.
    static let enter = """
        set -e
        root=/mnt
        archive=$1 login=$2 mounts=$3
        shift 3
        mount -t tmpfs -o mode=755 tmpfs $root
        tar -xpf "$archive" -C $root --same-owner --numeric-owner
        mount --bind /usr $root/host/usr
        mount -t proc proc $root/host/proc
        # Its /proc is made up, but for the processes.
        ln -s $(seq -f /host/proc/%g 1 2000) $root/proc/
        mount --rbind /dev $root/host/dev
        eval "$mounts"
        list() { find $root -xdev -printf '%p %y %m %U:%G %s %T@ %C@ %l\\n' | sort; }
        list >"$archive.before"
        chroot --userspec="$login" --groups= $root "$@"
        status=$?
        # What sudo keeps for itself is not the script's.
        list | diff "$archive.before" - | grep -v ' /mnt/run\\(/sudo\\| d \\)' | grep '^[<>]' >&2 && status=99
        exit $status
        """

    /// The pack as it is loaded from its YAML.
    func loadedPack() throws -> Pack {
        let source = SourceFile(path: "packs/truth.yaml", text: pack)
        let templates = templates.mapValues { TemplateSource.bytes(Array($0.utf8)) }
        let loaded = try ConfigurationLoader.load(packs: [source], templates: templates)
        guard let pack = loaded.packs[PackName(rawValue: "truth")] else {
            throw TestServerError(description: "the pack was not loaded")
        }
        return pack
    }

    /// What the real script finds on the server, by the items' keys.
    func findings() async throws -> [String: Truth] {
        let pack = try loadedPack()
        let request = ProbeRequest(ProbeQuestions(packs: [pack], on: ServerVariables(labels: Self.labels)))
        let archive = FileManager.default.temporaryDirectory.path + "/driftwatch-truth-\(UUID().uuidString)"
        try Data(files.bytes).write(to: URL(filePath: archive))
        defer { for end in ["", ".before"] { try? FileManager.default.removeItem(atPath: archive + end) } }
        let account = login == .root ? ("0:0", "root", "/root") : ("4242:4242", "watcher", "/home/watcher")
        let answer = try await Tool.run(
            ["/usr/bin/unshare", "--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", Self.enter, "enter"]
                + [archive, account.0, mounts.joined(separator: "\n"), shell, "-c", ProbeScript.command],
            input: request.input,
            environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LOGNAME": account.1, "HOME": account.2])
        guard answer.status == 0 else {
            throw TestServerError(description: "status \(answer.status ?? 0): \(answer.errorText.suffix(2000))")
        }
        guard let facts = try ProbeAnswer.facts(in: answer.output, to: request) else {
            throw TestServerError(description: "no answer: \(answer.errorText.suffix(500))")
        }
        let check = Comparison.judge(
            facts, against: pack, digest: pack.digest, on: ServerVariables(labels: Self.labels))
        return Dictionary(check.outcomes.map { ($0.key.rawValue, Truth($0.finding)) }, uniquingKeysWith: { $1 })
    }

    /// What differs from the truth, each with the item that it is about; empty if nothing does.
    func differences() async throws -> [String] {
        let found = try await findings()
        return Set(truths.keys).union(found.keys).sorted().compactMap { key in
            let (wanted, seen) = (truths[key], found[key])
            if let wanted, let seen, wanted.allows(seen) { return nil }
            return """
                seed \(seed) (\(system), \(userland), \(shell), \(login)): \(key): must be \(wanted?.description ?? "nothing"), \
                came out \(seen?.description ?? "nothing"): { \(items[key] ?? "") }
                """
        }
    }
}
