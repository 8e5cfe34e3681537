import Foundation

// The items of a stored pack, in the words of the pack files.

struct ResolvedFile: ResolvedItem {
    static let section = "files"
    static let keys = Set(CodingKeys.allCases.map(\.rawValue))
    static let words = [
        "state": Set(FileExpectation.State.allCases.map(\.rawValue)),
        "show": Set(FileExpectation.Show.allCases.map(\.rawValue)),
    ]

    var path: String
    var state: FileExpectation.State
    /// Four octal digits.
    var mode: String?
    var owner: String?
    var group: String?
    var contentHash: SHA256Digest?
    var template: ResolvedTemplate?
    var target: String?
    /// Absent for the default, and in packs that were stored before there was a choice.
    var show: FileExpectation.Show?
    var description: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case path, state, mode, owner, group, template, target, show, description
        case contentHash = "content_hash"
    }

    init(_ file: FileExpectation, _ description: String?) {
        path = file.path
        state = file.state
        mode = file.mode.map(FileMode.text)
        owner = file.owner
        group = file.group
        switch file.content {
        case .hash(let digest): contentHash = digest
        case .template(let name, let bytes): template = ResolvedTemplate(name: name, bytes: bytes)
        case nil: break
        }
        target = file.target
        show = file.show == .worldReadable ? nil : file.show
        self.description = description
    }

    func expectation() throws -> Expectation {
        let number = mode.flatMap(FileMode.number)
        guard number != nil || mode == nil else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: [CodingKeys.mode], debugDescription: "no mode for \(quoted(path))"))
        }
        var content = contentHash.map(FileExpectation.Content.hash)
        if let template { content = .template(name: template.name, bytes: try template.bytes()) }
        let file = FileExpectation(
            path: path, state: state, mode: number, owner: owner, group: group, content: content, target: target,
            show: show ?? .worldReadable)
        return Expectation(.file(file), description: description)
    }
}

/// A template with its contents: as text where a JSON text in PostgreSQL can hold them, else in base64.
struct ResolvedTemplate: Codable {
    var name: String
    var sha256: SHA256Digest
    var text: String?
    var base64: String?

    init(name: String, bytes: [UInt8]) {
        self.name = name
        sha256 = SHA256Digest(of: bytes)
        if !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) {
            self.text = text
        } else {
            base64 = Data(bytes).base64EncodedString()
        }
    }

    /// The contents, which must still match the stored hash.
    func bytes() throws -> [UInt8] {
        let bytes = text.map { Array($0.utf8) } ?? base64.flatMap { Data(base64Encoded: $0) }.map { Array($0) }
        guard let bytes, SHA256Digest(of: bytes) == sha256 else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: [CodingKeys.sha256],
                    debugDescription: "the contents of the template \(quoted(name)) are not those that were stored"))
        }
        return bytes
    }
}

struct ResolvedPackage: ResolvedItem {
    static let section = "packages"
    static let keys = Set(CodingKeys.allCases.map(\.rawValue))
    static let words = ["state": Set(PackageExpectation.State.allCases.map(\.rawValue))]

    var name: String
    var state: PackageExpectation.State
    var minimumVersion: String?
    var description: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, state, description
        case minimumVersion = "min_version"
    }

    init(_ package: PackageExpectation, _ description: String?) {
        name = package.name
        state = package.state
        minimumVersion = package.minimumVersion
        self.description = description
    }

    func expectation() -> Expectation {
        Expectation(
            .package(PackageExpectation(name: name, state: state, minimumVersion: minimumVersion)),
            description: description)
    }
}

struct ResolvedSetting: ResolvedItem {
    static let section = "settings"
    static let keys = Set(CodingKeys.allCases.map(\.rawValue))
    static let words = ["type": Set(SettingExpectation.Kind.allCases.map(\.rawValue))]

    var key: String
    var expected: String
    var type: SettingExpectation.Kind
    var file: String?
    var description: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case key, expected, type, file, description
    }

    init(_ setting: SettingExpectation, _ description: String?) {
        key = setting.key
        expected = setting.expected
        type = setting.kind
        file = setting.file
        self.description = description
    }

    func expectation() -> Expectation {
        Expectation(
            .setting(SettingExpectation(key: key, expected: expected, kind: type, file: file)),
            description: description)
    }
}

struct ResolvedService: ResolvedItem {
    static let section = "services"
    static let keys = Set(CodingKeys.allCases.map(\.rawValue))
    static let words: [String: Set<String>] = [:]

    var name: String
    var enabled: Bool?
    var running: Bool?
    var description: String?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case name, enabled, running, description
    }

    init(_ service: ServiceExpectation, _ description: String?) {
        name = service.name
        enabled = service.enabled
        running = service.running
        self.description = description
    }

    func expectation() -> Expectation {
        Expectation(
            .service(ServiceExpectation(name: name, enabled: enabled, running: running)), description: description)
    }
}
