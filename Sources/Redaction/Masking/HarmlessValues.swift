internal import Foundation

/// Values that are no secrets, whatever they belong to.
enum HarmlessValues {
    static func contains(_ value: ArraySlice<UInt8>, ofKey key: String) -> Bool {
        guard value.count < 256 else { return false }
        let text = String(decoding: value, as: UTF8.self)
        let bare = withoutComment(text).trimmingBlanks(and: ",;\"'")
        if text.allSatisfy({ " \t\r,;\"'[]{}()".contains($0) }) || words.contains(bare.lowercased()) { return true }
        if isReference(bare) { return true }
        if isFolder(text, ofKey: key) { return true }
        // The one place where `passwd:` names no secret, /etc/nsswitch.conf.
        return key == "passwd" && bare.split(separator: " ").allSatisfy { nameServices.contains(String($0)) }
    }

    /// `PWD=/srv`: a shell's folder, or where it takes it from.
    static func isFolder(_ text: String, ofKey key: String) -> Bool {
        guard let first = text.utf8.first, "/~$".utf8.contains(first) else { return false }
        return key.lowercased().trimmingBlanks(and: "$") == "pwd"
    }

    private static let words: Set<String> = [
        "", "true", "false", "yes", "no", "on", "off", "null", "nil", "none", "~", Masking.mask, "{}", "[]",
    ]

    private static let nameServices: Set<String> = [
        "files", "systemd", "sss", "compat", "ldap", "nis", "winbind", "db", "mymachines", "nisplus", "extrausers",
        "[NOTFOUND=return]", "[SUCCESS=merge]", "[UNAVAIL=return]",
    ]

    private static func withoutComment(_ text: String) -> Substring {
        guard let mark = text.range(of: " #") else { return text[...] }
        return text[..<mark.lowerBound]
    }

    /// `${NAME}`: where a secret comes from is none.
    private static func isReference(_ text: String) -> Bool {
        guard text.hasPrefix("${"), text.hasSuffix("}"), text.utf8.count > 3 else { return false }
        return text.utf8.dropFirst(2).dropLast().allSatisfy {
            $0.isASCIIUppercase || $0.isASCIIDigit || $0 == UInt8(ascii: "_")
        }
    }
}

extension StringProtocol {
    fileprivate func trimmingBlanks(and others: String) -> String {
        let isBlank = { (character: Character) in " \t\r\n".contains(character) || others.contains(character) }
        return String(String(drop(while: isBlank)).reversed().drop(while: isBlank).reversed())
    }
}
