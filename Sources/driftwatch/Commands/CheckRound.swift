import DriftCore
import DriftStore
import Postgres
import Presentation
import Synchronization

/// What a person asked to be checked.
struct AskedChecks: Sendable {
    struct Refusal: Hashable, Sendable {
        var server: ServerID
        /// Whether it could be checked at another time.
        var isKnown: Bool
        var reason: String
        var hint: String?
    }

    /// Whether each server was named, rather than selected.
    let isNamed: Bool
    var jobs: [Int64: ServerID] = [:]
    var refusals: [Refusal] = []
    /// What was never judged before: what is wrong at a first look alerts nobody.
    var unverified: [ServerID: [PackName: DriftState]] = [:]
    var targets: [ServerID: ProbeTarget] = [:]
    let times: Times

    init(isNamed: Bool, times: Times) {
        self.isNamed = isNamed
        self.times = times
    }

    /// Servers that have not answered, by id.
    func open(after answers: [CheckAnswer]) -> [ServerID] {
        Set(jobs.values).subtracting(answers.map(\.server)).sorted { $0.rawValue < $1.rawValue }
    }
}

/// What became of the job of one server.
struct CheckAnswer: Sendable {
    var server: ServerID
    var job: JobLine
    /// Empty if the job ended without any.
    var checks: [CheckView]
}

/// Waits for the checks that were asked for, and collects them.
final class CheckRound: Sendable {
    private let asked: AskedChecks
    private let database: Database
    private let progress: ProgressLine
    private let collected = Mutex<[CheckAnswer]>([])

    init(_ asked: AskedChecks, _ database: Database, _ progress: ProgressLine) {
        self.asked = asked
        self.database = database
        self.progress = progress
    }

    var answers: [CheckAnswer] { collected.withLock { $0 } }

    func wait(until deadline: ContinuousClock.Instant) async throws {
        defer { progress.clear() }
        try await JobWait(database, progress).run(Array(asked.jobs.keys).sorted(), until: deadline) { over in
            try await collect(over)
        } onUnderWay: { underWay in
            show(underWay)
        }
    }

    private func collect(_ over: [JobLine]) async throws {
        let checks = try await database.read { try CheckReader.checks(ofJobs: over.map(\.id), in: $0) }
        let byJob = Dictionary(grouping: checks, by: \.jobID)
        for job in over {
            guard let server = asked.jobs[job.id] else { continue }
            let answer = CheckAnswer(server: server, job: job, checks: byJob[job.id] ?? [])
            let count = collected.withLock { answers in
                answers.append(answer)
                return answers.count
            }
            // One server's answer is the result itself.
            guard asked.jobs.count > 1, !progress.isLive else { continue }
            let verdict = answer.checks.map(\.verdict).max { $0.rank > $1.rank }
            progress.note("[\(count)/\(asked.jobs.count)] \(server): \(verdict?.rawValue ?? "not checked")")
        }
    }

    private func show(_ underWay: [JobUnderWay]) {
        let checks = answers.flatMap(\.checks)
        let running = underWay.count(where: \.isRunning)
        progress.show(
            "\(asked.jobs.count - underWay.count) of \(plural(asked.jobs.count, "server")) checked, \(running) running, "
                + "\(underWay.count - running) waiting · \(VerdictCounts(checks.map(\.verdict)).words)")
    }
}

/// How many checks came to what.
struct VerdictCounts {
    private let counts: [Verdict: Int]

    init(_ verdicts: [Verdict]) { counts = Dictionary(verdicts.map { ($0, 1) }, uniquingKeysWith: +) }

    /// What is wrong first, such as `1 drifted, 5 compliant`; those that are none are left out.
    var words: String {
        let words = Verdict.allCases.sorted { $0.rank < $1.rank }
            .compactMap { verdict in counts[verdict].map { "\($0) \(verdict.rawValue)" } }
        return words.isEmpty ? "no checks" : words.joined(separator: ", ")
    }

    var json: JSONValue {
        .object(Verdict.allCases.map { ($0.rawValue, .number(Int64(counts[$0] ?? 0))) })
    }
}

extension Verdict {
    /// What is wrong comes first.
    var rank: Int {
        switch self {
        case .drifted: 0
        case .failed: 1
        case .incomplete: 2
        case .compliant: 3
        }
    }
}
