/// What a probe observed of one server: everything that its packs ask about, and nothing that was not seen.
///
/// Contents are as the server sent them, capped but not masked; they stay in memory, and only what the comparison
/// has masked is ever stored.
package struct Facts: Hashable, Sendable {
    /// The home that `~` stands for, from the server's account database; nil if the account is unknown.
    package var home: String?
    /// By path as the packs write it, `~` unexpanded.
    package var files: [ServerPath: FileFact]
    package var packages: PackageFacts
    /// By name, for every variable asked about.
    package var environment: [String: SettingFact]
    package var topics: TopicAnswers
    /// What the texts of ``files`` say.
    package let configurations = ReadConfigurations()

    package init(
        home: String? = nil, files: [ServerPath: FileFact] = [:], packages: PackageFacts = .notAsked,
        environment: [String: SettingFact] = [:],
        topics: TopicAnswers = TopicAnswers()
    ) {
        self.home = home
        self.files = files
        self.packages = packages
        self.environment = environment
        self.topics = topics
    }
}

/// Why an expectation could not be judged.
///
/// Raw values are stored and shown.
package enum UnreadableReason: String, Error, Hashable, Sendable, Codable, CaseIterable {
    case permissionDenied = "permission_denied"
    /// `sudo -n` was needed and refused.
    case sudoRefused = "sudo_refused"
    case tooLarge = "too_large"
    /// Its text is needed, and may not leave the server.
    case privateText = "private"
    /// Contents are asked of something that is not a regular file, such as a FIFO: it is never opened.
    case notRegular = "not_regular"
    /// Lines are asked of something that is not text.
    case notText = "not_text"
    /// It lies in a pseudo file system, such as `/proc` or `/sys`: reading there can block, or have effects.
    case special
    /// It did not answer within its share of the probe's time: a hung mount, most likely.
    case slow
    /// Root only follows links made by root or by the file's owner.
    case plantedLink = "planted_link"
    /// This version, or the server's tools, cannot answer the question.
    case unsupported
    /// The pack wants a version that is not one to the server's package manager, so nothing can be compared with it.
    case notAVersion = "not_a_version"
    /// It exists to hold secrets, so its text never leaves the server.
    case secretPlace = "secret_place"
    /// The text is not of the style that it should have.
    case malformedFile = "malformed_file"
    /// The file has the program compute the value, from variables or commands.
    case computedValue = "computed_value"
    /// The file says something that programs read in different ways, and the ways differ in the verdict.
    case ambiguousValue = "ambiguous_value"
    /// The value cannot be compared with the pack's number.
    case notANumber = "not_a_number"
    /// The account whose home `~` is does not exist on the server.
    case unknownAccount = "unknown_account"
    /// It is not among the server's own accounts, and no sign was seen that its directory service answers.
    case directoryUnseen = "directory_unseen"
    /// The answer for the item was missing or made no sense.
    case malformedAnswer = "malformed_answer"
    /// Reading failed in a way that has no better name (an I/O error, a vanished file).
    case readError = "read_error"
    /// The server says that it is neither one nor the other: a `static` unit is neither enabled nor disabled.
    case undecided
    /// A placeholder in the pack stands for something that the server does not have.
    case missingVariable = "missing_variable"
    /// What a placeholder stands for cannot be used where the pack has it.
    case unusableVariable = "unusable_variable"

    /// The reason in words, shown together with the raw value.
    package var words: String {
        switch self {
        case .permissionDenied: "the login user may not read it"
        case .sudoRefused: "the login user may not read it, and sudo -n was refused"
        case .tooLarge: "the file is too large to be read"
        case .privateText: "not every account may read its text, so it stays on the server; show: text allows it"
        case .notRegular: "it is not a regular file"
        case .notText: "it is not text"
        case .special: "files of /proc, /sys and the like are not read"
        case .slow: "the server gave up on it"
        case .plantedLink: "root only follows links made by root or by the file's owner"
        case .unsupported: "this version, or the server's tools, cannot answer"
        case .notAVersion: "the pack's version is not one that the server's package manager can compare"
        case .secretPlace: "it holds secrets, which are never read"
        case .malformedFile: "the file cannot be read in its style"
        case .computedValue: "the file computes the value, from variables or commands"
        case .ambiguousValue: "programs read the file's words in different ways"
        case .notANumber: "the value is not a number in the pack's unit"
        case .unknownAccount: "the account whose home directory ~ means does not exist on the server"
        case .directoryUnseen:
            "it is not among the server's own accounts, and there was no sign that the directory service answers"
        case .malformedAnswer: "the server's answer was missing or made no sense"
        case .readError: "reading failed"
        case .undecided: "the server says neither yes nor no"
        case .missingVariable: "a placeholder of the pack has no value on this server"
        case .unusableVariable: "a placeholder of the pack has a value on this server that cannot stand there"
        }
    }
}

