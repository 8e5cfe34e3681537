import DriftCore
import Foundation

/// How long comparing takes, against JSONDecoder reading the same facts: one server with 20 files, a whole dpkg database,
/// and 3 variables, where 10 items drifted; and what a server may send to make it long.
///
/// Prints microseconds, the least of several rounds each, and the ratios.
@main
struct ComparisonBenchmark {
    static func main() throws {
        let server = Example(drifted: 10)
        let json = try JSONEncoder().encode(server.facts)
        let reading = try least(of: 20) { _ = try JSONDecoder().decode(StoredFacts.self, from: json) }
        let comparing = least(of: 20) { server.judge() }
        let wellKept = Example(drifted: 0)
        let silent = least(of: 20) { wellKept.judge() }
        print("JSONDecoder, the same facts (\(json.count / 1024) KiB)", micros(reading))
        print("comparing, 10 of 38 items drifted", micros(comparing), ratio(reading, comparing))
        print("comparing, nothing drifted", micros(silent), ratio(reading, silent))
        for hostile in HostileText.all {
            let whole = least(of: 5) { hostile.judge() }
            let half = least(of: 5) { hostile.halved.judge() }
            print("64 KiB a side, \(hostile.name)", micros(whole), "half of it", micros(half), ratio(whole, half))
        }
    }

    private static func least(of rounds: Int, _ body: () throws -> Void) rethrows -> Duration {
        var least = Duration.seconds(3600)
        for _ in 0..<rounds {
            let began = ContinuousClock.now
            try body()
            least = min(least, began.duration(to: .now))
        }
        return least
    }

    private static func micros(_ time: Duration) -> String { "\(Int(time / .microseconds(1))) µs" }

    private static func ratio(_ time: Duration, _ other: Duration) -> String {
        (time / other).formatted(.number.precision(.fractionLength(1))) + " ×"
    }
}

/// The facts of one server in the shape of an ordinary JSON document.
private struct StoredFacts: Codable {
    struct File: Codable {
        var type: String
        var mode: String
        var owner: String
        var ownerNumber: Int
        var group: String
        var groupNumber: Int
        var size: Int
        var hash: String?
        var text: String?
    }

    struct Package: Codable {
        var status: String
        var version: String
        var architecture: String
    }

    var home: String
    var files: [String: File]
    var packages: [String: [Package]]
    var environment: [String: String]
}

private struct Example {
    let seen: Facts
    let facts: StoredFacts
    let pack: Pack

    init(drifted: Int) {
        var seen = Facts(home: "/home/deploy")
        var stored = StoredFacts(home: "/home/deploy", files: [:], packages: [:], environment: [:])
        var expectations: [Expectation] = []
        let root = Account(name: "root", number: 0)
        for number in 0..<20 {
            let path = "/etc/service-\(number)/main.conf"
            let right = (0..<60).map { "option_\($0) = value of \(number)\n" }.joined()
            let isWrong = number < drifted / 2
            let text = isWrong ? right.replacing("option_7 =", with: "option_7 = another") : right
            let digest = SHA256Digest(of: Array(text.utf8))
            let status = FileStatus(type: .file, mode: 0o644, owner: root, group: root, size: text.utf8.count)
            seen.files[ServerPath(path)] = .present(
                FileEntry(status: status, content: .read(digest, bytes: isWrong ? Array(text.utf8) : nil)))
            stored.files[path] = StoredFacts.File(
                type: "file", mode: "0644", owner: "root", ownerNumber: 0, group: "root", groupNumber: 0,
                size: text.utf8.count, hash: digest.hexadecimal, text: isWrong ? text : nil)
            expectations.append(
                Expectation(
                    .file(
                        FileExpectation(
                            path: path, mode: 0o644, owner: "root", group: "root",
                            content: .template(name: "t\(number)", bytes: Array(right.utf8))))))
        }
        var database: [String: [InstalledPackage]] = [:]
        for number in 0..<500 {
            let version = "1:\(number).7.88.1-10+deb12u\(number % 9)"
            database["library\(number)-tools"] = [.init(dpkgLetters: "ii ", version: version, architecture: "amd64")]
            stored.packages["library\(number)-tools"] = [.init(status: "ii ", version: version, architecture: "amd64")]
        }
        seen.packages = .listed(PackageDatabase(.dpkg, database))
        for number in 0..<15 {
            let isWrong = number < drifted - drifted / 2
            let minimum = isWrong ? "1:900.0" : "1:0.7"
            expectations.append(
                Expectation(.package(PackageExpectation(name: "library\(number)-tools", minimumVersion: minimum))))
        }
        for name in ["EDITOR", "LANG", "TZ"] {
            seen.environment[name] = .value("value of \(name)")
            stored.environment[name] = "value of \(name)"
            expectations.append(
                Expectation(
                    .setting(SettingExpectation(name: name, expected: "value of \(name)", kind: .environmentVariable))))
        }
        self.seen = seen
        facts = stored
        pack = Pack(name: PackName(rawValue: "base"), expectations: expectations)
    }

    func judge() { _ = Comparison.judge(seen, against: pack, digest: SHA256Digest(of: [])) }
}

/// A template and a text that a server chose to make a diff of them long.
private struct HostileText {
    let name: String
    let old: [UInt8]
    let new: [UInt8]

    static let all = [
        Self(
            name: "all lines equal", old: String(repeating: "\n", count: 65_536),
            new: String(repeating: "\n", count: 65_530)),
        Self(name: "all lines different", old: numbers(0), new: numbers(500_000)),
        Self(
            name: "lines of two kinds", old: String(repeating: "a\nb\n", count: 16_384),
            new: String(repeating: "b\na\na\n", count: 10_922)),
        Self(name: "in the other order", old: numbers(0), new: numbers(0, isReversed: true)),
        Self(
            name: "one long line", old: String(repeating: "a", count: 65_536),
            new: String(repeating: "b", count: 65_536)),
        Self(
            name: "blanks and assignments", old: "",
            new: String(repeating: " ", count: 32_768) + String(repeating: "a=", count: 16_384)),
        Self(name: "quotes", old: "", new: String(repeating: "\"", count: 65_536)),
    ]

    private static func numbers(_ start: Int, isReversed: Bool = false) -> String {
        let lines = (0..<9_000).map { "\(start + 100_000 + $0)\n" }
        return (isReversed ? lines.reversed() : lines).joined()
    }

    private init(name: String, old: String, new: String) {
        (self.name, self.old, self.new) = (name, Array(old.utf8), Array(new.utf8))
    }

    private init(name: String, old: [UInt8], new: [UInt8]) { (self.name, self.old, self.new) = (name, old, new) }

    var halved: Self {
        Self(name: name, old: Array(old.prefix(old.count / 2)), new: Array(new.prefix(new.count / 2)))
    }

    func judge() {
        let root = Account(name: "root", number: 0)
        let entry = FileEntry(
            status: FileStatus(type: .file, mode: 0o644, owner: root, group: root, size: new.count),
            content: .read(SHA256Digest(of: new), bytes: new))
        let pack = Pack(
            name: PackName(rawValue: "base"),
            expectations: [
                Expectation(.file(FileExpectation(path: "/a", content: .template(name: "t", bytes: old))))
            ])
        _ = Comparison.judge(Facts(files: ["/a": .present(entry)]), against: pack, digest: SHA256Digest(of: []))
    }
}
