import DriftCore
import TestSupport

/// What is true on 200 servers, and what happens to them in 30 days: a script from a seed, in which each happening says why.
struct MonthWorld {
    struct Server: Sendable {
        let id: String
        let role: String
        let packs: [String]
        /// Which mode a file has that is not as its pack wants it, and why.
        var wrong: [String: (mode: UInt16, why: String)] = [:]
        /// Why a file is as it should be again.
        var righted: [String: String] = [:]
        var away: Away?
        /// Seen wrong in the first look of the next check, and right in the second.
        var blink: String?
    }

    struct Away: Hashable, Sendable {
        let jumpHost: String?
        let why: String
    }

    enum Happening: Sendable {
        case change(_ servers: [String], _ path: String, _ mode: UInt16, _ why: String)
        case repair(_ servers: [String], _ path: String, _ why: String)
        case leave(_ servers: [String], jumpHost: String?, _ why: String)
        case back(_ servers: [String])
        case blink(_ server: String, _ path: String)
        /// Of all web servers, from half an hour before the slot until an hour and a half after it.
        case hold(_ why: String)
        /// Until 05:00 of a day.
        case waive(_ server: String, pack: String, _ path: String, until: Int)
        case close(_ server: String, pack: String, _ who: String)
        case slackDown
        case slackUp
    }

    /// When things happen on a day; the slot is between `early` and `late`.
    enum Hour: Int, CaseIterable, Sendable {
        case night = 3
        case early = 5
        case late = 7
        case noon = 12
    }

    static let days = 30
    static let packs = [
        "base": ["/etc/motd", "/etc/hosts", "/etc/crontab", "/etc/ssh/sshd_config"],
        "web": ["/etc/nginx.conf", "/etc/app.conf"],
        "db": ["/etc/postgres.conf", "/etc/backup.conf"],
    ]

