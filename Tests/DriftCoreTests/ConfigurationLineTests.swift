import DriftCore
import Foundation
import TestSupport
import Testing

/// The styles that have a key and its value on a line.
@Suite struct ConfigurationLineTests {
    typealias Reading = ConfigurationText.Reading

    private func text(_ text: String, _ path: String, _ style: ConfigurationStyle? = nil) throws -> ConfigurationText {
        try ConfigurationText(Array(text.utf8), path: path, style: style)
    }

    static let names: [(String, ConfigurationStyle)] = [
        ("/etc/ssh/sshd_config", ConfigurationStyle.space), ("/etc/ssh/sshd_config.d/a.conf", .space),
        ("~/.ssh/config", .space),
        ("/etc/postgresql/15/main/postgresql.conf", .space), ("/etc/login.defs", .space),
        ("/etc/sysctl.d/99-a.conf", .space),
        ("/etc/redis/redis.conf", .space), ("/etc/mysql/my.cnf", .ini), ("/etc/php/8.2/fpm/php.ini", .ini),
        ("/etc/php/8.2/fpm/pool.d/www.conf", .ini), ("/etc/systemd/journald.conf", .ini),
        ("/etc/systemd/system/a.service", .ini),
        ("/lib/systemd/system/apt-daily.timer", .ini), ("~/.gitconfig", .ini), ("/etc/gitconfig", .ini),
        ("/srv/a/.git/config", .ini),
        ("/etc/default/ssh", .shell), ("/etc/sysconfig/network", .shell), ("/etc/conf.d/hwclock", .shell),
        ("/etc/os-release", .shell),
        ("/usr/lib/os-release", .shell), ("/etc/environment", .shell), ("/etc/docker/daemon.json", .json),
        ("/etc/a.yml", .yaml),
        ("/etc/a.yaml", .yaml), ("/etc/containerd/config.toml", .toml), ("/etc/yum.repos.d/a.repo", .ini),
    ]

    @Test(arguments: names)
    func theNameTellsTheStyle(path: String, style: ConfigurationStyle) {
        #expect(ConfigurationStyle(ofPath: path) == style)
    }

    @Test(arguments: [
        ("# a\n\n[main]\na = b\n", ConfigurationStyle.ini), ("{\n \"a\": 1}", .json), ("---\na: 1\n", .yaml),
        ("A=1\n", .shell),
        ("a = 1\n", .space), ("server 1.2.3.4\n", .space), ("", .space), ("; x\n[a]\n", .ini),
    ])
    func theTextTellsTheStyleWhereTheNameDoesNot(text: String, style: ConfigurationStyle) throws {
        #expect(ConfigurationStyle(ofPath: "/etc/a.conf") == nil)
        #expect(try self.text(text, "/etc/a.conf").style == style)
    }

