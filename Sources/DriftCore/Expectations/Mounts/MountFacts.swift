/// The mounts at the paths that were asked about, as lines of `/proc/self/mountinfo`.
struct MountFacts: Topic {
    static let name = "mounts"

    private var mounts: [String: [Mount]] = [:]
    private var hasNonsense = false

    init(_ lines: [ArraySlice<UInt8>]) {
        var ids: Set<Int> = []
        for line in lines {
            guard let mount = Mount(line), ids.insert(mount.id).inserted else {
                hasNonsense = true
                continue
            }
            mounts[mount.point, default: []].append(mount)
        }
    }

    /// The mount that a path lies on: what was mounted over it, or over a folder above it, hides what was there.
    func mount(of path: String) -> Result<Mount, UnreadableReason> {
        let roots = mounts["/"] ?? []
        let bottom = roots.filter { root in !roots.contains { $0.id == root.parent && $0 != root } }
        // Something is always mounted at the root.
        guard !hasNonsense, bottom.count == 1, var current = bottom.first else { return .failure(.malformedAnswer) }
        var seen: Set<Int> = [current.id]
        for folder in Self.folders(to: path) {
            while true {
                let above = (mounts[folder] ?? []).filter { $0.parent == current.id && $0.id != current.id }
                guard let next = above.first else { break }
                guard above.count == 1, seen.insert(next.id).inserted else { return .failure(.malformedAnswer) }
                current = next
            }
        }
        return .success(current)
    }

    /// `/`, and every folder on the way to a path, and the path.
    static func folders(to path: String) -> [String] {
        var folders = ["/"]
        for place in path.indices.dropFirst() where path[place] == "/" { folders.append(String(path[..<place])) }
        return path == "/" ? folders : folders + [path]
    }

    /// How the kernel may write a path: newer ones write `#` as `\043`.
    static func written(_ path: String) -> Set<String> {
        var text = path.replacing("\\", with: "\\134")
        for (sign, number) in [(" ", "040"), ("\t", "011")] { text = text.replacing(sign, with: "\\" + number) }
        return [text, text.replacing("#", with: "\\043")]
    }
}

/// One mount.
struct Mount: Hashable {
    var id: Int
    var parent: Int
    var point: String
    var type: String
    /// Those of the mount, then those of its file system that it does not have itself.
    var options: [String]

    /// `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS TAG… - TYPE SOURCE OPTIONS`; nil for other lines.
    init?(_ line: ArraySlice<UInt8>) {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count >= 10, let mark = words[6...].firstIndex(where: { $0.elementsEqual("-".utf8) }),
            mark + 3 < words.count, let id = Int(String(decoding: words[0], as: UTF8.self)),
            let parent = Int(String(decoding: words[1], as: UTF8.self)), words[4].first == UInt8(ascii: "/")
        else { return nil }
        self.id = id
        self.parent = parent
        point = Self.decoded(words[4])
        type = Self.decoded(words[mark + 1])
        let own = words[5].split(separator: UInt8(ascii: ",")).map(Self.decoded)
        let shared = words[mark + 3].split(separator: UInt8(ascii: ",")).map(Self.decoded)
        // A file system that is read-only is so at every mount.
        let isReadOnly = own.contains("ro") || shared.contains("ro")
        let all = own + shared.filter { !own.contains($0) }
        options = [isReadOnly ? "ro" : "rw"] + all.filter { $0 != "ro" && $0 != "rw" }
    }

    func has(_ option: String) -> Bool {
        if options.contains(option) { return true }
        // These are not written: they are what a mount has without the others.
        return Self.defaults[option].map { !options.contains($0) } ?? false
    }

    /// The options that are shown only by the absence of another.
    static let defaults = [
        "dev": "nodev", "exec": "noexec", "suid": "nosuid", "async": "sync", "diratime": "nodiratime",
        "symfollow": "nosymfollow",
    ]

    static func opposite(of option: String) -> String? {
        let pairs = defaults.merging(["ro": "rw"]) { $1 }
        return pairs[option] ?? pairs.first { $0.value == option }?.key
    }

    /// Without the escapes, such as `\040` for a blank.
    private static func decoded(_ word: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = word
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
                bytes.append(digits.reduce(0) { $0 &* 8 &+ ($1 - 0x30) })
                rest.removeFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
