/// A pack with its parent's items already merged in: what workers compare with and what the database stores.
package struct Pack: Hashable, Sendable {
    package var name: PackName
    package var displayName: String
    package var description: String?
    package var extends: PackName?
    /// In the order of their keys, each key once.
    package var expectations: [Expectation]

    package init(
        name: PackName, displayName: String? = nil, description: String? = nil, extends: PackName? = nil,
        expectations: [Expectation] = []
    ) {
        self.name = name
        self.displayName = displayName ?? name.rawValue
        self.description = description
        self.extends = extends
        self.expectations = expectations.sorted { $0.key < $1.key }
    }
}

/// One wanted thing.
package struct Expectation: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        case file(FileExpectation)
        case package(PackageExpectation)
        case setting(SettingExpectation)
        case service(ServiceExpectation)
        case unknown(UnknownExpectation)
    }

    package var subject: Subject
    /// Shown to people; takes no part in the comparison.
    package var description: String?

    package init(_ subject: Subject, description: String? = nil) {
        self.subject = subject
        self.description = description
    }

    package var key: ItemKey {
        switch subject {
        case .file(let file): ItemKey(rawValue: "file:\(file.path)")
        case .package(let package): ItemKey(rawValue: "package:\(package.name)")
        case .setting(let setting):
            ItemKey(rawValue: "setting:\(setting.key)" + (setting.file.map { "@\($0)" } ?? ""))
        case .service(let service): ItemKey(rawValue: "service:\(service.name)")
        case .unknown(let unknown): unknown.key
        }
    }

    /// What people are shown: the path, the package's name, the setting's key, the service's name.
    package var item: String {
        switch subject {
        case .file(let file): file.path
        case .package(let package): package.name
        case .setting(let setting): setting.key
        case .service(let service): service.name
        case .unknown(let unknown): unknown.item
        }
    }
}

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

/// A package that must be there, or must not.
package struct PackageExpectation: Hashable, Sendable {
    package enum State: String, Sendable, Codable, CaseIterable {
        case present, absent
    }

    package var name: String
    package var state: State
    /// Compared in the ordering of the server's own package manager.
    package var minimumVersion: String?

    package init(name: String, state: State = .present, minimumVersion: String? = nil) {
        self.name = name
        self.state = state
        self.minimumVersion = minimumVersion
    }
}

/// A setting and the value it must have.
package struct SettingExpectation: Hashable, Sendable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case environmentVariable = "env_var"
        case config
        case sysctl
    }

    package var key: String
    package var expected: String
    package var kind: Kind
    /// The file that holds a `config` setting.
    package var file: String?

    package init(key: String, expected: String, kind: Kind, file: String? = nil) {
        self.key = key
        self.expected = expected
        self.kind = kind
        self.file = file
    }
}

/// How a service must be; nil if the pack does not care.
package struct ServiceExpectation: Hashable, Sendable {
    package var name: String
    package var enabled: Bool?
    package var running: Bool?

    package init(name: String, enabled: Bool? = nil, running: Bool? = nil) {
        self.name = name
        self.enabled = enabled
        self.running = running
    }
}
