import Postgres
import TestSupport
import Testing

/// What functions answer at the edges of their rules, about web-1's base in the crowd.
@Suite(.database(from: .crowd), .serialized, .timeLimit(.minutes(2)))
struct AnswerTests {
    struct Case: Sendable, CustomTestStringConvertible {
        /// What is shown, as one text.
        let question: String
        /// What happens before.
        let given: String
        let answer: String

        init(_ question: String, given: String = "", _ answer: String) {
            self.question = question
            self.given = given
            self.answer = answer
        }

        var testDescription: String { onOneLine("\(question) given \(given)") }
    }

    // What often happens before.

    static let opened = """
        select open_alert('web-1', 'base', 105, 1, '[{"type": "wrong_owner", "item": "/y"}]');
        """

    static let closed = "select close_alert(max(alert_id), 'compliant', 'driftwatch') from alerts;"

    /// The alert names /x too, as the resolved one did that turned twice.
    static let namedMore = #"select update_alert(1000, 105, 2, '[{"type": "wrong_owner", "item": "/x"}]', 1);"#

    static let seen = "select acknowledge_alert(1000, 'ann');"

    static let wrong = """
        insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
        values ('web-1', 'base', '/y', 'wrong_owner', '/y', '{}', '{}', clock(), 105);
        """

    static func dark(_ slots: Int, alerted: Bool = false, item: String = "/u") -> String {
        """
        insert into unreadables (server_id, pack_name, item_key, item, reason, was_readable, since, slots, alerted)
        values ('web-1', 'base', '\(item)', '\(item)', 'slow', true, clock(), \(slots), \(alerted));
        """
    }

    static let settle = "select settle_dark('web-1', 'base', 'recovered', 'driftwatch');"

    static let wentDark = dark(3) + settle

    static func parent(_ destination: String, shared: Bool) -> String {
        """
        insert into alert_parents (destination, alert_id, channel, channel_id, remote_id, shared, posted_at)
        select '\(destination)', max(alert_id), '#ops', 'C', '1.0', \(shared), clock() from alerts;
        """
    }

    @Test(arguments: mutes + routes + folding + groups + flapping + company + memory + names + items + waivers)
    func answers(example: Case) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                alter table alerts alter alert_id restart 1000;
                alter table mutes alter mute_id restart 1000;
                \(example.given)
                """)
            let answer = try transaction.rows(
                SQL(
                    unescaped:
                        "select replace(replace(trim(both '()' from (r.*)::text), '\"', ''), ',', ' ') from (select \(example.question)) r"
                ),
                as: String.self)
            #expect(answer.joined(separator: ",") == example.answer)
        }
    }
}
