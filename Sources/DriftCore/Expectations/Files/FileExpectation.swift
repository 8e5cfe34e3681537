/// How a path must look; nil if the pack does not care.
package struct FileExpectation: Hashable, Sendable {
    package enum State: String, Sendable, Codable, CaseIterable {
        case file, directory, symlink, absent
    }

    /// Which text of the file may be shown to people.
    package enum Show: String, Sendable, Codable, CaseIterable {
        /// What every account of the server may read.
        case worldReadable = "world_readable"
        /// Private text as well, but never that of a file that exists to hold secrets.
        case text
        /// Nothing, not even what everyone may read.
        case hidden
    }

    /// What a file must contain.
    package enum Content: Hashable, Sendable {
        case hash(SHA256Digest)
        /// The template's name in `packs/templates` and its text, which may be any bytes.
        case template(name: String, bytes: [UInt8])
        /// A text that stands in the pack itself.
        case text(String)
    }

    /// The mode and the owners of all that lies below a folder.
    package struct TreeRule: Hashable, Sendable {
        package var maximumMode: UInt16?
        package var owner: String?
        package var group: String?

        package init(maximumMode: UInt16? = nil, owner: String? = nil, group: String? = nil) {
            self.maximumMode = maximumMode
            self.owner = owner
            self.group = group
        }
    }

    /// Absolute, or beginning with `~/`; a pattern of the shell where ``isPattern``.
    package var path: String
    /// Whether it is about every file that the path finds as a pattern.
    package var isPattern = false
    /// How many files a pattern must find.
    package var atLeast = 0
    /// All that a folder may have in it; nil for anything.
    package var only: [NamePattern]?
    package var tree: TreeRule?
    package var state: State
    /// The low twelve bits.
    package var mode: UInt16?
    /// The bits that a mode may have: none besides these.
    package var maximumMode: UInt16?
    /// A name or a decimal number.
    package var owner: String?
    package var group: String?
    package var content: Content?
    /// Where a symlink must point, compared as text.
    package var target: String?
    package var show: Show
    /// Whether it may as well be missing.
    package var isOptional = false
    /// Lines that the text must have.
    package var contains: [LineExpectation] = []
    /// Lines that it must not have.
    package var lacks: [LineExpectation] = []
    /// In bytes.
    package var minimumSize: Int?
    /// In seconds since the content was last changed.
    package var maximumAge: Int?

    package init(
        path: String, state: State = .file, mode: UInt16? = nil, owner: String? = nil, group: String? = nil,
        content: Content? = nil, target: String? = nil, show: Show = .worldReadable
    ) {
        self.path = path
        self.state = state
        self.mode = mode
        self.owner = owner
        self.group = group
        self.content = content
        self.target = target
        self.show = show
    }
}

extension FileExpectation.Show {
    /// Of two packs that ask for one path: who hides wins, then who shows.
    package func combined(with other: Self) -> Self {
        [.hidden, .text].first { [self, other].contains($0) } ?? .worldReadable
    }
}

extension FileExpectation.Content {
    var digest: SHA256Digest {
        switch self {
        case .hash(let digest): digest
        case .template(_, let bytes): SHA256Digest(of: bytes)
        case .text(let text): SHA256Digest(of: Array(text.utf8))
        }
    }
    /// The bytes, and where they come from in the words of packs; nil if only their hash is known.
    var source: (words: EvidenceValue, bytes: [UInt8])? {
        switch self {
        case .hash: nil
        case .template(let name, let bytes): (.outside(name), bytes)
        case .text(let text): ("the text in the pack", Array(text.utf8))
        }
    }
}
