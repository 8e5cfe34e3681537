internal import Redaction

/// The databases of rpm, apk and pacman, as `probe/installed.sh` sends them where dpkg manages nothing.
///
/// Each list stands between `manager NAME` and `complete NAME COUNT`. A server may have several of these programs; the
/// first one whose list is not empty manages the server.
package struct InstalledPackages: Topic {
    package static let name = "installed"

    /// Of the server's manager; nil if no list has a package.
    let database: PackageDatabase?
    /// Whether a part of the lines makes no sense, or is missing: then nothing is known.
    let isBroken: Bool

    package init(_ lines: [ArraySlice<UInt8>]) {
        var database: PackageDatabase?
        var isBroken = false
        var open: (manager: PackageManager, list: any PackageLines)?
        for line in lines {
            let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            if words.count == 2, words[0].elementsEqual("manager".utf8) {
                let manager = PackageManager(rawValue: String(decoding: words[1], as: UTF8.self))
                isBroken = isBroken || open != nil
                open = manager.flatMap(Self.reader).map { (manager ?? .rpm, $0) }
                isBroken = isBroken || open == nil
            } else if let (manager, list) = open {
                if words.count == 3, words[0].elementsEqual("complete".utf8),
                    words[1].elementsEqual(manager.rawValue.utf8)
                {
                    var list = list
                    list.end()
                    let count = String(decoding: words[2], as: UTF8.self)
                    isBroken = isBroken || list.entries.isBroken || (count != "-" && count != "\(list.entries.count)")
                    if database == nil, list.entries.count > 0 { database = list.entries.database(of: manager) }
                    open = nil
                } else {
                    open?.list.read(line)
                }
            } else if !line.isEmpty {
                isBroken = true
            }
        }
        self.isBroken = isBroken || open != nil
        self.database = database
    }

    private static func reader(of manager: PackageManager) -> (any PackageLines)? {
        switch manager {
        case .rpm: RPMLines()
        case .apk: APKLines()
        case .pacman: PacmanLines()
        case .dpkg: nil
        }
    }
}

/// Reads the lines of one manager's database.
protocol PackageLines {
    var entries: PackageEntries { get }
    mutating func read(_ line: ArraySlice<UInt8>)
    /// Takes in what the last line left open.
    mutating func end()
}

/// The packages of a list, while it is read.
struct PackageEntries {
    private(set) var packages: [String: [InstalledPackage]] = [:]
    private var providers: [String: Set<String>] = [:]
    private(set) var count = 0
    var isBroken = false

    mutating func add(
        _ name: ArraySlice<UInt8>, version: ArraySlice<UInt8>, architecture: ArraySlice<UInt8>,
        provides: [ArraySlice<UInt8>] = [], isHeld: Bool? = nil
    ) {
        guard !name.isEmpty, !version.isEmpty, [name, version, architecture].allSatisfy(Self.isPrintable) else {
            isBroken = true
            return
        }
        count += 1
        let name = String(decoding: name, as: UTF8.self)
        packages[name, default: []].append(
            InstalledPackage(
                isHeld: isHeld, version: String(decoding: version, as: UTF8.self),
                architecture: String(decoding: architecture, as: UTF8.self)))
        for provided in provides {
            // `so:libc.so.6=1.0` is no name that a pack can write; a version may follow a name.
            let word = provided.prefix { !"=<>~".utf8.contains($0) }
            guard !word.isEmpty, !word.contains(UInt8(ascii: ":")), Self.isPrintable(word) else { continue }
            providers[String(decoding: word, as: UTF8.self), default: []].insert(name)
        }
    }

    func database(of manager: PackageManager) -> PackageDatabase {
        PackageDatabase(manager, packages, providers: providers)
    }

    private static func isPrintable(_ text: ArraySlice<UInt8>) -> Bool {
        text.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
