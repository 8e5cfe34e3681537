import Foundation
import TestSupport
import Testing

/// A systemd as process 1 of namespaces of its own, in a root of its own, with units in every state.
///
/// Nothing of it is seen outside, and it ends with its `unshare`.
struct PrivateSystemd {
    /// What starts a program inside.
    let enter: [String]
    private let process: Process
    private let folder: URL

    /// Nil if this machine cannot have one.
    static func start() async throws -> PrivateSystemd? {
        let needed = [
            "/usr/lib/systemd/systemd", "/usr/bin/nsenter", "/usr/bin/unshare", "/usr/bin/dbus-daemon",
            "/usr/bin/setpriv",
        ]
        guard geteuid() == 0, needed.allSatisfy(Tool.has) else { return nil }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "driftwatch-pid1-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("root"), withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments =
            ["--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--cgroup", "--propagation", "private"]
            + ["/bin/sh", "-c", boot, folder.path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        let made = try await Tool.run(["/usr/bin/mkfifo", folder.path + "/ready"])
        try #require(made.status == 0)
        try process.run()
        // The last unit to start opens the FIFO and writes; where there is no such systemd, time is over.
        let ready = try await Tool.run(
            [
                "/usr/bin/timeout", "30", "/bin/sh", "-c", "read -r word <\"$0\" && echo \"$word\"",
                folder.path + "/ready",
            ])
        let children = try await Tool.run(["/usr/bin/pgrep", "-P", String(process.processIdentifier)]).text
        let init1 = children.trimmingCharacters(in: .whitespacesAndNewlines)
        let system = PrivateSystemd(
            enter: ["/usr/bin/nsenter", "-t", init1, "-m", "-p", "-u", "-i", "-C", "-r", "-w"], process: process,
            folder: folder)
        guard ready.text == "ready\n", !init1.isEmpty else {
            try system.stop()
            return nil
        }
        return system
    }

    func stop() throws {
        // unshare ignores the other signals while it waits.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try FileManager.default.removeItem(at: folder)
    }

    /// What a program prints inside, without its errors.
    func output(of command: [String]) async throws -> String {
        try await Tool.run(enter + command).text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What `systemctl is-enabled` prints of a unit last.
    func isEnabled(_ unit: String) async throws -> String {
        let lines = try await output(of: ["/usr/bin/systemctl", "is-enabled", "--", unit]).split(separator: "\n")
        return lines.last.map(String.init) ?? "not-found"
    }

    private static let boot = #"""
        set -eu
        mount -t tmpfs none "$0/root"
        cd "$0/root"
        U=etc/systemd/system
        mkdir -p usr run tmp var/log proc sys dev root opt mnt ready old etc/init.d etc/rc2.d $U/default.target.wants
        for f in bin sbin lib lib64; do [ ! -e /usr/$f ] || ln -s usr/$f $f; done
        mount --rbind /usr usr
        cp -a /etc/ld.so.* etc/
        echo 'root:x:0:0::/root:/bin/sh
        messagebus:x:101:101::/:/bin/sh
        nobody:x:65534:65534::/:/bin/sh' >etc/passwd
        echo 'root:x:0:
        messagebus:x:101:
        nogroup:x:65534:' >etc/group
        echo 0123456789abcdef0123456789abcdef >etc/machine-id
        echo ID=private >etc/os-release
        echo 'tmpfs /mnt tmpfs noauto 0 0' >etc/fstab
        mount -t proc proc proc
        mount -t tmpfs none run
        mount -t tmpfs none dev
        for n in null zero full random urandom tty; do touch dev/$n; mount --bind /dev/$n dev/$n; done
        mount -t sysfs -o ro sysfs sys
        mount -t cgroup2 none sys/fs/cgroup
        mount --bind "$0" ready
        unit() { name=$1; shift; printf '%s\n' '[Unit]' DefaultDependencies=no "$@" >$U/$name; }
        wants() { for name; do ln -s ../$name $U/default.target.wants/$name; done; }
        stay=ExecStart='/bin/sleep 1000' by='WantedBy=default.target'
        printf '%s\n' '[Unit]' DefaultDependencies=no >$U/default.target
        unit plain.service '[Service]' "$stay" '[Install]' $by Alias=nick.service
        ln -s plain.service $U/nick.service
        ln -s plain.service $U/written.service
        ln -s plain.service "$U/back\\x2dslash.service"
        unit off.service '[Service]' "$stay" '[Install]' $by
        unit still.service '[Service]' "$stay"
        unit once.service '[Service]' Type=oneshot ExecStart=/bin/true '[Install]' $by
        unit oncebad.service '[Service]' Type=oneshot ExecStart=/bin/false '[Install]' $by
        unit never.service '[Service]' Type=oneshot ExecStart=/bin/true
        unit remain.service '[Service]' Type=oneshot RemainAfterExit=yes ExecStart=/bin/true '[Install]' $by
        unit loop.service '[Service]' Type=oneshot ExecStart=/bin/false Restart=on-failure RestartSec=1000 '[Install]' $by
        unit crash.service '[Service]' Type=forking ExecStart=/bin/false '[Install]' $by
        unit door.socket '[Socket]' ListenStream=/run/door '[Install]' $by
        unit door.service '[Service]' "$stay"
        unit tick.timer '[Timer]' OnBootSec=1d '[Install]' $by
        unit tick.service '[Service]' Type=oneshot ExecStart=/bin/true
        ln -s /dev/null $U/mask.service
        unit inst@.service '[Service]' "$stay" '[Install]' $by
        ln -s ../inst@.service $U/default.target.wants/inst@a.service
        unit spare@.service '[Service]' "$stay" '[Install]' $by
        unit bad.service '[Service]' Type=nonsense
        unit also.service '[Service]' "$stay" '[Install]' Also=off.service
        unit ../../../opt/linked.service '[Service]' "$stay" '[Install]' $by
        ln -s /opt/linked.service $U/linked.service
        unit rt.service '[Service]' "$stay" '[Install]' $by
        mkdir -p run/systemd/system/default.target.wants
        ln -s /$U/rt.service run/systemd/system/default.target.wants/rt.service
        wants plain.service once.service oncebad.service remain.service loop.service crash.service door.socket tick.timer
        for n in old oldoff; do
            printf '%s\n' '#!/bin/sh' '### BEGIN INIT INFO' "# Provides: $n" '### END INIT INFO' >etc/init.d/$n
            chmod +x etc/init.d/$n
        done
        mkdir -p etc/rc3.d etc/rc5.d
        for n in 2 3 5; do ln -s ../init.d/old etc/rc$n.d/S01old; done
        unit dbus.socket '[Socket]' ListenStream=/run/dbus/system_bus_socket
        unit dbus.service Requires=dbus.socket '[Service]' Type=notify ExecStart='/usr/bin/dbus-daemon --system --address=unix:path=/run/dbus/system_bus_socket --nofork --nopidfile --systemd-activation'
        unit told.service 'After=plain.service once.service oncebad.service remain.service crash.service door.socket tick.timer inst@a.service rt.service dbus.service' 'Requires=dbus.service' '[Service]' Type=oneshot RemainAfterExit=yes 'ExecStart=/bin/sh -c "until systemctl show -p SubState loop.service | grep auto-restart; do sleep 0.1; done; echo ready >/ready/ready"'
        wants told.service
        pivot_root . old
        exec chroot . /bin/sh -c 'umount -l /old; exec env -i container=private PATH=/usr/bin:/usr/sbin /usr/lib/systemd/systemd --unit=default.target </dev/null'
        """#
}
