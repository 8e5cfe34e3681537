/// Which module may import which: the arrows between the targets.
///
/// SwiftPM does not stop a target from importing one that it never declared, as long as something else builds it.
enum ImportRule {
    /// What comes with the toolchain and does nothing by itself.
    private static let toolchain: Set = ["Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization"]

    private static let arrows: [String: Set<String>] = [
        "Postgres": ["CLibpq", "Logging"],
        "HTTP": ["CLibcurl", "Logging"],
        "Schema": ["Postgres"],
        "Runtime": ["Postgres", "Logging", "ServiceLifecycle", "UnixSignals"],
        "Instruments": [],
        "JobQueue": ["Runtime", "Instruments", "Postgres", "Logging", "ServiceLifecycle"],
        "Redaction": [],
        "Cron": [],
        "DriftCore": ["Redaction", "CLibcrypto", "Yams"],
        "PackFiles": ["DriftCore", "Redaction", "Cron", "Yams"],
        "DriftStore": ["DriftCore", "Postgres"],
        "Remote": ["DriftCore", "Redaction", "Subprocess", "SystemPackage", "Logging"],
        "Messages": ["DriftCore", "Presentation", "Redaction"],
        "Slack": ["DriftCore", "Messages", "Redaction", "HTTP", "Logging"],
        "Webhook": ["DriftCore", "Messages", "Presentation", "Redaction", "HTTP"],
        "Mail": ["DriftCore", "Messages", "Redaction", "HTTP"],
        "DriftServices": [
            "Cron", "DriftCore", "DriftStore", "Instruments", "JobQueue", "Runtime", "Postgres", "Logging",
            "ServiceLifecycle",
        ],
        "Presentation": ["Cron", "DriftCore", "DriftStore", "Redaction"],
        "Dashboard": [
            "DriftCore", "DriftStore", "Instruments", "Postgres", "Presentation", "Redaction", "Hummingbird",
            "HTTPTypes", "NIOCore",
            "NIOHTTPTypes", "Logging", "ServiceLifecycle",
        ],
    ]

    /// Modules that a target may import in one place of it only.
    private static let places: [String: [String: String]] = [
        "DriftCore": [
            "CLibcrypto": "Model/SHA256Digest.swift",
            // Servers' own YAML files; packs are read by PackFiles.
            "Yams": "Expectations/Settings/Styles/YAMLReader.swift",
        ]
    ]

    /// The wiring may import everything that the others may, except the C libraries, and its own two.
    private static let wiring = Set(arrows.keys).union(arrows.values.joined())
        .union(["ArgumentParser"]).filter { !$0.hasPrefix("CLib") }

    private static let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]

    static func violations(in source: SwiftSource) -> [Violation] {
        guard !source.file.isTest, let target = source.file.target, target != "TestSupport" else { return [] }
        guard let allowed = target == "driftwatch" ? wiring : arrows[target] else {
            return [source.violation(1, "the target \(target) is not in the table of arrows")]
        }
        return imports(of: source).compactMap { module, line in
            if let place = places[target]?[module] {
                guard !source.file.path.hasPrefix("Sources/\(target)/\(place)") else { return nil }
                return source.violation(line, "\(target) may import \(module) only in \(place)")
            }
            if PurityRule.targets.contains(target), ["Dispatch", "Glibc"].contains(module) {
                return source.violation(line, "\(target) does no I/O and must not import \(module)")
            }
            guard !allowed.contains(module), !toolchain.contains(module), module != target else { return nil }
            return source.violation(line, "\(target) must not import \(module)")
        }
    }

    private static func imports(of source: SwiftSource) -> [(module: String, line: Int)] {
        source.tokens.indices.compactMap { index in
            let token = source.tokens[index]
            guard token.kind == .word, token.text == "import" else { return nil }
            if let previous = source.token(index - 1), previous.kind != .attribute, previous.line == token.line,
                !["package", "internal", "public", "private", "fileprivate", ";"].contains(previous.text)
            {
                return nil
            }
            let isKind = source.text(index + 1).map(kinds.contains) ?? false
            return source.text(index + (isKind ? 2 : 1)).map { ($0, token.line) }
        }
    }
}

extension SwiftSource {
    func violation(_ line: Int, _ message: String) -> Violation {
        Violation(path: file.path, line: line, message: message)
    }
}
