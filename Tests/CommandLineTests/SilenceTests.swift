import Postgres
import TestSupport
import Testing

/// What would go unnoticed: `status --check`, `doctor` and `migrate --check` tell it.
@Suite
struct SilenceTests {
    @Test
    func aScheduleThatNobodyUnderstandsIsToldByStatusAndDoctor() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo]
            try await lent.database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            #expect(try await Program.run(["status", "--check"], environment).status == 0)
            try await lent.database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'Mars/Base')")
            let doctor = try await Program.run(["doctor"], environment)
            #expect(doctor.status == 1)
            #expect(doctor.output.contains("Mars/Base"), "\(doctor)")
            #expect(doctor.output.contains("driftwatch schedule set"), "\(doctor)")
            try await lent.database.advanceClock(by: .seconds(180))
            let status = try await Program.run(["status", "--check"], environment)
            #expect(status.status == 4)
            #expect(status.output.contains("overdue"), "\(status)")
        }
    }

    @Test
    func aServerThatNobodyEverLooksAtIsTold() async throws {
        try await withTestDatabase(from: .migrated) { lent in
            let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo]
            try await lent.database.makeServer("web-1")
            try await lent.database.execute("select driftwatch.set_schedule('default', '0 6 * * *', 'UTC')")
            try await lent.database.register(["scheduler", "worker"])
            #expect(try await Program.run(["status", "--check"], environment).status == 0)
            try await lent.database.advanceClock(by: .seconds(601))
            try await lent.database.execute(
                "update driftwatch.schedules set next_slot_at = driftwatch.clock() + interval '1 min'")
            try await lent.database.register(["scheduler", "worker"])
            let status = try await Program.run(["status", "--check"], environment)
            #expect(status.status == 4)
            #expect(status.output.contains("first check overdue"), "\(status)")
            try await lent.database.execute("select driftwatch.disable_drift_detection('web-1', 'moving house')")
            #expect(try await Program.run(["status", "--check"], environment).status == 0)
        }
    }

    @Test
    func functionsOfAnEarlierVersionAreBadNewsUntilMigrateReplacesThem() async throws {
        try await withTestDatabase { lent in
            let environment = ["DRIFTWATCH_DATABASE_URL": lent.conninfo]
            #expect(try await Program.run(["migrate"], environment).status == 0)
            try await lent.database.execute("update driftwatch.schema_info set code_checksum = 'x'")
            #expect(try await Program.run(["status"], environment).status == 0)
            #expect(try await Program.run(["migrate", "--check"], environment).status == 1)
            let migrate = try await Program.run(["migrate"], environment)
            #expect(migrate.output.contains("brought functions and views up to date"))
            #expect(try await Program.run(["migrate", "--check"], environment).status == 0)
            try await lent.database.execute("update driftwatch.schema_info set code_version = 99, code_checksum = 'x'")
            let later = try await Program.run(["migrate"], environment)
            #expect(later.status == 0)
            #expect(later.output.contains("does not change it"))
        }
    }
}
