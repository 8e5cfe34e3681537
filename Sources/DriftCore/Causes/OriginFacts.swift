internal import Redaction

/// Where changes of files may come from: the packages they belong to, what happened to those since, and who was logged in.
///
/// Asked about `since SECONDS` and `file PATH`. Each part ends with a line of its own, without which none of it counts; what
/// else is missing is only not known.
///
///     now 1764284000
///     /var/lib/dpkg/info/NAME.list:PATH         dpkg: the package of a path, as grep prints it
///     log upgrade NAME:ARCHITECTURE OLD NEW     and what its log says; <none> stands for no version
///     rpm PATH                                  rpm: the package of a path
///     rpm-package NAME VERSION INSTALLED        and when it was installed
///     packages-end
///     login NAME BEGAN ENDED                    times of ISO 8601; `still` stands for a login that lasts
///     logins-end
package struct OriginFacts: Topic {
    package static let name = "origin"

    /// What a package manager did to a package.
    struct PackageChange: Hashable {
        var package: String
        var from: String?
        var to: String?
    }

    private struct Installed: Hashable {
        var package: PackageChange
        var at: Int
    }

    private struct Login: Hashable {
        var account: String
        var began: Int
        var ended: Int
    }

    /// The most that is read of each part.
    private static let limit = 5000

    /// The server's clock, in seconds since 1970.
    private(set) var now: Int?
    private var owners: [String: Set<String>] = [:]
    private var changes: [String: PackageChange] = [:]
    private var installed: [String: [Installed]] = [:]
    private var logins: [Login] = []

    package init(_ lines: [ArraySlice<UInt8>]) {
        var reading = OriginFacts()
        var path: String?
        for line in lines.prefix(3 * Self.limit) {
            let words = line.split(separator: UInt8(ascii: " "))
            guard let first = words.first else { continue }
            if first.isWord("now") {
                now = words.count == 2 ? AnswerNumber.parsed(words[1]) : nil
            } else if first.isWord("rpm") {
                path = VisibleText.value(line.dropFirst(4))
            } else if first.isWord("rpm-package"), let path {
                reading.addInstalled(words, path)
            } else if first.isWord("log") {
                reading.addLog(words)
            } else if first.isWord("login") {
                reading.addLogin(words)
            } else if first.isWord("packages-end") {
                (owners, changes, installed) = (reading.owners, reading.changes, reading.installed)
            } else if first.isWord("logins-end") {
                logins = reading.logins
            } else {
                reading.addOwner(line)
            }
        }
    }

    private init() {}

    private mutating func addOwner(_ line: ArraySlice<UInt8>) {
        let prefix = Array("/var/lib/dpkg/info/".utf8)
        let text = String(decoding: line.dropFirst(prefix.count), as: UTF8.self)
        guard line.starts(with: prefix), let end = text.firstRange(of: ".list:") else { return }
        let package = text[..<end.lowerBound].prefix { $0 != ":" }
        owners[VisibleText.value(text[end.upperBound...].utf8), default: []].insert(String(package))
    }

    private mutating func addLog(_ words: [ArraySlice<UInt8>]) {
        guard words.count == 5 else { return }
        let texts = words.dropFirst(2).map { VisibleText.line(String(decoding: $0, as: UTF8.self), limit: 100) }
        let package = String(texts[0].prefix { $0 != ":" })
        let (from, to) = (Self.version(texts[1]), Self.version(texts[2]))
        // Of several steps, the first and the last version count.
        let first = changes[package]
        changes[package] = PackageChange(package: package, from: first.map(\.from) ?? from, to: to)
    }

    private mutating func addInstalled(_ words: [ArraySlice<UInt8>], _ path: String) {
        guard words.count == 4, let time = AnswerNumber.parsed(words[3]) else { return }
        let texts = words[1...2].map { VisibleText.line(String(decoding: $0, as: UTF8.self), limit: 100) }
        installed[path, default: []].append(
            Installed(package: PackageChange(package: texts[0], to: texts[1]), at: time))
    }

    private mutating func addLogin(_ words: [ArraySlice<UInt8>]) {
        guard words.count == 4, let began = Self.time(words[2]) else { return }
        let ended = words[3].isWord("still") ? Int.max : Self.time(words[3]) ?? began
        logins.append(
            Login(
                account: VisibleText.line(String(decoding: words[1], as: UTF8.self), limit: 64), began: began,
                ended: ended))
    }

    private static func version(_ text: String) -> String? { text == "<none>" ? nil : text }

    /// `2026-11-27T05:30:11+01:00`, the offset with or without a colon, in seconds since 1970.
    private static func time(_ bytes: ArraySlice<UInt8>) -> Int? {
        let text = String(decoding: bytes.prefix(40), as: UTF8.self)
        guard
            let match = text.wholeMatch(
                of: #/([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})([+-])([0-9]{2}):?([0-9]{2})/#)
        else { return nil }
        let (_, year, month, day, hour, minute, second, sign, hours, minutes) = match.output
        guard let year = Int(year), let month = Int(month), let day = Int(day), let hour = Int(hour),
            let minute = Int(minute), let second = Int(second), let hours = Int(hours), let minutes = Int(minutes)
        else { return nil }
        // Days since 1970 of a date, with March as the first month of a year.
        let shifted = month > 2 ? year : year - 1
        let (era, yearOfEra) = (shifted / 400, shifted % 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        let offset = (hours * 60 + minutes) * 60
        return days * 86_400 + (hour * 60 + minute) * 60 + second - (sign == "+" ? offset : -offset)
    }

    // MARK: what follows

    /// What happened, within the last `seconds`, to a package that one of these paths belongs to; nil if nothing did.
    func change(ofPackagesWith paths: [String], within seconds: Int) -> PackageChange? {
        for path in paths {
            for owner in (owners[path] ?? []).sorted() {
                if let change = changes[owner] { return change }
            }
            if let now, let found = installed[path]?.first(where: { $0.at > now - seconds }) { return found.package }
        }
        return nil
    }

    /// Who was logged in at a time, give or take a minute.
    func loggedIn(at time: Int) -> [String] {
        Set(logins.filter { $0.began - 60 <= time && time <= ($0.ended == .max ? .max : $0.ended + 60) }.map(\.account))
            .sorted()
    }
}

extension ArraySlice<UInt8> {
    fileprivate func isWord(_ word: String) -> Bool { elementsEqual(word.utf8) }
}
