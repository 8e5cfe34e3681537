import DriftCore
internal import Redaction

/// What an answer says of one path.
struct FileRecords {
    private enum Read<Value> {
        case none, bad
        case some(Value)
    }

    private var status: Read<FileStatus> = .none
    private var target: Read<String> = .none
    private var destination: Read<FileStatus?> = .none
    private var gone: Read<UnreadableReason?> = .none
    private var hash: Read<SHA256Digest> = .none
    private var unread: UnreadableReason?
    private var realPath: FileEntry.RealPath = .asAsked
    private var body: [UInt8]?

    /// Takes one record in; later ones, from `sudo`, count more than earlier ones.
    ///
    /// - Returns: Whether there is such a record.
    mutating func add(_ tag: String, _ text: ArraySlice<UInt8>) -> Bool {
        switch tag {
        case "stat": status = FileStatus(answer: text).map(Read.some) ?? .bad
        case "link": target = text.first == UInt8(ascii: "=") ? .some(VisibleText.value(text.dropFirst())) : .bad
        case "dest": destination = FileStatus(answer: text).map(Read.some) ?? .bad
        case "dangling": destination = .some(nil)
        case "gone":
            let reason = Self.reason(text)
            gone = text.elementsEqual("missing".utf8) ? .some(nil) : reason.map(Read.some) ?? .bad
        case "hash": hash = SHA256Digest(VisibleText.plain(text)).map(Read.some) ?? .bad
        case "nohash": unread = Self.reason(text) ?? .malformedAnswer
        case "real": realPath = Self.realPath(text)
        case "body": body = EncodedBytes.decode(text)
        default: return false
        }
        return true
    }

    /// What is known of `path`, for which packs want a content of `expected`; `home` is what its tilde stands for.
    func fact(_ path: String, expecting expected: Set<SHA256Digest>, home: String?) -> FileFact {
        switch gone {
        case .bad: return .unreadable(.malformedAnswer)
        case .some(.some(let reason)): return .unreadable(reason)
        case .some(.none):
            if case .none = status { return .missing }
            return .unreadable(.readError)
        case .none: break
        }
        guard case .some(let status) = status else { return .unreadable(.malformedAnswer) }
        var entry = FileEntry(status: status, realPath: realPath)
        if realPath == .asAsked, let home, path.hasPrefix("~/") { entry.realPath = .elsewhere(home + path.dropFirst()) }
        if status.type == .symlink {
            guard case .some(let target) = target, case .some(let destination) = destination,
                destination?.type != .symlink
            else { return .unreadable(.malformedAnswer) }
            // A link that vanished meanwhile is answered with an empty target.
            guard !target.isEmpty else { return .unreadable(.readError) }
            entry.link = .init(target: target, destination: destination)
        }
        if !expected.isEmpty, let file = entry.link.map(\.destination) ?? status {
            entry.content = content(of: file, expecting: expected)
            if !Masking.mayReadContent(of: path, at: entry), case .read(let digest, _) = entry.content {
                entry.content = .read(digest, bytes: nil)
            }
        }
        return .present(entry)
    }

    private func content(of status: FileStatus, expecting expected: Set<SHA256Digest>) -> FileContent {
        guard status.type == .file else { return .unreadable(.notRegular) }
        switch hash {
        case .some(let digest):
            // A body that does not have the hash was read after the file changed again.
            guard let body, expected != [digest], !Self.holdsPrivateKey(body), SHA256Digest(of: body) == digest
            else { return .read(digest, bytes: nil) }
            return .read(digest, bytes: body)
        case .bad: return .unreadable(.malformedAnswer)
        case .none: return .unreadable(unread ?? .malformedAnswer)
        }
    }

    /// Wherever such a file lies.
    private static func holdsPrivateKey(_ bytes: [UInt8]) -> Bool {
        bytes.contains(sequence: Array("PRIVATE KEY".utf8))
    }

    private static func realPath(_ text: ArraySlice<UInt8>) -> FileEntry.RealPath {
        let path = VisibleText.value(text.dropFirst())
        return text.starts(with: "=/".utf8) ? .elsewhere(path) : .unknown
    }

    private static func reason(_ text: ArraySlice<UInt8>) -> UnreadableReason? {
        switch VisibleText.plain(text, limit: 20) {
        case "denied": .permissionDenied
        case "sudo": .sudoRefused
        case "large": .tooLarge
        case "special": .notRegular
        case "unsupported": .unsupported
        case "error": .readError
        default: nil
        }
    }
}

extension FileStatus {
    /// Reads `81a4:0:0:1267:root:root`: raw mode in hexadecimal, owner, group, size, their names.
    init?(answer text: ArraySlice<UInt8>) {
        let fields = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count == 6, let raw = AnswerNumber.parsed(fields[0], radix: 16), raw <= 0xFFFF,
            let owner = AnswerNumber.parsed(fields[1]), let group = AnswerNumber.parsed(fields[2]),
            let size = AnswerNumber.parsed(fields[3]), !fields[4].isEmpty, !fields[5].isEmpty
        else { return nil }
        let type: FileType =
            switch raw >> 12 {
            case 0x1: .fifo
            case 0x2: .characterDevice
            case 0x4: .directory
            case 0x6: .blockDevice
            case 0x8: .file
            case 0xA: .symlink
            case 0xC: .socket
            default: .other
            }
        self.init(
            type: type, mode: UInt16(raw & 0o7777), owner: Account(answer: fields[4], number: owner),
            group: Account(answer: fields[5], number: group), size: size)
    }
}

extension Account {
    /// `stat` prints UNKNOWN where the account database has no name.
    init(answer name: ArraySlice<UInt8>, number: Int) {
        self.init(name: name.elementsEqual("UNKNOWN".utf8) ? nil : VisibleText.value(name), number: number)
    }
}

extension [UInt8] {
    /// Whether `other` occurs in one piece.
    fileprivate func contains(sequence other: [UInt8]) -> Bool {
        guard let first = other.first, count >= other.count else { return false }
        return indices.dropLast(other.count - 1).contains { start in
            self[start] == first && self[start..<(start + other.count)].elementsEqual(other)
        }
    }
}
