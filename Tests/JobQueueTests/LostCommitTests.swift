import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

@testable import JobQueue

/// A settle whose commit goes through while its reply is lost.
@Suite(.privatePostgres, .serialized, .timeLimit(.minutes(2)))
struct LostCommitTests {
    @Test
    func aSettleThatStandsIsNotTakenForLost() async throws {
        try await PrivatePostgres.current.withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.execute("select driftwatch.enqueue_check('web-1', 'test')")
            try await database.executeScript(Self.firstQuestionFails)
            let patient = Database(database.settings.changed { $0.callDeadline = .zero }, logger: .quiet)
            let hasty = Database(database.settings.changed { $0.callDeadline = .seconds(2) }, logger: .quiet)
            let claim = try #require(try await QueueStore(database: patient).claimSome(1).first)
            let stopped = AsyncStream<Int32>.makeStream()
            let runs = Recorder<Void>()

            async let state = Self.end(
                claim,
                as: Ending(.succeeded) { transaction in
                    try transaction.execute("select driftwatch.write_audit('test', 'effect', 'x')")
                    guard runs.record(()) == 1 else { return }
                    try transaction.execute("select pg_advisory_xact_lock(7)")
                    let pid = try transaction.one("select pg_backend_pid()", as: Int32.self)
                    kill(pid, SIGSTOP)
                    stopped.continuation.yield(pid)
                }, in: QueueStore(database: hasty))

            let pid = try #require(await stopped.stream.first { _ in true })
            let isAsked = try await eventually {
                try await patient.rows(
                    "select exists (select from pg_locks where locktype = 'advisory' and not granted)", as: Bool.self)
                    == [true]
            }
            #expect(isAsked)
            kill(pid, SIGCONT)
            #expect(try await state == "succeeded")
            #expect(try await patient.count("audit_log where action = 'effect'") == 1)
            await patient.close()
            await hasty.close()
        }
    }

    /// The commit breaks off, and what the database knows of the attempt afterwards is not this worker's success.
    @Test
    func whatSomebodyElseEndedIsNotAnnounced() async throws {
        try await PrivatePostgres.current.withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.execute("select driftwatch.enqueue_check('web-1', 'test')")
            try await database.executeScript(Self.commitBreaksOff)
            let store = QueueStore(database: database)
            let claim = try #require(try await store.claimSome(1).first)
            let announcements = Recorder<Void>()
            var ending = Ending(.succeeded) { transaction in
                try transaction.execute("select driftwatch.write_audit('test', 'effect', 'x')")
            }
            ending.announcement = { announcements.record(()) }
            #expect(try await Self.end(claim, as: ending, in: store) == "interrupted")
            #expect(announcements.all.isEmpty)
        }
    }

    private static let commitBreaksOff = """
        create function driftwatch.break_off() returns trigger language plpgsql as $$
        begin
            perform pg_terminate_backend(pg_backend_pid());
            return null;
        end $$;
        create constraint trigger breaks_off after insert on driftwatch.audit_log deferrable initially deferred
        for each row when (new.action = 'effect') execute function driftwatch.break_off();
        create or replace function driftwatch.job_state_under(job bigint, token uuid) returns text language sql as
            $$ select 'interrupted' $$;
        """

    private static func end(_ claim: Claim, as ending: Ending, in store: QueueStore) async throws -> String? {
        guard let lease = claim.takeLease() else { return nil }
        return try await lease.end(as: ending, in: store, while: JobControl(), logger: .quiet)
    }

    /// A question that is asked while the commit is on its way fails when it is through.
    private static let firstQuestionFails = """
        alter function driftwatch.job_state_under(bigint, uuid) rename to job_state_under_of_old;
        create function driftwatch.job_state_under(job bigint, token uuid) returns text language plpgsql as $$
        begin
            if not pg_try_advisory_xact_lock_shared(7) then
                perform pg_advisory_xact_lock_shared(7);
                raise exception 'the server is full' using errcode = 'too_many_connections';
            end if;
            return driftwatch.job_state_under_of_old(job, token);
        end $$;
        """
}

/// What the database knows of an attempt, by its token.
@Suite(.timeLimit(.minutes(2)))
struct AttemptStateTests {
    @Test
    func aJobThatWasTakenBackIsNotTakenForSettled() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claim = try #require(try await store.claimSome(1).first)
            #expect(try await store.state(under: claim.token, of: claim.job.id) == "running")
            try await database.advanceClock(by: .seconds(61))
            #expect(try await store.rescue().count == 1)
            #expect(try await store.state(under: claim.token, of: claim.job.id) == nil)
        }
    }

    @Test
    func whatWasHandedBackIsKnownAfterTheNextClaim() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            try await database.enqueueAll()
            let store = QueueStore(database: database)
            let claim = try #require(try await store.claimSome(1).first)
            try await store.end(claim, .interrupted)
            #expect(try await store.state(under: claim.token, of: claim.job.id) == "available")
            #expect(try await store.claimSome(1).count == 1)
            #expect(try await store.state(under: claim.token, of: claim.job.id) == "interrupted")
        }
    }
}

extension DatabaseSettings {
    fileprivate func changed(_ change: (inout Self) -> Void) -> Self {
        var settings = self
        change(&settings)
        return settings
    }
}
