internal import DriftCore

extension Form {
    /// A pack file.
    package static let pack = Form(
        "a pack",
        [
            Key("name", .text(.line), "What people call the pack; its id is the file's name"),
            Key("description", .text(.prose), "What the pack is for"),
            Key(
                "extends", .either(.text(.packName), .set(.text(.packName), mayBeEmpty: true)),
                "Packs whose items are in this one, too; an item with the same key replaces theirs, and a later pack's that of an earlier one"
            ),
            Key(
                "vars", .named(.variable, .scalar),
                "Values for `{{ name }}` in items and templates; a child's replace its parents'"),
            Key("items", .mapping(.items), .named, "What a server must have, in sections"),
        ])

    /// The sections of a pack.
    package static let items = Form(
        "items",
        Expectation.Section.allCases.map { section in
            Key(section.rawValue, .list(.mapping(ItemForm(of: section).form)), section.about)
        })
}

extension Expectation.Section {
    /// A sentence without a full stop.
    fileprivate var about: String {
        switch self {
        case .files: "Files, directories and links: that they exist or do not, modes, owners, contents"
        case .packages: "Packages of dpkg, rpm, apk or pacman, and their versions"
        case .settings: "Values of settings: in files, in the kernel, of sshd, in a login shell"
        case .services: "Units of systemd, or services of OpenRC"
        case .kernel: "Modules of the kernel"
        case .users: "Accounts, who may have a user id, and the keys that open an account"
        case .groups: "Groups, and who is in them"
        case .certificates: "Certificates in PEM files"
        case .system: "The clock, and updates that wait for a restart"
        case .mounts: "Mounted file systems"
        case .ports: "Where programs wait for connections"
        }
    }
}
