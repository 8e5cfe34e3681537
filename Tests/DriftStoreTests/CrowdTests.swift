import Postgres
import Synchronization
import TestSupport
import Testing

/// What a function says or does about one server, pack, alert or message depends on no other one, and changes no other one.
///
/// Each call happens twice: to web-1's base alone, and in the crowd. Both times it has to return the same and leave the same
/// behind, and the crowd has to be as it was.
@Suite(.database(from: .crowd), .serialized, .timeLimit(.minutes(3)))
struct CrowdTests {
    /// What a call is about: whatever else there is makes the crowd.
    enum Subject: String, Sendable {
        /// Web-1 with all of its packs.
        case server
        /// Web-1's base.
        case assignment
        /// The alerts from 1000 on of web-1's base.
        case alert
        /// What goes to the destination default about the alerts from 1000 on of web-1's base.
        case messages

        /// Whether a row of `subjects` is about it.
        var condition: String {
            let ofServer = "coalesce(server = 'web-1', true)"
            let ofPack = "coalesce(pack = 'base', true)"
            let ofAlert = "coalesce(alert >= 1000, true)"
            return switch self {
            case .server: ofServer
            case .assignment: "\(ofServer) and \(ofPack)"
            case .alert: "\(ofServer) and \(ofPack) and \(ofAlert)"
            case .messages: "\(ofServer) and \(ofPack) and \(ofAlert) and coalesce(destination = 'default', true)"
            }
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let subject: Subject
        let call: String
        /// What happens before, to what the call is about.
        let given: String

        init(_ subject: Subject, _ call: String, given: String = "") {
            self.subject = subject
            self.call = call
            self.given = given
        }

        var testDescription: String { onOneLine("\(call) given \(given)") }
    }

    /// What a call returns, and what it leaves behind.
    struct Outcome: Equatable {
        let answer: [String]
        let left: [String]
    }

    /// The others of what a call is about: they are deleted where it happens alone.
    private static func deleteCrowd(around subject: Subject) -> String {
        let packs = subject == .server ? "" : "or pack_name <> 'base'"
        let old = subject == .server || subject == .assignment ? "" : "or alert_id < 1000"
        let destinations = subject == .messages ? "delete from destinations where destination <> 'default';" : ""
        return """
            delete from alerts where server_id <> 'web-1' \(packs) \(old);
            delete from alert_events where alert_id not in (select alert_id from alerts);
            \(destinations)
            delete from outbox
            where alert_id not in (select alert_id from alerts) or destination not in (select destination from destinations);
            delete from alert_parents
            where alert_id not in (select alert_id from alerts) or destination not in (select destination from destinations);
            delete from drift_states where server_id <> 'web-1' \(packs);
            delete from mismatches where server_id <> 'web-1' \(packs);
            delete from unreadables where server_id <> 'web-1' \(packs);
            delete from checks where server_id <> 'web-1' \(packs);
            delete from check_details where server_id <> 'web-1' \(packs);
            delete from waivers where server_id is distinct from 'web-1' \(packs);
            delete from mutes where server_id is distinct from 'web-1' \(packs);
            delete from jobs where server_id <> 'web-1';
            delete from workers where worker_id <> 'w-web-1';
            delete from slots where schedule_name <> 'default' or slot_at <> clock() + interval '2 hours';
            delete from schedules where schedule_name <> 'default';
            delete from assignments where server_id <> 'web-1' \(packs);
            delete from servers where server_id <> 'web-1';
            \(subject == .server ? "" : "delete from pack_versions where pack_name <> 'base'; delete from packs where pack_name <> 'base';")
            """
    }

    private static func rows(_ condition: String, in transaction: borrowing Transaction) throws -> [String] {
        try transaction.rows(
            SQL(unescaped: "select source || ' ' || row from subjects where \(condition) order by 1"), as: String.self)
    }

    private static func outcome(_ example: Case, alone: Bool) async throws -> Outcome {
        let outcome = Mutex<Outcome?>(nil)
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                set local timezone = 'UTC';
                alter table alerts alter alert_id restart 1000;
                alter table checks alter check_id restart 1000;
                alter table jobs alter job_id restart 1000;
                alter table waivers alter waiver_id restart 1000;
                alter table mutes alter mute_id restart 1000;
                \(example.given);
                \(alone ? deleteCrowd(around: example.subject) : "")
                """)
            let crowd = try rows("not (\(example.subject.condition))", in: transaction)
            #expect(alone || crowd.count > 40)
            let answer = try transaction.rows(
                SQL(unescaped: "select to_jsonb(r)::text from (\(example.call)) r order by 1"), as: String.self)
            let left = try rows(example.subject.condition, in: transaction)
            if !alone {
                #expect(
                    try rows("not (\(example.subject.condition))", in: transaction) == crowd, "the crowd has changed")
            }
            outcome.withLock { $0 = Outcome(answer: answer, left: left) }
        }
        return try #require(outcome.withLock { $0 })
    }

    @Test(arguments: checks + failing + alerts + exemptions + flapping + messages)
    func aCallIsAboutItsSubjectOnly(example: Case) async throws {
        let alone = try await Self.outcome(example, alone: true)
        let among = try await Self.outcome(example, alone: false)
        #expect(among.answer == alone.answer)
        #expect(among.left == alone.left)
    }
}
