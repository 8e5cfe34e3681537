import Cron
import DriftStore
import Foundation
import Postgres
import Presentation

/// The part of `doctor` about time: whether the database's clock went back, and the rules of the schedule's zone.
struct TimeExamination {
    private let database: Database
    private let report: DoctorReport

    init(_ database: Database, _ report: DoctorReport) {
        self.database = database
        self.report = report
    }

    func run(_ schedule: ScheduleLine?) async throws {
        let times = Times(zone: schedule?.timeZone)
        try await reportCorrections(times)
        if let schedule { try await reportZone(schedule, times) }
    }

    private func reportCorrections(_ times: Times) async throws {
        let correction = try await database.read { transaction in
            try transaction.first(
                """
                select a.at, a.detail::text from driftwatch.audit_trail a
                where a.subject = 'clock' and a.action = 'correct_times' and a.at > driftwatch.clock() - interval '7 days'
                order by a.audit_id desc limit 1
                """, as: (Date, String).self)
        }
        guard let (at, detail) = correction else { return }
        report.add(
            "clock", .note, "the database's clock went back; stored times were corrected \(times.stamp(at)): \(detail)",
            hint: "see the NTP client of the database's host")
    }

    /// The schedulers go by this machine's rules, and `psql` shows the database's.
    private func reportZone(_ schedule: ScheduleLine, _ times: Times) async throws {
        // A zone that is not known here is reported with the schedule.
        guard let rules = try? namedTimeZone(schedule.timeZone) else { return }
        let version = "tzdata \(ZoneRules.systemVersion() ?? "of an unknown version")"
        let changes = rules.changes(after: schedule.now, until: schedule.now + 5 * 366 * 86_400)
        let instants = [schedule.now] + changes.flatMap { [$0 - 1, $0, $0 + 45 * 86_400] }
        let offsets: [(Date, Int)]
        do {
            offsets = try await database.read { transaction in
                try transaction.rows(
                    """
                    select t, extract(epoch from (t at time zone \(schedule.timeZone)) - (t at time zone 'UTC'))::int
                    from unnest(\(instants)::timestamptz[]) t order by t
                    """, as: (Date, Int).self)
            }
        } catch let error as DatabaseError where error.sqlState == "22023" {
            return report.add("time zone", .note, "\(version); the database does not know \(schedule.timeZone)")
        }
        guard let (date, theirs) = offsets.first(where: { rules.offset(at: $0.0) != $0.1 }) else {
            return report.add(
                "time zone", .fine, "\(version); the database has the same rules for \(schedule.timeZone)")
        }
        report.add(
            "time zone", .note,
            "\(version); the database has other rules for \(schedule.timeZone): at \(times.text(date)) its clocks show "
                + "\(offset(theirs)), this machine's \(offset(rules.offset(at: date)))",
            hint: "slots go by the schedulers' machines: update tzdata there; psql shows the database's")
    }

    /// Such as `+01:00`.
    private func offset(_ seconds: Int) -> String {
        let minutes = abs(seconds) / 60
        let digits = { (number: Int) in (number < 10 ? "0" : "") + "\(number)" }
        return "UTC\(seconds < 0 ? "-" : "+")\(digits(minutes / 60)):\(digits(minutes % 60))"
    }
}
