import DriftCore
import DriftStore
import Foundation
import Logging
import Postgres
import Runtime
import Synchronization
import TestSupport
import Testing

@testable import DriftServices

/// A notifier for each destination, as they come and go.
@Suite(.timeLimit(.minutes(2)))
struct NotifierGroupTests {
    /// Destinations as a test wants them, and the wake-up with which it says so.
    final class Source: DestinationSource {
        let wake = WakeSignal()
        private let found = Mutex<[FoundDestination]>([])

        func set(_ destinations: [FoundDestination]) {
            found.withLock { $0 = destinations }
            wake.raise()
        }

        func current() async throws -> [FoundDestination] { found.withLock { $0 } }
    }

    /// Senders as they are made, by name and number.
    final class Senders: Sendable {
        private let made = Mutex<[String: [RecordingSender]]>([:])

        func make(
            _ name: String, _ reply: @escaping @Sendable (OutboundNotification, Int) async -> DeliveryReply
        ) -> RecordingSender {
            let sender = RecordingSender(reply: reply)
            made.withLock { $0[name, default: []].append(sender) }
            return sender
        }

        /// The first message through the sender.
        func first(_ name: String, _ number: Int = 0) async throws -> OutboundNotification? {
            #expect(try await eventually { made.withLock { ($0[name] ?? []).count > number } })
            guard let sender = made.withLock({ ($0[name] ?? []).dropFirst(number).first }) else { return nil }
            return await sender.notifications.first { _ in true }
        }

        func count(_ name: String) -> Int { made.withLock { ($0[name] ?? []).count } }
    }

