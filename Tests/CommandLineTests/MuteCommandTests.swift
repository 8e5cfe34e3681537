import Foundation
import Postgres
import TestSupport
import Testing

@testable import driftwatch

/// `hold` and `silence`, and where what they mute is shown, with the built binary.
@Suite(.timeLimit(.minutes(2)))
struct MuteCommandTests {
    private static func withFleet(_ body: (Database, [String: String]) async throws -> Void) async throws {
        try await withTestDatabase(from: .migrated) { lent in
            for server in ["web-1", "db-1"] { try await lent.database.makeServer(server) }
            try await lent.database.execute(
                """
                update driftwatch.servers set labels = '{"role": "web"}' where server_id = 'web-1';
                """)
            try await lent.database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'Asia/Tokyo')")
            try await lent.database.execute("update driftwatch.test_clock set stopped_at = '2030-01-01 21:00Z'")
            try await body(
                lent.database, ["DRIFTWATCH_DATABASE_URL": lent.conninfo, "DRIFTWATCH_ACTOR": "alice"])
        }
    }

    @Test
    func aHoldIsMadeListedAndEnded() async throws {
        try await Self.withFleet { database, environment in
            let made = try await Program.run(
                ["hold", "--label", "role=web", "--until", "+30m", "--reason", "deploy 42"], environment)
            #expect(made.status == 0, "\(made)")
            #expect(made.output == "hold 1: messages about 1 server wait until 2030-01-02 06:30 Asia/Tokyo\n")
            let list = try await Program.run(["hold", "list"], environment)
            #expect(
                list.output.contains(
                    #/1 +in force +role=web +1 +2030-01-02 06:00:00\+09:00 +2030-01-02 06:30:00\+09:00 +alice +deploy 42/#
                ),
                "\(list)")
            let silences = try await Program.run(["silence", "list"], environment)
            #expect(silences.output == "no silences\n", "\(silences)")
            let wrongKind = try await Program.run(["silence", "end", "1"], environment)
            #expect(wrongKind.status == 2 && wrongKind.errors.contains("there is no silence 1"), "\(wrongKind)")
            let ended = try await Program.run(["hold", "end", "1"], environment)
            #expect(ended.output == "ended hold 1\n", "\(ended)")
            let actors = try await database.rows(
                "select action || ' ' || actor from driftwatch.audit_log where action ~ 'hold' order by audit_id",
                as: String.self)
            #expect(actors == ["add_hold alice", "end_hold alice"])
        }
    }

    @Test
    func aSilenceIsOneWindowOrMany() async throws {
        try await Self.withFleet { _, environment in
            let one = try await Program.run(
                [
                    "silence", "add", "--server", "db-1", "--from", "2030-01-02T00:00:00Z", "--until",
                    "2030-01-02T02:00:00Z", "--reason", "disks", "--json",
                ], environment)
            let json = try #require(
                try JSONSerialization.jsonObject(with: Data(one.output.utf8)) as? [String: Any], "\(one)")
            #expect(json["mute_id"] as? Int == 1 && json["state"] as? String == "waiting", "\(one)")
            let many = try await Program.run(
                [
                    "silence", "add", "--cron", "0 2 * * sun", "--for", "4h", "--pack", "base", "--label", "role=web",
                    "--reason", "weekly",
                ], environment)
            #expect(
                many.output == "silence 2: messages about 1 server wait in every window of 0 2 * * sun\n", "\(many)")
            let list = try await Program.run(["silence", "list"], environment)
            #expect(list.output.contains(#/1 +waiting +db-1 +1 +2030-01-02 09:00:00\+09:00/#), "\(list)")
            #expect(list.output.contains(#/2 +waiting +role=web, pack base +1 +- +- +0 2 \* \* sun +alice/#), "\(list)")
        }
    }

    @Test(arguments: [
        (["hold", "--until", "30m", "--reason", "x"], "Say what it covers: --server, --label or --pack"),
        (["hold", "--server", "web-1", "--reason", "x"], "Missing expected argument '--until <when>'"),
        (
            ["hold", "--server", "web-1", "--until", "2001-01-01T00:00:00Z", "--reason", "x"], "is in the past"
        ),
        (["hold", "--label", "role=wbe", "--until", "30m", "--reason", "x"], "no server that is checked fits"),
        (["silence", "add", "--server", "web-1", "--reason", "x"], "Say when it ends: --until, or --cron and --for"),
        (
            ["silence", "add", "--server", "web-1", "--reason", "x", "--until", "4h", "--cron", "0 2 * * *"],
            "Give --until for one window, or --cron for many, not both"
        ),
        (
            ["silence", "add", "--server", "web-1", "--reason", "x", "--until", "4h", "--for", "4h"],
            "--for belongs to --cron"
        ),
        (["silence", "add", "--server", "web-1", "--reason", "x", "--cron", "0 2 * * *"], "--cron needs --for"),
        (
            [
                "silence", "add", "--server", "web-1", "--reason", "x", "--cron", "0 2 * * *", "--for", "4h", "--from",
                "1h",
            ], "--from belongs to --until"
        ),
        (["silence", "add", "--server", "web-1", "--reason", "x", "--cron", "0 25 * * *", "--for", "4h"], "25"),
        (
            ["silence", "add", "--server", "web-1", "--reason", "x", "--cron", "0 2 * * *", "--for", "24h"],
            "a window begins 1d after another, before that one is over (make them shorter, or less frequent)"
        ),
        (
            ["silence", "add", "--server", "web-1", "--reason", "x", "--cron", "* * * * *", "--for", "1h"],
            "a window begins 1m after another"
        ),
    ])
    func whatMakesNoSenseIsRefused(arguments: [String], words: String) async throws {
        try await Self.withFleet { _, environment in
            let result = try await Program.run(arguments, environment)
            #expect(result.status == 2 && result.errors.contains(words), "\(result)")
        }
    }

    @Test
    func whatIsMutedIsShownAndMarked() async throws {
        try await Self.withFleet { database, environment in
            try await database.execute("select driftwatch.open_alert('web-1', 'base', 1, 1, '[]')")
            try await database.execute(
                """
                select driftwatch.hold_alerts('2030-01-01 21:30Z', 'deploy 42', server_id => 'web-1', actor => 'alice')
                """)
            let mark = "held until 2030-01-02 06:30 Asia/Tokyo (deploy 42, by alice)"
            let status = try await Program.run(["status"], environment)
            let line = try #require(status.output.split(separator: "\n").first { $0.hasPrefix("web-1") })
            #expect(line.contains(mark) && line.contains("alert 1"), "\(line)")
            #expect(status.output.split(separator: "\n").first { $0.hasPrefix("db-1") }?.contains("held") == false)
            let list = try await Program.run(["alerts", "list"], environment)
            #expect(list.output.contains("open, \(mark)"), "\(list)")
            let story = try await Program.run(["alerts", "show", "1"], environment)
            #expect(story.output.contains("messages wait: \(mark)"), "\(story)")
            #expect(story.output.contains("message 1 to default not sent: \(mark)"), "\(story)")
        }
    }
}
