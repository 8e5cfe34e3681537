import DriftStore
import Postgres
import TestSupport
import Testing

/// `move_memory`: what a pack takes over of what another one knew.
@Suite(.timeLimit(.minutes(2)))
struct MoveMemoryTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let what: String
        let base: Memory
        let core: Memory
        /// Of core afterwards: state, day since, unverified, unverified contents, day of the last check.
        let then: String
        var testDescription: String { what }
    }

    private static let move: SQL = "select driftwatch.move_memory('web-1', '{file:/a}', '{base}', '{core}')"

    static let cases = [
        Case(
            what: "what is wrong keeps its since",
            base: Memory(state: "drifted", since: 1, wrong: ["file:/a"]),
            core: Memory(state: "unknown", since: 5, unverified: ["file:/a", "file:/b"]),
            then: "drifted 1 {file:/b} {} -"),
        Case(
            what: "of two that are wrong, the longer counts",
            base: Memory(state: "drifted", since: 1, wrong: ["file:/a"]),
            core: Memory(state: "drifted", since: 3, checked: 4, wrong: ["file:/b"]), then: "drifted 1 {} {} 4"),
        Case(
            what: "and where it was the heir's own, that one",
            base: Memory(state: "drifted", since: 3, wrong: ["file:/a"]),
            core: Memory(state: "drifted", since: 1, checked: 4, wrong: ["file:/b"]), then: "drifted 1 {} {} 4"),
        Case(
            what: "what was right stays right since then", base: Memory(state: "compliant", since: 2),
            core: Memory(state: "compliant", since: 3, checked: 4), then: "compliant 3 {} {} 4"),
        Case(
            what: "all that is known comes from there", base: Memory(state: "compliant", since: 2, checked: 4),
            core: Memory(state: "unknown", since: 5, unverified: ["file:/a"]), then: "compliant 2 {} {} 4"),
        Case(
            what: "a part is known: the first look is to come", base: Memory(state: "compliant", since: 2, checked: 4),
            core: Memory(state: "unknown", since: 5, unverified: ["file:/a", "file:/b"]),
            then: "unknown 5 {file:/b} {} -"),
        Case(
            what: "what was never judged is not judged now",
            base: Memory(state: "compliant", since: 2, unverified: ["file:/a"]),
            core: Memory(state: "unknown", since: 5, unverified: ["file:/a"]), then: "unknown 5 {file:/a} {} -"),
        Case(
            what: "after a hold nothing is known to be right", base: Memory(state: "unknown", since: 2, checked: 4),
            core: Memory(state: "unknown", since: 5), then: "unknown 5 {} {} -"),
        Case(
            what: "judged but for its content", base: Memory(state: "compliant", since: 2, contents: ["file:/a"]),
            core: Memory(state: "unknown", since: 5, unverified: ["file:/a"]), then: "unknown 5 {} {file:/a} -"),
    ]

    @Test(arguments: cases)
    func whatWasKnownIsKnownToTheHeir(_ example: Case) async throws {
        try await Bystanders.with(["base": ["/a", "/b"], "core": ["/a", "/b"]]) { database in
            try await example.base.store("base", in: database)
            try await example.core.store("core", in: database)
            try await database.execute(Self.move)
            let then = try await database.rows(
                """
                select concat_ws(' ', state, extract(day from since at time zone 'UTC'), unverified, unverified_contents,
                    coalesce(extract(day from last_checked_at at time zone 'UTC')::text, '-')), item_count, unreadable_count
                from driftwatch.drift_states where server_id = 'web-1' and pack_name = 'core'
                """, as: (String, Int, Int).self)
            #expect(then.map(\.0) == [example.then])
            #expect(then.map(\.1) == [2])
            #expect(then.map(\.2) == [0])
            let left = try await database.rows(
                """
                select concat_ws(' ', pack_name, item_key, type, cause, cause_detail ->> 'package')
                from driftwatch.mismatches
                where server_id = 'web-1' and pack_name in ('base', 'core') order by 1
                """, as: String.self)
            #expect(
                left == (example.base.wrong + example.core.wrong).map { "core \($0) missing_file upgrade x" }.sorted())
        }
    }

    struct NeverCompliant: Sendable, CustomTestStringConvertible {
        let what: String
        let base: String
        var baseUnverified: [String] = []
        var baseContents: [String] = []
        let core: String
        var coreUnverified: [String] = []
        var coreContents: [String] = []
        let then: String
        var testDescription: String { what }
    }

    @Test(arguments: [
        NeverCompliant(
            what: "what never complied did not drift elsewhere either", base: #"{"file:/a": ["wrong_owner"]}"#,
            core: "{}", coreUnverified: ["file:/a"], then: #"{"file:/a": ["wrong_owner"]}"#),
        NeverCompliant(
            what: "what complied with one did comply", base: #"{"file:/a": ["wrong_owner"]}"#, core: "{}", then: "{}"),
        NeverCompliant(
            what: "what complied with the other did comply", base: "{}", core: #"{"file:/a": ["wrong_owner"]}"#,
            then: "{}"),
        NeverCompliant(
            what: "what complied with neither", base: #"{"file:/a": ["wrong_group", "wrong_owner"]}"#,
            core: #"{"file:/a": ["wrong_owner", "wrong_type"]}"#, then: #"{"file:/a": ["wrong_owner"]}"#),
        NeverCompliant(
            what: "what was never read says nothing", base: "{}", baseUnverified: ["file:/a"],
            core: #"{"file:/a": ["wrong_owner"]}"#, then: #"{"file:/a": ["wrong_owner"]}"#),
        NeverCompliant(
            what: "a content that was never read says nothing of it",
            base: #"{"file:/a": ["wrong_content", "wrong_owner"]}"#, core: "{}", coreContents: ["file:/a"],
            then: #"{"file:/a": ["wrong_content"]}"#),
        NeverCompliant(
            what: "and so where it came from", base: "{}", baseContents: ["file:/a"],
            core: #"{"file:/a": ["wrong_content", "wrong_owner"]}"#, then: #"{"file:/a": ["wrong_content"]}"#),
        NeverCompliant(
            what: "what does not move stays", base: #"{"file:/b": ["wrong_owner"]}"#,
            core: #"{"file:/b": ["wrong_type"]}"#, then: #"{"file:/b": ["wrong_type"]}"#),
    ])
    func whatNeverCompliedMovesToo(_ example: NeverCompliant) async throws {
        try await Bystanders.with(["base": ["/a", "/b"], "core": ["/a", "/b"]]) { database in
            let packs = [
                ("base", example.base, example.baseUnverified, example.baseContents),
                ("core", example.core, example.coreUnverified, example.coreContents),
            ]
            for (pack, never, unverified, contents) in packs {
                try await database.execute(
                    """
                    update driftwatch.drift_states set never_compliant = \(JSONText(never)), unverified = \(unverified),
                        unverified_contents = \(contents)
                    where server_id = 'web-1' and pack_name = \(pack)
                    """)
            }
            try await database.execute(Self.move)
            let then = try await database.rows(
                """
                select never_compliant::text from driftwatch.drift_states
                where server_id = 'web-1' and pack_name in ('base', 'core') order by pack_name
                """, as: String.self)
            #expect(then.last == example.then)
            #expect(then.first == (example.base.contains("/b") ? example.base : "{}"), "and is gone where it was")
        }
    }

    /// Of several packs that one takes the place of, each may have been the one that saw it comply.
    @Test
    func oneOfManyThatSawItComplyIsEnough() async throws {
        try await Bystanders.with(["base": ["/a"], "core": ["/a"], "more": ["/a"]]) { database in
            try await database.execute(
                """
                update driftwatch.drift_states set unverified = case pack_name when 'core' then '{file:/a}' else '{}' end::text[],
                    never_compliant = case pack_name when 'core' then '{}'
                        when 'base' then '{"file:/a": ["wrong_owner", "wrong_type"]}' else '{"file:/a": ["wrong_type"]}' end::jsonb
                where server_id = 'web-1' and pack_name in ('base', 'core', 'more')
                """)
            try await database.execute(
                "select driftwatch.move_memory('web-1', '{file:/a,file:/a}', '{base,more}', '{core,core}')")
            let then = try await database.rows(
                """
                select never_compliant::text from driftwatch.drift_states
                where server_id = 'web-1' and pack_name in ('base', 'core', 'more') order by pack_name
                """, as: String.self)
            #expect(then == ["{}", #"{"file:/a": ["wrong_type"]}"#, "{}"])
        }
    }

    @Test
    func whatOneOfTwoCouldReadWentDark() async throws {
        try await Bystanders.with(["base": ["/a"], "core": ["/a"], "more": ["/a"]]) { database in
            try await database.execute(
                """
                insert into driftwatch.unreadables (server_id, pack_name, item_key, item, reason, was_readable, since)
                values ('web-1', 'base', 'file:/a', '/a', 'slow', false, '2026-01-01Z'),
                       ('web-1', 'more', 'file:/a', '/a', 'slow', true, '2026-01-02Z')
                """)
            try await database.execute(
                "select driftwatch.move_memory('web-1', '{file:/a,file:/a}', '{base,more}', '{core,core}')")
            #expect(try await Self.unreadables(database) == ["core file:/a t"])
        }
    }

    @Test
    func whatTheHeirCouldNotReadEitherStaysItsOwn() async throws {
        try await Bystanders.with(["base": ["/a", "/b"], "core": ["/a"]]) { database in
            try await database.execute(
                """
                insert into driftwatch.unreadables (server_id, pack_name, item_key, item, reason, was_readable, since)
                values ('web-1', 'base', 'file:/a', '/a', 'slow', true, '2026-01-01Z'),
                       ('web-1', 'base', 'file:/b', '/b', 'slow', true, '2026-01-01Z'),
                       ('web-1', 'core', 'file:/a', '/a', 'slow', false, '2026-01-02Z')
                """)
            try await database.execute(Self.move)
            #expect(try await Self.unreadables(database) == ["base file:/b t", "core file:/a f"])
            let counts = try await database.rows(
                """
                select pack_name || ' ' || unreadable_count from driftwatch.drift_states
                where server_id = 'web-1' and pack_name in ('base', 'core') order by 1
                """, as: String.self)
            #expect(counts == ["base 1", "core 1"])
        }
    }

    private static func unreadables(_ database: Database) async throws -> [String] {
        try await database.rows(
            """
            select concat_ws(' ', pack_name, item_key, was_readable) from driftwatch.unreadables
            where server_id = 'web-1' and pack_name in ('base', 'core', 'more') order by 1
            """, as: String.self)
    }

    @Test(arguments: [
        (base: Memory(state: "drifted", since: 3, wrong: ["file:/a"]), more: Memory(state: "compliant", since: 1)),
        (base: Memory(state: "compliant", since: 5), more: Memory(state: "drifted", since: 3, wrong: ["file:/b"])),
    ])
    func ofTwoThatMoveTheOneThatIsWrongSaysSinceWhen(base: Memory, more: Memory) async throws {
        try await Bystanders.with(["base": ["/a"], "core": ["/a", "/b"], "more": ["/b"]]) { database in
            try await base.store("base", in: database)
            try await more.store("more", in: database)
            try await database.execute(
                "select driftwatch.move_memory('web-1', '{file:/a,file:/b}', '{base,more}', '{core,core}')")
            let days = try await database.rows(
                """
                select extract(day from since at time zone 'UTC')::int from driftwatch.drift_states
                where server_id = 'web-1' and pack_name = 'core' and state = 'drifted'
                """, as: Int.self)
            #expect(days == [3])
        }
    }

    /// Two packs of a server may want different versions of a package, so one key may move to two packs.
    @Test
    func whatMovesToTwoPacksTakesToEachWhatItsOwnSourceKnew() async throws {
        try await Bystanders.with(["base": ["/a", "/b"], "core": ["/a", "/b"], "more": ["/a"], "site": ["/a"]]) {
            database in
            try await database.execute(
                """
                update driftwatch.drift_states
                set unverified = case when pack_name in ('core', 'site') then '{file:/a,file:/b}' else '{}' end::text[],
                    never_compliant = case pack_name
                        when 'base' then '{"file:/a": ["wrong_owner"], "file:/b": ["wrong_type"]}' else '{}' end::jsonb
                where server_id = 'web-1' and pack_name in ('base', 'core', 'more', 'site')
                """)
            try await database.execute(
                "select driftwatch.move_memory('web-1', '{file:/a,file:/a}', '{base,more}', '{core,site}')")
            let then = try await database.rows(
                """
                select pack_name || ' ' || never_compliant from driftwatch.drift_states
                where server_id = 'web-1' and pack_name in ('base', 'core', 'more', 'site') order by 1
                """, as: String.self)
            #expect(
                then == [
                    #"base {"file:/b": ["wrong_type"]}"#, #"core {"file:/a": ["wrong_owner"]}"#, "more {}", "site {}",
                ])
        }
    }

    /// What another pack gives up is not what this one gives up.
    @Test
    func whatAPackKeepsKeepsItsPast() async throws {
        try await Bystanders.with(["base": ["/a", "/b"], "core": ["/a", "/b"], "more": ["/b"]]) { database in
            try await database.execute(
                """
                update driftwatch.drift_states
                set unverified = case pack_name when 'core' then '{file:/a,file:/b}' else '{}' end::text[],
                    never_compliant = case pack_name
                        when 'base' then '{"file:/a": ["wrong_owner"], "file:/b": ["wrong_type"]}' else '{}' end::jsonb
                where server_id = 'web-1' and pack_name in ('base', 'core', 'more')
                """)
            try await database.execute(
                "select driftwatch.move_memory('web-1', '{file:/a,file:/b}', '{base,more}', '{core,core}')")
            let then = try await database.rows(
                """
                select pack_name || ' ' || never_compliant from driftwatch.drift_states
                where server_id = 'web-1' and pack_name in ('base', 'core', 'more') order by 1
                """, as: String.self)
            #expect(
                then == [
                    #"base {"file:/b": ["wrong_type"]}"#, #"core {"file:/a": ["wrong_owner"]}"#, "more {}",
                ])
        }
    }
}