    static func withGroup(
        logger: Logger = .quiet, _ body: @Sendable (Database, Source, Senders) async throws -> Void
    ) async throws {
        try await withMigratedDatabase { database in
            try await database.executeScript(
                """
                insert into driftwatch.destinations (destination, kind, next_send_at) values ('pager', 'console', 'epoch');
                """)
            let source = Source()
            let group = NotifierGroup(
                database: database, source: source, notifierID: "n", lookEvery: .seconds(3600), wake: source.wake,
                logger: logger)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { await group.run() }
                defer { tasks.cancelAll() }
                try await body(database, source, Senders())
            }
        }
    }

    static func alert(_ server: String, on database: Database) async throws {
        try await database.makeServer(server)
        try await database.execute("select driftwatch.open_alert(\(server), 'base', 1, 1, '[]')")
    }

    static func destination(
        _ name: String, secret: String? = nil, on database: Database, _ senders: Senders,
        _ reply: @escaping @Sendable (OutboundNotification, Int) async -> DeliveryReply = { _, _ in
            .sent(remoteID: nil)
        }
    ) async throws -> FoundDestination {
        let key = try await database.rows("select driftwatch.fingerprint_key_of(\(name))", as: UUID.self)[0]
        return FoundDestination(
            name,
            .ready(
                .init(kind: name == "default" ? "slack" : "console", key: key, fingerprint: secret) {
                    senders.make(name, reply)
                }))
    }

    static func isSent(_ number: Int, to name: String, on database: Database) async throws -> Bool {
        try await eventually {
            try await database.rows(
                "select count(*)::int from driftwatch.outbox where destination = \(name) and state = 'sent'",
                as: Int.self
            ) == [number]
        }
    }

    @Test
    func oneThatHangsHoldsUpNoOther() async throws {
        try await Self.withGroup { database, source, senders in
            let (gate, open) = AsyncStream<Void>.makeStream()
            try await Self.alert("a", on: database)
            source.set([
                try await Self.destination("default", on: database, senders) { _, _ in
                    for await _ in gate { break }
                    return .sent(remoteID: nil)
                },
                try await Self.destination("pager", on: database, senders),
            ])
            #expect(try await senders.first("default") != nil)
            #expect(try await Self.isSent(1, to: "pager", on: database))
            #expect(try await !Self.isSentNow("default", on: database))
            open.finish()
            #expect(try await Self.isSent(1, to: "default", on: database))
        }
    }

    private static func isSentNow(_ name: String, on database: Database) async throws -> Bool {
        try await database.rows(
            "select exists (select from driftwatch.outbox where destination = \(name) and state = 'sent')",
            as: Bool.self)
            == [true]
    }

    @Test
    func oneThatIsAddedIsServedAndOneThatIsGoneIsLeft() async throws {
        try await Self.withGroup { database, source, senders in
            try await Self.alert("a", on: database)
            let own = try await Self.destination("default", on: database, senders)
            source.set([own])
            #expect(try await Self.isSent(1, to: "default", on: database))
            source.set([own, try await Self.destination("pager", on: database, senders)])
            #expect(try await Self.isSent(1, to: "pager", on: database))
            source.set([own])
            let isLeft = try await eventually {
                try await database.rows(
                    "select lease_expires_at is null from driftwatch.destinations where destination = 'pager'",
                    as: Bool.self) == [true]
            }
            #expect(isLeft, "its lease is given back, so it has ended")
            #expect(senders.count("default") == 1, "the other goes on as it was")
        }
    }

    @Test
    func aChangedSecretIsTakenUpAfterTheMessageInHand() async throws {
        try await Self.withGroup { database, source, senders in
            let (gate, open) = AsyncStream<Void>.makeStream()
            try await Self.alert("a", on: database)
            source.set([
                try await Self.destination("pager", secret: "old", on: database, senders) { _, _ in
                    for await _ in gate { break }
                    return .sent(remoteID: "by old")
                }
            ])
            #expect(try await senders.first("pager") != nil)
            source.set([
                try await Self.destination("pager", secret: "new", on: database, senders) { _, _ in
                    .sent(remoteID: "by new")
                }
            ])
            try await Self.alert("b", on: database)
            #expect(senders.count("pager") == 1, "the first has not finished")
            open.finish()
            let isTaken = try await eventually {
                try await database.rows(
                    """
                    select concat_ws(' ', state, remote_id) from driftwatch.outbox
                    where destination = 'pager' and kind = 'drift_detected' order by outbox_id
                    """, as: String.self) == ["sent by old", "sent by new"]
            }
            #expect(isTaken)
            let fingerprint = try await database.rows(
                "select secret_fingerprint from driftwatch.destinations where destination = 'pager'", as: String.self)
            #expect(fingerprint == ["new"])
        }
    }

    @Test
    func aSecretThatCannotBeReadIsReportedUnlessTheOldOneStillServes() async throws {
        try await Self.withGroup { database, source, senders in
            let reason: SQL = "select unserved_reason from driftwatch.destinations where destination = 'pager'"
            source.set([FoundDestination("pager", .faulty("no file"))])
            let isReported = try await eventually {
                try await database.rows(reason, as: String?.self) == ["no file"]
            }
            #expect(isReported)
            let served = try await Self.destination("pager", on: database, senders)
            source.set([served])
            try await Self.alert("a", on: database)
            #expect(try await Self.isSent(1, to: "pager", on: database))
            source.set([FoundDestination("pager", .faulty("gone again"))])
            try await Self.alert("b", on: database)
            #expect(try await Self.isSent(2, to: "pager", on: database))
            #expect(try await database.rows(reason, as: String?.self) == [nil])
            #expect(senders.count("pager") == 1)
        }
    }

    @Test
    func oneThatWasRemovedMeanwhileIsNotServed() async throws {
        try await Self.withGroup { database, source, senders in
            let found = try await Self.destination("pager", on: database, senders)
            try await database.execute("select driftwatch.remove_destination('pager')")
            try await database.execute("select driftwatch.add_destination('pager', 'console', '{}')")
            try await Self.alert("a", on: database)
            source.set([found, try await Self.destination("default", on: database, senders)])
            #expect(try await Self.isSent(1, to: "default", on: database))
            #expect(senders.count("pager") == 0)
            source.set([try await Self.destination("pager", on: database, senders)])
            #expect(try await Self.isSent(1, to: "pager", on: database))
        }
    }
}
