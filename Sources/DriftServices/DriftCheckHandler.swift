package import DriftCore
import DriftStore
import Foundation
package import JobQueue
package import Logging
package import Postgres
import Synchronization

/// Runs a check: looks at the server, compares the result with each of its packs, and returns what to store.
///
/// What is newly wrong is looked at once more in the same session, and then the second answer counts. It holds no connection
/// while it looks. What it returns runs in the transaction that settles the job, so that the check,
/// the drift state, the alert and its message are all stored, or none of them.
package struct DriftCheckHandler: JobHandler {
    private let database: Database
    private let prober: any Prober
    private let packs = PackCache()
    private let logger: Logger
    private let executor: (any TaskExecutor)?
    private let confirmAfter: Duration

    /// Compares on `executor`, or on the shared pool if it is nil, and looks again after `confirmAfter`, or never if that is
    /// zero.
    package init(
        database: Database, prober: any Prober, logger: Logger, comparingOn executor: (any TaskExecutor)? = nil,
        confirmAfter: Duration = .seconds(3)
    ) {
        self.database = database
        self.prober = prober
        self.confirmAfter = confirmAfter
        self.logger = logger
        self.executor = executor
    }

    package func handle(_ job: Job) async throws -> Ending {
        guard let server = job.serverID.map(ServerID.init(rawValue:)) else {
            return Ending(
                .failed, note: FailureNote(label: "malformed_job", message: "the job names no server"))
        }
        guard let subject = try await CheckSubject.load(server, from: database, packs: packs) else {
            return Ending(.succeeded)
        }
        let began = ContinuousClock.now
        let logger = logger.saying(job.facts)
        for pack in subject.alteredPacks {
            logger.error("a stored pack was altered", metadata: ["pack.name": "\(pack.name)"])
        }
        if let pack = subject.alteredPacks.first, subject.packs.isEmpty {
            let origin = origin(of: job, subject, began: began)
            let note = FailureNote(label: AlteredPack.reason, message: "\(pack)")
            return Ending(.succeeded, note: note) {
                try Self.write(subject.alteredPacks, from: origin, in: $0)
            }
        }
        do throws(ProbeFailure) {
            let judgement = Judgement(of: subject, on: executor)
            let looks = try await look(at: subject, judgement)
            if case .failure(let failure) = looks.second {
                // Drift must not hide behind sessions that end early, so the last attempt makes do with the first look.
                if failure.isTransient, !job.isLastAttempt { throw failure }
                logger.info(
                    "the second look did not finish",
                    metadata: ["error.label": "\(failure.reason.rawValue)", "error": "\(failure.detail)"])
            }
            let checks = try await judgement.checks(looks) { await $0.packOfLastLook(from: database, packs: packs) }
            for check in checks {
                Telemetry.judged(check.verdict)
                logger.info(
                    "checked",
                    metadata: ["pack.name": "\(check.packName)", "check.verdict": "\(check.verdict.rawValue)"])
            }
            let origin = origin(of: job, subject, began: began)
            // A later run of the effects, in another transaction, decides anew.
            let changes = ChangesOfAlerts()
            var ending = Ending(.succeeded) { transaction in
                changes.set(try Self.write(checks, from: origin, of: subject, in: transaction))
                try Self.write(subject.alteredPacks, from: origin, in: transaction)
            }
            ending.announcement = { changes.log(to: logger) }
            return ending
        } catch {
            return try result(of: job, subject, after: error, origin: origin(of: job, subject, began: began))
        }
    }

    private func look(at subject: CheckSubject, _ judgement: Judgement) async throws(ProbeFailure) -> Looks {
        let questions = ProbeQuestions(packs: subject.packs.map(\.pack), on: subject.server)
        let again =
            confirmAfter > .zero ? SecondLook(after: confirmAfter) { await judgement.questions(after: $0) } : nil
        let began = ContinuousClock.now
        do {
            let looks = try await prober.probe(try subject.location.target(), asking: questions, again: again)
            Telemetry.probed(in: began.duration(to: .now))
            return looks
        } catch {
            Telemetry.probed(in: began.duration(to: .now), failure: error.reason)
            throw error
        }
    }

    private func origin(
        of job: Job, _ subject: CheckSubject, began: ContinuousClock.Instant
    ) -> EffectsStore.Origin {
        EffectsStore.Origin(
            jobID: job.id, serverID: subject.location.serverID, startedAt: subject.startedAt,
            duration: began.duration(to: .now))
    }

    /// A server that cannot be looked at after all attempts is a result, not an endless job.
    private func result(
        of job: Job, _ subject: CheckSubject, after failure: ProbeFailure, origin: EffectsStore.Origin
    ) throws -> Ending {
        logger.saying(job.facts).info(
            "probe did not finish",
            metadata: ["error.label": "\(failure.reason.rawValue)", "error": "\(failure.detail)"])
        let note = FailureNote(label: failure.reason.rawValue, message: failure.detail)
        switch failure.reason {
        case .cancelled:
            throw CancellationError()
        case _ where failure.retryAfter != nil || failure.reason == .noPlace:
            // A little later than asked, so that those who were sent away together do not return together.
            let delay = failure.retryAfter ?? .seconds(1)
            return Ending(.noPlace(retryAfter: delay + .seconds(Double.random(in: 0...2))))
        case _ where failure.isTransient && !job.isLastAttempt:
            return Ending(.retry, note: note)
        default:
            return Ending(.succeeded, note: note) { transaction in
                try EffectsStore.begin(
                    at: subject.location, by: origin.jobID, failure: failure, in: transaction)
                for pack in subject.packs {
                    try EffectsStore.recordFailure(failure.reason, of: pack, from: origin, in: transaction)
                }
                try Self.write(subject.alteredPacks, from: origin, in: transaction)
            }
        }
    }

    private static func write(
        _ packs: [AlteredPack], from origin: EffectsStore.Origin, in transaction: borrowing Transaction
    ) throws {
        for pack in packs { try EffectsStore.recordFailure(of: pack, from: origin, in: transaction) }
    }

    /// Every check is stored.
    ///
    /// It changes state only if the pack is still assigned, the server still has the address that was looked at, the check
    /// used the current version of the pack, and it is not older than the last check that counted. If that check is still
    /// the one that counted when this one began, this one is newer, whatever the times say: the database's clock may have
    /// gone back.
    private static func write(
        _ checks: [Check], from origin: EffectsStore.Origin, of subject: CheckSubject,
        in transaction: borrowing Transaction
    ) throws -> [EffectsStore.AlertChange] {
        let assignments = try EffectsStore.begin(
            at: subject.location, by: origin.jobID, packs: checks.map(\.packName), in: transaction)
        let lastChecks = Dictionary(
            subject.packs.map { ($0.pack.name, $0.lastCheckID) }, uniquingKeysWith: { first, _ in first })
        return try checks.compactMap { check in
            guard let assignment = assignments[check.packName],
                assignment.packDigest == check.packDigest.description,
                assignment.lastCheckID == lastChecks[check.packName]
                    || (assignment.lastStartedAt ?? .distantPast) <= origin.startedAt
            else {
                try EffectsStore.record(check, from: origin, in: transaction)
                return nil
            }
            let transition = Transition.decide(assignment.state, seeing: check, alert: assignment.alert)
            return try EffectsStore.store(check, transition, over: assignment, from: origin, in: transaction)
        }
    }
}

/// What the effects of a job did to alerts, until it is known that they are stored.
private final class ChangesOfAlerts: Sendable {
    private let changes = Mutex<[EffectsStore.AlertChange]>([])

    func set(_ changes: [EffectsStore.AlertChange]) { self.changes.withLock { $0 = changes } }

    func log(to logger: Logger) {
        for change in changes.withLock(\.self) {
            let message: Logger.Message =
                switch change.event {
                case .opened: "alert opened"
                case .updated: "alert updated"
                case .resolved: "alert resolved"
                }
            logger.info(
                message,
                metadata: [
                    "alert.id": "\(change.alertID)", "pack.name": "\(change.pack)", "check.id": "\(change.checkID)",
                ])
        }
    }
}
