import Foundation
import TestSupport
import Testing

@testable import Cron

/// The system's time zones, against the C library's own reading of them.
@Suite(.timeLimit(.minutes(2)))
struct ZoneRulesTests {
    /// `zdump`, which says for each change of a zone what held just before it and from then on.
    @Test(arguments: [
        (1970, 2045, nil),
        // Files list changes until 2037; later ones follow from the rule at their end.
        (
            1890, 2210,
            ["Europe/Berlin", "Europe/Dublin", "Africa/Casablanca", "America/Nuuk", "Asia/Gaza", "Pacific/Apia"]
        ),
    ])
    func everyOffsetIsThatOfTheCLibrary(from: Int, to: Int, names: [String]?) async throws {
        let names = names ?? ZoneRules.names()
        #expect(names.count >= 6)
        let dump = try await Tool.run(["/usr/bin/zdump", "-V", "-c", "\(from),\(to)"] + names)
        var changes: [String: [ZoneRules.Change]] = [:]
        for line in dump.text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let at = second(words[1...6]), let offset = Int(words[words.count - 1].dropFirst(7)) else {
                Issue.record("zdump says \(line)")
                continue
            }
            changes[String(words[0]), default: []].append(ZoneRules.Change(at: at, offset: offset))
        }
        for name in names {
            let zone = try #require(ZoneRules.read(name), "\(name)")
            var listed: [Int] = []
            var before: Int?
            for change in changes[name] ?? [] {
                #expect(zone.offset(at: change.at) == change.offset, "\(name) at \(change.at)")
                if let before, before != change.offset { listed.append(change.at) }
                before = change.offset
            }
            guard let first = listed.first else { continue }
            var found: [Int] = []
            var second = first - 1
            while let next = zone.nextChange(after: second), found.count < listed.count {
                found.append(next)
                second = next
            }
            #expect(found == listed, "\(name)")
        }
    }

    /// Such as `Sun Mar 29 01:00:00 2026 UT`.
    private func second(_ words: ArraySlice<Substring>) -> Int? {
        let words = Array(words)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let time = words[3].split(separator: ":").compactMap { Int($0) }
        guard words[5] == "UT", let month = months.firstIndex(of: String(words[1])), let day = Int(words[2]),
            let year = Int(words[4]), time.count == 3
        else { return nil }
        return CivilDay(year: year, month: month + 1, day: day).number * 86_400 + time[0] * 3600 + time[1] * 60
            + time[2]
    }

    /// What no zone of today has, but the form allows; against the C library's reading of `TZ`.
    @Test(arguments: [
        "EST5EDT,M3.2.0,M11.1.0", "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "IST-1GMT0,M10.5.0,M3.5.0/1",
        "AAA-3:30BBB,J60/0,J300/25:30:15", "AAA4BBB3:15,59,300/167", "WGT3WGST4,0/0,J365/23", "UTC0",
        "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45",
    ])
    func aRuleMeansWhatItMeansToTheCLibrary(_ text: String) async throws {
        let rule = try #require(PosixRule(text))
        // Not at the turn of a year, which the C library takes for that of UTC.
        let instants = (0..<400).map { 1_704_153_600 + $0 * 86_400 * 2 + 3_599 * $0 }
        let script = "for i; do TZ='\(text)' date -d @$i +%:::z; done"
        let answer = try await Tool.run(["/bin/bash", "-c", script, "-"] + instants.map(String.init))
        let offsets = answer.text.split(separator: "\n").map { word in
            let parts = word.dropFirst().split(separator: ":").compactMap { Int($0) } + [0, 0]
            return (word.hasPrefix("-") ? -1 : 1) * (parts[0] * 3600 + parts[1] * 60 + parts[2])
        }
        #expect(instants.map { rule.offset(at: $0, otherwise: 77) } == offsets)
    }

    @Test(arguments: [
        "E5", "EST", "EST25", "EST5EDT", "EST5EDT,M3.2.0", "EST5EDT,M13.2.0,M11.1.0", "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.2.0,M11.1.0,", "EST5EDT,J0,J5", "EST5EDT,366,5", "EST5EDT,M3.2.0/168,M11.1.0", "<EST5", "5",
    ])
    func whatIsNotARuleIsRefused(_ text: String) {
        #expect(PosixRule(text) == nil)
    }

    @Test
    func afterTheLastChangeWithoutARuleTheLastOffsetStays() {
        let zone = ZoneRules(firstOffset: 0, changes: [.init(at: 100, offset: 3600)], rest: .none)
        #expect([99, 100, 1 << 40].map(zone.offset(at:)) == [0, 3600, 3600])
        #expect(zone.nextChange(after: 100) == nil)
    }

    /// Cut at every byte, and with every byte changed: never a crash, and nothing shorter is taken for whole.
    @Test
    func aDamagedFileIsRefusedOrReadButNeverFatal() throws {
        let folder = ZoneRules.systemFolder
        let bytes = Array(try Data(contentsOf: URL(filePath: "\(folder)/Europe/Berlin")))
        #expect(throws: Never.self) { try ZoneFile(bytes) }
        for end in 0..<bytes.count {
            #expect(throws: ZoneFile.Fault.self) { try ZoneFile(Array(bytes[..<end])) }
        }
        for index in bytes.indices {
            for bit in [UInt8(0x80), 0xFF, 1] {
                var damaged = bytes
                damaged[index] ^= bit
                guard let rules = try? ZoneFile(damaged).rules else { continue }
                _ = rules.nextChange(after: 1_800_000_000)
                _ = rules.offset(at: 1_800_000_000)
            }
        }
    }

    @Test(arguments: [
        "../zoneinfo/Europe/Berlin", "/usr/share/zoneinfo/Europe/Berlin", "Europe//Berlin", "Europe", "tzdata.zi",
        "zone.tab",
        "right/Europe/Berlin", "posix/Europe/Berlin", "europe/berlin", "",
    ])
    func otherFilesAreNotZones(_ name: String) {
        #expect(ZoneRules.read(name) == nil)
    }

    /// The rules of a zone change: the system's update is enough.
    @Test
    func theRulesAreThoseOfTheFolderAndNotOfTheBinary() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "driftwatch-zones-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder.appending(path: "Europe"), withIntermediateDirectories: true)
        let source = "\(ZoneRules.systemFolder)/Asia/Tokyo"
        try FileManager.default.copyItem(
            atPath: source, toPath: folder.appending(path: "Europe/Berlin").path(percentEncoded: false))
        try "# version 2031z\nZ Europe/Berlin 9 - JST\nL Europe/Berlin Europe/Paris\n".write(
            to: folder.appending(path: "tzdata.zi"), atomically: true, encoding: .utf8)
        let path = folder.path(percentEncoded: false)
        #expect(ZoneRules.read("Europe/Berlin", in: path)?.offset(at: 1_800_000_000) == 9 * 3600)
        #expect(ZoneRules.read("Europe/Rome", in: path) == nil)
        #expect(ZoneRules.systemVersion(in: path) == "2031z")
        #expect(ZoneRules.names(in: path) == ["Europe/Berlin", "Europe/Paris"])
    }
}
