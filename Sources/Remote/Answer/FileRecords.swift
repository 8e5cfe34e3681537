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
    /// Why the server keeps a text back that was asked for.
    private var kept: Seen<UnreadableReason> = .nothing

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
        case _ where tag.isEqual(to: "kept"): kept.add(value.isEqual(to: "private") ? .privateText : .tooLarge)
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
            if file.needsText, case .read(_, nil) = entry.content { entry.textWithheld = reasonToKeep(end, file) }
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
            guard case .once(let bytes) = text, file.needsText || file.expectedHashes != [digest],
                mayTell(status, file.show),
                !Self.holdsPrivateKey(bytes), SHA256Digest(of: bytes) == digest
            else { return .read(digest, bytes: nil) }
            return .read(digest, bytes: bytes)
        }
    }

    private func reasonToKeep(_ status: FileStatus, _ file: ProbeQuestions.File) -> UnreadableReason {
        switch kept {
        case .once(let reason): reason
        case .contradictory: .malformedAnswer
        case .nothing where status.size > 65536: .tooLarge
        // Secret places and private keys, whatever the pack says; and what the folders hide.
        case .nothing: .privateText
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

extension [UInt8] {
    /// Whether `other` occurs in one piece.
    fileprivate func contains(sequence other: [UInt8]) -> Bool {
        guard let first = other.first, count >= other.count else { return false }
        return indices.dropLast(other.count - 1).contains { start in
            self[start] == first && self[start..<(start + other.count)].elementsEqual(other)
        }
    }
}