    private(set) var servers: [String: Server] = [:]
    private var script: [Int: [Hour: [Happening]]] = [:]
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        for (role, count) in [("web", 80), ("db", 60), ("node", 60)] {
            for number in 1...count {
                let id = "\(role)-\(number)"
                servers[id] = Server(id: id, role: role, packs: Self.packs[role] == nil ? ["base"] : ["base", role])
            }
        }
        deploys()
        upgrades()
        flaps()
        outages()
        people()
    }

    func happenings(on day: Int, at hour: Hour) -> [Happening] { script[day]?[hour] ?? [] }

    /// Changes the servers; what is about people and messages changes nothing on them.
    mutating func apply(_ happening: Happening) {
        switch happening {
        case .change(let names, let path, let mode, let why):
            for name in names { servers[name]?.wrong[path] = (mode, why) }
        case .repair(let names, let path, let why):
            for name in names {
                servers[name]?.wrong[path] = nil
                servers[name]?.righted[path] = why
            }
        case .leave(let names, let jumpHost, let why):
            for name in names { servers[name]?.away = Away(jumpHost: jumpHost, why: why) }
        case .back(let names):
            for name in names { servers[name]?.away = nil }
        case .blink(let name, let path): servers[name]?.blink = path
        case .hold, .waive, .close, .slackDown, .slackUp: break
        }
    }

    mutating func forgetBlinks() {
        for name in servers.keys { servers[name]?.blink = nil }
    }

    // MARK: The script

    private mutating func plan(_ day: Int, _ hour: Hour, _ happening: Happening) {
        guard day <= Self.days else { return }
        script[day, default: [:]][hour, default: []].append(happening)
    }

    private func named(_ role: String) -> [String] {
        servers.values.filter { $0.role == role }.map(\.id).sorted()
    }

    private mutating func some(_ count: Int, of names: [String]) -> [String] {
        Array(names.shuffled(using: &generator).prefix(count)).sorted()
    }

    /// Under holds, of which most is right again before they end, and one without.
    private mutating func deploys() {
        for (number, day) in [4, 11, 18, 25].enumerated() {
            let why = "deploy \(number + 1)"
            let web = named("web")
            let mode: UInt16 = number.isMultiple(of: 2) ? 0o600 : 0o640
            plan(day, .early, .hold(why))
            plan(day, .early, .change(web, "/etc/app.conf", mode, why))
            let left = some(3, of: web)
            plan(day, .late, .repair(web.filter { !left.contains($0) }, "/etc/app.conf", "\(why) ended"))
            plan(day, .late, .change([left[0]], "/etc/nginx.conf", 0o600, "\(why) went wrong"))
            plan(day + 1, .night, .repair(left, "/etc/app.conf", "\(why) was put right"))
            plan(day + 2, .night, .repair([left[0]], "/etc/nginx.conf", "\(why) was put right"))
        }
        plan(8, .night, .change(named("db"), "/etc/postgres.conf", 0o666, "a deploy without a hold"))
        plan(9, .night, .repair(named("db"), "/etc/postgres.conf", "it was taken back"))
    }

    /// In two waves, and later the packs' files are put back everywhere.
    private mutating func upgrades() {
        let web = named("web")
        plan(14, .night, .change(Array(web.prefix(40)), "/etc/nginx.conf", 0o664, "the upgrade of nginx"))
        plan(15, .night, .change(Array(web.dropFirst(40)), "/etc/nginx.conf", 0o664, "the upgrade of nginx"))
        plan(17, .night, .repair(web, "/etc/nginx.conf", "nginx was configured anew"))
    }

    /// One that comes to rest as it should be, and one that stays wrong.
    private mutating func flaps() {
        for (server, days) in [("node-1", 3...12), ("node-2", 16...22)] {
            for day in days {
                let isWrong = (day - days.lowerBound).isMultiple(of: 2)
                plan(
                    day, .night,
                    isWrong
                        ? .change([server], "/etc/crontab", 0o600, "two tools fight over it")
                        : .repair([server], "/etc/crontab", "two tools fight over it"))
            }
        }
    }

    private mutating func outages() {
        let nodes = named("node").filter { !["node-1", "node-2", "node-3", "node-4"].contains($0) }
        plan(20, .night, .leave(nodes, jumpHost: "bastion-2", "the network of the nodes was cut"))
        plan(24, .night, .back(nodes))
        for (day, length) in [(2, 1), (6, 2), (7, 5), (13, 4)] {
            let server = some(1, of: named("db"))
            plan(day, .night, .leave(server, jumpHost: nil, "\(server[0]) lost its disk"))
            plan(day + length, .night, .back(server))
        }
        plan(9, .early, .slackDown)
        plan(10, .noon, .slackUp)
    }

    /// People edit files, and put them back after some days; they accept a difference for a week; they close an alert.
    private mutating func people() {
        let paths = ["/etc/motd", "/etc/hosts", "/etc/ssh/sshd_config"]
        for day in 2...28 {
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let server = some(1, of: named(["web", "db"].randomElement(using: &generator) ?? "web"))
                let path = paths.randomElement(using: &generator) ?? paths[0]
                let mode: UInt16 = [0o600, 0o666, 0o755].randomElement(using: &generator) ?? 0o600
                plan(day, .night, .change(server, path, mode, "somebody edited it"))
                let later = day + Int.random(in: 1...4, using: &generator)
                plan(later, .night, .repair(server, path, "somebody put it back"))
            }
        }
        plan(5, .night, .change(["node-3"], "/etc/motd", 0o666, "the vendor wants it so"))
        plan(6, .noon, .waive("node-3", pack: "base", "/etc/motd", until: 13))
        plan(14, .night, .repair(["node-3"], "/etc/motd", "the vendor's patch"))
        plan(16, .night, .change(["node-4"], "/etc/hosts", 0o666, "a test"))
        plan(17, .noon, .close("node-4", pack: "base", "bob"))
        plan(22, .night, .change(["node-4"], "/etc/motd", 0o666, "another test"))
        plan(26, .night, .repair(["node-4"], "/etc/motd", "the tests are over"))
        plan(26, .night, .repair(["node-4"], "/etc/hosts", "the tests are over"))
        plan(12, .early, .blink("node-3", "/etc/crontab"))
        plan(21, .early, .blink("node-3", "/etc/crontab"))
    }
}
