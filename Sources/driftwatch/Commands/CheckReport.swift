import DriftCore
import DriftStore
import Presentation
import Remote

/// The results of checks that a person asked for, as text and as JSON.
struct CheckReport {
    private let asked: AskedChecks
    private let answers: [CheckAnswer]
    /// What is wrong first.
    private let shown: [(check: CheckView, error: String?)]

    /// `pack` leaves the others out.
    init(_ asked: AskedChecks, _ answers: [CheckAnswer], pack: PackName?) {
        self.asked = asked
        self.answers = answers.sorted { $0.server.rawValue < $1.server.rawValue }
        shown = self.answers.flatMap { answer in
            answer.checks.filter { pack == nil || $0.packName == pack }.map { ($0, answer.job.lastError) }
        }.enumerated().sorted { ($0.element.0.verdict.rank, $0.offset) < ($1.element.0.verdict.rank, $1.offset) }
            .map(\.element)
    }

    var exitStatus: ExitStatus {
        var status = ExitStatus.fine
        for (check, _) in shown { status = status.combined(with: check.verdict.exitStatus) }
        if !asked.open(after: answers).isEmpty || answers.contains(where: \.checks.isEmpty) {
            status = status.combined(with: .unknown)
        }
        // A server that exists but cannot be checked now is unknown if it was named, and skipped if it was selected.
        for refusal in asked.refusals where asked.isNamed {
            status = status.combined(with: refusal.isKnown ? .unknown : .usage)
        }
        return status
    }

    // MARK: For people

    func print(to console: Console) {
        var hinted: Set<ServerID> = []
        for (check, error) in shown where asked.isNamed || check.verdict != .compliant {
            print(check, error, to: console)
            if hinted.insert(check.serverID).inserted, let hint = hint(check) { console.print("  \(visible(hint))") }
        }
        guard shown.count > 1 || !asked.isNamed else { return }
        let servers = Set(shown.map(\.check.serverID)).count
        let checks = "\(plural(shown.count, "check")) of \(plural(servers, "server"))"
        console.print("\(checks): \(VerdictCounts(shown.map(\.check.verdict)).words)")
    }

    /// What kept servers from being checked, each as one line.
    var notes: [String] {
        var notes: [String] = []
        if asked.isNamed {
            notes = asked.refusals.map { refusal in
                "driftwatch: " + visible(refusal.reason) + (refusal.hint.map { " (\(visible($0)))" } ?? "")
            }
        } else if !asked.refusals.isEmpty {
            notes.append(
                "skipped, because they are off, on hold or without packs: \(names(asked.refusals.map(\.server)))")
        }
        for answer in answers where answer.checks.isEmpty {
            notes.append(
                "driftwatch: \(answer.server): job \(answer.job.id) ended as \(answer.job.state) without a check: "
                    + visible(answer.job.lastError ?? "no reason known"))
        }
        return notes
    }

    private func print(_ check: CheckView, _ error: String?, to console: Console) {
        let verdict = verdictLine(
            check.verdict, reason: check.reason, items: check.itemCount, wrong: check.mismatchCount,
            unreadable: check.unreadableCount, waived: check.waivedCount, due: check.dueCount, console: console)
        let detail = check.verdict == .failed ? error.map { " (\(visible($0)))" } : nil
        console.print("\(check.serverID) \(check.packName): \(verdict)\(detail ?? "")")
        console.print(lines: OutcomeText(check.items ?? [], console: console, times: asked.times).lines)
        let firstLooks = firstLooks(check)
        if firstLooks > 0 {
            console.print("  first look: \(plural(firstLooks, "item")) already wrong, not alerted")
        }
    }

    /// How many of the wrong items were read for the first time.
    private func firstLooks(_ check: CheckView) -> Int {
        let state = asked.unverified[check.serverID]?[check.packName]
        return (check.items ?? []).count { outcome in
            guard case .wrong(let mismatches) = outcome.finding else { return false }
            return mismatches.contains { state?.isFirstLook(at: $0.id) == true }
        }
    }

    private func hint(_ check: CheckView) -> String? {
        guard let reason = check.reason.flatMap(ProbeFailure.Reason.init(rawValue:)),
            let target = asked.targets[check.serverID],
            let hint = ServerDiagnosis.hint(for: ProbeFailure(reason), on: target)
        else { return nil }
        return "\(hint); driftwatch doctor \(check.serverID) says more"
    }

    // MARK: As JSON

    var json: JSONValue {
        let open = asked.open(after: answers)
        return .object([
            (
                "checks",
                .list(
                    shown.map { check, error in
                        guard case .object(let fields) = JSONValue.check(check) else { return .null }
                        return .object(
                            fields + [
                                ("detail", check.verdict == .failed ? .optional(error) : .null),
                                ("first_look_count", .number(Int64(firstLooks(check)))),
                            ])
                    })
            ),
            ("counts", VerdictCounts(shown.map(\.check.verdict)).json),
            ("no_answer", .texts(open.map(\.rawValue))),
            (
                "not_checked",
                .list(
                    answers.filter(\.checks.isEmpty).map { answer in
                        .object([
                            ("server_id", .text(answer.server.rawValue)), ("job_id", .number(answer.job.id)),
                            ("reason", .optional(answer.job.lastError)),
                        ])
                    }
                        + asked.refusals.map { refusal in
                            .object([
                                ("server_id", .text(refusal.server.rawValue)), ("job_id", .null),
                                ("reason", .text(refusal.reason)),
                            ])
                        })
            ),
        ])
    }
}
