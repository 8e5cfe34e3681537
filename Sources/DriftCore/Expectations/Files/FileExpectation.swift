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
    }

    /// Absolute, or beginning with `~/`.
    package var path: String
    package var state: State
    /// The low twelve bits.
    package var mode: UInt16?
    /// A name or a decimal number.
    package var owner: String?
    package var group: String?
    package var content: Content?
    /// Where a symlink must point, compared as text.
    package var target: String?
    package var show: Show

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
        }
    }
}
