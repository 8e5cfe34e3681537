import DriftCore
import Foundation
import JobQueue
import Messages
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import DriftServices

/// A month of 200 servers, with deploys, upgrades, flaps, outages, waivers, a cut network and a Slack that is away: what is
/// told, held against a model that knows only what happened, and printed with the reasons for people to read.
///
/// One at a time: each is a lot of work.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct MonthTests {
    @Test(arguments: [1, 2, 3] as [UInt64])
    func aMonthTellsAllThatHappenedInFewMessages(seed: UInt64) async throws {
        try await withMigratedDatabase { database in
            let month = Month(database, MonthWorld(seed: seed))
            try await month.pass()
            #expect(month.complaints.isEmpty, "\(month.complaints.prefix(5).joined(separator: "\n"))")
            let log = month.log.joined(separator: "\n") + "\n"
            let count = month.channel.count
            FileHandle.standardOutput.write(
                Data(
                    (log + "\(count) messages; one for each transition would have been \(month.transitions)\n").utf8))
            #expect(count > 50 && count * 3 < month.transitions)
        }
    }
}

/// One month on one database; a worker looks at the servers as they are, and one notifier writes to a channel.
private final class Month {
    let channel = Channel()
    private(set) var complaints: [String] = []
    private(set) var log: [String] = []
    var transitions: Int { model.transitions }

    private let database: Database
    private let prober = ScriptedProber()
    private let janitor: Janitor
    private let notifier: Notifier
    private var world: MonthWorld
    private var model = MonthModel()
    private var held: Set<String> = []
    private var waivers: [(server: String, path: String, until: Int)] = []

    init(_ database: Database, _ world: MonthWorld) {
        self.database = database
        self.world = world
        janitor = Janitor(database: database, logger: .quiet)
        notifier = Notifier(
            database: database, sender: channel, settings: NotifierSettings(notifierID: "n"), logger: .quiet)
    }

