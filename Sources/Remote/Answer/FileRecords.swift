import DriftCore
internal import Redaction

/// What an answer says about one path.
struct FileRecords {
    /// What one kind of record came to; two that differ prove nothing.
    private enum Seen<Value: Equatable> {
        case nothing, contradictory
        case once(Value)

        mutating func add(_ value: Value?) {
            switch (self, value) {
            case (.nothing, let value?): self = .once(value)
            case (.once(let old), let value?) where old == value: break
            default: self = .contradictory
            }
        }
    }

    private enum Absence: Equatable {
        case missing
        case unreadable(UnreadableReason)
    }

    private enum Content: Equatable {
        case hash(SHA256Digest)
        case unreadable(UnreadableReason)
    }

    private var status: Seen<FileStatus> = .nothing
    private var target: Seen<[UInt8]> = .nothing
    private var destination: Seen<FileStatus?> = .nothing
    private var absence: Seen<Absence> = .nothing
    private var content: Seen<Content> = .nothing
    private var realPath: Seen<FileEntry.RealPath> = .nothing
    private var text: Seen<[UInt8]> = .nothing

    /// Takes one record in.
    ///
    /// - Returns: Whether there is such a record.
    mutating func add(_ tag: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Bool {
        switch tag {
        case _ where tag.isEqual(to: "stat"): status.add(FileStatus(answer: value))
        case _ where tag.isEqual(to: "hash"): content.add(SHA256Digest(answer: value).map(Content.hash))
        case _ where tag.isEqual(to: "nohash"):
            content.add(UnreadableReason(answer: value).map(Content.unreadable))
        case _ where tag.isEqual(to: "dest"): destination.add(FileStatus(answer: value).map(FileStatus?.some))
        case _ where tag.isEqual(to: "dangling"): destination.add(.some(nil))
        case _ where tag.isEqual(to: "link"): target.add(LinkText.decode(value))
        case _ where tag.isEqual(to: "real"): realPath.add(Self.realPath(value))
        case _ where tag.isEqual(to: "gone"):
            let isMissing = value.isEqual(to: "missing")
            absence.add(isMissing ? .missing : UnreadableReason(answer: value).map(Absence.unreadable))
        case _ where tag.isEqual(to: "text") || tag.isEqual(to: "body"): text.add(EncodedBytes.decode(value))
        // Why a text that was asked for is kept back: for people who read answers.
        case _ where tag.isEqual(to: "kept"): break
        default: return false
        }
        return true
    }

    /// Whether the login user may not see it, so that root is asked.
    var isDenied: Bool {
        if case .once(.unreadable(.permissionDenied)) = absence { return true }
        if case .once(.unreadable(.permissionDenied)) = content { return true }
        return false
    }

    /// No `sudo` helped.
    mutating func refuseSudo() {
        if case .once(.unreadable(.permissionDenied)) = absence { absence = .once(.unreadable(.sudoRefused)) }
        if case .once(.unreadable(.permissionDenied)) = content { content = .once(.unreadable(.sudoRefused)) }
    }

    /// The server gave up before the content was read.
    mutating func giveUpContent() {
        if case .nothing = content { content = .once(.unreadable(.slow)) }
    }

    /// Two answers that both claim to be the last prove nothing.
    mutating func contradict() { absence = .contradictory }

    /// What is known of `file`; `home` is what its tilde stands for.
    func fact(_ file: ProbeQuestions.File, home: String?) -> FileFact {
        switch absence {
        case .contradictory: return .unreadable(.malformedAnswer)
        case .once(.unreadable(let reason)): return .unreadable(reason)
        case .once(.missing):
            // A file that was there and then was not changed during the probe.
            if case .nothing = status { return .missing }
            return .unreadable(.readError)
        case .nothing: break
        }
        guard case .once(let status) = status else { return .unreadable(.malformedAnswer) }
        var entry = FileEntry(status: status, realPath: .asAsked)
        switch realPath {
        case .once(let path): entry.realPath = path == .elsewhere(file.path) ? .asAsked : path
        case .contradictory: entry.realPath = .unknown
        case .nothing:
            if let home, file.path.hasPrefix("~/") { entry.realPath = .elsewhere(home + file.path.dropFirst()) }
        }
        if status.type == .symlink {
            guard case .once(let target) = target, case .once(let destination) = destination,
                destination?.type != .symlink
            else { return .unreadable(.malformedAnswer) }
            // A link that vanished during the probe has an empty target.
            guard !target.isEmpty else { return .unreadable(.readError) }
            entry.link = .init(target: VisibleText.value(target), destination: destination)
        }
        if file.asksContent, let end = entry.link.map(\.destination) ?? status {
            entry.content = content(of: end, file)
            if case .read(let digest, .some) = entry.content, !Masking.mayReadContent(of: file.path, at: entry) {
                entry.content = .read(digest, bytes: nil)
            }
        }
        return .present(entry)
    }

    private func content(of status: FileStatus, _ file: ProbeQuestions.File) -> FileContent {
        guard status.type == .file else { return .unreadable(.notRegular) }
        switch content {
        case .contradictory, .nothing: return .unreadable(.malformedAnswer)
        case .once(.unreadable(let reason)): return .unreadable(reason)
        case .once(.hash(let digest)):
            // A text that does not have the hash was read after the file changed again. What the script decided by
            // the folders, the worker cannot see; what it decided by the mode, it holds the script to.
            guard case .once(let bytes) = text, file.wantsText || file.expectedHashes != [digest],
                mayTell(status, file.show),
                !Self.holdsPrivateKey(bytes), SHA256Digest(of: bytes) == digest
            else { return .read(digest, bytes: nil) }
            return .read(digest, bytes: bytes)
        }
    }

    private func mayTell(_ status: FileStatus, _ show: FileExpectation.Show) -> Bool {
        switch show {
        case .hidden: false
        case .text: true
        case .worldReadable: status.mode & 0o004 != 0
        }
    }

    /// Wherever such a file lies.
    private static func holdsPrivateKey(_ bytes: [UInt8]) -> Bool {
        bytes.contains(sequence: Array("PRIVATE KEY".utf8))
    }

    private static func realPath(_ text: ArraySlice<UInt8>) -> FileEntry.RealPath {
        text.starts(with: "=/".utf8) ? .elsewhere(VisibleText.value(text.dropFirst())) : .unknown
    }
}

extension UnreadableReason {
    /// Reads the probe's word for a reason; nil if the word is unknown.
    fileprivate init?(answer text: ArraySlice<UInt8>) {
        switch String(decoding: text.prefix(16), as: UTF8.self) {
        case "denied": self = .permissionDenied
        case "sudo": self = .sudoRefused
        case "large": self = .tooLarge
        case "special": self = .notRegular
        case "pseudo": self = .special
        case "slow": self = .slow
        case "planted": self = .plantedLink
        case "unsupported": self = .unsupported
        case "error": self = .readError
        default: return nil
        }
    }
}

extension SHA256Digest {
    fileprivate init?(answer text: ArraySlice<UInt8>) {
        guard text.count == 64 else { return nil }
        self.init(String(decoding: text, as: UTF8.self))
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
