import Foundation
import TestSupport
import Testing

/// Folders for one test that take the place of `/var/lib`, `/etc` and `/usr/lib`, with databases made by the managers' own
/// programs.
struct PackageRoot {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/driftwatch-packages-\(UUID().uuidString)"
        for folder in ["var-lib", "etc", "usr-lib"] { try makeFolder(folder) }
        // The look may be another account's.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        try makeFolder((name as NSString).deletingLastPathComponent)
        try Data(text.utf8).write(to: URL(filePath: "\(path)/\(name)"))
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
    }

    /// For a shell in a mount namespace of its own: puts the folders in their place, hides dpkg with the rest of `/var/lib`.
    var enter: String {
        """
        mount --bind '\(path)/var-lib' /var/lib
        mount -t overlay none -o 'lowerdir=\(path)/etc:/etc' /etc
        mount -t overlay none -o 'lowerdir=\(path)/usr-lib:/usr/lib' /usr/lib
        """
    }

    /// Without bash, so that the script runs in `shell`.
    static func withoutBash(in shell: String) -> String { "mount --bind /dev/null /bin/bash; exec \(shell) \"$@\"" }

    private func run(_ script: String) async throws {
        let result = try await Tool.run(["/bin/sh", "-ec", "cd '\(path)'\n\(script)"])
        try #require(result.status == 0, "\(result.text)\(result.errorText)")
    }

    // MARK: The managers

    struct RPM {
        var name: String
        var version: String
        var release: String
        var architecture = "x86_64"
        var epoch: Int?
    }

    func installRPMs(_ packages: [RPM]) async throws {
        for package in packages {
            let epoch = package.epoch.map { "Epoch: \($0)\n" } ?? ""
            try write(
                """
                Name: \(package.name)
                Version: \(package.version)
                Release: \(package.release)
                \(epoch)Summary: x
                License: x
                %description
                x
                %files

                """, to: "build/p.spec")
            try await run(
                "rpmbuild -bb --quiet --define \"_topdir $PWD/build\" --target \(package.architecture) build/p.spec")
        }
        try await run(
            """
            mkdir -p var-lib/rpm
            rpm --dbpath "$PWD/var-lib/rpm" --install --justdb --nodeps --ignorearch --force build/RPMS/*/*.rpm
            """)
    }

    struct PacmanPackage {
        var name: String
        var version: String
        var architecture = "x86_64"
        var groups: [String] = []
        var provides: [String] = []
    }

    func installPacmanPackages(_ packages: [PacmanPackage], settings: String = "") async throws {
        try write(
            "[options]\nArchitecture = x86_64\nSigLevel = Never\nLocalFileSigLevel = Never\n\(settings)\n",
            to: "etc/pacman.conf")
        for package in packages {
            let lists =
                package.groups.map { "group = \($0)\n" }.joined()
                + package.provides.map { "provides = \($0)\n" }.joined()
            try write(
                """
                pkgname = \(package.name)
                pkgbase = \(package.name)
                pkgver = \(package.version)
                pkgdesc = %NAME%
                url = x
                builddate = 1
                packager = x
                size = 1
                arch = \(package.architecture)
                license = x
                \(lists)
                """, to: "build/\(package.name)/.PKGINFO")
            try await run("tar -czf build/\(package.name).pkg.tar.gz -C build/\(package.name) .PKGINFO")
        }
        try await run(
            """
            mkdir -p root var-lib/pacman cache gpg
            pacman --config etc/pacman.conf --root "$PWD/root" --dbpath "$PWD/var-lib/pacman" --cachedir "$PWD/cache" \\
                --gpgdir "$PWD/gpg" --logfile "$PWD/log" --noconfirm --upgrade ./build/*.pkg.tar.gz
            """)
    }

    /// As apk writes it; no Debian package has apk itself.
    func writeAPKDatabase(_ packages: [(name: String, version: String, provides: String)], world: String) throws {
        let records = packages.map { package in
            let provides = package.provides.isEmpty ? "" : "p:\(package.provides)\n"
            return """
                C:Q1p8I1Wm9eR5s0TqGNxvQKgZ0mLWU=
                P:\(package.name)
                V:\(package.version)
                A:x86_64
                S:1234
                I:4096
                T:P:not a name
                U:https://example.net/
                L:MIT
                D:so:libc.musl-x86_64.so.1
                \(provides)F:usr/bin
                R:tool
                a:0:0:755
                Z:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=

                """
        }
        try write(records.joined(separator: "\n") + "\n", to: "usr-lib/apk/db/installed")
        try write(world, to: "etc/apk/world")
    }
}
