// Files with each check that a pack can make of them.

extension SimulatedServer {
    /// The accounts and groups that files belong to; the last number has no name.
    private static let owners = [("root", 0), ("deploy", 1001), ("www", 33), ("", 7777)]
    private static let modes = [0o644, 0o600, 0o755, 0o640, 0o4755, 0o444, 0o2775, 0o666]
    static let texts = [
        "PORT=443\nLOG_LEVEL=info\n", "PORT=80\nLOG_LEVEL=debug\n", "PORT=443", "# nothing\n\nDebug=on\n",
        "PORT=443\r\n", "",
    ]

    mutating func makeFiles() {
        for number in 1...6 { makeFile(number) }
        for number in 1...2 { makeLink(number) }
        makeAbsence()
        makeFolder()
        makeTree()
        makePattern()
    }

    private static func octal(_ mode: Int) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }

    private static func name(_ owner: (String, Int)) -> String { owner.0.isEmpty ? "\"\(owner.1)\"" : owner.0 }

    /// One file, or what stands in its place, and what a pack may say of it.
    private mutating func makeFile(_ number: Int) {
        let inHome = chance(0.2)
        let place =
            inHome ? (login == .root ? "/root" : "/home/watcher") + "/f\(number).conf" : "/srv/d\(number)/f.conf"
        let path = inHome ? "~/f\(number).conf" : place
        // Whether every account may enter the folder: root's home is root's.
        let isOpen = inHome ? login != .root : chance(0.85)
        if !inHome { files.add(folder: "/srv/d\(number)", mode: isOpen ? 0o755 : 0o750) }
        let text = pick(Self.texts)
        let age = pick([1, 100])
        let mode = chance(0.5) ? 0o644 : pick(Self.modes)
        let (owner, group) = (pick(Self.owners), pick(Self.owners))
        var entry = Archive.Entry(
            content: .file(text), mode: mode, owner: owner.1, group: group.1, modified: now - age * 3600)
        let kind = pick(["file", "file", "file", "file", "file", "missing", "folder", "fifo", "link", "dangling"])
        switch kind {
        case "missing": break
        case "folder": entry.content = .folder
        case "fifo": entry.content = .fifo
        case "link": entry.content = .file(text)
        default: break
        }
        switch kind {
        case "missing": files.add(folder: "/srv")
        case "link":
            files.add("/opt/real\(number)", entry)
            files.add(link: place, to: "/opt/real\(number)")
        case "dangling": files.add(link: place, to: "/opt/nothing\(number)")
        default: files.add(place, entry)
        }

        // What the pack says, and what of it is wrong where a file is seen.
        var item = "path: \(path)"
        var wrong: Set<String> = []
        // Why the content could not be judged.
        var unseen: Set<String> = []
        let mayRead = becomesRoot || mode & 0o004 != 0
        if chance(0.4) {
            let wanted = chance(0.5) ? mode : pick(Self.modes)
            item += ", mode: \"\(Self.octal(wanted))\""
            if wanted != mode { wrong.insert("wrong_permissions") }
        } else if chance(0.4) {
            let most = pick([0o644, 0o755, 0o7777])
            item += ", max_mode: \"\(Self.octal(most))\""
            if mode & ~most != 0 { wrong.insert("wrong_permissions") }
        }
        if chance(0.4) {
            let wanted = chance(0.5) ? owner : pick(Self.owners)
            item += ", owner: \(Self.name(wanted))"
            if wanted.1 != owner.1 { wrong.insert("wrong_owner") }
        }
        if chance(0.4) {
            let wanted = chance(0.5) ? group : pick(Self.owners)
            item += ", group: \(Self.name(wanted))"
            if wanted.1 != group.1 { wrong.insert("wrong_owner") }
        }
        if chance(0.3) {
            item += ", max_age: 26h"
            if age > 26 { wrong.insert("too_old") }
        }
        if chance(0.3) {
            let least = pick([1, 10, 30])
            item += ", min_size: \(least)B"
            if text.utf8.count < least { wrong.insert("too_small") }
        }
        if chance(0.5) { compareContent(number, text, mayRead: mayRead, &item, &wrong, &unseen) }
        if chance(0.4) {
            let isShown = chance(0.3)
            // It counts where the file lies, and not where a link to it does.
            let isPublic = mode & 0o004 != 0 && (isOpen || kind == "link")
            let mayTell = mayRead && (isPublic || isShown)
            let before = item
            compareLines(text, mayTell: mayTell, &item, &wrong, &unseen)
            if isShown, item != before { item += ", show: text" }
        }
        let isOptional = chance(0.3)
        if isOptional { item += ", optional: true" }
        var truth: Truth =
            switch kind {
            case "missing": isOptional ? .ok : .wrong("missing_file")
            case "dangling": .wrong("missing_file")
            case "folder", "fifo": .wrong("wrong_type")
            default: wrong.isEmpty && !unseen.isEmpty ? .unreadable(unseen) : Truth(wrong)
            }
        // An ordinary account may not look into a closed folder at all.
        if !isOpen, !becomesRoot { truth = .denied }
        expect("file:\(path)", in: "files", item, truth)
    }

    private mutating func compareContent(
        _ number: Int, _ text: String, mayRead: Bool, _ item: inout String, _ wrong: inout Set<String>,
        _ unseen: inout Set<String>
    ) {
        let wanted = chance(0.5) ? text : pick(Self.texts)
        var isHash = false
        switch self.number(0...2) {
        case 0:
            templates["t\(number)"] = wanted
            item += ", template: t\(number)"
        case 1:
            let escaped = wanted.unicodeScalars.map { $0 == "\r" ? "\\r" : $0 == "\n" ? "\\n" : String($0) }.joined()
            item += ", content: \"\(escaped)\""
        default:
            isHash = true
            item += ", content_hash: sha256:\(pool.hashes[wanted] ?? "")"
        }
        if mayRead {
            if wanted != text { wrong.insert("wrong_content") }
        } else if !isHash, wanted.utf8.count != text.utf8.count {
            wrong.insert("wrong_content")
        } else {
            unseen.formUnion(["permission_denied", "sudo_refused"])
        }
    }

    private mutating func compareLines(
        _ text: String, mayTell: Bool, _ item: inout String, _ wrong: inout Set<String>, _ unseen: inout Set<String>
    ) {
        // Each line or pattern, and the texts that have it.
        let known: [(String, Set<String>)] = [
            // A line that ends as DOS has it is another line.
            ("\"PORT=443\"", [Self.texts[0], Self.texts[2]]),
            ("{ regex: \"^LOG_LEVEL=(info|warn)$\" }", [Self.texts[0]]),
            ("{ regex: \"(?i)debug\" }", [Self.texts[1], Self.texts[3]]),
            ("\"PORT=4\"", []),
        ]
        let (contains, lacks) = (some(known), some(known))
        if !contains.isEmpty {
            item += ", contains: [\(contains.map(\.0).joined(separator: ", "))]"
            if !mayTell {
                unseen.formUnion(["private", "permission_denied", "sudo_refused"])
            } else if contains.contains(where: { !$0.1.contains(text) }) {
                wrong.insert("missing_line")
            }
        }
        if !lacks.isEmpty {
            item += ", lacks: [\(lacks.map(\.0).joined(separator: ", "))]"
            if !mayTell {
                unseen.formUnion(["private", "permission_denied", "sudo_refused"])
            } else if lacks.contains(where: { $0.1.contains(text) }) {
                wrong.insert("unexpected_line")
            }
        }
    }

    private mutating func makeLink(_ number: Int) {
        let path = "/srv/link\(number)"
        let targets = ["../usr/lib/x", "/opt/a b", "/etc/passwd"]
        let wanted = pick(targets)
        switch self.number(0...4) {
        case 0:
            expect(
                "file:\(path)", in: "files", "path: \(path), state: symlink, target: \(wanted)", .wrong("missing_file"))
        case 1:
            files.add(file: path, "x")
            expect(
                "file:\(path)", in: "files", "path: \(path), state: symlink, target: \(wanted)", .wrong("wrong_type"))
        default:
            let target = chance(0.5) ? wanted : pick(targets)
            files.add(link: path, to: target)
            expect(
                "file:\(path)", in: "files", "path: \(path), state: symlink, target: \(wanted)",
                target == wanted ? .ok : .wrong("wrong_target"))
        }
    }

    private mutating func makeAbsence() {
        let path = "/srv/gone"
        switch number(0...3) {
        case 0: files.add(file: path, "x", mode: 0o600)
        case 1: files.add(link: path, to: "/opt/nothing")
        case 2: files.add(folder: path, mode: 0o700)
        default:
            files.add(folder: "/srv")
            return expect("file:\(path)", in: "files", "path: \(path), state: absent", .ok)
        }
        expect("file:\(path)", in: "files", "path: \(path), state: absent", .wrong("unexpected_file"))
    }

    private mutating func makeFolder() {
        let path = "/srv/cron.d"
        let mode = pick([0o755, 0o755, 0o700, 0o711])
        let names = some(["php8", "php-fpm", "e2scrub_all", ".hidden", "evil", "a b"])
        files.add(folder: path, mode: mode)
        for name in names { files.add(file: "\(path)/\(name)", "x") }
        var item = "path: \(path), state: directory, only: [e2scrub_all, \"php*\"]"
        var wrong: Set<String> = []
        if chance(0.5) {
            item += ", mode: \"0755\""
            if mode != 0o755 { wrong.insert("wrong_permissions") }
        }
        // Without permission, the names are not known, and what else is wrong stays wrong.
        let mayList = becomesRoot || mode & 0o005 == 0o005
        if mayList, !Set(names).isSubset(of: ["php8", "php-fpm", "e2scrub_all"]) { wrong.insert("unexpected_entry") }
        expect("file:\(path)", in: "files", item, wrong.isEmpty && !mayList ? .denied : Truth(wrong))
    }

    private mutating func makeTree() {
        let path = "/srv/www"
        files.add(path, Archive.Entry(content: .folder, mode: 0o755, owner: 1001))
        var wrong: Set<String> = []
        var isClosed = false
        for number in 0...3 where chance(0.7) {
            let owner = chance(0.85) ? 1001 : 0
            let mode = chance(0.85) ? 0o644 : 0o666
            let folderMode = chance(0.9) ? 0o755 : 0o700
            // A closed folder, and what lies in it, belong to who should own them.
            let isShut = folderMode == 0o700
            files.add("\(path)/d\(number)", Archive.Entry(content: .folder, mode: folderMode, owner: 1001))
            files.add(
                "\(path)/d\(number)/page.html",
                Archive.Entry(content: .file("x"), mode: mode, owner: owner))
            if isShut, !becomesRoot {
                isClosed = true
                continue
            }
            if owner != 1001 { wrong.insert("wrong_owner") }
            if mode & ~0o755 != 0 { wrong.insert("wrong_permissions") }
        }
        let item = "path: \(path), state: directory, tree: { owner: deploy, max_mode: \"0755\" }"
        expect("file:\(path)", in: "files", item, wrong.isEmpty && isClosed ? .denied : Truth(wrong))
    }

    private mutating func makePattern() {
        let folder = "/etc/sudoers.d"
        let isOpen = chance(0.7)
        files.add(folder: folder, mode: isOpen ? 0o755 : 0o750)
        var wrong: Set<String> = []
        var count = 0
        for name in ["admins", "ops", "README", ".hidden"] where chance(0.6) {
            let mode = chance(0.7) ? 0o440 : 0o644
            let owner = chance(0.8) ? 0 : 1001
            let isFolder = chance(0.1)
            files.add(
                "\(folder)/\(name)",
                Archive.Entry(content: isFolder ? .folder : .file("x"), mode: mode, owner: owner))
            if name == ".hidden" { continue }
            count += 1
            if isFolder {
                wrong.insert("wrong_type")
            } else {
                if mode != 0o440 { wrong.insert("wrong_permissions") }
                if owner != 0 { wrong.insert("wrong_owner") }
            }
        }
        var item = "glob: /etc/sudoers.d/*, owner: root, max_mode: \"0440\""
        let least = number(0...3)
        if least > 0 {
            item += ", at_least: \(least)"
            if count < least { wrong.insert("missing_file") }
        }
        expect("glob:/etc/sudoers.d/*", in: "files", item, Truth(wrong), onlyRoot: !isOpen)
    }
}