/// What was seen at one path.
package enum FileFact: Hashable, Sendable {
    case missing
    case present(FileEntry)
    case unreadable(UnreadableReason)
}

/// One path, as `lstat` and, for a symbolic link, `stat` see it.
package struct FileEntry: Hashable, Sendable {
    /// Of the path itself, not followed.
    package var status: FileStatus
    /// Only for a symbolic link.
    package var link: Link?
    /// Only where the packs ask for it: the content of the regular file that the path leads to.
    package var content: FileContent?
    /// Why a text that a pack asks for did not come back; nil if it did, or if none was asked for.
    package var textWithheld: UnreadableReason?
    /// Where that content lies in truth.
    package var realPath: RealPath

    /// Where a path ends when every link in it is followed: a secret may be reached under any name.
    package enum RealPath: Hashable, Sendable {
        case asAsked
        case elsewhere(String)
        /// The server could not tell, so what the content may show is not known either.
        case unknown
    }

    package struct Link: Hashable, Sendable {
        /// The text of the link.
        package var target: String
        /// What the link leads to in the end; nil if it dangles, or loops.
        package var destination: FileStatus?

        package init(target: String, destination: FileStatus?) {
            self.target = target
            self.destination = destination
        }
    }

    package init(
        status: FileStatus, link: Link? = nil, content: FileContent? = nil, realPath: RealPath = .asAsked
    ) {
        self.status = status
        self.link = link
        self.content = content
        self.realPath = realPath
    }
}

/// What `stat` says of a file.
package struct FileStatus: Hashable, Sendable {
    package enum FileType: String, Hashable, Sendable, Codable, CaseIterable {
        case file, directory, symlink, fifo, socket
        case characterDevice = "character_device"
        case blockDevice = "block_device"
        case other
    }

    package var type: FileType
    /// The low twelve bits.
    package var mode: UInt16
    package var owner: Account
    package var group: Account
    /// In bytes.
    package var size: Int
    /// When its content was last changed, in seconds since 1970; nil if the probe does not say it.
    package var modified: Int?

    package init(
        type: FileType, mode: UInt16, owner: Account, group: Account, size: Int, modified: Int? = nil
    ) {
        self.type = type
        self.mode = mode
        self.owner = owner
        self.group = group
        self.size = size
        self.modified = modified
    }
}

/// A user or a group; the name is nil if the account database has none for the number.
package struct Account: Hashable, Sendable {
    package var name: String?
    package var number: Int

    package init(name: String?, number: Int) {
        self.name = name
        self.number = number
    }
}

/// What reading a file gave.
package enum FileContent: Hashable, Sendable {
    /// The hash, and the bytes where the file did not match, is small and may be read for its content.
    case read(SHA256Digest, bytes: [UInt8]?)
    case unreadable(UnreadableReason)
}

/// What the server says a setting is.
package enum SettingFact: Hashable, Sendable {
    case value(String)
    /// Not the same as an empty value.
    case unset
    case unreadable(UnreadableReason)
}
