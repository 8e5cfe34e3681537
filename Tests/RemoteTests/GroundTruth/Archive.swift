/// The files of a server, as an archive that `tar` unpacks: owners, modes, times, links and FIFOs in one step.
struct Archive {
    enum Content {
        case file(String)
        case folder
        case link(to: String)
        case fifo
    }

    struct Entry {
        var content: Content
        var mode = 0o644
        var owner = 0
        var group = 0
        /// Seconds since 1970.
        var modified = 0
    }

    private(set) var entries: [String: Entry] = [:]

    subscript(path: String) -> Entry? { entries[path] }

    /// Adds a path, and the folders above it that are not there yet.
    mutating func add(_ path: String, _ entry: Entry) {
        entries[path] = entry
        var folder = path[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            if !folder.isEmpty, entries[String(folder)] == nil {
                entries[String(folder)] = Entry(content: .folder, mode: 0o755)
            }
        }
    }

    mutating func add(file path: String, _ text: String, mode: Int = 0o644) {
        add(path, Entry(content: .file(text), mode: mode))
    }

    mutating func add(link path: String, to target: String) { add(path, Entry(content: .link(to: target))) }

    mutating func add(folder path: String, mode: Int = 0o755) { add(path, Entry(content: .folder, mode: mode)) }

    /// Of the kind "ustar", with the times of files.
    var bytes: [UInt8] {
        let packed = entries.sorted { $0.key < $1.key }.flatMap { Self.bytes(of: $0.key, $0.value) }
        return packed + [UInt8](repeating: 0, count: 1024)
    }

    private static func bytes(of path: String, _ entry: Entry) -> [UInt8] {
        var content: [UInt8] = []
        var target = ""
        let kind: Character
        switch entry.content {
        case .file(let text):
            kind = "0"
            content = Array(text.utf8)
        case .folder: kind = "5"
        case .fifo: kind = "6"
        case .link(let destination):
            kind = "2"
            target = destination
        }
        var header: [UInt8] = []
        func put(_ text: String, _ width: Int) {
            let bytes = Array(text.utf8)
            precondition(bytes.count < width, "\(text) is too long for an archive")
            header += bytes + [UInt8](repeating: 0, count: width - bytes.count)
        }
        func put(octal number: Int, _ width: Int) {
            let digits = String(number, radix: 8)
            put(String(repeating: "0", count: max(0, width - 1 - digits.utf8.count)) + digits, width)
        }
        put(String(path.dropFirst()), 100)
        put(octal: entry.mode, 8)
        put(octal: entry.owner, 8)
        put(octal: entry.group, 8)
        put(octal: content.count, 12)
        put(octal: entry.modified, 12)
        header += Array("        ".utf8)
        header.append(kind.asciiValue ?? 0)
        put(target, 100)
        header += Array("ustar\u{0}00".utf8)
        header += [UInt8](repeating: 0, count: 512 - header.count)
        let digits = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        let sum = String(repeating: "0", count: 6 - digits.utf8.count) + digits + "\u{0} "
        header.replaceSubrange(148..<156, with: Array(sum.utf8))
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}
