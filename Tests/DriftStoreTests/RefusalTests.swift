import Postgres
import TestSupport
import Testing

/// What operators are told when they ask for what cannot be done, and that the same is done where it can be.
@Suite(.database(from: .twoServers), .serialized, .timeLimit(.minutes(2)))
struct RefusalTests {
    private static let shown = "driftwatch alerts show 2 shows the alert as it is now"
    private static func list(_ what: String) -> String { "driftwatch \(what) shows them all" }

    private static let remove = "select remove_server('web-1', 'x');"
    private static let off = "update servers set drift_detection_enabled = false where server_id = 'web-1';"
    private static let hold = "select disable_drift_detection('web-1', 'new disk', null, 'alice');"

    /// Lets a job of the server run, and its cancellation be asked for.
    private static func dying(_ server: String, _ more: String = "") -> String {
        """
        update jobs set state = 'running', attempt = 1, lease_token = gen_random_uuid(), worker_id = 'w', claimed_at = clock(),
            lease_expires_at = clock(), cancel_requested_at = clock() where server_id = '\(server)';
        \(more)
        """
    }

    private static let slot = "schedule_name = 'default', slot_at = clock()"
    private static let dead =
        "redrive_outbox((select min(outbox_id) from outbox where alert_id = 2 and destination = 'default'))"

    /// What happened, the call, and the words: null where it is done.
    private static let requests: [(String, String, String?, String?)] = [
        ("", "acknowledge_alert(2)", nil, nil),
        ("", "acknowledge_alert(1)", "alert 1 is resolved already", nil),
        ("", "acknowledge_alert(2, until => clock() + interval '1 s')", nil, nil),
        (
            "", "acknowledge_alert(2, until => '2026-01-01Z')", "2026-01-01 00:00:00+00 is in the past",
            "give a later time, or none"
        ),
        ("", "acknowledge_alert(99)", "there is no alert 99", list("alerts list --all")),
        ("", "resolve_alert(2)", nil, nil),
        ("", "resolve_alert(1)", "alert 1 is resolved already", nil),
        ("", "resolve_alert(99)", "there is no alert 99", list("alerts list --all")),
        ("", "disable_drift_detection('web-1', 'new disk', clock() + interval '1 s')", nil, nil),
        (
            "", "disable_drift_detection('web-1', ' ')", "disabling a server needs a reason",
            "give a reason, for the next person who wonders"
        ),
        (
            "", "disable_drift_detection('web-1', null)", "disabling a server needs a reason",
            "give a reason, for the next person who wonders"
        ),
        (
            "", "disable_drift_detection('web-1', 'x', '2026-01-01Z')", "2026-01-01 00:00:00+00 is in the past",
            "give a later time, or none"
        ),
        ("", "disable_drift_detection('web-9', 'x')", "there is no server web-9", list("servers list")),
        (remove, "disable_drift_detection('web-1', 'x')", "there is no server web-1", list("servers list")),
        (hold, "enable_drift_detection('web-1')", nil, nil),
        ("", "enable_drift_detection('web-9')", "there is no server web-9", list("servers list")),
        (remove, "enable_drift_detection('web-1')", "there is no server web-1", list("servers list")),
        ("", dead, nil, nil),
        ("", "redrive_outbox(9999)", "there is no dead message 9999", list("outbox list --dead")),
        (
            "", "redrive_outbox((select min(outbox_id) * 0 + 12 from outbox where state = 'pending'))",
            "there is no dead message 12", list("outbox list --dead")
        ),
        // A later message, one that goes out just now, one that is dead as well; and those that are no later messages of it.
        (
            "select update_alert(2, 2, 3, '[]'); update outbox set state = 'sent', sent_at = clock() where seq = 2;",
            dead, "*out of date*", shown
        ),
        (
            "select update_alert(2, 2, 3, '[]'); update outbox set state = 'sending', lease_token = gen_random_uuid() where alert_id = 2 and seq = 2;",
            dead, "*out of date*", shown
        ),
        (
            "select update_alert(2, 2, 3, '[]'); update outbox set state = 'dead' where alert_id = 2 and seq = 2;",
            dead, nil, nil
        ),
        (
            "select update_alert(3, 2, 3, '[]'); update outbox set state = 'sent', sent_at = clock() where alert_id = 3;",
            dead, nil, nil
        ),
        (
            "select update_alert(2, 2, 3, '[]'); update outbox set state = 'sent', sent_at = clock() where destination = 'pager';",
            dead, nil, nil
        ),
        (
            "update outbox set state = 'sent', sent_at = clock() where alert_id = 2; select update_alert(2, 2, 3, '[]'); update outbox set state = 'dead' where alert_id = 2 and seq = 2;",
            "redrive_outbox((select min(outbox_id) from outbox where seq = 2 and alert_id = 2 and destination = 'default'))",
            nil, nil
        ),
        ("", "resume_destination('default')", nil, nil),
        ("", "resume_destination('sms')", "there is no destination sms", list("destination list")),
        ("", "enqueue_check('web-1')", nil, nil),
        ("", "enqueue_check('web-9')", "there is no server web-9", list("servers list")),
        (remove, "enqueue_check('web-1')", "there is no server web-1", list("servers list")),
        (
            off, "enqueue_check('web-1')", "drift detection of web-1 is off in the inventory",
            "set drift_detection: true in the inventory and run driftwatch apply"
        ),
        (
            hold, "enqueue_check('web-1')", "drift detection of web-1 is disabled by alice: new disk",
            "driftwatch servers enable web-1"
        ),
        (
            "delete from assignments where server_id = 'web-1';", "enqueue_check('web-1')",
            "web-1 has no packs to check it against", "assign packs in the inventory and run driftwatch apply"
        ),
        (
            dying("web-1"), "enqueue_check('web-1')", "the check of web-1 that is running, job 1, is being cancelled",
            "ask again in a moment"
        ),
        (dying("web-2"), "enqueue_check('web-1')", nil, nil),
        (dying("web-1", "update jobs set cancel_requested_at = null;"), "enqueue_check('web-1')", nil, nil),
        (dying("web-1", "update jobs set \(slot) where server_id = 'web-1';"), "enqueue_check('web-1')", nil, nil),
        (
            dying("web-1", "update jobs set state = 'cancelled', finished_at = clock() where server_id = 'web-1';"),
            "enqueue_check('web-1')", nil, nil
        ),
    ]

    @Test(arguments: requests)
    func whatCannotBeDoneIsRefusedWithItsReason(given: String, call: String, refusal: String?, hint: String?)
        async throws
    {
        try await TestDatabase.current.database.undoing { transaction in
            try transaction.executeScript("set local search_path = driftwatch; set local timezone = 'UTC'; \(given)")
            do {
                try transaction.executeScript("select \(call)")
                #expect(refusal == nil)
            } catch let error as DatabaseError {
                #expect(error.sqlState == "DW001", "\(error)")
                let message = error.serverMessage ?? ""
                if let refusal, refusal.hasPrefix("*") {
                    #expect(message.contains(refusal.dropFirst().dropLast()))
                } else {
                    #expect(message == refusal)
                }
                #expect(error.serverHint == hint)
            }
        }
    }
}
