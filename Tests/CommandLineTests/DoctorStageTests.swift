import Foundation
import Postgres
import TestSupport
import Testing

/// Each stage of `doctor` that asks the database or the settings, made to fail once.
@Suite
struct DoctorStageTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var stage: String
        var line: String
        var sql = ""
        var settings: [String: String] = [:]
        var server = "here"

        var testDescription: String { "\(stage): \(line)" }
    }

    private static let faults = [
        Fault(stage: "scheduler", line: "wrong  none is alive", sql: "delete from workers where process = 'scheduler'"),
        Fault(stage: "worker", line: "wrong  none is alive", sql: "delete from workers where process = 'worker'"),
        Fault(stage: "notifier", line: "wrong  none is alive", sql: "delete from workers where process = 'notifier'"),
        Fault(stage: "web", line: "note   none is alive", sql: "delete from workers where process = 'web'"),
        Fault(stage: "schedule", line: "wrong  there is none yet", sql: "delete from schedules"),
        Fault(
            stage: "schedule", line: "wrong  0 6 * * * Mars/Olympus: ",
            sql: "update schedules set time_zone = 'Mars/Olympus'"),
        Fault(
            stage: "schedule", line: "note   the schedule is paused",
            sql: "select pause_schedule('default', 'holidays')"),
        Fault(
            stage: "queue", line: "note   the queue default is paused", sql: "select pause_queue('default', 'holidays')"
        ),
        Fault(
            stage: "queue", line: "wrong  default: no worker serves it, and the checks of far wait",
            sql: "update workers set queues = '{local:here}' where process = 'worker'"),
        Fault(
            stage: "delivery", line: "wrong  messages to default are not delivered: paused: channel_is_archived",
            sql: "update destinations set paused_at = now(), paused_reason = 'channel_is_archived'"),
        Fault(
            stage: "destination", line: "wrong  default is paused: channel_is_archived",
            sql: "update destinations set paused_at = now(), paused_reason = 'channel_is_archived'"),
        Fault(
            stage: "destination", line: "note   default answers late: 2 of the last 2 attempts had no reply within 5 s",
            sql: "update destinations set recent_replies = '{NULL,NULL}', last_attempt_at = now()"),
        Fault(
            stage: "destination", line: "note   default: 1 message given up",
            sql: """
                insert into outbox (alert_id, seq, destination, kind, payload, state, not_before, created_at)
                values (1, 1, 'default', 'drift_detected', '{}', 'dead', now(), now())
                """),
        Fault(stage: "nowhere", line: "wrong  there is no server nowhere", server: "nowhere"),
        Fault(
            stage: "slack", line: "wrong  DRIFTWATCH_SLACK_WEBHOOK_URL: ",
            settings: ["DRIFTWATCH_SLACK_WEBHOOK_URL": "hooks.slack.com/services"]),
        Fault(
            stage: "slack", line: "wrong  http://127.0.0.1:1/ does not answer: 127.0.0.1:1: ",
            settings: ["DRIFTWATCH_SLACK_WEBHOOK_URL": "http://127.0.0.1:1/services/T0/B0/one"]),
    ]

    @Test(arguments: faults)
    func aFaultIsSaidAtItsStageAndOnlyANoteLeavesAllWell(_ fault: Fault) async throws {
        try await DoctorCommandTests.withFleet { database, environment, _ in
            try await database.executeScript(
                """
                set search_path = driftwatch;
                select register_worker(p, p, 'there', 1, 'x', 1,
                    case p when 'worker' then '{default,local:here}'::text[] else '{}' end)
                from unnest('{scheduler,worker,notifier,web}'::text[]) p;
                select set_schedule('default', '0 6 * * *', 'UTC');
                \(fault.sql);
                """)
            let result = try await Program.run(
                ["doctor", fault.server], environment.merging(fault.settings) { $1 })
            let lines = result.output.split(separator: "\n").map(String.init)
            let said = lines.filter { $0.dropFirst(7).prefix { $0 != " " } == fault.stage }
                .map { $0.prefix(7) + $0.dropFirst(7 + fault.stage.count).drop { $0 == " " } }
            #expect(said.contains { $0.hasPrefix(fault.line) }, "\(result)")
            #expect(result.status == (lines.contains { $0.hasPrefix("wrong") } ? 1 : 0), "\(result)")
        }
    }
}
