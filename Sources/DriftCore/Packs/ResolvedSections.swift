/// The items of a stored pack by section: those of today, each always there, and any that a later version added.
struct ResolvedSections: Codable {
    let expectations: [Expectation]

    init(expectations: [Expectation]) { self.expectations = expectations }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: StoredKey.self)
        var expectations: [Expectation] = []
        for section in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
            var items = try container.nestedUnkeyedContainer(forKey: section)
            while !items.isAtEnd {
                let place = "\(section.stringValue):\(items.currentIndex + 1)"
                expectations.append(
                    try Self.expectation(items.superDecoder(), section: section.stringValue, place: place))
            }
        }
        self.expectations = expectations
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: StoredKey.self)
        var files: [ResolvedFile] = []
        var packages: [ResolvedPackage] = []
        var settings: [ResolvedSetting] = []
        var services: [ResolvedService] = []
        var unknown: [String: [[String: StoredValue]]] = [:]
        for expectation in expectations {
            let description = expectation.description
            switch expectation.subject {
            case .file(let file): files.append(ResolvedFile(file, description))
            case .package(let package): packages.append(ResolvedPackage(package, description))
            case .setting(let setting): settings.append(ResolvedSetting(setting, description))
            case .service(let service): services.append(ResolvedService(service, description))
            case .unknown(let item):
                var fields = item.fields
                fields["description"] = description.map(StoredValue.text)
                fields["item_key"] = .text(item.key.rawValue)
                fields["item"] = .text(item.item)
                unknown[item.section, default: []].append(fields)
            }
        }
        func encode(_ section: String, _ items: [some Encodable]) throws {
            var list = container.nestedUnkeyedContainer(forKey: StoredKey(section))
            for item in items { try list.encode(item) }
            for item in unknown.removeValue(forKey: section) ?? [] { try list.encode(item) }
        }
        try encode(ResolvedFile.section, files)
        try encode(ResolvedPackage.section, packages)
        try encode(ResolvedSetting.section, settings)
        try encode(ResolvedService.section, services)
        for (section, items) in unknown { try container.encode(items, forKey: StoredKey(section)) }
    }

    private static func expectation(_ decoder: any Decoder, section: String, place: String) throws -> Expectation {
        func known<Item: ResolvedItem>(_ type: Item.Type) throws -> Expectation? {
            try Item.isUnderstood(decoder) ? try Item(from: decoder).expectation() : nil
        }
        let expectation: Expectation? =
            switch section {
            case ResolvedFile.section: try known(ResolvedFile.self)
            case ResolvedPackage.section: try known(ResolvedPackage.self)
            case ResolvedSetting.section: try known(ResolvedSetting.self)
            case ResolvedService.section: try known(ResolvedService.self)
            default: nil
            }
        return try expectation ?? unknown(decoder, section: section, place: place)
    }

    private static func unknown(_ decoder: any Decoder, section: String, place: String) throws -> Expectation {
        var fields = try [String: StoredValue](from: decoder)
        let description = fields.removeValue(forKey: "description")?.text
        let storedKey = fields.removeValue(forKey: "item_key")?.text
        let storedItem = fields.removeValue(forKey: "item")?.text
        let (key, item) = today(section, fields) ?? (place, place)
        return Expectation(
            .unknown(
                UnknownExpectation(
                    section: section, key: ItemKey(rawValue: storedKey ?? key), item: storedItem ?? storedKey ?? item,
                    fields: fields)),
            description: description)
    }

    /// The key and the item of an item whose section is known, as far as it has the fields that give them.
    private static func today(_ section: String, _ fields: [String: StoredValue]) -> (key: String, item: String)? {
        func subject(_ name: String) -> Expectation.Subject? {
            switch section {
            case ResolvedFile.section: .file(FileExpectation(path: name))
            case ResolvedPackage.section: .package(PackageExpectation(name: name))
            case ResolvedSetting.section:
                .setting(
                    SettingExpectation(key: name, expected: "", kind: .config, file: fields["file"]?.text))
            case ResolvedService.section: .service(ServiceExpectation(name: name))
            default: nil
            }
        }
        let names = [
            ResolvedFile.section: "path", ResolvedPackage.section: "name", ResolvedSetting.section: "key",
            ResolvedService.section: "name",
        ]
        guard let name = names[section].flatMap({ fields[$0]?.text }), let subject = subject(name) else { return nil }
        let expectation = Expectation(subject)
        return (expectation.key.rawValue, expectation.item)
    }
}

/// Any key of a JSON object.
struct StoredKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// An item of a kind that this version knows.
protocol ResolvedItem: Codable {
    static var section: String { get }
    /// All keys that this version knows.
    static var keys: Set<String> { get }
    /// The words that it knows, of keys that have a closed set of them.
    static var words: [String: Set<String>] { get }

    func expectation() throws -> Expectation
}

extension ResolvedItem {
    /// Whether nothing is in it that only a later version knows.
    static func isUnderstood(_ decoder: any Decoder) throws -> Bool {
        let container = try decoder.container(keyedBy: StoredKey.self)
        guard container.allKeys.allSatisfy({ keys.contains($0.stringValue) }) else { return false }
        return try words.allSatisfy { key, words in
            try container.decodeIfPresent(String.self, forKey: StoredKey(key)).map(words.contains) ?? true
        }
    }
}
