internal import DriftCore
internal import Redaction

/// Values of an item, other than paths, that are most likely mistakes: each function says what looks wrong, or returns nil.
enum ItemDoubt {
    /// The owner or the group of a file.
    static func account(_ name: String) -> Fault? {
        if let fault = edges(name) ?? strange(name) { return fault }
        if name == "UNKNOWN" {
            return Fault("`UNKNOWN` is what stat prints for a number without a name", hint: "write the number")
        }
        return nil
    }

    /// The value of a setting.
    static func value(_ text: String, of kind: SettingExpectation.Kind) -> Fault? {
        if let fault = edges(text) ?? strange(text) { return fault }
        for mark in ["\"", "'"] where text.utf8.count > 1 && text.hasPrefix(mark) && text.hasSuffix(mark) {
            return Fault("\(quoted(text)) has quotation marks that are part of the value", hint: "remove one pair")
        }
        guard kind == .environmentVariable else { return nil }
        if text.hasPrefix("~/") {
            return Fault(
                "\(quoted(text)) begins with `~`, which a shell has replaced in the variable's value",
                hint: "write what printenv prints")
        }
        let bytes = Array(text.utf8)
        let isVariable = bytes.indices.dropLast().contains { place in
            bytes[place] == UInt8(ascii: "$")
                && (bytes[place + 1] == UInt8(ascii: "{") || bytes[place + 1] == UInt8(ascii: "_")
                    || (bytes[place + 1].isAlphanumeric && !bytes[place + 1].isDigit))
        }
        return isVariable
            ? Fault("\(quoted(text)) has `$`, and variables are not expanded", hint: "write what printenv prints") : nil
    }

    /// The key of a setting in a configuration file.
    static func key(_ text: String) -> Fault? { strange(text) }

    /// A name that people read: dashes and quotation marks may be as they like.
    static func displayName(_ text: String) -> Fault? { edges(text) ?? strange(text, .letters) }

    private static func edges(_ text: String) -> Fault? {
        guard text.hasPrefix(" ") || text.hasSuffix(" ") else { return nil }
        return Fault("\(quoted(text)) begins or ends with a blank", hint: "remove it")
    }

    private static func strange(_ text: String, _ looking: StrangeSign.Looking = .all) -> Fault? {
        StrangeSign.first(in: text, looking).map {
            Fault("\(quoted(text)) has \($0.fault.message)", hint: $0.fault.hint)
        }
    }

    // MARK: Services

    /// A unit that cannot run, although the pack says whether it should.
    static func runningUnit(_ name: String) -> Fault? {
        let stem = name.prefix { $0 != "@" }
        let rest = name.dropFirst(stem.count + 1)
        guard rest.first == ".", !rest.dropFirst().contains(".") else { return nil }
        return Fault(
            "\(quoted(name)) is a template, which never runs itself",
            hint: "name an instance, such as \(quoted("\(stem)@x\(rest)"))")
    }

    // MARK: Packages

    /// The name of a package that dpkg could never have.
    static func packageName(_ name: String) -> Fault? {
        let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
        let base = parts.first ?? ""
        for ending in [".deb", ".rpm", ".apk"] where base.hasSuffix(ending) {
            let plain = base.split(separator: "_").first.map(String.init) ?? base
            let shown = plain.hasSuffix(ending) ? String(plain.dropLast(ending.utf8.count)) : plain
            return Fault("\(quoted(name)) is the name of a file, not of a package", hint: "write \(quoted(shown))")
        }
        let isDebian =
            base.utf8.count >= 2 && base == base.lowercased() && !base.contains("_")
        guard isDebian else {
            return Fault(
                "\(quoted(name)) is not the name of a Debian package",
                hint: "two or more of a-z, 0-9, +, - and ., such as \(quoted(debianName(like: base)))")
        }
        guard parts.count == 2, !architectures.contains(parts[1]) else { return nil }
        let meant = aliases[parts[1]] ?? nearest(parts[1], among: architectures)
        return Fault(
            "\(quoted(name)): dpkg knows no architecture \(quoted(parts[1]))",
            hint: meant.map { "write \(quoted("\(base):\($0)"))" } ?? "such as \(base):i386")
    }

    private static func debianName(like name: String) -> String {
        let plain = name.lowercased().replacing("_", with: "-")
        return plain.utf8.count >= 2 ? plain : "curl"
    }

    private static let architectures: Set<String> = [
        "all", "any", "alpha", "amd64", "arc", "arm64", "armel", "armhf", "hppa", "hurd-amd64", "hurd-i386", "i386",
        "ia64", "kfreebsd-amd64", "kfreebsd-i386", "loong64", "m68k", "mips", "mips64", "mips64el", "mipsel", "powerpc",
        "ppc64", "ppc64el", "riscv64", "s390x", "sh4", "sparc64", "x32",
    ]

    /// What others call them.
    private static let aliases = [
        "x64": "amd64", "x86-64": "amd64", "x86": "i386", "i486": "i386", "i586": "i386", "i686": "i386",
        "aarch64": "arm64", "armv7l": "armhf", "ppc64le": "ppc64el",
    ]

    /// A version that dpkg would refuse, so that no version on a Debian server can be compared with it.
    ///
    /// If the author `meansIt`, one manager that takes it is enough.
    static func version(_ text: String, meansIt: Bool) -> Fault? {
        guard let complaint = PackageManager.dpkg.complaint(about: text) else { return nil }
        let others = PackageManager.allCases.filter { $0.complaint(about: text) == nil }.map(\.rawValue)
        if meansIt, !others.isEmpty { return nil }
        let isVersion = { (text: Substring) in PackageManager.dpkg.complaint(about: String(text)) == nil }
        let isPrefixed = text.lowercased().hasPrefix("v") && text.dropFirst().utf8.first?.isDigit == true
        let hint: String
        if isPrefixed, isVersion(text.dropFirst()) {
            hint = "write \"\(text.dropFirst())\""
        } else if !text.utf8.contains(where: \.isDigit) {
            hint = "leave it out if any version will do"
        } else if let mark = text.lastIndex(of: "_"), isVersion(text[..<mark]), !others.contains("apk") {
            hint = "write \"\(text[..<mark])\"; an architecture goes into the name, as in libc6:i386"
        } else if !others.isEmpty {
            hint = "\(others.joined(separator: ", ")) can; if the pack is for these, add literal: true"
        } else {
            hint = "such as \"7.88\" or \"1:2.39.2-1\""
        }
        return Fault(
            "\(quoted(text)) is not a Debian version: \(complaint.words), so dpkg cannot compare it", hint: hint)
    }

    /// A pattern that fits no version, because what stands for a number is not a star.
    static func versionPattern(_ text: String, meansIt: Bool) -> Fault? {
        if text.hasSuffix(".x") {
            return Fault("\(quoted(text)) fits only versions that end in x", hint: "write \"\(text.dropLast())*\"")
        }
        let fault = version(text.replacing("*", with: "1"), meansIt: meansIt)
        return fault.map {
            Fault($0.message.replacing("cannot compare it", with: "has no such version"), hint: $0.hint)
        }
    }
}