    static let ini: [(String, String, String, Reading)] = [
        // Any program's.
        ("/a", "top = 1\n[s]\nkey=v\n", "top", Reading.value("1")),
        ("/a", "top = 1\n[s]\nkey=v\n", "s.key", .value("v")),
        ("/a", "[s]\nkey=v\n", "key", .unset), ("/a", "[s]\nkey=v\n", "S.key", .unset),
        ("/a", "[s]\nKey=v\n", "s.key", .unset),
        ("/a", "[ s ]\n  key\t=  v w \r\n", "s.key", .value("v w")), ("/a", "[s]\n# key=1\n;key=2\n", "s.key", .unset),
        ("/a", "[s]\nk = \"a b\"\n", "s.k", .value("a b")), ("/a", "[s]\nk = 'a'\"\n", "s.k", .value("'a'\"")),
        ("/a", "[s]\nk = a # b\n", "s.k", .ambiguous(["a", "a # b"])), ("/a", "[s]\nk = a;b\n", "s.k", .value("a;b")),
        ("/a", "[s]\nk = \"a # b\"\n", "s.k", .value("a # b")),
        ("/a", "[s]\nk = 'a' # b\n", "s.k", .ambiguous(["a", "'a' # b"])),
        ("/a", "[s]\nk=1\nk=2\n", "s.k", .ambiguous(["1", "2"])),
        ("/a", "[s]\nk=1\n[t]\n[s]\nk=1\n", "s.k", .value("1")),
        ("/a", "[s]\nk: v=1\n", "s.k", .value("v=1")), ("/a", "[s]\nk:v=1\n", "s.k:v", .value("1")),
        ("/a", "[s]\nalone\n", "s.alone", .value("")),
        ("/a", "[s]\nk = a\n  b\n  c\nl = 1\n", "s.k", .value("a\nb\nc")),
        ("/a", "[s]\n  k = a\n  l = b\n", "s.l", .value("b")),
        ("/a", "[s]\nk = a \\\n b\n", "s.k", .value("a b")), ("/a", "[a.b]\nc=1\n", "a.b.c", .value("1")),
        ("/a", "[s]\nk=\n", "s.k", .value("")),
        // systemd's.
        (
            "/etc/systemd/system/a.service", "[Service]\nExecStart=/bin/a \\\n  # no\n  -b\nUser=x # y\n",
            "Service.ExecStart", .value("/bin/a -b")
        ),
        ("/etc/systemd/system/a.service", "[Service]\nUser=\"x\" # y\n", "Service.User", .value("\"x\" # y")),
        ("/etc/systemd/system/a.service", "[Unit]\nAfter=a\nAfter=b\n", "Unit.After", .ambiguous(["a", "b"])),
        ("/etc/systemd/system/a.service", "[Unit]\nAfter=a\nAfter=\nAfter=b\n", "Unit.After", .ambiguous(["", "b"])),
        (
            "/etc/systemd/system/a.service", "[Service]\nExecStart=/a\nExecStart=\nExecStart=/b\n", "Service.ExecStart",
            .value("/b")
        ),
        (
            "/etc/systemd/system/a.service", "[Service]\nExecStart=\nExecStart=/a\nExecStart=/b\n", "Service.ExecStart",
            .ambiguous(["/a", "/b"])
        ),
        // MySQL's.
        (
            "/etc/mysql/my.cnf", "[mysqld]\nmax-connections = 5 # x\nskip_name_resolve\nsock='a#b'\n!includedir /x\n",
            "mysqld.max_connections", .value("5")
        ),
        ("/etc/mysql/my.cnf", "[mysqld]\nskip_name_resolve\n", "mysqld.skip-name-resolve", .value("")),
        ("/etc/mysql/my.cnf", "[mysqld]\nsock='a#b'\nsock = c\\sd\n", "mysqld.sock", .value("c d")),
        ("/etc/mysql/my.cnf", "[m]\ns=\"a#b\"#c\n", "m.s", .value("a#b")),
        // PHP's.
        ("/etc/php/8.2/cli/php.ini", "[PHP]\nmemory_limit = 128M ; x\n", "memory_limit", .value("128M")),
        ("/etc/php/8.2/cli/php.ini", "[PHP]\nmemory_limit = 128M\n", "PHP.memory_limit", .value("128M")),
        ("/etc/php/8.2/cli/php.ini", "a = \"${HOME}/x\"\n", "a", .computed),
        ("/etc/php/8.2/cli/php.ini", "a=1\na=2\n", "a", .value("2")),
        ("/etc/php/8.2/cli/php.ini", "[PATH=/a]\na=1\n", "a", .unset),
        ("/etc/php/8.2/fpm/pool.d/www.conf", "[www]\nuser=x\n", "user", .unset),
        ("/etc/php/8.2/fpm/pool.d/www.conf", "[www]\nphp_flag[a] = on\n", "www.php_flag[a]", .value("on")),
    ]

