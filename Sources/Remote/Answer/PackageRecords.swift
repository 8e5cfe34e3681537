import DriftCore

/// What an answer says of dpkg's database.
struct PackageRecords {
    private var packages: [String: [InstalledPackage]] = [:]
    private var providers: [String: Set<String>] = [:]
    /// Names that another package may stand in for.
    private let providedNames: Set<String>
    /// The packages to keep, besides the first one, which shows that there are any; all if it is empty.
    ///
    /// A server has hundreds of packages, and packs ask about some of them.
    private let wanted: Set<String>
    private var paragraph = Paragraph()
    private var isMalformed = false
    /// Nil before the end; its value is nil for a whole list.
    private var ending: UnreadableReason??

    init(providedNames: [String] = []) {
        self.providedNames = Set(providedNames)
        // A pack may ask about `libc6:i386`.
        wanted = self.providedNames.union(
            providedNames.compactMap { name in name.lastIndex(of: ":").map { String(name[..<$0]) } })
    }

    /// Reads a field of dpkg's status file, such as `Version:` and `7.88.1-10`, or the empty line behind a package.
    ///
    /// - Returns: Whether it was one.
    mutating func add(field: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Bool {
        switch field {
        case _ where field.isEqual(to: "Package:"): Self.note(value, as: &paragraph.name, &isMalformed)
        case _ where field.isEqual(to: "Status:"): Self.note(value, as: &paragraph.status, &isMalformed)
        case _ where field.isEqual(to: "Version:"): Self.note(value, as: &paragraph.version, &isMalformed)
        case _ where field.isEqual(to: "Architecture:"): Self.note(value, as: &paragraph.architecture, &isMalformed)
        case _ where field.isEqual(to: "Provides:"): paragraph.provides = value
        case _ where field.isEmpty && value.isEmpty: endParagraph()
        default: return false
        }
        return true
    }

    /// Of a field that comes twice, neither counts.
    private static func note(_ value: ArraySlice<UInt8>, as field: inout ArraySlice<UInt8>, _ isMalformed: inout Bool) {
        if !field.isEmpty { isMalformed = true }
        field = value
    }

    /// Reads `ii /curl/7.88.1-10/amd64`, as version 1 of the script says a package.
    mutating func add(_ text: ArraySlice<UInt8>) {
        let fields = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard fields.count == 4 else {
            isMalformed = true
            return
        }
        add(fields[1], letters: String(decoding: fields[0].prefix(4), as: UTF8.self), fields[2], fields[3])
    }

    private mutating func endParagraph() {
        guard !paragraph.isEmpty else { return }
        defer { paragraph = Paragraph() }
        guard let letters = Self.letters(paragraph.status) else {
            isMalformed = true
            return
        }
        switch letters.utf8.dropFirst().first {
        // A name that dpkg only knows from other packages' relations.
        case UInt8(ascii: "n"): return
        // What is left of these may lack the rest.
        case UInt8(ascii: "c"), UInt8(ascii: "H"): break
        default: if paragraph.version.isEmpty || paragraph.architecture.isEmpty { isMalformed = true }
        }
        add(paragraph.name, letters: letters, paragraph.version, paragraph.architecture)
        if letters.hasSuffix("i ") || letters.hasSuffix("t ") { noteProvider() }
    }

    /// Reads `default-mta, mail-transport-agent (= 1)`.
    private mutating func noteProvider() {
        guard !providedNames.isEmpty, !paragraph.provides.isEmpty else { return }
        for part in paragraph.provides.split(separator: UInt8(ascii: ",")) {
            let text = part.drop { $0 == UInt8(ascii: " ") }
            let name = String(decoding: text.prefix { !" (:".utf8.contains($0) }, as: UTF8.self)
            guard providedNames.contains(name) else { continue }
            providers[name, default: []].insert(String(decoding: paragraph.name, as: UTF8.self))
        }
    }

    private mutating func add(
        _ name: ArraySlice<UInt8>, letters: String, _ version: ArraySlice<UInt8>, _ architecture: ArraySlice<UInt8>
    ) {
        guard letters.utf8.count == 3, !name.isEmpty, Self.isPrintable(name), Self.isPrintable(version),
            Self.isPrintable(architecture)
        else {
            isMalformed = true
            return
        }
        let name = String(decoding: name, as: UTF8.self)
        guard wanted.isEmpty || packages.isEmpty || wanted.contains(name) else { return }
        packages[name, default: []].append(
            InstalledPackage(
                dpkgLetters: letters, version: String(decoding: version, as: UTF8.self),
                architecture: String(decoding: architecture, as: UTF8.self)))
    }

    private static func isPrintable(_ text: ArraySlice<UInt8>) -> Bool {
        text.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// The words of a status, such as `install ok installed`, in the letters that `dpkg -l` prints.
    private static func letters(_ status: ArraySlice<UInt8>) -> String? {
        if status.isEqual(to: "install ok installed") { return "ii " }
        let words = status.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3,
            let want = wants.first(where: { words[0].isEqual(to: $0.word) }),
            let error = errors.first(where: { words[1].isEqual(to: $0.word) }),
            let state = states.first(where: { words[2].isEqual(to: $0.word) })
        else { return nil }
        return want.letter + state.letter + error.letter
    }

    private static let wants: [(word: StaticString, letter: String)] = [
        ("unknown", "u"), ("install", "i"), ("hold", "h"), ("deinstall", "r"), ("purge", "p"),
    ]
    private static let errors: [(word: StaticString, letter: String)] = [("ok", " "), ("reinstreq", "R")]
    private static let states: [(word: StaticString, letter: String)] = [
        ("not-installed", "n"), ("config-files", "c"), ("half-installed", "H"), ("unpacked", "U"),
        ("half-configured", "F"), ("triggers-awaited", "W"), ("triggers-pending", "t"), ("installed", "i"),
    ]

    /// Reads how the list ended.
    mutating func end(_ text: ArraySlice<UInt8>) {
        endParagraph()
        guard ending == nil else {
            isMalformed = true
            return
        }
        ending =
            switch String(decoding: text.prefix(16), as: UTF8.self) {
            case "dpkg": .some(nil)
            case "unsupported": .unsupported
            case "error": .readError
            default: .malformedAnswer
            }
    }

    /// A dpkg without a single package manages nothing: the system has another package manager.
    var facts: PackageFacts {
        guard let ending, !isMalformed else { return .unreadable(.malformedAnswer) }
        if let ending { return .unreadable(ending) }
        return packages.isEmpty
            ? .unreadable(.unsupported) : .listed(PackageDatabase(.dpkg, packages, providers: providers))
    }
}

/// The fields of one package.
private struct Paragraph {
    var name: ArraySlice<UInt8> = []
    var status: ArraySlice<UInt8> = []
    var version: ArraySlice<UInt8> = []
    var architecture: ArraySlice<UInt8> = []
    var provides: ArraySlice<UInt8> = []

    var isEmpty: Bool {
        name.isEmpty && status.isEmpty && version.isEmpty && architecture.isEmpty && provides.isEmpty
    }
}
