// Settings of the four types, and files in the six styles.

extension SimulatedServer {
    mutating func makeSettings() {
        makeVariables()
        makeKernelParameters()
        makeSSHD()
        makeConfigurations()
    }

    /// What a pack may want of a value, and whether the value is so; a value that is not set is never right.
    private mutating func wanted(of actual: String?, among values: [String]) -> (item: String, isMet: Bool) {
        let value = chance(0.6) ? actual ?? pick(values) : pick(values)
        switch number(0...3) {
        case 0: return ("expected: \"\(value)\"", actual == value)
        case 1:
            let list = Set([value] + some(values)).sorted()
            return ("one_of: [\(list.map { "\"\($0)\"" }.joined(separator: ", "))]", actual.map(list.contains) ?? false)
        case 2: return ("matches: \"^\(value)$\"", actual == value)
        default:
            guard values.allSatisfy({ Int($0) != nil }), let number = Int(value) else {
                return ("expected: \"\(value)\"", actual == value)
            }
            let isInRange = actual.flatMap { Int($0) }.map { (number - 5...number + 5).contains($0) } ?? false
            return ("min: \(number - 5), max: \(number + 5)", isInRange)
        }
    }

    private static func truth(_ isMet: Bool) -> Truth { isMet ? .ok : .wrong("wrong_setting") }

    private mutating func makeVariables() {
        let home = login == .root ? "/root" : "/home/watcher"
        // Each login shell reads files of its own.
        var (profile, fish, csh) = ("echo noise\n", "echo noise\n", "echo noise\n")
        for number in 1...3 {
            let values = ["vim", "ed", ""]
            let actual: String? = chance(0.8) ? pick(values) : nil
            if let actual {
                profile += "export DW_V\(number)='\(actual)'\n"
                fish += "set -x DW_V\(number) '\(actual)'\n"
                csh += "setenv DW_V\(number) '\(actual)'\n"
            }
            let (item, isMet) = wanted(of: actual, among: values)
            expect(
                "setting:DW_V\(number)", in: "settings", "key: DW_V\(number), type: env_var, \(item)", Self.truth(isMet)
            )
        }
        files.add(file: "/etc/profile", profile)
        files.add(file: "\(home)/.zprofile", profile)
        files.add(file: "\(home)/.config/fish/config.fish", fish)
        files.add(file: "\(home)/.login", csh)
    }

    private mutating func makeKernelParameters() {
        for (key, values) in [
            ("vm.swappiness", ["10", "60", "100"]), ("net.ipv4.ip_forward", ["0", "1"]),
            ("net.ipv4.tcp_rmem", ["4096 131072 6291456", "4096 87380 6291456"]),
            ("net.ipv4.conf.eth0/1.rp_filter", ["0", "2"]),
        ] {
            let actual: String? = chance(0.85) ? pick(values) : nil
            let isReadable = chance(0.85)
            // In a path, a slash of the name is a dot of the key, and the other way round.
            let path = String(key.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
            if let actual {
                files.add(
                    file: "/proc/sys/\(path)", actual.replacing(" ", with: "\t") + "\n",
                    mode: isReadable ? 0o644 : 0o600)
            }
            let (item, isMet) = wanted(of: actual, among: values)
            expect(
                "setting:\(key)", in: "settings", "key: \(key), type: sysctl, \(item)", Self.truth(isMet),
                onlyRoot: actual != nil && !isReadable)
        }
    }

    /// What sshd itself says, in the end, of its own configuration.
    private mutating func makeSSHD() {
        let hasSSHD = userland != .busybox
        let defaults = ["X11Forwarding": "no", "MaxAuthTries": "6", "PasswordAuthentication": "yes"]
        let values = [
            "X11Forwarding": ["yes", "no"], "MaxAuthTries": ["3", "6", "12"], "PasswordAuthentication": ["yes", "no"],
        ]
        var effective = defaults
        var text = "HostKey /etc/ssh/host\n"
        let isIncluded = chance(0.4)
        if isIncluded {
            text += "Include /etc/ssh/sshd_config.d/*.conf\n"
            files.add(file: "/etc/ssh/sshd_config.d/10-site.conf", "maxauthtries 3\n")
            effective["MaxAuthTries"] = "3"
        }
        for (name, choices) in values.sorted(by: { $0.key < $1.key }) where chance(0.6) {
            let value = pick(choices)
            text += "\(name) \(value)\n# \(name) other\n"
            // The first one counts.
            if !(isIncluded && name == "MaxAuthTries") { effective[name] = value }
        }
        if chance(0.4) {
            text += "Match User root\n    PasswordAuthentication no\n    X11Forwarding no\n"
            effective["PasswordAuthentication"] = "no"
            effective["X11Forwarding"] = "no"
        }
        let isBroken = chance(0.1)
        if isBroken { text = "Bogus yes\n" + text }
        files.add(file: "/etc/ssh/sshd_config", text)
        files.add(file: "/etc/ssh/host", pool.hostKey, mode: 0o600)
        files.add(folder: "/run/sshd")
        if hasSSHD { files.add(link: "/usr/sbin/sshd", to: "/host/usr/sbin/sshd") }
        for (name, choices) in values.sorted(by: { $0.key < $1.key }) {
            let (item, isMet) = wanted(of: effective[name], among: choices)
            let truth =
                hasSSHD
                ? (isBroken
                    ? .unreadable("read_error", "unsupported", "malformed_answer", "malformed_file")
                    : Self.truth(isMet))
                : Truth.notApplicable
            expect(
                "setting:\(name.lowercased())@sshd", in: "settings", "key: \(name), type: sshd, \(item)", truth,
                onlyRoot: hasSSHD)
        }
    }

    // MARK: Files

    /// One key of one file: how the file is written around its value.
    private struct Style: Sendable {
        var path: String
        var key: String
        var text: @Sendable (String) -> String
        /// The same without the key.
        var without: String
        /// Not of the style; nil if every text is.
        var broken: String?
        var values = ["3306", "10", "99"]
    }

    private static let styles = [
        Style(
            path: "/etc/app/a.ini", key: "client.port",
            text: { "; port = 1\n[server]\nport = 1\n[client]\n# port = 2\nport = \($0)\n" },
            without: "[server]\nport = 1\n[client]\nhost = x\n"),
        Style(
            path: "/etc/systemd/system/app.service", key: "Service.Restart",
            text: { "[Unit]\nRestart=1\n[Service]\nRestart=no\nRestart=\n#Restart=no\nRestart=\($0)\n" },
            without: "[Unit]\nRestart=10\n",
            values: ["always", "no", "on-failure"]),
        Style(
            path: "/etc/default/app", key: "PORT", text: { "#PORT=1\nPORT=1\nexport PORT=\"\($0)\" # comment\n" },
            without: "OTHER=10\n"),
        Style(
            path: "/etc/login.defs", key: "PASS_MAX_DAYS",
            text: { "# PASS_MAX_DAYS 1\nPASS_MIN_DAYS\t0\nPASS_MAX_DAYS\t\($0)\n" }, without: "PASS_MIN_DAYS 10\n"),
        Style(
            path: "/etc/postgresql/15/main/postgresql.conf", key: "max_connections",
            text: { "max_connections = 1 # (change requires restart)\nMax_Connections \($0)\n#max_connections = 5\n" },
            without: "#max_connections = 10\n"),
        Style(
            path: "/etc/ssh/ssh_config", key: "Port", text: { "# Port 1\nport \($0)\nPort 1\n" }, without: "#Port 10\n"),
        Style(
            path: "/etc/docker/daemon.json", key: "log-opts.max-file",
            text: { "{\"log-opts\": {\"max-size\": \"10m\", \"max-file\": \"\($0)\"}, \"max-file\": \"10\"}\n" },
            without: "{\"max-file\": \"10\", \"log-opts\": {}}\n", broken: "{\"log-opts\": {\"max-file\": \"10\"}"),
        Style(
            path: "/etc/app/c.yaml", key: "a.b.1", text: { "# c\na:\n  b:\n    - 1\n    - \"\($0)\"\n  c: 10\n" },
            without: "a:\n  b: [10]\n", broken: "a: [10\nb: }\n"),
        Style(
            path: "/etc/app/d.toml", key: "net.port", text: { "port = 1\n[net] # x\nname = \"x\"\nport = \($0)\n" },
            without: "port = 10\n[net]\n", broken: "[net\nport = 10\n"),
    ]

    private mutating func makeConfigurations() {
        for style in Self.styles {
            let form = pick(["set", "set", "set", "set", "unset", "broken", "private", "missing", "computed", "shown"])
            let value = pick(style.values)
            var truth: Truth?
            var actual: String? = value
            var more = ""
            switch form {
            case "unset":
                files.add(file: style.path, style.without)
                actual = nil
            case "broken" where style.broken != nil:
                files.add(file: style.path, style.broken ?? "")
                truth = .unreadable("malformed_file")
            case "private":
                files.add(file: style.path, style.text(value), mode: 0o640)
                truth = becomesRoot ? .unreadable("private") : .denied
            case "shown":
                files.add(file: style.path, style.text(value), mode: 0o640)
                more = ", show: text"
                if !becomesRoot { truth = .denied }
            case "missing": actual = nil
            case "computed" where style.path == "/etc/default/app":
                files.add(file: style.path, "PORT=\"$(id -u)\"\n")
                truth = .unreadable("computed_value")
            default: files.add(file: style.path, style.text(value))
            }
            let (item, isMet) = wanted(of: actual, among: style.values)
            expect(
                "setting:\(style.key)@\(style.path)", in: "settings",
                "key: \(style.key), type: config, file: \(style.path), \(item)\(more)", truth ?? Self.truth(isMet))
        }
    }
}
