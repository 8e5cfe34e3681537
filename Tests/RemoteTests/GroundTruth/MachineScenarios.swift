// Services, kernel modules, mounts, ports, the clock, reboots, certificates.

extension SimulatedServer {
    mutating func makeServices() {
        switch system {
        case .debian, .rocky, .arch: makeUnits()
        case .alpine: makeOpenRC()
        case .bare: expect("service:ssh.service", in: "services", "name: ssh.service, running: true", .notApplicable)
        }
    }

    private func wanted(_ enabled: Bool?, _ running: Bool?) -> String {
        (enabled.map { ", enabled: \($0)" } ?? "") + (running.map { ", running: \($0)" } ?? "")
    }

    /// Answers as systemctl prints them: RemoteTests look at a real systemd.
    private mutating func makeUnits() {
        files.add(folder: "/run/systemd/system")
        files.add(
            file: "/usr/bin/systemctl",
            """
            #!/bin/sh
            case $1 in
                show)
                    while [ "$1" != -- ]; do shift; done
                    shift
                    for unit; do
                        if [ -e "/run/units/$unit" ]; then cat "/run/units/$unit"
                        else printf 'Id=%s\\nNames=%s\\nLoadState=not-found\\nActiveState=inactive\\nSubState=dead\\nUnitFileState=\\n' "$unit" "$unit"
                        fi
                        echo
                    done
                    ;;
                list-unit-files) echo 'basic.target static -' ;;
            esac
            """, mode: 0o755)
        for number in 1...4 {
            let name = "unit\(number).service"
            let state = pick([
                "enabled", "enabled", "disabled", "static", "masked", "linked", "enabled-runtime", "indirect", "none",
            ])
            let activity = pick([
                "active", "active", "inactive", "failed", "reloading", "restarting", "once", "bad once",
            ])
            let (enabled, running): (Bool?, Bool?)
            switch self.number(0...2) {
            case 0: (enabled, running) = (chance(0.5), nil)
            case 1: (enabled, running) = (nil, chance(0.7))
            default: (enabled, running) = (chance(0.5), chance(0.7))
            }
            var isWrong = false
            var isUndecided = false
            if let enabled {
                switch state {
                case "enabled": isWrong = !enabled
                case "enabled-runtime": isWrong = true
                case "static", "indirect": isUndecided = true
                default: isWrong = enabled
                }
            }
            // Of a unit that is about to be restarted, only `running: true` is certain.
            var isRunning: Bool? = ["active", "reloading"].contains(activity)
            if activity == "once" { isRunning = running == true }
            if activity == "restarting" { isRunning = running == true ? false : nil }
            if state == "none" { isRunning = false }
            if let running {
                if let isRunning { isWrong = isWrong || running != isRunning } else { isWrong = true }
            }
            if state != "none" {
                let (active, sub, type, result, ended) =
                    [
                        "active": ("active", "running", "simple", "success", 0),
                        "reloading": ("reloading", "reload", "simple", "success", 0),
                        "inactive": ("inactive", "dead", "simple", "success", 0),
                        "failed": ("failed", "failed", "simple", "exit-code", 7),
                        "restarting": ("activating", "auto-restart", "simple", "exit-code", 7),
                        "once": ("inactive", "dead", "oneshot", "success", 7),
                        "bad once": ("failed", "failed", "oneshot", "exit-code", 7),
                    ][activity] ?? ("", "", "", "", 0)
                files.add(
                    file: "/run/units/\(name)",
                    """
                    Id=\(name)
                    Names=\(name) alias\(number).service
                    LoadState=\(state == "masked" ? "masked" : "loaded")
                    ActiveState=\(active)
                    SubState=\(sub)
                    Type=\(type)
                    Result=\(result)
                    UnitFileState=\(state)
                    TriggeredBy=
                    SourcePath=
                    WantedBy=multi-user.target
                    ExecMainExitTimestampMonotonic=\(ended)

                    """)
                files.add(link: "/run/units/alias\(number).service", to: name)
            }
            let asked = chance(0.2) ? "alias\(number).service" : name
            // Without a bus, systemd answers root alone.
            expect(
                "service:\(asked)", in: "services", "name: \(asked)" + wanted(enabled, running),
                isWrong ? .wrong("wrong_service") : isUndecided ? .unreadable("undecided") : .ok, onlyRoot: true)
        }
    }

