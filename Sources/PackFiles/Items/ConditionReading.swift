internal import DriftCore
import Yams

extension Form {
    static let condition = Form(
        "`when`",
        [
            Key("os", .oneOrMore(.text(.system)), "The system is one of these: the `ID` of its os-release file"),
            Key("family", .oneOrMore(.text(.system)), "Its `ID`, or a word of its `ID_LIKE`, is one of these"),
            Key("version", .oneOrMore(.text(.versionBound)), "All hold for its `VERSION_ID`; needs `os` or `family`"),
            Key("architecture", .oneOrMore(.text(.architecture)), "Its architecture is one of these"),
            Key("label", .named(.label, .text(.line)), "Labels that the server has in the inventory"),
        ],
        rules: [
            .atLeastOne(["os", "family", "version", "architecture", "label"]), .beside("version", ["os", "family"]),
        ], schemaName: "when")
}

extension PackFileReader {
    /// Reads `when`; nil if it is absent, or wrong and reported.
    mutating func condition(in fields: Fields) -> Condition? {
        guard let entry = fields["when"], !entry.node.isNull,
            let fields = reader.fields(entry.node, of: .condition)
        else { return nil }
        var condition = Condition()
        condition.systems = texts("os", in: fields, where: Self.systemName)
        condition.families = texts("family", in: fields, where: Self.systemName)
        condition.versions = texts("version", in: fields) { text in
            VersionBound(text) == nil
                ? Fault("\(quoted(text)) is not a version to compare with", hint: "such as \">= 12\" or \"< 22.04\"")
                : nil
        }.compactMap(VersionBound.init)
        condition.architectures = texts("architecture", in: fields, where: Self.architecture)
        condition.labels = reader.labels("label", in: fields) ?? [:]
        if entry.node.mapping?.isEmpty == true {
            reader.error("`when` has no condition", at: entry.position, hint: "such as when: { os: debian }")
        }
        if let version = fields["version"], condition.systems.isEmpty, condition.families.isEmpty {
            reader.error(
                "a `version` means something only for one `os`", at: version.position, hint: "add os or family")
        }
        return condition
    }

    /// One text, or a list of them.
    private mutating func texts(_ key: String, in fields: Fields, where fault: (String) -> Fault?) -> [String] {
        guard let entry = fields[key], !entry.node.isNull else { return [] }
        guard entry.node.sequence != nil else { return reader.text(key, in: fields, where: fault).map { [$0] } ?? [] }
        let nodes = reader.list(entry) ?? []
        if nodes.isEmpty { reader.error("\(quoted(key)) is an empty list", at: entry.position) }
        return nodes.compactMap { reader.text($0, named: key, at: $0.position, where: fault) }
    }

    private static func systemName(_ text: String) -> Fault? {
        guard Grammar.consists(text, of: "._-", limit: 64), text == text.lowercased() else {
            return Fault("\(quoted(text)) is not the ID of an os-release file", hint: "such as debian, rocky or alpine")
        }
        return nil
    }

    private static func architecture(_ text: String) -> Fault? {
        guard Grammar.consists(text, of: "_-", limit: 64) else {
            return Fault("\(quoted(text)) is not an architecture", hint: "what uname -m prints, such as x86_64")
        }
        return nil
    }
}
