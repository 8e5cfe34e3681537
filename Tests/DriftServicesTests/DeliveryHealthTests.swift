import DriftStore
import Foundation
import Postgres
import TestSupport
import Testing

/// `delivery_health`: whether people get what they are owed.
@Suite
struct DeliveryHealthTests {
    /// One message that was owed just now, and a notifier that is alive.
    private static func withMessage(_ body: (Database) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1")
            #expect(try await problems(database) == [], "nothing is owed, so nothing is late")
            try await database.execute("select driftwatch.open_alert('web-1', 'base', 1, 1, '[]')")
            try await beat(database)
            #expect(try await problems(database) == [])
            try await body(database)
        }
    }

    private static func problems(_ database: Database) async throws -> [String] {
        try await database.read { try DeliveryReader.report(in: $0).problems }
    }

    private static func beat(_ database: Database) async throws {
        try await database.execute("select driftwatch.register_worker('n', 'notifier', 'host', 1, '1', null, '{}')")
    }

    @Test
    func aMessageThatWaitsWithoutANotifierIsTold() async throws {
        try await Self.withMessage { database in
            try await database.advanceClock(by: .seconds(119))
            #expect(try await Self.problems(database) == [], "a notifier may be starting again")
            try await database.advanceClock(by: .seconds(2))
            try await database.execute(
                "select driftwatch.register_worker('w', 'worker', 'host', 2, '1', null, '{}')")
            #expect(
                try await Self.problems(database) == ["messages to default are not delivered: no notifier is alive"])
            try await Self.beat(database)
            #expect(try await Self.problems(database) == [])
        }
    }

    @Test
    func aMessageThatWaitsForLongIsToldWithWhatItMet() async throws {
        try await Self.withMessage { database in
            try await database.execute("update driftwatch.outbox set last_error = 'connection refused'")
            try await database.advanceClock(by: .seconds(15 * 60 - 2))
            try await Self.beat(database)
            #expect(try await Self.problems(database) == [])
            try await database.advanceClock(by: .seconds(4))
            let problem = try await Self.problems(database).first ?? ""
            #expect(problem.contains("the oldest of 1 has waited since "))
            #expect(problem.hasSuffix(": connection refused"))
        }
    }

    @Test
    func aMessageThatIsBeingSentStillWaits() async throws {
        try await Self.withMessage { database in
            try await database.execute(
                "update driftwatch.outbox set state = 'sending', lease_token = gen_random_uuid()")
            try await database.advanceClock(by: .seconds(15 * 60 + 2))
            try await Self.beat(database)
            let problem = try await Self.problems(database).first ?? ""
            #expect(problem.contains("the oldest of 1 has waited since "))
        }
    }

    @Test
    func eachDestinationIsToldOfItsOwnMessagesAlone() async throws {
        try await Self.withMessage { database in
            try await database.execute(
                """
                insert into driftwatch.destinations (destination, next_send_at) values ('pager', 'epoch');
                """)
            try await database.execute(
                """
                insert into driftwatch.outbox (alert_id, seq, destination, kind, payload, not_before, created_at, state)
                select alert_id, seq, 'pager', kind, payload, not_before, created_at, 'dead' from driftwatch.outbox
                """)
            #expect(
                try await Self.problems(database) == ["messages to pager are not delivered: 1 given up"])
            // What one destination was sent says nothing of the other.
            try await database.execute("select driftwatch.resolve_alert(1)")
            try await database.execute(
                """
                update driftwatch.outbox set state = 'sent', sent_at = driftwatch.clock() where destination = 'default'
                """)
            try await database.execute(
                "delete from driftwatch.outbox where destination = 'pager' and kind = 'drift_resolved'")
            #expect(
                try await Self.problems(database) == ["messages to pager are not delivered: 1 given up"])
            try await database.execute(
                "update driftwatch.outbox set state = 'pending' where destination = 'pager' and kind = 'drift_detected'"
            )
            try await database.advanceClock(by: .seconds(15 * 60 + 2))
            try await Self.beat(database)
            let problems = try await Self.problems(database)
            #expect(
                problems.count == 1 && problems[0].hasPrefix("messages to pager are not delivered: the oldest of 1 "))
        }
    }

    @Test
    func aPausedDestinationIsToldThoughNothingIsOwed() async throws {
        try await Self.withMessage { database in
            try await database.execute("delete from driftwatch.outbox")
            try await database.execute(
                "update driftwatch.destinations set paused_at = driftwatch.clock(), paused_reason = 'channel_is_archived'"
            )
            #expect(
                try await Self.problems(database) == [
                    "messages to default are not delivered: paused: channel_is_archived"
                ])
        }
    }

    @Test
    func aDeadMessageIsToldWhateverBecameOfOthers() async throws {
        try await Self.withMessage { database in
            try await database.makeServer("web-2", packs: ["more": ["/b"]])
            try await database.execute("select driftwatch.open_alert('web-2', 'more', 1, 1, '[]')")
            try await database.execute("select driftwatch.resolve_alert(2)")
            try await database.execute(
                """
                update driftwatch.outbox set state = case alert_id when 1 then 'dead' else 'sent' end,
                    sent_at = case alert_id when 1 then null else driftwatch.clock() end
                """)
            #expect(
                try await Self.problems(database) == ["messages to default are not delivered: 1 given up"])
        }
    }

    @Test
    func aDeadMessageIsToldWhileItCanStillBeSent() async throws {
        try await Self.withMessage { database in
            try await database.execute("update driftwatch.outbox set state = 'dead'")
            #expect(
                try await Self.problems(database) == ["messages to default are not delivered: 1 given up"])
            try await database.execute("select driftwatch.resolve_alert(1)")
            try await database.execute(
                "update driftwatch.outbox set state = 'sent', sent_at = driftwatch.clock() where state = 'pending'")
            #expect(try await Self.problems(database) == [], "a later message of its alert has gone out")
            try await database.execute(
                "update driftwatch.outbox set state = 'dead', sent_at = null where kind = 'drift_resolved'")
            #expect(try await Self.problems(database) == ["messages to default are not delivered: 2 given up"])
            try await database.advanceClock(by: .seconds(7 * 86_400 + 10))
            #expect(try await Self.problems(database) == [])
        }
    }

    @Test(
        "a destination that lately answers late is noticed, and its messages still count as delivered",
        arguments: [
            ("{}", nil), ("{NULL}", nil), ("{0:00:01,NULL,0:00:01,0:00:01,0:00:01}", nil),
            ("{0:00:05,0:00:05}", nil), ("{NULL,NULL}", "2 of the last 2"),
            ("{NULL,0:00:05.1,0:00:01}", "2 of the last 3"),
            ("{0:00:01,NULL,NULL,0:00:12,0:00:01}", "3 of the last 5"),
        ] as [(String, String?)])
    func aDestinationThatAnswersLateIsNoticed(replies: String, share: String?) async throws {
        try await Self.withMessage { database in
            let notices: () async throws -> [String] = {
                try await database.read { try DeliveryReader.report(in: $0).notices }
            }
            try await database.execute(
                """
                update driftwatch.destinations set recent_replies = \(replies)::interval[],
                    last_attempt_at = driftwatch.clock()
                """)
            let wanted =
                share.map { ["destination default answers late: \($0) attempts had no reply within 5 s"] } ?? []
            #expect(try await notices() == wanted)
            #expect(try await Self.problems(database) == [])
            try await database.advanceClock(by: .seconds(86_401))
            #expect(try await notices() == [], "what was a day ago says nothing of now")
        }
    }

    @Test
    func theLastFiveRepliesAreRememberedAndOnlyThose() async throws {
        try await Self.withMessage { database in
            for reply in [1, 2, 3, nil, 5, 6] as [Int?] {
                try await database.advanceClock(by: .seconds(2))
                let (message, lease) = try await database.rows(
                    "select outbox_id, lease_token from driftwatch.claim_outbox('default', 'n', null, '30 s')",
                    as: (Int64, UUID).self)[0]
                try await database.execute(
                    """
                    select driftwatch.settle_outbox(\([message]), \(lease), 'later', reply_time => \(reply.map { Duration.seconds($0) }),
                        in_doubt => \(reply == nil))
                    """)
            }
            let replies = try await database.rows(
                "select coalesce(extract(epoch from r)::integer, 0) from driftwatch.destinations, unnest(recent_replies) r",
                as: Int.self)
            #expect(replies == [6, 5, 0, 3, 2])
        }
    }
}
