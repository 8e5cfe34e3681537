import DriftCore

/// What an answer says of dpkg's database.
struct PackageRecords {
    private var packages: [String: [InstalledPackage]] = [:]
    private(set) var providers: [String: Set<String>] = [:]
    private var isMalformed = false
    private var ending: PackageFacts?

    /// Reads `ii /curl/7.88.1-10/amd64`.
    mutating func add(_ text: ArraySlice<UInt8>) {
        let fields = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard fields.count == 4, fields[0].count == 3, !fields[1].isEmpty,
            text.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            isMalformed = true
            return
        }
        packages[String(decoding: fields[1], as: UTF8.self), default: []].append(
            InstalledPackage(
                status: String(decoding: fields[0], as: UTF8.self), version: String(decoding: fields[2], as: UTF8.self),
                architecture: String(decoding: fields[3], as: UTF8.self)))
    }

    /// Reads `mail-transport-agent postfix`.
    mutating func addProvider(_ text: ArraySlice<UInt8>) {
        let words = text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 2, words.allSatisfy({ !$0.isEmpty }), text.allSatisfy({ (0x20...0x7E).contains($0) })
        else {
            isMalformed = true
            return
        }
        providers[String(decoding: words[0], as: UTF8.self), default: []].insert(
            String(decoding: words[1], as: UTF8.self))
    }

    /// Reads how the list ended.
    mutating func end(_ text: ArraySlice<UInt8>) {
        guard ending == nil else {
            isMalformed = true
            return
        }
        ending =
            switch String(decoding: text.prefix(16), as: UTF8.self) {
            case "dpkg": .dpkg([:])
            case "unsupported": .unreadable(.unsupported)
            case "error": .unreadable(.readError)
            default: .unreadable(.malformedAnswer)
            }
    }

    /// A dpkg without a single package manages nothing: the system has another package manager.
    var facts: PackageFacts {
        guard case .dpkg = ending, !isMalformed else {
            return isMalformed ? .unreadable(.malformedAnswer) : ending ?? .unreadable(.malformedAnswer)
        }
        return packages.isEmpty ? .unreadable(.unsupported) : .dpkg(packages)
    }
}
