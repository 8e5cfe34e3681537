// Packages of each manager, with what it says of them in its own database.

extension SimulatedServer {
    /// A manager's versions from the oldest to the newest, by its documentation.
    private var versions: [String] {
        switch system {
        case .debian: ["1.0~rc1-1", "1.0-1", "1.0-1+deb12u1", "1.0-2", "1.2-1", "1.10-1", "2.0-1", "1:0.5-1"]
        case .rocky: ["1.0~rc1-1", "1.0-1", "1.0-1.el9", "1.0-2", "1.2-1", "1.10-1", "2.0-1", "1:0.5-1"]
        case .alpine: ["1.0_rc1-r0", "1.0-r0", "1.0-r1", "1.0_p1-r0", "1.2-r0", "1.10-r0", "2.0-r0"]
        case .arch: ["1.0rc1-1", "1.0-1", "1.0-2", "1.2-1", "1.10-1", "2.0-1", "1:0.5-1"]
        case .bare: []
        }
    }

    private struct Package {
        var name: String
        var versions: [String]
        var isHeld = false
        /// Only of dpkg: neither installed nor away.
        var status = "install ok installed"
    }

    mutating func makePackages() {
        guard system != .bare else { return makeUnmanaged() }
        let packages = (1...5).map { number -> Package in
            var package = Package(name: "pkg\(number)", versions: [])
            if chance(0.8) { package.versions = [pick(versions)] }
            // Kernels stand side by side.
            if system == .rocky, chance(0.3), !package.versions.isEmpty {
                package.versions = Array(Set(package.versions + [pick(versions)])).sorted()
            }
            package.isHeld = !package.versions.isEmpty && chance(0.3)
            if system == .debian, !package.versions.isEmpty, chance(0.2) {
                package.status = pick([
                    "deinstall ok config-files", "install ok half-configured", "install ok unpacked",
                ])
            }
            return package
        }
        writeDatabase(packages)
        for package in packages { makePackageItem(package) }
    }

    /// No manager that is known.
    private mutating func makeUnmanaged() {
        expect("package:pkg1", in: "packages", "name: pkg1", .unreadable("unsupported"))
    }

    private mutating func makePackageItem(_ package: Package) {
        let order = versions
        var item = "name: \(package.name)"
        let key = "package:\(package.name)"
        let isThere = !package.versions.isEmpty && package.status == "install ok installed"
        let isAway = package.versions.isEmpty || package.status == "deinstall ok config-files"
        if chance(0.2) {
            item += ", state: absent"
            return expect(key, in: "packages", item, isAway ? .ok : .wrong("unexpected_package"))
        }
        let places = package.versions.compactMap(order.firstIndex)
        var wrong: Set<String> = []
        switch number(0...3) {
        case 0:
            let least = number(0...(order.count - 1))
            item += ", min_version: \"\(order[least])\""
            if !places.contains(where: { $0 >= least }) { wrong.insert("wrong_version") }
            if chance(0.5) {
                let most = number(least...(order.count - 1))
                item += ", max_version: \"\(order[most])\""
                if places.contains(where: { $0 > most }) { wrong.insert("wrong_version") }
            }
        case 1:
            let most = number(0...(order.count - 1))
            item += ", max_version: \"\(order[most])\""
            if places.contains(where: { $0 > most }) { wrong.insert("wrong_version") }
        case 2:
            let wanted = pick(order)
            let form = number(0...3)
            let written = Self.written(wanted, form)
            item += ", version: \"\(written)\""
            if !package.versions.contains(where: { Self.fits($0, written) }) { wrong.insert("wrong_version") }
        default: break
        }
        var unseen: Set<String> = []
        if chance(0.4) {
            let wanted = chance(0.5)
            item += ", held: \(wanted)"
            if system == .rocky {
                unseen.insert("unsupported")
            } else if wanted != package.isHeld {
                wrong.insert("wrong_hold")
            }
        }
        if !isThere { (wrong, unseen) = (["missing_package"], []) }
        expect(key, in: "packages", item, wrong.isEmpty && !unseen.isEmpty ? .unreadable(unseen) : Truth(wrong))
    }

