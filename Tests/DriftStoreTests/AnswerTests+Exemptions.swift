extension AnswerTests {
    /// Another version of base, or a version of another pack: as base has it now, but for what is changed.
    private static func version(_ pack: String, _ digest: String, _ resolved: String = "v.resolved") -> String {
        """
        insert into pack_versions
        select (jsonb_populate_record(v, jsonb_build_object('pack_name', '\(pack)', 'digest', \(digest), 'resolved', (\(resolved))::jsonb))).*
        from packs p join pack_versions v using (pack_name, digest) where p.pack_name = 'base';
        """
    }
    /// Two items that people see under the same words, which are the key of one.
    private static let ambiguous =
        version(
            "base", "'twice'",
            #"'{"items": {"files": [{"item_key": "file:/x", "item": "file:/x"}, {"item_key": "file:/y", "item": "file:/x"}]}}'"#
        )
        + "update packs set digest = 'twice' where pack_name = 'base';"

    static let items = [
        Case("item_key from item_named('base', '/x')", given: version("apt", "p.digest"), "file:/x"),
        Case(
            "item_key from item_named('base', '/old')",
            given: version("base", "'old'", #"'{"items": {"files": [{"item_key": "file:/old", "item": "/old"}]}}'"#), ""
        ),
        Case("item_key from item_named('base', '/x')", given: version("base", "'old'"), "file:/x"),
        Case("item_key from item_named('base', 'file:/x')", given: ambiguous, "file:/x"),
        Case(
            "key_shown('web-1', null, 'base', '/y')",
            given: """
                insert into mismatches (server_id, pack_name, item_key, type, item, expected, actual, since, check_id)
                select 'web-1', 'base', key, 'wrong_owner', '/y', '{}', '{}', clock(), 105 from unnest(array['/1', '/2']) key;
                """, ""),
    ]

    private static let inventory =
        #"apply_waivers('[{"server_id": "web-1", "pack_name": "base", "item": "/x", "reason": "r", "author": "ann"}]', 'ann')"#
    private static let ofInventory =
        "count(*) filter (where ended_at is null), count(*) from waivers where source = 'inventory'"

    static let waivers = [
        Case(ofInventory, given: "select \(inventory); select \(inventory);", "1 1"),
        Case(
            ofInventory,
            given: "select add_waiver('web-1', null, 'base', '/x', 'r', null, 'ann'); select \(inventory);", "1 1"),
        Case(ofInventory, given: "select \(inventory); select apply_waivers('[]', 'ann'); select \(inventory);", "1 2"),
    ]

    private static let hold =
        "select hold_alerts(clock() + interval '1 hour', 'x', server_id => 'web-1', pack_name => 'base');"
    private static let over =
        "update test_clock set shift = '1 hour'; update mutes set closed_at = ends_at where mute_id = 1000;"
    /// A silence whose window is as that of the hold.
    private static let recurring = """
        select silence_alerts_again('0 0 * * *', '1 hour', 'x', server_id => 'web-1', pack_name => 'base');
        update mutes set starts_at = clock(), ends_at = clock() + interval '1 hour' where mute_id = 1000;
        """
    private static let ended = "update mutes set ended_at = ends_at where mute_id = 1000;"
    private static let wanted = "update drift_states set look_wanted_at = clock() where server_id = 'web-1';"
    private static let looked =
        "update drift_states set look_wanted_at = null where server_id = 'web-1' and pack_name = 'base';"
    private static let muted = "muted_by is not null from muted_servers where mute_id = 1000"
    private static let state = "state, servers from all_mutes where mute_id = 1000"

    static let mutes = [
        Case(muted, given: hold, "t"),
        Case(
            muted, given: hold + over + wanted, "t"),
        // Other servers and packs still wait for theirs.
        Case(muted, given: hold + over + looked, ""),
        Case(state, given: hold, "in force 1"),
        Case(state, given: hold + over, "ending 1"),
        Case(state, given: hold + over + ended + wanted, "ending 1"),
        Case(state, given: hold + over + ended + looked, ""),
        Case(
            state, given: hold + "delete from assignments where server_id = 'web-1' and pack_name = 'base';",
            "in force 0"),
        Case(state, given: "select hold_alerts(clock() + interval '1 hour', 'x', server_id => 'web-1');", "in force 1"),
        Case(state, given: recurring + over, "ending 1"),
        Case(
            state, given: recurring + over + "update mutes set problem = 'no such zone' where mute_id = 1000;",
            "broken 1"),
    ]
}
