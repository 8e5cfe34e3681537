import Postgres
import TestSupport
import Testing

/// What is said to people who ask for a hold or a silence that makes no sense.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct MuteRefusalTests {
    private static let web = #"labels => '{"role": "web"}'"#
    private static let reasonHint = "give a reason, for the next person who wonders"
    private static let list = "driftwatch servers list --json shows servers, labels and packs"
    private static let longReason = "the reason is not one line of 300 characters at most"
    private static let soon = "clock() + interval '1 hour'"

    private static let refusals: [(String, String?, String?)] = [
        ("hold_alerts(\(soon), ' ', \(web))", "a hold needs a reason", reasonHint),
        ("hold_alerts(\(soon), null, \(web))", "a hold needs a reason", reasonHint),
        ("silence_alerts(\(soon), null, \(web))", "a silence needs a reason", reasonHint),
        ("hold_alerts(\(soon), 'x')", "a hold needs a server, a label or a pack", "name what it covers"),
        ("hold_alerts(null, 'x', \(web))", "a hold needs an end", "say until when"),
        ("hold_alerts('infinity', 'x', \(web))", "a hold needs an end", "say until when"),
        (
            "silence_alerts(\(soon), 'x', \(web), starts => '-infinity')", "a silence needs a start",
            "give a time, or none for now"
        ),
        ("hold_alerts(\(soon), e'x\\ny', \(web))", longReason, "say it shorter"),
        ("hold_alerts(\(soon), repeat('x', 301), \(web))", longReason, "say it shorter"),
        ("hold_alerts(\(soon), repeat('x', 300), \(web))", nil, nil),
        (
            "hold_alerts(clock(), 'x', \(web))", "2026-11-23 06:00:00+00 is in the past", "give a later time"
        ),
        (
            "silence_alerts(\(soon), 'x', \(web), starts => \(soon))", "it would end before it starts",
            "give a later end"
        ),
        (
            "silence_alerts_again('0 2 * * sun', '0', 'x', \(web))", "a recurring silence needs a length",
            "say for how long"
        ),
        (
            "silence_alerts_again('0 2 * * sun', null, 'x', \(web))", "a recurring silence needs a length",
            "say for how long"
        ),
        ("hold_alerts(\(soon), 'x', '[1]')", "labels are a map of texts", #"such as {"role": "web"}"#),
        ("hold_alerts(\(soon), 'x', '{\"a\": 1}')", "labels are a map of texts", #"such as {"role": "web"}"#),
        (
            "hold_alerts(\(soon), 'x', '{\"role\": \"wbe\"}')",
            "no server that is checked fits label role=wbe", list
        ),
        (
            "hold_alerts(\(soon), 'x', server_id => 'web-9')", "no server that is checked fits server web-9",
            list
        ),
        (
            "hold_alerts(\(soon), 'x', server_id => 'web-1', pack_name => 'away')",
            "no server that is checked fits server web-1 and pack away", list
        ),
        // web-3 has no packs.
        (
            "hold_alerts(\(soon), 'x', server_id => 'web-3')", "no server that is checked fits server web-3",
            list
        ),
        ("end_mute('hold', 9)", "there is no hold 9", "driftwatch hold list shows those that have not ended"),
        ("hold_alerts(\(soon), 'x', \(web)), end_mute('hold', 1)", nil, nil),
        (
            "hold_alerts(\(soon), 'x', \(web)), end_mute('hold', 1), end_mute('hold', 1)", "hold 1 has ended already",
            nil
        ),
        (
            "hold_alerts(\(soon), 'x', \(web)), end_mute('silence', 1)", "there is no silence 1",
            "driftwatch silence list shows those that have not ended"
        ),
    ]

    @Test(arguments: refusals)
    func whatMakesNoSenseIsRefused(call: String, refusal: String?, hint: String?) async throws {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript(
                """
                set local search_path = driftwatch;
                set local timezone = 'UTC';
                alter table mutes alter mute_id restart;
                update test_clock set stopped_at = '2026-11-23 06:00Z', shift = '0';
                update servers set labels = '{"role": "web"}' where server_id = 'web-1';
                select unassign('web-3', pack, 'x') from unnest('{base,more}'::text[]) pack;
                """)
            var error: DatabaseError?
            do { try transaction.executeScript("select \(call)") } catch let refused as DatabaseError {
                error = refused
            }
            #expect(error?.serverMessage == refusal)
            #expect(error?.serverHint == hint)
        }
    }

    @Test
    func ofTwoWhoEndAHoldTheSecondIsRefused() async throws {
        try await withTestDatabase(from: .twoServers) { lent in
            let database = lent.database
            let hold = try await database.rows(
                "select driftwatch.hold_alerts(now() + interval '1 day', 'x', server_id => 'web-1')", as: Int64.self)[0]
            try await database.whileUncommitted("select driftwatch.end_mute('hold', \(hold), 'ann')") {
                let refusal = await #expect(throws: DatabaseError.self) {
                    try await database.execute("select driftwatch.end_mute('hold', \(hold), 'bob')")
                }
                #expect(refusal?.serverMessage == "hold \(hold) has ended already")
            }
        }
    }
}