    @Test(arguments: ini)
    func iniIsRead(path: String, text: String, key: String, reading: Reading) throws {
        #expect(try self.text(text, path, .ini).reading(of: key) == reading)
    }

    static let shell: [(String, String, Reading)] = [
        ("A=1\n", "A", Reading.value("1")), ("A='a b'\"c\"d\n", "A", .value("a bcd")),
        ("export A=1\nA=2\n", "A", .value("2")),
        ("A=\"a\\\"b\\$c\\d\"\n", "A", .value("a\"b$c\\d")), ("A=a\\ b # c\n", "A", .value("a b")),
        ("A=a#b\n", "A", .value("a#b")),
        ("# A=1\n", "A", .unset), ("A=\n", "A", .value("")), ("A=1; B=2\n", "B", .value("2")),
        ("A='a\nb'\n", "A", .value("a\nb")),
        ("A=a\\\nb\n", "A", .value("ab")), ("A=$B\nC=1\n", "A", .computed), ("A=$B\nC=1\n", "C", .value("1")),
        ("A=`x y`\nC=1\n", "C", .value("1")),
        ("A=\"$(x \")\" y)\"\nC=1\n", "C", .value("1")), ("A=${B:-\"}\"}x\nC=1\n", "C", .value("1")),
        ("A='$B'\n", "A", .value("$B")),
        ("A=~/x\n", "A", .computed), ("if x; then A=1; fi\n", "A", .computed), (". /etc/x\nA=1\n", "A", .computed),
        ("A=1 x\n", "B", .computed),
        ("A=(1 2)\n", "A", .computed), ("A=1\nunset A\n", "A", .unset), ("A=1\nexport A B\n", "A", .value("1")),
        ("A=1 & B=2\n", "A", .computed),
        ("A+=1\n", "A", .computed), ("A =1\n", "A", .computed), ("A=1\r\n", "A", .value("1\r")),
        ("\\export A=1\n", "A", .computed),
    ]

    @Test(arguments: shell)
    func shellIsRead(text: String, key: String, reading: Reading) throws {
        #expect(try self.text(text, "/etc/default/a").reading(of: key) == reading)
    }

    static let space: [(String, String, String, Reading)] = [
        // Any program's.
        ("/a", "a b c\n", "a", Reading.value("b c")), ("/a", "a = b\n", "a", .value("b")),
        ("/a", "a=b\n", "a", .value("b")), ("/a", "a: b\n", "a", .value("b")),
        ("/a", "a\n", "a", .value("")), ("/a", "#a b\n", "a", .unset),
        ("/a", "a b # c\n", "a", .ambiguous(["b", "b # c"])), ("/a", "a b#c\n", "a", .value("b#c")),
        ("/a", "a 'b # c'\n", "a", .value("b # c")), ("/a", "a b\na c\n", "a", .ambiguous(["b", "c"])),
        ("/a", "A b\n", "a", .unset), ("/a", "a == b\n", "a", .value("= b")),
        // sshd's and ssh's.
        ("/etc/ssh/sshd_config", "port 22\nPort 2222\n", "Port", .value("22 2222")),
        ("/etc/ssh/sshd_config", "X11forwarding no # x\nx11Forwarding yes\n", "X11Forwarding", .value("no")),
        ("/etc/ssh/sshd_config", "Match User a\n PermitRootLogin yes\n", "PermitRootLogin", .unset),
        ("/etc/ssh/sshd_config", "Match User a\nMatch all\nPermitRootLogin yes\n", "permitrootlogin", .value("yes")),
        ("/etc/ssh/sshd_config", "Banner=\"/etc/a b\"\n", "banner", .value("/etc/a b")),
        ("/etc/ssh/sshd_config", "AcceptEnv LANG LC_*\nAcceptEnv X\n", "AcceptEnv", .value("LANG LC_* X")),
        ("/etc/ssh/ssh_config", "Host *\n  SendEnv LANG\nHost x\n  Port 5\n", "sendenv", .value("LANG")),
        ("/etc/ssh/ssh_config", "Host x\n  Port 5\n", "port", .unset),
        // PostgreSQL's.
        (
            "/etc/postgresql/15/main/postgresql.conf", "max_connections = 100\t# x\nMAX_CONNECTIONS 200\n",
            "max_connections", .value("200")
        ),
        ("/etc/postgresql/15/main/postgresql.conf", "a.b = 'it''s # \\'x\\n' # c\n", "A.B", .value("it's # 'x\n")),
        ("/etc/postgresql/15/main/postgresql.conf", "#port = 5432\n", "port", .unset),
        ("/etc/postgresql/15/main/postgresql.conf", "work_mem=4MB#x\n", "work_mem", .value("4MB")),
        // Others'.
        ("/etc/login.defs", "PASS_MAX_DAYS\t99999\nPASS_MAX_DAYS 90\n", "PASS_MAX_DAYS", .value("90")),
        ("/etc/login.defs", "A \"b c\" d\n", "A", .value("b c")),
        (
            "/etc/sysctl.conf", "-net.ipv4.ip_forward=1\nnet/ipv4/ip_forward = 0\n;x=1\n", "net.ipv4.ip_forward",
            .value("0")
        ),
        (
            "/etc/sysctl.d/a.conf", "net.ipv4.conf.eth0/1.forwarding = 1\n", "net/ipv4/conf/eth0.1/forwarding",
            .value("1")
        ),
        ("/etc/redis/redis.conf", "maxmemory 1gb\nMAXMEMORY \"2gb\"\n", "maxmemory", .value("2gb")),
    ]