    private mutating func makeOpenRC() {
        files.add(file: "/run/openrc/softlevel", "default\n")
        for level in ["sysinit", "boot", "default", "shutdown"] { files.add(folder: "/etc/runlevels/\(level)") }
        for number in 1...4 {
            let name = "daemon\(number)"
            let exists = chance(0.85)
            let level = pick(["default", "boot", "shutdown", ""])
            let state = pick(["started", "started", "stopped", "crashed", "starting", "failed"])
            if exists {
                files.add(file: "/etc/init.d/\(name)", "#!/sbin/openrc-run\n", mode: 0o755)
                if !level.isEmpty { files.add(link: "/etc/runlevels/\(level)/\(name)", to: "/etc/init.d/\(name)") }
                let folder = ["crashed": "started", "stopped": ""][state] ?? state
                if !folder.isEmpty { files.add(link: "/run/openrc/\(folder)/\(name)", to: "/etc/init.d/\(name)") }
                if folder == "started", state == "crashed" || chance(0.5) {
                    files.add(file: "/run/openrc/daemons/\(name)/001", "exec=/usr/bin/x\npidfile=/run/\(name).pid\n")
                    files.add(file: "/run/\(name).pid", state == "crashed" ? "3999999\n" : "1\n")
                }
            }
            let isEnabled = exists && ["default", "boot"].contains(level)
            let isRunning = exists && state == "started"
            let (enabled, running): (Bool?, Bool?) = chance(0.5) ? (chance(0.5), nil) : (nil, chance(0.6))
            var isWrong = (enabled ?? isEnabled) != isEnabled || (running ?? isRunning) != isRunning
            // It neither runs nor is stopped.
            if exists, state == "starting", running != nil { isWrong = true }
            expect(
                "service:\(name).service", in: "services", "name: \(name).service" + wanted(enabled, running),
                isWrong ? .wrong("wrong_service") : .ok)
        }
    }

    mutating func makeMachine() {
        makeModules()
        makeMounts()
        makePorts()
        makeClock()
        makeReboot()
    }

    private mutating func makeModules() {
        var loaded = ""
        for (name, kernelName) in [("usb-storage", "usb_storage"), ("br_netfilter", "br_netfilter"), ("loop", "loop")] {
            let presence = pick(["loaded", "builtin", "absent"])
            if presence != "absent" { files.add(folder: "/sys/module/\(kernelName)") }
            if presence == "loaded" { loaded += "\(kernelName) 81920 0 - Live 0x0000000000000000\n" }
            let mustBeAway = chance(0.5)
            let isAway = presence == "absent"
            let truth: Truth =
                isAway == mustBeAway ? .ok : .wrong(mustBeAway ? "unexpected_module" : "missing_module")
            expect(
                "module:\(kernelName)", in: "kernel", "module: \(name)" + (mustBeAway ? ", state: absent" : ""), truth)
        }
        files.add(file: "/proc/modules", loaded + "other_thing 1 0 - Live 0x0\n")
    }

    private mutating func makeMounts() {
        for number in 1...2 {
            let path = "/data\(number)"
            files.add(folder: path)
            let isMounted = chance(0.75)
            let type = pick(["tmpfs", "ramfs"])
            let options = some(["nosuid", "nodev", "noexec", "ro"])
            if isMounted {
                mounts.append(
                    "mount -t \(type) -o '\((options + ["noatime"]).joined(separator: ","))' none $root\(path)")
            }
            if chance(0.2) {
                expect(
                    "mount:\(path)", in: "mounts", "path: \(path), state: absent",
                    isMounted ? .wrong("wrong_mount") : .ok)
                continue
            }
            var item = "path: \(path)"
            var isMet = isMounted
            if chance(0.5) {
                let wanted = pick(["tmpfs", "ramfs"])
                item += ", type: \(wanted)"
                isMet = isMet && wanted == type
            }
            let wanted = pick([[], ["nosuid"], ["nodev", "nosuid"], ["exec"], ["rw"], ["ro", "noatime"], ["suid"]])
            if !wanted.isEmpty {
                item += ", options: [\(wanted.joined(separator: ", "))]"
                for option in wanted {
                    let opposite = ["exec": "noexec", "rw": "ro", "suid": "nosuid"][option]
                    if let opposite {
                        if options.contains(opposite) { isMet = false }
                    } else if option != "noatime", !options.contains(option) {
                        isMet = false
                    }
                }
            }
            expect("mount:\(path)", in: "mounts", item, isMet ? .ok : .wrong("wrong_mount"))
        }
    }

