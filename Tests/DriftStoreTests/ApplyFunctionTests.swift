import Postgres
import TestSupport
import Testing

/// `apply_pack`, `apply_server`, `remove_server` and `remove_pack`, one call at a time.
@Suite(.timeLimit(.minutes(2)))
struct ApplyFunctionTests {
    @Test
    func anApplyKeepsOutAnotherOneAndNoReader() async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("a")
            try await database.holding("select driftwatch.begin_apply()") {
                let refusal = await #expect(throws: DatabaseError.self) {
                    try await database.withTransaction {
                        try $0.execute("lock table driftwatch.packs in share row exclusive mode nowait")
                    }
                }
                #expect(refusal?.sqlState == .lockNotAvailable)
                let packs = try await database.rows("select pack_name from driftwatch.packs", as: String.self)
                #expect(packs == ["base"])
            }
        }
    }

    @Test
    func theServersThatChangeAreLockedAndNoOthers() async throws {
        try await withMigratedDatabase { database in
            for server in ["a", "b", "c"] { try await database.makeServer(server) }
            try await database.holding("select driftwatch.lock_servers('{a,c}')") {
                let free = try await database.rows(
                    "select server_id from driftwatch.servers for update skip locked", as: String.self)
                #expect(free == ["b"])
            }
        }
    }

    /// What `apply_pack` is given for the pack base.
    struct Version: Sendable, CustomTestStringConvertible {
        var name = "Base"
        var description: String?
        var extends: String?
        var digest = "sha256:a"
        var resolved = #"{"a": 1}"#
        var keys = ["file:/a"]
        var testDescription: String { "\(name) \(description ?? "-") \(extends ?? "-") \(digest) \(resolved)" }
    }

    @discardableResult
    private static func apply(_ version: Version, _ database: Database) async throws -> String? {
        try await database.rows(
            """
            select driftwatch.apply_pack(
                'base', \(version.name), \(version.description), \(version.extends), \(version.digest),
                \(JSONText(version.resolved)), \(version.keys))
            """, as: String.self
        ).first
    }

    private static let versions = [
        Version(), Version(name: "Basis"), Version(description: "What every server has"), Version(extends: "known"),
        Version(digest: "sha256:b"),
        // Somebody changed the stored text.
        Version(resolved: #"{"a": 2}"#),
    ]

    @Test(arguments: versions)
    func aPackIsUnchangedOnlyIfAllOfItIs(then: Version) async throws {
        try await Bystanders.with(["base": ["/a"]], onAllServers: true) { database in
            #expect(try await Self.apply(Version(), database) == "changed")
            let isSame = then.testDescription == Version().testDescription
            #expect(try await Self.apply(then, database) == (isSame ? "unchanged" : "changed"))
            #expect(try await Self.apply(then, database) == "unchanged")
            let stored = try await database.rows(
                """
                select concat_ws(' ', p.display_name, coalesce(p.description, '-'), coalesce(p.extends, '-'), digest, v.resolved)
                from driftwatch.packs p join driftwatch.pack_versions v using (pack_name, digest) where pack_name = 'base'
                """, as: String.self)
            #expect(stored == [then.testDescription])
        }
    }

    @Test
    func aVersionIsReplacedSinceTheNextOneCameAndMayComeBack() async throws {
        try await Bystanders.with(["base": ["/a"]], onAllServers: true) { database in
            try await database.stopClock()
            func replaced() async throws -> [String] {
                try await database.rows(
                    """
                    select digest || ' ' || coalesce(extract(epoch from driftwatch.clock() - replaced_at)::int::text, 'in force')
                    from driftwatch.pack_versions where pack_name = 'base' and digest like 'sha256:_' order by 1
                    """, as: String.self)
            }
            for digest in ["sha256:a", "sha256:b", "sha256:c"] {
                try await Self.apply(Version(digest: digest), database)
                try await database.advanceClock(by: .seconds(60))
            }
            #expect(try await replaced() == ["sha256:a 120", "sha256:b 60", "sha256:c in force"])
            #expect(try await Self.apply(Version(digest: "sha256:a"), database) == "changed")
            #expect(try await replaced() == ["sha256:a in force", "sha256:b 60", "sha256:c 0"])
        }
    }

    @Test
    func onlyWhatANewVersionAddsIsStillToBeReadAndOnlyANewVersionIsLookedAt() async throws {
        try await Bystanders.with(["base": ["/a"]], onAllServers: true) { database in
            let state: SQL = """
                select unverified::text || ' ' || (look_wanted_at = driftwatch.clock()) from driftwatch.drift_states
                where server_id = 'web-1' and pack_name = 'base'
                """
            try await Self.apply(Version(), database)
            try await database.execute(
                "update driftwatch.drift_states set unverified = '{}' where server_id = 'web-1' and pack_name = 'base'")
            try await database.stopClock()
            try await Self.apply(Version(name: "Basis"), database)
            #expect(try await database.rows(state, as: String.self) == ["{} false"])
            try await Self.apply(Version(name: "Basis", digest: "sha256:b", keys: ["file:/a", "file:/b"]), database)
            #expect(try await database.rows(state, as: String.self) == ["{file:/b} true"])
        }
    }

    private static func applyServer(_ packs: [String], _ database: Database) async throws -> String? {
        try await database.rows(
            """
            select concat_ws(' ', change, assigned, unassigned)
            from driftwatch.apply_server(
                'web-1', 'WEB-1', 'web-1', null, null, null, 'ssh', 'default', '{}', true, \(packs), 'test')
            """, as: String.self
        ).first
    }

    @Test
    func aServerGetsExactlyThePacksItIsGiven() async throws {
        try await Bystanders.with(["base": ["/a"], "core": ["/a"]]) { database in
            #expect(try await Self.applyServer(["base", "core", "known", "new"], database) == "unchanged {} {}")
            #expect(try await Self.applyServer(["core", "known", "new"], database) == "changed {} {base}")
            // Another server has it still.
            #expect(try await Self.applyServer(["base", "core", "known", "new"], database) == "changed {base} {}")
            let unverified = try await database.rows(
                """
                select unverified::text from driftwatch.drift_states where server_id = 'web-1' and pack_name = 'base'
                """, as: String.self)
            #expect(unverified == ["{file:/a}"])
        }
    }

    @Test
    func aServerThatIsRemovedLeavesNothingOfItsOwnAndAllOfTheOthers() async throws {
        try await Bystanders.with(["base": ["/a"], "core": ["/a"], "known": ["/a"], "new": ["/a"]]) { database in
            try await database.execute("select driftwatch.open_alert('web-1', 'base', 1, 1, '[]')")
            try await database.execute("select driftwatch.remove_server('web-1', 'test')")
            let left = try await database.rows(
                """
                select server_id from driftwatch.assignments where server_id = 'web-1'
                union all select server_id from driftwatch.drift_states where server_id = 'web-1'
                union all select server_id from driftwatch.servers where server_id = 'web-1' and removed_at is null
                """, as: String.self)
            #expect(left == [])
            let resolutions = try await database.rows(
                "select resolution from driftwatch.alerts where server_id = 'web-1' and resolution <> 'manual' group by 1",
                as: String.self)
            #expect(resolutions == ["removed"])
        }
    }

    @Test
    func aPackThatIsRemovedLeavesItsVersions() async throws {
        try await Bystanders.with(["base": ["/a"]], onAllServers: true) { database in
            try await database.execute("select driftwatch.remove_pack('base', 'test')")
            let left = try await database.rows(
                """
                select pack_name from driftwatch.packs where pack_name = 'base'
                union all select pack_name from driftwatch.assignments where pack_name = 'base'
                union all select pack_name from driftwatch.drift_states where pack_name = 'base'
                union all select 'version' from driftwatch.pack_versions where pack_name = 'base' and replaced_at is not null
                """, as: String.self)
            #expect(left == ["version"])
        }
    }
}
