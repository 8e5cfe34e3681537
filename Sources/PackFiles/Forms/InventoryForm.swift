internal import DriftCore

extension Form {
    /// The inventory file.
    package static let inventory = Form(
        "the inventory",
        [
            Key(
                "schedule", .mapping(.schedule), "When every server is checked; without it, what the database has stays"
            ),
            Key(
                "include", .oneOrMore(.text(.filePattern)),
                "More files with `servers`, `groups`, and `defaults` of their own"),
            Key("ansible", .text(.filePath), "An Ansible inventory, as INI or YAML, whose hosts are servers"),
            Key(
                "waivers", .list(.mapping(.waiver)),
                "Differences that somebody accepts: they are shown as waived, and are neither drift nor an alert"),
        ] + partKeys, rules: [.atLeastOne(["servers", "include", "ansible"])])

    /// A file that the inventory includes.
    static let includedFile = Form("an included file", partKeys)

    /// What the inventory and the files that it includes have in common.
    private static let partKeys = [
        Key("defaults", .mapping(.defaults), "What holds for every server that does not say otherwise"),
        Key(
            "groups", .named(.groupName, .mapping(.group)),
            "What servers with certain labels get; a later group wins over an earlier one"),
        Key("servers", .list(.mapping(.server)), "The servers"),
    ]

    static let schedule = Form(
        "schedule",
        [
            Key("cron", .text(.cron), .required, "Minute, hour, day of month, month, day of week, as in `crontab(5)`"),
            Key("time_zone", .text(.timeZone), "In which time zone; by default UTC"),
            Key("spread", .text(.spread), "Over what time the checks are spread; by default none"),
        ])

    static let defaults = Form("defaults", sharedKeys + [labels])

    static let group = Form(
        "a group",
        [
            Key(
                "match", .named(.label, .oneOrMore(.text(.line))), .required,
                "The labels that a server of the group has, each with this value, or one of these; `{}` is every server"
            )
        ] + sharedKeys)

    static let server = Form(
        "a server",
        [
            Key("id", .text(.name), .required, "Stays the same machine for ever"),
            Key("name", .text(.line), "What people call it"),
            Key("address", .text(.address), "By default the id"),
        ] + sharedKeys + [
            Key("also", .set(.text(.packName), mayBeEmpty: true), "Packs besides those that it has in any case"),
            labels,
            Key("drift_detection", .boolean, "`false`: the server is known, but not checked"),
            .literal,
        ])

    private static let labels = Key(
        "labels", .named(.label, .text(.line)), "For `match` in groups, `when` in packs, and `--label`")

    /// What servers, groups and `defaults` have in common.
    private static let sharedKeys = [
        Key("port", .integer(Grammar.ports), "Passed to ssh; without it, `~/.ssh/config` decides"),
        Key("user", .text(.login), "Who logs in; without it, `~/.ssh/config` decides"),
        Key("config_user", .text(.login), "The account whose home `~` is in packs; by default the login user"),
        Key(
            "connection", .words(of: Server.Transport.self),
            "`ssh` (the default), or `local`: the machine that a worker runs on (`run --local`)"),
        Key(
            "queue", .text(.queueName),
            "Which workers may take the server (`worker --queue NAME`); by default `default`"),
        Key(
            "expect", .words(of: Server.Presence.self),
            "`always` (the default), or `sometimes`: the server is often off, so no alert opens when it cannot be checked"
        ),
        Key(
            "failing_after", .integer(Grammar.slots),
            "After how many slots in a row that cannot check it an alert opens; by default 3, `0` is never"),
        Key(
            "stale_after", .text(.age),
            "How old its last check may be before it is stale; by default two slots, or `14d` with `expect: sometimes`"),
        Key(
            "packs", .set(.text(.packName), mayBeEmpty: true),
            "What the server is compared with; groups add to `defaults`, and a server's own list replaces all"),
    ]
}
