/// A configuration file that somebody else has read: nothing here touches a disk.
package struct SourceFile: Hashable, Sendable {
    /// As problems shall name it; of a pack, the last component without its extension is the pack's name.
    package var path: String
    package var bytes: [UInt8]

    package init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }

    package init(path: String, text: String) {
        self.init(path: path, bytes: Array(text.utf8))
    }

    /// The last component without `.yaml` or `.yml`; nil if the file has another extension.
    package var stem: String? {
        let name = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
        for suffix in [".yaml", ".yml"] where name.hasSuffix(suffix) { return String(name.dropLast(suffix.count)) }
        return nil
    }
}

/// What became of reading a template, or a file that an inventory names.
package enum TemplateSource: Hashable, Sendable {
    case bytes([UInt8])
    /// It may not be used, such as for being a symbolic link, or a directory; the text completes
    /// "the template motd …", as in `is a symbolic link`.
    case unusable(String)
}

/// What is loaded at most; what is larger is refused with a line that says so.
///
/// A caller that reads a file may stop one byte after the limit.
package enum LoadingLimit {
    package static let packFileBytes = 1 << 20
    package static let inventoryFileBytes = 8 << 20
    package static let valuesFileBytes = 1 << 20
    package static let templateBytes = 256 << 10
    /// All templates of one resolved pack together.
    static let packTemplateBytes = 4 << 20
    static let itemsPerPack = 5000
    static let packs = 1000
    /// Of one pack file.
    static let variables = 200
    static let variableBytes = 4096
    /// All values that are put into one item.
    static let expandedBytes = 1 << 20
    /// Of those that only a server knows.
    static let placeholdersPerItem = 1000
    static let servers = 20_000
    static let labels = 64
    static let groups = 1000
    static let waivers = 10_000
    static let includePatterns = 64
    package static let includedFiles = 1000
    /// Times that an Ansible inventory puts a host into a group.
    static let ansibleMemberships = 200_000
    /// Errors of one file, and warnings; more of them help nobody.
    static let problemsPerFile = 200
}
