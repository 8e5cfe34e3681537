/// The files under `sql/`, embedded in the binary, in the order in which they are run.
enum SchemaFiles {
    struct File: Sendable {
        let name: String
        let text: String

        init(_ name: String, _ bytes: [UInt8]) {
            self.name = name
            text = String(decoding: bytes, as: UTF8.self)
        }
    }

    /// Run once each and never changed again; only ever added to.
    static let migrations = [
        File("m0001_servers_and_packs", PackageResources.m0001_servers_and_packs_sql),
        File("m0002_jobs", PackageResources.m0002_jobs_sql),
        File("m0003_checks_and_alerts", PackageResources.m0003_checks_and_alerts_sql),
        File("m0005_parents", PackageResources.m0005_parents_sql),
        File("m0009_waivers", PackageResources.m0009_waivers_sql),
        File("m0010_mutes_and_digests", PackageResources.m0010_mutes_and_digests_sql),
    ]

    /// Counts the released versions of ``code``: a database with functions and views of a newer one keeps them.
    ///
    /// Raised by the first change after a release; `CodeVersionTests` tells.
    static let codeVersion = 1

    /// Replaced as a whole by a binary that has another form of them, and not an older one.
    static let code = [
        File("f00_clock", PackageResources.f00_clock_sql),
        File("f01_rules", PackageResources.f01_rules_sql),
        File("f09_hooks", PackageResources.f09_hooks_sql),
        File("f10_claim", PackageResources.f10_claim_sql),
        File("f11_workers", PackageResources.f11_workers_sql),
        File("f12_slots", PackageResources.f12_slots_sql),
        File("f13_looks", PackageResources.f13_looks_sql),
        File("f14_times", PackageResources.f14_times_sql),
        File("f19_parents", PackageResources.f19_parents_sql),
        File("f20_checks", PackageResources.f20_checks_sql),
        File("f21_alerts", PackageResources.f21_alerts_sql),
        File("f22_failing", PackageResources.f22_failing_sql),
        File("f23_mutes", PackageResources.f23_mutes_sql),
        File("f24_reports", PackageResources.f24_reports_sql),
        File("f25_heartbeats", PackageResources.f25_heartbeats_sql),
        File("f26_waivers", PackageResources.f26_waivers_sql),
        File("f27_flapping", PackageResources.f27_flapping_sql),
        File("f30_outbox", PackageResources.f30_outbox_sql),
        File("f31_destinations", PackageResources.f31_destinations_sql),
        File("f32_groups", PackageResources.f32_groups_sql),
        File("f33_folding", PackageResources.f33_folding_sql),
        File("f40_operators", PackageResources.f40_operators_sql),
        File("f41_apply", PackageResources.f41_apply_sql),
        File("f42_moves", PackageResources.f42_moves_sql),
        File("f43_queue", PackageResources.f43_queue_sql),
        File("f44_destinations", PackageResources.f44_destinations_sql),
        File("f50_retention", PackageResources.f50_retention_sql),
        File("v00_comments", PackageResources.v00_comments_sql),
        File("v05_eligible", PackageResources.v05_eligible_sql),
        File("v06_mutes", PackageResources.v06_mutes_sql),
        File("v10_queue", PackageResources.v10_queue_sql),
        File("v11_slots", PackageResources.v11_slots_sql),
        File("v20_fleet", PackageResources.v20_fleet_sql),
        File("v50_metrics", PackageResources.v50_metrics_sql),
        File("r10_privileges", PackageResources.r10_privileges_sql),
        File("v30_questions", PackageResources.v30_questions_sql),
        File("v40_records", PackageResources.v40_records_sql),
        File("v41_digest", PackageResources.v41_digest_sql),
        File("v90_comments", PackageResources.v90_comments_sql),
        grants,
    ]

    /// Run only where somebody asks for the roles.
    static let roles = File("r00_roles", PackageResources.r00_roles_sql)

    /// Run with the code, and where roles were made since.
    static let grants = File("r20_grants", PackageResources.r20_grants_sql)
}
