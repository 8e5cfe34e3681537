/// One wanted thing.
package struct Expectation: Hashable, Sendable {
    package var subject: Subject
    /// Shown to people; takes no part in the comparison.
    package var description: String?
    package var severity: Severity
    /// Nil if it applies to every server.
    package var condition: Condition?
    /// From when a difference counts; nil if it always does.
    package var start: DayOrInstant?

    package enum Severity: String, Hashable, Sendable, CaseIterable {
        /// A difference is drift.
        case warning
        /// A difference is shown, and is neither drift nor alerted.
        case info
    }

    package init(
        _ subject: Subject, description: String? = nil, severity: Severity = .warning, condition: Condition? = nil,
        start: DayOrInstant? = nil
    ) {
        self.subject = subject
        self.description = description
        self.severity = severity
        self.condition = condition
        self.start = start
    }

    package var key: ItemKey { subject.kind.key }

    /// What people are shown: the path, the package's name, the setting's key, the service's name.
    package var item: String { subject.kind.item }
}

// MARK: The list of kinds

// A new kind is one more case of these two enumerations. The compiler then names every place that must know it: the two
// properties below, and the reader of pack files.

extension Expectation {
    package enum Subject: Hashable, Sendable {
        case file(FileExpectation)
        case package(PackageExpectation)
        case setting(SettingExpectation)
        case service(ServiceExpectation)
        case module(ModuleExpectation)
        case user(UserExpectation)
        case group(GroupExpectation)
        case certificate(CertificateExpectation)
        case system(SystemExpectation)
        case mount(MountExpectation)
        case port(PortExpectation)
        /// Of a kind, or with words, that only a later version knows.
        case unknown(UnknownExpectation)
        /// Of a known kind, with placeholders for what only a server knows.
        case templated(TemplatedExpectation)
    }

    /// A section of a pack, which lists the expectations of one kind.
    package enum Section: String, Hashable, Sendable, CaseIterable {
        case files, packages, settings, services, kernel, users, groups, certificates, system, mounts, ports
    }
}

extension Expectation.Subject {
    var kind: any ExpectationKind {
        switch self {
        case .file(let file): file
        case .package(let package): package
        case .setting(let setting): setting
        case .service(let service): service
        case .module(let module): module
        case .user(let user): user
        case .group(let group): group
        case .certificate(let certificate): certificate
        case .system(let system): system
        case .mount(let mount): mount
        case .port(let port): port
        case .unknown(let unknown): unknown
        case .templated(let templated): templated
        }
    }
}

extension Expectation.Section {
    var kind: any KnownKind.Type {
        switch self {
        case .files: FileExpectation.self
        case .packages: PackageExpectation.self
        case .settings: SettingExpectation.self
        case .services: ServiceExpectation.self
        case .kernel: ModuleExpectation.self
        case .users: UserExpectation.self
        case .groups: GroupExpectation.self
        case .certificates: CertificateExpectation.self
        case .system: SystemExpectation.self
        case .mounts: MountExpectation.self
        case .ports: PortExpectation.self
        }
    }
}
