package import DriftCore

/// One difference in words: a headline that a person understands at once, and what may stand behind it.
///
/// The words are ours; names and values from outside stand in them as they were stored, so each medium makes the result
/// harmless in its own way.
package struct DifferenceText: Hashable, Sendable {
    /// A value that tells a person little, such as a hash.
    package struct Detail: Hashable, Sendable {
        package var name: String
        /// Nil if that side says nothing about it.
        package var expected: String?
        package var actual: String?
    }

    /// Its type, such as `wrong permissions`.
    package let kind: String
    /// Such as `wrong permissions: mode 0666, expected 0644`, or only `missing`.
    package let headline: String
    package let details: [Detail]

    package init(_ mismatch: Mismatch) {
        self.init(mismatch.type.rawValue, expected: mismatch.expected, actual: mismatch.actual)
    }

    /// `type` is a `MismatchType`, or one that only a later version knows.
    package init(_ type: String, expected: [String: String], actual: [String: String]) {
        let names = Set(expected.keys).union(actual.keys).subtracting(["note"]).sorted()
        details = names.filter(Self.isDetail).map { name in
            Detail(name: Self.words(ofKey: name), expected: expected[name], actual: actual[name])
        }
        var facts: [String]
        switch MismatchType(rawValue: type) {
        case .missingFile:
            facts = expected["state"].flatMap { $0 == "file" ? nil : ["a \($0) is expected"] } ?? []
            if let target = actual["target"] { facts.append("it is a link to \(target)") }
        case .unexpectedFile, .unexpectedPackage:
            facts = actual["state"].flatMap { $0 == "present" ? nil : ["it is \(Self.article($0))"] } ?? []
        case .wrongType:
            facts = [Self.change("it is", actual["state"].map(Self.article), expected["state"].map(Self.article))]
        case .missingPackage:
            facts = actual["state"].flatMap { $0 == "absent" ? nil : ["dpkg says \($0)"] } ?? []
            if let versions = Self.versions(expected) { facts.append("version \(versions) is expected") }
        case .wrongVersion:
            facts = [Self.change("version", actual["version"], Self.versions(expected))]
        case .wrongSetting where actual["state"] == "unset":
            facts = ["it is not set" + (expected["value"].map { ", expected \(Self.value($0))" } ?? "")]
        case .wrongSetting:
            facts = [Self.change("", actual["value"], expected["value"])]
        default:
            facts = names.filter { !Self.isDetail($0) }.map { name in
                Self.change(Self.words(ofKey: name), actual[name], expected[name])
            }
        }
        facts += [actual["note"], expected["note"]].compactMap { $0 }
        kind = DifferenceWords.of(type)
        headline = ([kind] + (facts.isEmpty ? [] : [facts.joined(separator: "; ")]))
            .joined(separator: ": ")
    }

    /// `1.22.* and 1.22.1-9 or later`: the versions that a pack asks for; nil if any will do.
    private static func versions(_ expected: [String: String]) -> String? {
        let bounds = [
            expected["version"], expected["min_version"].map { "\($0) or later" },
            expected["max_version"].map { "\($0) or earlier" },
        ].compactMap(\.self)
        return bounds.isEmpty ? nil : bounds.joined(separator: " and ")
    }

    private static func isDetail(_ name: String) -> Bool {
        ["content_hash", "masked_content_hash", "template"].contains(name)
    }

    /// The path of a file that a pattern found stays what it is.
    private static func words(ofKey name: String) -> String {
        name.hasPrefix("/") ? name : name.replacing("_", with: " ")
    }

    private static func value(_ text: String) -> String { text.isEmpty ? "(empty)" : text }

    /// `mode 0666, expected 0644`, with what is known of it.
    private static func change(_ name: String, _ actual: String?, _ expected: String?) -> String {
        let seen = actual.map { name.isEmpty ? value($0) : "\(name) \(value($0))" }
        let wanted = expected.map { "expected \(value($0))" }
        guard seen != nil || name.isEmpty else { return [name, wanted].compactMap { $0 }.joined(separator: " ") }
        return [seen, wanted].compactMap { $0 }.joined(separator: ", ")
    }

    /// `a directory`, `an other file`: what a path leads to.
    private static func article(_ state: String) -> String {
        state == "other" ? "something else" : "a \(state.replacing("_", with: " "))"
    }
}

/// The types of mismatches in words; the only place where they are.
package enum DifferenceWords {
    package static func of(_ type: String) -> String { words[type] ?? type.replacing("_", with: " ") }

    private static let words: [String: String] = [
        MismatchType.missingFile.rawValue: "missing",
        MismatchType.unexpectedFile.rawValue: "should not exist",
        MismatchType.wrongType.rawValue: "wrong type of file",
        MismatchType.wrongPermissions.rawValue: "wrong permissions",
        MismatchType.wrongOwner.rawValue: "wrong owner",
        MismatchType.wrongContent.rawValue: "wrong content",
        MismatchType.wrongTarget.rawValue: "wrong link target",
        MismatchType.missingPackage.rawValue: "not installed",
        MismatchType.unexpectedPackage.rawValue: "should not be installed",
        MismatchType.wrongVersion.rawValue: "wrong version",
        MismatchType.wrongHold.rawValue: "wrong hold",
        MismatchType.wrongSetting.rawValue: "wrong value",
        MismatchType.wrongService.rawValue: "wrong state of the service",
        MismatchType.missingUser.rawValue: "no such user",
        MismatchType.unexpectedKey.rawValue: "a key that should not open the account",
        MismatchType.missingKey.rawValue: "a key is missing",
        MismatchType.expiringCertificate.rawValue: "the certificate expires",
        MismatchType.unexpectedUser.rawValue: "a user who should not be there",
    ]
}

/// Counts that say of what they are: an item can be wrong in several ways.
package enum CountText {
    /// `2 items, 3 differences`; the differences only where they are known and more than the items.
    package static func wrong(items: Int, differences: Int?) -> String {
        guard let differences, differences > items else { return plural(items, "item") }
        return "\(plural(items, "item")), \(plural(differences, "difference"))"
    }
}
