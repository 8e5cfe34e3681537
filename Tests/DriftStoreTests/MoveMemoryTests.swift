import DriftStore
import Postgres
import TestSupport
import Testing

/// `move_memory`, `carry_out` and `forget_items`: what a pack takes over of what another one knew.
@Suite(.timeLimit(.minutes(2)))
struct MoveMemoryTests {
    /// What one pack remembers; days are of January 2026.
    struct Memory: Sendable {
        var state: String
        var since: Int
        var unverified: [String] = []
        var contents: [String] = []
        var checked: Int?
        var wrong: [String] = []
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let what: String
        let base: Memory
        let core: Memory
        /// Of core afterwards: state, day since, unverified, unverified contents, day of the last check.
        let then: String
        var testDescription: String { what }
    }

    private static func remember(_ memory: Memory, _ pack: String, _ database: Database) async throws {
        try await database.execute(
            """
            update driftwatch.drift_states set state = \(memory.state), unverified = \(memory.unverified),
                since = '2025-12-31Z'::timestamptz + make_interval(days => \(memory.since)),
                unverified_contents = \(memory.contents),
                last_checked_at = '2025-12-31Z'::timestamptz + make_interval(days => \(memory.checked)::integer)
            where pack_name = \(pack)
            """)
        for key in memory.wrong {
            try await database.execute(
                """
                insert into driftwatch.mismatches
                    (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                values ('web-1', \(pack), \(key), 'missing_file', \(key), '{}', '{}', '2026-01-01Z', 1)
                """)
        }
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

    private static func with(_ packs: [String: [String]], _ body: (Database) async throws -> Void) async throws {
        try await withMigratedDatabase { database in
            try await database.makeServer("web-1", packs: packs)
            try await body(database)
        }
    }

    @Test(arguments: cases)
    func whatWasKnownIsKnownToTheHeir(_ example: Case) async throws {
        try await Self.with(["base": ["/a", "/b"], "core": ["/a", "/b"]]) { database in
            try await Self.remember(example.base, "base", database)
            try await Self.remember(example.core, "core", database)
            try await database.execute(Self.move)
            let then = try await database.rows(
                """
                select concat_ws(' ', state, extract(day from since at time zone 'UTC'), unverified, unverified_contents,
                    coalesce(extract(day from last_checked_at at time zone 'UTC')::text, '-')), item_count
                from driftwatch.drift_states where pack_name = 'core'
                """, as: (String, Int).self)
            #expect(then.map(\.0) == [example.then])
            #expect(then.map(\.1) == [2])
            let left = try await database.rows(
                "select count(*) from driftwatch.mismatches where pack_name = 'base'", as: Int.self)
            #expect(left == [0])
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
        try await Self.with(["base": ["/a", "/b"], "core": ["/a", "/b"]]) { database in
            let packs = [
                ("base", example.base, example.baseUnverified, example.baseContents),
                ("core", example.core, example.coreUnverified, example.coreContents),
            ]
            for (pack, never, unverified, contents) in packs {
                try await database.execute(
                    """
                    update driftwatch.drift_states set never_compliant = \(JSONText(never)), unverified = \(unverified),
                        unverified_contents = \(contents)
                    where pack_name = \(pack)
                    """)
            }
            try await database.execute(Self.move)
            let then = try await database.rows(
                "select never_compliant::text from driftwatch.drift_states order by pack_name", as: String.self)
            #expect(then.last == example.then)
            #expect(then.first == (example.base.contains("/b") ? example.base : "{}"), "and is gone where it was")
        }
    }

    /// Of several packs that one takes the place of, each may have been the one that saw it comply.
    @Test
    func oneOfManyThatSawItComplyIsEnough() async throws {
        try await Self.with(["base": ["/a"], "core": ["/a"], "more": ["/a"]]) { database in
            try await database.execute(
                """
                update driftwatch.drift_states set unverified = case pack_name when 'core' then '{file:/a}' else '{}' end::text[],
                    never_compliant = case pack_name when 'core' then '{}'
                        when 'base' then '{"file:/a": ["wrong_owner", "wrong_type"]}' else '{"file:/a": ["wrong_type"]}' end::jsonb
                """)
            try await database.execute(
                "select driftwatch.move_memory('web-1', '{file:/a,file:/a}', '{base,more}', '{core,core}')")
            let then = try await database.rows(
                "select never_compliant::text from driftwatch.drift_states order by pack_name", as: String.self)
            #expect(then == ["{}", #"{"file:/a": ["wrong_type"]}"#, "{}"])
        }
    }

    @Test
    func whatOneOfTwoCouldReadWentDark() async throws {
        try await Self.with(["base": ["/a"], "core": ["/a"], "more": ["/a"]]) { database in
            try await database.execute(
                """
                insert into driftwatch.unreadables (server_id, pack_name, item_key, item, reason, was_readable, since)
                values ('web-1', 'base', 'file:/a', '/a', 'slow', false, '2026-01-01Z'),
                       ('web-1', 'more', 'file:/a', '/a', 'slow', true, '2026-01-02Z')
                """)
            try await database.execute(
                "select driftwatch.move_memory('web-1', '{file:/a,file:/a}', '{base,more}', '{core,core}')")
            let dark = try await database.rows(
                "select pack_name || ' ' || was_readable from driftwatch.unreadables", as: String.self)
            #expect(dark == ["core true"])
        }
    }

    @Test
    func liveAlertsCountWhatIsLeftAndWhatCame() async throws {
        try await Self.with(["base": ["/a", "/b"], "core": ["/a", "/c"]]) { database in
            let wrong = [("base", ["file:/a", "file:/b"]), ("core", ["file:/c"])]
            for (pack, keys) in wrong {
                try await Self.remember(Memory(state: "drifted", since: 1, wrong: keys), pack, database)
                try await database.execute(
                    "select driftwatch.open_alert('web-1', \(pack), 1, \(keys.count)::integer, '[]')")
            }
            try await database.execute(
                """
                select driftwatch.carry_out('web-1', '{"keys": ["file:/a"], "sources": ["base"], "targets": ["core"],
                    "close": [], "follow": [], "split": []}', 'test')
                """)
            let counts = try await database.rows(
                "select pack_name || ' ' || mismatch_count from driftwatch.alerts order by 1", as: String.self)
            #expect(counts == ["base 1", "core 2"])
        }
    }

    @Test(arguments: [
        (Memory(state: "compliant", since: 1, unverified: ["file:/a", "file:/b"]), "unknown {file:/a} {}"),
        (Memory(state: "compliant", since: 1, contents: ["file:/a", "file:/b"]), "unknown {} {file:/a}"),
        (Memory(state: "compliant", since: 1, unverified: ["file:/b"]), "compliant {} {}"),
        (
            Memory(state: "drifted", since: 1, unverified: ["file:/b"], wrong: ["file:/a", "file:/b"]), "drifted {} {}"
        ), (Memory(state: "drifted", since: 1, wrong: ["file:/b"]), "compliant {} {}"),
    ])
    func whatAPackNoLongerAsksForIsForgotten(memory: Memory, then: String) async throws {
        try await Self.with(["base": ["/a", "/b"]]) { database in
            try await Self.remember(memory, "base", database)
            try await database.execute("update driftwatch.packs set item_keys = '{file:/a}'")
            try await database.execute(
                """
                update driftwatch.drift_states
                set never_compliant = '{"file:/a": ["missing_file"], "file:/b": ["missing_file"]}'
                """)
            try await database.execute("select driftwatch.forget_items('base', 'test')")
            let left = try await database.rows(
                """
                select concat_ws(' ', state, unverified, unverified_contents, never_compliant)
                from driftwatch.drift_states
                """, as: String.self)
            #expect(left == [then + #" {"file:/a": ["missing_file"]}"#])
        }
    }
}