    @Test(arguments: space)
    func spaceIsRead(path: String, text: String, key: String, reading: Reading) throws {
        #expect(try self.text(text, path, .space).reading(of: key) == reading)
    }

    static let malformed: [(String, String, ConfigurationStyle, Int?)] = [
        ("/a", "[s\nk=1\n", ConfigurationStyle.ini, 1), ("/a", "A=1\nB='x\n", .shell, 2), ("/a", "A=$(x\n", .shell, 1),
        ("~/.gitconfig", "[a]\nk = \"x\n", .ini, 3),
        ("~/.gitconfig", "k = x\n", .ini, 1), ("~/.gitconfig", "[a]\nk x\n", .ini, 2), ("/a", "\u{0}", .ini, nil),
    ]

    @Test(arguments: malformed)
    func whatTheStyleCannotReadIsMalformed(path: String, text: String, style: ConfigurationStyle, line: Int?) throws {
        let error = try #require(throws: ConfigurationText.Malformed.self) { try self.text(text, path, style) }
        #expect(error.line == line, "\(error)")
    }

    @Test(.timeLimit(.minutes(1)), arguments: ConfigurationStyle.allCases)
    func hostileTextsTakeLinearTime(style: ConfigurationStyle) {
        let paths = [
            "/a", "/etc/ssh/sshd_config", "/etc/postgresql/15/main/postgresql.conf", "/etc/mysql/my.cnf",
            "~/.gitconfig", "/a.service",
        ]
        let pieces = [
            "a", "[", "{", "\"", "'", "\\", "$(", "${\"", "a=1\n", "a: 1\n", "- ", "- - ", "? ", "&a [*a,*a] ",
            "[[a]]\n", "a.", " ", "\n", "\\\n", "#", "a b\n", "Match all\n",
            "k=1\n k\n", "a: &a\n", "*a ",
        ]
        for piece in pieces {
            let bytes = Array(String(repeating: piece, count: 16384 / piece.utf8.count).utf8)
            for path in paths { _ = try? ConfigurationText(bytes, path: path, style: style).reading(of: "a.b.c") }
        }
    }

    // MARK: References