    private static func epoch(_ version: String) -> String? { version.split(separator: ":").count > 1 ? "1" : nil }
    private static func withoutEpoch(_ version: String) -> String { String(version.split(separator: ":").last ?? "") }
    private static func upstream(_ version: String) -> String { String(withoutEpoch(version).split(separator: "-")[0]) }

    /// A version as a pack may write it: whole without its epoch, with its epoch, without its revision, or with a star.
    private static func written(_ version: String, _ form: Int) -> String {
        switch form {
        case 0: withoutEpoch(version)
        case 1: version
        case 2: upstream(version)
        default: String(withoutEpoch(version).prefix(3)) + "*"
        }
    }

    private static func fits(_ version: String, _ written: String) -> Bool {
        if let epoch = epoch(written) {
            guard Self.epoch(version) == epoch else { return false }
        }
        let rest = withoutEpoch(written)
        if rest.hasSuffix("*") { return withoutEpoch(version).hasPrefix(rest.dropLast()) }
        return withoutEpoch(version) == rest || upstream(version) == rest
    }

    // MARK: Databases

    private mutating func writeDatabase(_ packages: [Package]) {
        let installed = packages.filter { !$0.versions.isEmpty }
        switch system {
        case .debian:
            files.add(link: "/usr/bin/dpkg-query", to: "/host/usr/bin/dpkg-query")
            let records = installed.map { package in
                let status =
                    package.isHeld && package.status.hasPrefix("install ")
                    ? "hold" + package.status.dropFirst("install".count) : package.status
                return
                    "Package: \(package.name)\nStatus: \(status)\nArchitecture: amd64\nVersion: \(package.versions[0])\n"
            }
            files.add(
                file: "/var/lib/dpkg/status",
                records.joined(separator: "\n")
                    + "\nPackage: other\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n")
        case .rocky:
            // In place of rpm, whose databases take long to make; RemoteTests read real ones.
            let lines = installed.flatMap { package in package.versions.map { "+ \(package.name) \($0) x86_64\n" } }
            files.add(file: "/var/lib/rpm/list", lines.joined() + "+ other 1-1 noarch\n")
            files.add(file: "/var/lib/rpm/rpmdb.sqlite", "x")
            files.add(file: "/usr/bin/rpm", "#!/bin/sh\nexec cat /var/lib/rpm/list\n", mode: 0o755)
        case .alpine:
            let records = installed.map { "C:Q1x=\nP:\($0.name)\nV:\($0.versions[0])\nA:x86_64\nF:usr\n" }
            files.add(
                file: "/usr/lib/apk/db/installed",
                (records + ["P:other\nV:1-r0\nA:x86_64\n"]).joined(separator: "\n") + "\n")
            let world = installed.map { $0.name + ($0.isHeld ? "=\($0.versions[0])" : "") }
            files.add(file: "/etc/apk/world", (world + ["other"]).joined(separator: "\n") + "\n")
        case .arch:
            for name in ["pacman", "pacman-conf"] { files.add(link: "/usr/bin/\(name)", to: "/host/usr/bin/\(name)") }
            let held = installed.filter(\.isHeld).map(\.name).joined(separator: " ")
            let ignored = held.isEmpty ? "" : "IgnorePkg = \(held)\n"
            files.add(file: "/etc/pacman.conf", "[options]\nArchitecture = x86_64\nSigLevel = Never\n\(ignored)")
            for package in installed + [Package(name: "other", versions: ["1-1"])] {
                let version = package.versions[0]
                files.add(
                    file: "/var/lib/pacman/local/\(package.name)-\(version)/desc",
                    "%NAME%\n\(package.name)\n\n%VERSION%\n\(version)\n\n%DESC%\nx\n\n%ARCH%\nx86_64\n\n")
            }
        case .bare: break
        }
    }
}
