internal import DriftCore
internal import Redaction
import Yams

extension ItemForm {
    static let mount = ItemForm(
        "a mount",
        [
            Key("path", .text(.absolutePath), .required, "Where it is mounted; what is on top there counts"),
            Key(
                "state", .words(of: MountExpectation.State.self),
                "`present` (the default), or `absent`: nothing may be mounted there"),
            Key("type", .text(.fileSystem), "The type of the file system"),
            Key(
                "options", .set(.text(.mountOption), mayBeEmpty: true),
                "Options that it must have, as `findmnt` shows them"),
        ],
        rules: [.without("state", ["absent"], ["type", "options"])]
    ) { $0.mount($1) }
}

extension PackFileReader {
    fileprivate mutating func mount(_ fields: Fields) -> Expectation.Subject? {
        let path = reader.requiredText("path", in: fields, of: "a mount", where: Grammar.mountPoint)
        let state: MountExpectation.State = reader.choice("state", in: fields) ?? .present
        let type = reader.text("type", in: fields, where: Grammar.fileSystemType)
        let options = fields["options"].flatMap { $0.node.isNull ? nil : mountOptions($0) } ?? []
        if state == .absent {
            for name in ["type", "options"] {
                guard let entry = fields[name], !entry.node.isNull else { continue }
                reader.error("`\(name)` has no effect with state: absent", at: entry.position)
            }
            if path == "/", let entry = fields["path"] {
                reader.error("`path`: something is always mounted at /", at: entry.position)
            }
        }
        return path.map { .mount(MountExpectation(path: $0, state: state, type: type, options: options)) }
    }

    private mutating func mountOptions(_ entry: Fields.Entry) -> [String]? {
        guard let nodes = reader.list(entry) else { return nil }
        var options: [String] = []
        for node in nodes {
            guard let option = reader.text(node, named: "options", at: node.position, where: Grammar.mountOption) else {
                continue
            }
            if options.contains(option) {
                reader.error("`options` has \(quoted(option)) twice", at: node.position)
            } else if let other = MountExpectation.options(options, against: option) {
                reader.error("no mount has both \(quoted(option)) and \(quoted(other))", at: node.position)
            }
            options.append(option)
        }
        return options
    }
}

extension Grammar {
    /// The path of a mount point as the kernel has it.
    static func mountPoint(_ path: String) -> Fault? {
        if let fault = line(path, limit: 4000, literal: true) { return fault }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        let isPlain = path == "/" || parts.allSatisfy { $0 != "" && $0 != "." && $0 != ".." }
        guard path.hasPrefix("/"), isPlain else {
            return Fault("\(quoted(path)) is not the path of a mount point", hint: "absolute, such as /srv/data")
        }
        return nil
    }

    static func fileSystemType(_ type: String) -> Fault? {
        consists(type, of: "._-", limit: 63)
            ? nil : Fault("\(quoted(type)) is not a type of file system", hint: "such as ext4, tmpfs or fuse.sshfs")
    }

    /// One option of a mount, as the kernel shows it.
    static func mountOption(_ option: String) -> Fault? {
        guard let first = option.utf8.first, first.isAlphanumeric, !option.contains(","),
            option.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            return Fault(
                "\(quoted(option)) is not a mount option", hint: "one in each place of the list: [nodev, nosuid]")
        }
        let isOnlyForMounting = option.hasPrefix("x-") || Self.optionsOfFstab.contains(option)
        return isOnlyForMounting
            ? Fault(
                "\(quoted(option)) is for /etc/fstab, and no mount shows it", hint: "what findmnt prints, such as nodev"
            )
            : nil
    }

    private static let optionsOfFstab: Set = [
        "defaults", "auto", "noauto", "user", "nouser", "users", "owner", "group", "nofail", "_netdev", "loop",
        "remount",
        "comment",
    ]
}