    private struct Socket: Hashable {
        var transport: String
        var address: String
        var port: Int

        var isLoopback: Bool { address.hasPrefix("127.") || address == "[::1]" }
        var isVersion6: Bool { address.hasPrefix("[") }

        /// The line of /proc/net: proc(5).
        var line: String {
            let words = ["[::]": "", "[::1]": "00000000000000000000000001000000"]
            let numbers =
                isVersion6
                ? words[address] ?? ""
                : address.split(separator: ".").reversed().compactMap { UInt8($0) }.map(Self.hex).joined()
            let width = isVersion6 ? 32 : 8
            let zeros = String(repeating: "0", count: width)
            let host = numbers.isEmpty ? zeros : numbers
            let state = transport == "tcp" ? "0A" : "07"
            let portText = Self.hex(UInt8(port >> 8)) + Self.hex(UInt8(port & 255))
            return
                "   0: \(host):\(portText) \(zeros):0000 \(state) 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0\n"
        }

        private static func hex(_ byte: UInt8) -> String {
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }
    }

    private mutating func makePorts() {
        let possible = [
            Socket(transport: "tcp", address: "0.0.0.0", port: 22), Socket(transport: "tcp", address: "[::]", port: 22),
            Socket(transport: "tcp", address: "[::]", port: 443),
            Socket(transport: "tcp", address: "127.0.0.1", port: 5432),
            Socket(transport: "tcp", address: "0.0.0.0", port: 5432),
            Socket(transport: "tcp", address: "[::1]", port: 6379),
            Socket(transport: "tcp", address: "192.0.2.7", port: 8080),
            Socket(transport: "udp", address: "127.0.0.53", port: 53),
            Socket(transport: "udp", address: "0.0.0.0", port: 123),
            Socket(transport: "udp", address: "0.0.0.0", port: 40000),
        ]
        let sockets = some(possible)
        for (file, transport, isVersion6) in [
            ("tcp", "tcp", false), ("tcp6", "tcp", true), ("udp", "udp", false), ("udp6", "udp", true),
        ] {
            let lines = sockets.filter { $0.transport == transport && $0.isVersion6 == isVersion6 }.map(\.line)
            // One that is connected is not listening.
            let connected =
                "   9: 0100007F:1538 0100007F:A000 01 00000000:00000000 00:00000000 00000000 0 0 1 1 0 100 0\n"
            let more = file == "tcp" ? connected : ""
            files.add(file: "/proc/net/\(file)", "  sl  local_address rem_address   st\n" + lines.joined() + more)
        }
        func isOpen(_ transport: String, _ address: String, _ port: Int) -> Bool {
            sockets.contains(Socket(transport: transport, address: address, port: port))
        }
        expect(
            "port:tcp *:22", in: "ports", "listen: \"tcp *:22\"",
            isOpen("tcp", "0.0.0.0", 22) || isOpen("tcp", "[::]", 22) ? .ok : .wrong("missing_port"))
        expect(
            "port:tcp 0.0.0.0:22", in: "ports", "listen: \"tcp 0.0.0.0:22\"",
            isOpen("tcp", "0.0.0.0", 22)
                ? .ok : isOpen("tcp", "[::]", 22) ? .unreadable("undecided") : .wrong("missing_port"))
        expect(
            "port:tcp 127.0.0.1:5432", in: "ports", "listen: \"tcp 127.0.0.1:5432\"",
            isOpen("tcp", "127.0.0.1", 5432) || isOpen("tcp", "0.0.0.0", 5432) ? .ok : .wrong("missing_port"))
        expect(
            "port:udp *:123", in: "ports", "listen: \"udp *:123\"",
            isOpen("udp", "0.0.0.0", 123) ? .ok : .wrong("missing_port"))
        let allowed = ["tcp *:22"] + some(["tcp [::]:443", "tcp *:5432", "tcp *:8080", "udp *:123"])
        let loopback = chance(0.3)
        let protocols = Set(allowed.map { $0.prefix(3) })
        let unexpected = sockets.contains { socket in
            let asked = protocols.contains(socket.transport[...]) && (loopback || !socket.isLoopback)
            // 40000 is one that the kernel gives to clients.
            guard asked, socket.port != 40000 else { return false }
            return !allowed.contains {
                $0 == "\(socket.transport) *:\(socket.port)"
                    || $0 == "\(socket.transport) \(socket.address):\(socket.port)"
            }
        }
        expect(
            "ports:only", in: "ports",
            "only: [\(allowed.map { "\"\($0)\"" }.joined(separator: ", "))]" + (loopback ? ", loopback: true" : ""),
            unexpected ? .wrong("unexpected_port") : .ok)
    }

    private mutating func makeClock() {
        let isSynchronised = chance(0.5)
        let truth: Truth = isSynchronised ? .ok : .wrong("wrong_system")
        switch number(0...2) {
        case 0:
            files.add(
                file: "/usr/bin/chronyc",
                "#!/bin/sh\necho 'Reference ID    : C0000201 (192.0.2.1)'\necho 'Leap status     : \(isSynchronised ? "Normal" : "Not synchronised")'\n",
                mode: 0o755)
            expect("system:clock", in: "system", "clock: synchronised", truth)
        case 1:
            files.add(
                file: "/usr/bin/ntpq",
                "#!/bin/sh\necho 'leap=\(isSynchronised ? "00" : "11"), stratum=\(isSynchronised ? 3 : 16)'\n",
                mode: 0o755)
            expect("system:clock", in: "system", "clock: synchronised", truth)
        default: expect("system:clock", in: "system", "clock: synchronised", .unreadable("unsupported"))
        }
    }

    private mutating func makeReboot() {
        let running = "6.1.0-20-amd64"
        files.add(file: "/proc/sys/kernel/osrelease", running + "\n")
        let installed = some(["6.1.0-18-amd64", running, "6.1.0-22-amd64", "6.1.0-25-cloud-amd64"])
        for kernel in installed { files.add(folder: "/usr/lib/modules/\(kernel)/kernel") }
        let hasFlag = chance(0.2)
        if hasFlag { files.add(file: "/run/reboot-required", "") }
        let truth: Truth =
            if hasFlag || installed.contains("6.1.0-22-amd64") {
                .wrong("wrong_system")
            } else if installed.isEmpty {
                .notApplicable
            } else if installed.contains(running) {
                .ok
            } else if installed == ["6.1.0-25-cloud-amd64"] {
                // Which kernel the next boot takes is not known.
                .unreadable("undecided")
            } else {
                .wrong("wrong_system")
            }
        expect("system:reboot_required", in: "system", "reboot_required: false", truth)
    }

    mutating func makeCertificates() {
        for number in 1...2 {
            let path = "/etc/ssl/site\(number).pem"
            let isReadable = chance(0.8)
            let site = pick(pool.sites)
            var item = "path: \(path)"
            switch pick(["site", "site", "site", "site", "missing", "none"]) {
            case "missing":
                files.add(folder: "/etc/ssl")
                expect("certificate:\(path)", in: "certificates", item, .wrong("missing_file"))
                continue
            case "none":
                files.add(file: path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
                expect("certificate:\(path)", in: "certificates", item, .wrong("wrong_certificate"))
                continue
            default:
                let key = chance(0.5) ? "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n" : ""
                files.add(file: path, key + site.text, mode: isReadable ? 0o644 : 0o600)
            }
            var wrong: Set<String> = []
            if !site.isChain { wrong.insert("wrong_certificate") }
            var least = 0
            if chance(0.6) {
                least = pick([5, 21, 60])
                item += ", min_days: \(least)"
            }
            if site.days < least { wrong.insert("expiring_certificate") }
            if chance(0.5) {
                let wanted = pick(["www.example.net", "example.net", "a.example.net", "a.b.example.net", "192.0.2.7"])
                item += ", names: [\(wanted)]"
                let isWild = site.names.contains("a.example.net")
                let isCovered = site.names.contains(wanted) || (isWild && wanted == "www.example.net")
                if !isCovered { wrong.insert("wrong_certificate") }
            }
            if chance(0.5) {
                let wanted = pick(["R10", "E5", "Trust R10"])
                item += ", issuer: \(wanted)"
                if wanted != site.issuer, wanted != "Trust \(site.issuer)" { wrong.insert("wrong_certificate") }
            }
            expect("certificate:\(path)", in: "certificates", item, Truth(wrong), onlyRoot: !isReadable)
        }
    }
}
