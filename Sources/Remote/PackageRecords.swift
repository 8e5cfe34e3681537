import DriftCore
internal import Redaction

/// What an answer says of dpkg's database.
struct PackageRecords {
    private var packages: [String: [InstalledPackage]] = [:]
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
        let words = fields.map { String(decoding: $0, as: UTF8.self) }
        packages[words[1], default: []].append(
            InstalledPackage(status: words[0], version: words[2], architecture: words[3]))
    }

    mutating func end(_ text: ArraySlice<UInt8>) {
        ending =
            switch VisibleText.plain(text, limit: 20) {
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