    /// The shell itself, on files of random pieces.
    @Test func theShellAgrees() throws {
        var generator = SeededGenerator(seed: 0x5E11)
        let pieces = [
            "a", "b ", " ", "'", "\"", "\\", "#", ";", "\n", "A=", "B=", "$", "x=y", "\t", "export ", "unset ", "A",
            "'c d'", "\"e\"", "`", "1", "é", "~",
        ]
        let files = (0..<800).map { _ in
            "A="
                + (0..<Int.random(in: 0...9, using: &generator)).compactMap { _ in
                    pieces.randomElement(using: &generator)
                }.joined() + "\n"
        }
        let script = """
            import json, subprocess, sys
            for line in sys.stdin:
                text = json.loads(line)
                run = subprocess.run(["/bin/sh", "-c", "unset A B; set -f; eval \\"$1\\" 2>/dev/null; printf '\\\\n=%s|%s' \\"${A-unset}\\" \\"${B-unset}\\"", "sh", text], \
            stdin=subprocess.DEVNULL, capture_output=True, env={"PATH": "/nowhere"})
                print(json.dumps(run.stdout.decode().rpartition("\\n=")[2] if run.returncode == 0 else "failed"))
            """
        let answers = try ReferenceProgram.python(script, cases: files)
        try #require(answers.count == files.count)
        var known = 0
        for (file, answer) in zip(files, answers) {
            guard let read = try? text(file, "/etc/default/a") else { continue }
            let values = ["A", "B"].map { key in
                switch read.reading(of: key) {
                case .value(let value): value
                case .unset: "unset"
                case .computed, .ambiguous: nil as String?
                }
            }
            guard let a = values[0], let b = values[1] else { continue }
            known += 1
            #expect(try JSONDecoder().decode(String.self, from: Data(answer.utf8)) == "\(a)|\(b)", "\(file)")
        }
        #expect(known > 150, "\(known)")
    }

    @Test func gitAgrees() throws {
        var generator = SeededGenerator(seed: 0x617)
        let pieces = [
            "a", "b ", " ", "\"", "\\\"", "\\n", "\\", "#", ";", "\n", "k = ", "[s]", "[S \"T.u\"]", "K", "=", "\t",
            "\\\n", "x-1", "é", "[a.B]",
        ]
        let files = (0..<800).map { _ in
            "[s]\nk = "
                + (0..<Int.random(in: 0...8, using: &generator)).compactMap { _ in
                    pieces.randomElement(using: &generator)
                }.joined() + "\n"
        }
        let script = """
            import json, subprocess, sys
            for line in sys.stdin:
                run = subprocess.run(["git", "config", "--file", "-", "--list", "-z"], input=json.loads(line).encode(), capture_output=True)
                entries = {}
                for entry in run.stdout.decode().split("\\0")[:-1]:
                    key, newline, value = entry.partition("\\n")
                    entries[key] = value if newline else "true"
                print(json.dumps(entries if run.returncode == 0 else None))
            """
        let answers = try ReferenceProgram.python(script, cases: files)
        try #require(answers.count == files.count)
        var counts = (read: 0, refused: 0)
        for (file, answer) in zip(files, answers) {
            let entries = try JSONDecoder().decode([String: String]?.self, from: Data(answer.utf8))
            guard let entries else {
                counts.refused += 1
                #expect(throws: ConfigurationText.Malformed.self, "\(file)") { try text(file, "~/.gitconfig") }
                continue
            }
            counts.read += 1
            let read = try text(file, "~/.gitconfig")
            for (key, value) in entries {
                // Before 2.45, git read each tab between words as a blank.
                guard case .value(let found) = read.reading(of: key) else {
                    Issue.record("\(key) in \(file)")
                    continue
                }
                #expect(found.replacing("\t", with: " ") == value.replacing("\t", with: " "), "\(key) in \(file)")
            }
        }
        #expect(counts.read > 100 && counts.refused > 100, "\(counts)")
    }
}
