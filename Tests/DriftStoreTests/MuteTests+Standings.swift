import Postgres
import TestSupport
import Testing

/// What the lists say of holds and silences.
extension MuteTests {
    /// What happens, and each mute's id and state.
    private static let standings: [(String, [String])] = [
        (hold(web), ["1 in force"]),
        (hold(web) + advance(30), ["1 in force"]),
        (hold(web) + advance(30) + close, ["1 ending"]),
        (hold(web) + advance(30) + close + advance(14) + close, ["1 ending"]),
        (hold(web) + advance(30) + close + advance(15) + close, []),
        (hold(web) + advance(30) + close + looked, []),
        (hold(web) + "select end_mute('hold', 1);" + looked, []),
        (weekly, ["1 waiting"]),
        (weekly + window(10, 20), ["1 waiting"]),
        (weekly + window(0, 20), ["1 in force"]),
        (weekly + "select plan_silence(1, null, null, 'UTC', 'nonsense');", ["1 broken"]),
        (weekly + window(0, 20) + "select end_mute('silence', 1);", ["1 ending"]),
        // Another one goes on.
        (hold(web) + hold("pack_name => 'base'", minutes: 60) + advance(30) + close, ["1 ending", "2 in force"]),
        (
            hold(web) + hold("pack_name => 'base'") + "select end_mute('hold', 1);", ["1 ending", "2 in force"]
        ),
        (
            hold(web) + hold("pack_name => 'base'") + "select end_mute('hold', 2);", ["1 in force", "2 ending"]
        ),
    ]

    @Test(arguments: standings)
    func aMuteShowsWhereItStands(given: String, states: [String]) async throws {
        try await Self.undoing(given) { transaction in
            let shown = try transaction.rows(
                "select mute_id || ' ' || state from driftwatch.all_mutes order by 1", as: String.self)
            #expect(shown == states)
        }
    }
}
