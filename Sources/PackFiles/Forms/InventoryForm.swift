internal import DriftCore

extension Form {
    /// The inventory file.
    package static let inventory = Form(
        "the inventory",
        [
            Key(
                "schedule", .mapping(.schedule), "When every server is checked; without it, what the database has stays"
            ),
            Key("defaults", .mapping(.defaults), "What holds for every server that does not say otherwise"),
            Key("servers", .list(.mapping(.server)), .required, "The servers"),
        ])

    static let schedule = Form(
        "schedule",
        [
            Key("cron", .text(.cron), .required, "Minute, hour, day of month, month, day of week, as in `crontab(5)`"),
            Key("time_zone", .text(.timeZone), "In which time zone; by default UTC"),
            Key("spread", .text(.spread), "Over what time the checks are spread; by default none"),
        ])

    static let defaults = Form("defaults", sharedKeys)

    static let server = Form(
        "a server",
        [
            Key("id", .text(.name), .required, "Stays the same machine for ever"),
            Key("name", .text(.line), "What people call it"),
            Key("address", .text(.address), "By default the id"),
        ] + sharedKeys + [
            Key("drift_detection", .boolean, "`false`: the server is known, but not checked"),
            .literal,
        ])

    /// What servers and `defaults` have in common.
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
            "packs", .set(.text(.packName), mayBeEmpty: true),
            "What the server is compared with; a server's own list replaces that of `defaults`"),
        Key("labels", .named(.label, .text(.line)), "For `when`, `status --label` and `check --label`"),
    ]
}