    func pass() async throws {
        try await prepare()
        var settings = WorkerPoolSettings(workerID: "w", concurrency: 4)
        settings.pollEvery = .milliseconds(20)
        let pool = WorkerPool(
            database: database, renewals: database, settings: settings,
            handler: DriftCheckHandler(database: database, prober: prober, logger: .quiet), logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await pool.run() }
            try await begin(at: 0, 12)
            try await look(slot: nil, at: world.servers.keys.sorted())
            for day in 1...MonthWorld.days { try await pass(day) }
            group.cancelAll()
        }
    }

    private func pass(_ day: Int) async throws {
        model.begin(day)
        for hour in [MonthWorld.Hour.night, .early] { try await happen(day, hour) }
        try await begin(at: day, 6)
        let scheduler = try SchedulerTests.scheduler(on: database)
        let made = try await scheduler.fireDueSlots()
        if made != world.servers.count { complaints.append("day \(day): the slot has \(made) jobs") }
        try await look(slot: day, at: world.servers.keys.sorted())
        world.forgetBlinks()
        try await tell(day, "06:00")
        try await happen(day, .late)
        if !held.isEmpty {
            try await begin(at: day, 7, 30)
            let released = held.sorted()
            held = []
            try await look(slot: nil, at: released)
            try await tell(day, "07:30")
        }
        try await happen(day, .noon)
        try await tell(day, "12:00")
    }

    // MARK: What happens

    private func happen(_ day: Int, _ hour: MonthWorld.Hour) async throws {
        try await begin(at: day, hour.rawValue, hour == .early ? 30 : 0)
        for happening in world.happenings(on: day, at: hour) {
            world.apply(happening)
            switch happening {
            case .hold(let why):
                held = Set(world.servers.values.filter { $0.role == "web" }.map(\.id))
                try await database.execute(
                    """
                    select driftwatch.hold_alerts(driftwatch.clock() + interval '2 hours', \(why), labels => '{"role": "web"}')
                    """)
            case .waive(let server, let pack, let path, let until):
                waivers.append((server, path, until))
                try await database.execute(
                    """
                    select driftwatch.add_waiver(
                        \(server), null, \(pack), \(path), 'accepted', \("\(Self.date(until))T05:00:00Z"), 'ann')
                    """)
                try await look(slot: nil, at: [server])
            case .close(let server, let pack, let who):
                model.close(server, pack: pack, by: who)
                try await database.execute(
                    """
                    select driftwatch.resolve_alert(alert_id, 'never mind', \(who)) from driftwatch.alerts
                    where server_id = \(server) and pack_name = \(pack) and status <> 'resolved'
                    """)
            case .slackDown: channel.isDown = true
            case .slackUp: channel.isDown = false
            case .change, .repair, .leave, .back, .blink: break
            }
        }
    }

    /// Lets the worker look at servers, and the model see what is there.
    private func look(slot: Int?, at servers: [String]) async throws {
        for server in world.servers.values {
            let looks = Mutex(0)
            prober.script(server.id) { _, _ in
                let number = looks.withLock { count in
                    count += 1
                    return count
                }
                return server.answer(toLook: number)
            }
        }
        try await janitor.tidyUp()
        try await work()
        try await janitor.tidyUp()
        for name in servers {
            guard let server = world.servers[name] else { continue }
            let waived = waivers.filter { $0.server == name && model.day < $0.until }.map(\.path)
            model.check(server, slot: slot, held: held.contains(name), waived: Set(waived))
        }
    }

    // MARK: Messages

    private func tell(_ day: Int, _ hour: String) async throws {
        try await drain()
        let sent = channel.take()
        guard !channel.isDown else { return }
        let expected = model.tell(heldServers: held)
        let told = sent.map { Set($0.parts.map { MonthModel.Told($0.facts) }) }
        let missing = expected.filter { !told.contains($0.told) }
        let strange = told.filter { message in !expected.contains { $0.told == message } }
        let isOtherChoice =
            missing.allSatisfy(\.isOneOfMany) && missing.map(\.told.count).sorted() == strange.map(\.count).sorted()
            && missing.reduce(into: Set()) { $0.formUnion($1.told) } == strange.reduce(into: Set()) { $0.formUnion($1) }
        if !isOtherChoice {
            complaints += missing.map { "\(Self.date(day)) \(hour) not sent: \(Self.words($0.told))" }
            complaints += strange.map { "\(Self.date(day)) \(hour) not expected: \(Self.words($0))" }
        }
        for (message, told) in zip(sent, told) {
            let reasons = expected.filter { !$0.told.isDisjoint(with: told) }.flatMap(\.why)
            let text = MessageText.about(message, baseURL: nil, escaping: .none)
            let names = message.parts.map(\.facts.serverID.rawValue).joined(separator: ", ")
            log.append(
                "\(Self.date(day)) \(hour)  \(text.headline)\(message.parts.count > 3 ? "" : " [\(names)]")"
                    + " ← \(Set(reasons).sorted().joined(separator: ", "))")
        }
    }

    private static func words(_ told: Set<MonthModel.Told>) -> String {
        told.map(\.description).sorted().prefix(4).joined(separator: "; ") + " … \(told.count)"
    }

    /// Until nothing is due, or for ten minutes.
    private func drain() async throws {
        try await janitor.tidyUp()
        var idle = 0
        while idle < 10 {
            guard try await notifier.sendNext() > .zero else { continue }
            idle += 1
            try await database.advanceClock(by: .seconds(60))
        }
    }

    // MARK: The clock and the jobs

    private func prepare() async throws {
        try await database.executeScript(
            """
            update driftwatch.test_clock set stopped_at = '2026-10-31 00:00Z', shift = '0';
            select driftwatch.announce_destination('default', 'console', null);
            select driftwatch.set_schedule('default', '0 6 * * *', 'UTC');
            """)
        for (name, paths) in MonthWorld.packs {
            try await database.apply(
                Pack(
                    name: PackName(rawValue: name),
                    expectations: paths.map { Expectation(.file(FileExpectation(path: $0, mode: 0o644))) }))
        }
        for server in world.servers.values.sorted(by: { $0.id < $1.id }) {
            try await database.execute(
                """
                select driftwatch.apply_server(
                    \(server.id), \(server.id), \(server.id), null, null, null, 'ssh', 'default',
                    jsonb_build_object('role', \(server.role)::text), true, \(server.packs), 'test')
                """)
        }
        _ = try await SchedulerTests.scheduler(on: database).fireDueSlots()
    }

    private static func date(_ day: Int) -> String { day < 10 ? "2026-11-0\(day)" : "2026-11-\(day)" }

    /// Moves the clock on to an hour of a day; day 0 is the one before the month.
    private func begin(at day: Int, _ hour: Int, _ minute: Int = 0) async throws {
        try await database.execute(
            """
            update driftwatch.test_clock
            set shift = greatest(shift, make_interval(days => \(day), hours => \(hour), mins => \(minute)))
            """)
    }

    /// Waits until no job is left; where all that are left wait for their time, it comes.
    private func work() async throws {
        while true {
            let jobs = try await database.rows(
                """
                select count(*)::integer, (count(*) filter (where state not in ('scheduled', 'retryable')))::integer
                from driftwatch.jobs where finished_at is null
                """, as: (Int, Int).self)[0]
            if jobs.0 == 0 { return }
            if jobs.1 == 0 {
                try await database.execute(
                    """
                    update driftwatch.test_clock set shift = greatest(shift, (
                        select max(run_at) from driftwatch.jobs where finished_at is null) - stopped_at)
                    """)
            }
            // The database gives no signal of a finished job.
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// A channel that can be away.
private final class Channel: NotificationSender {
    private struct State {
        var isDown = false
        var fresh: [OutboundNotification] = []
        var count = 0
    }

    private let state = Mutex(State())

    var isDown: Bool {
        get { state.withLock(\.isDown) }
        set { state.withLock { $0.isDown = newValue } }
    }
    var count: Int { state.withLock(\.count) }

    /// What came since the last time.
    func take() -> [OutboundNotification] {
        state.withLock { state in
            defer { state.fresh = [] }
            return state.fresh
        }
    }

    func send(_ notification: OutboundNotification) async -> DeliveryReply {
        state.withLock { state in
            guard !state.isDown else { return .unreachable("scripted") }
            state.fresh.append(notification)
            state.count += 1
            return .sent(remoteID: nil)
        }
    }
}

extension MonthModel.Told {
    fileprivate init(_ facts: NotificationFacts) {
        let isAboutItems = facts.kind == .driftDetected || facts.kind == .driftChanged
        let isAboutFlapping = facts.kind == .driftFlapping || facts.kind == .driftSettled
        self.init(
            kind: facts.kind.rawValue, server: facts.serverID.rawValue, pack: facts.packName?.rawValue,
            count: isAboutFlapping ? 0 : facts.mismatchCount,
            items: isAboutItems || facts.openingFolded == true ? Set(facts.items.map(\.item)).sorted() : [],
            isFirst: facts.openingFolded == true)
    }
}

extension MonthWorld.Server {
    /// What a look at it sees, of which the first may differ from the second.
    fileprivate func answer(toLook number: Int) -> Result<Facts, ProbeFailure> {
        if let away { return .failure(ProbeFailure(.unreachable, detail: "scripted", jumpHost: away.jumpHost)) }
        var files: [ServerPath: FileFact] = [:]
        for path in packs.flatMap({ MonthWorld.packs[$0] ?? [] }) {
            let mode = path == blink && number == 1 ? 0o600 : wrong[path]?.mode ?? 0o644
            files[ServerPath(path)] = .withMode(mode)
        }
        return .success(Facts(files: files))
    }
}

extension FileFact {
    fileprivate static func withMode(_ mode: UInt16) -> FileFact {
        let root = Account(name: "root", number: 0)
        return .present(
            FileEntry(status: FileStatus(type: .file, mode: mode, owner: root, group: root, size: 1)))
    }
}
