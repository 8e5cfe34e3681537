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
                "include", .either(.text(.filePattern), .list(.text(.filePattern))),
                "More files with servers, groups and defaults of their own"),
            Key("ansible", .text(.fileBelow), "An inventory of Ansible, INI or YAML, from which servers are taken"),
        ] + parts,
        rules: [.atLeastOne(["servers", "include", "ansible"])])

    /// A file that an inventory includes.
    static let includedInventory = Form("an included file", parts)

    private static let parts = [
        Key("defaults", .mapping(.defaults), "What holds for every server that does not say otherwise"),
        Key("groups", .named(.name, .mapping(.group)), "What servers with certain labels get besides"),
        Key("servers", .list(.mapping(.server)), "The servers"),
    ]

    static let schedule = Form(
        "schedule",
        [
            Key("cron", .text(.cron), .required, "Minute, hour, day of month, month, day of week, as in `crontab(5)`"),
            Key("time_zone", .text(.timeZone), "In which time zone; by default UTC"),
            Key("spread", .text(.spread), "Over what time the checks are spread; by default none"),
        ])

    static let defaults = Form("defaults", settings + [labels])

    package static let group = Form(
        "a group",
        [
            Key(
                "match", .named(.label, .oneOrMore(.text(.line))), .required,
                "The labels of its servers; of a list one value is enough, and `{}` is every server")
        ] + settings)

    static let server = Form(
        "a server",
        [
            Key("id", .text(.name), .required, "Stays the same machine for ever"),
            Key("name", .text(.line), "What people call it"),
            Key("address", .text(.address), "By default the id"),
        ] + settings + [
            Key("also", .set(.text(.packName), mayBeEmpty: true), "Packs besides those that it gets anyway"),
            labels,
            Key("drift_detection", .boolean, "`false`: the server is known, but not checked"),
            .literal,
        ])

    /// What servers, groups and `defaults` have in common.
    private static let settings = [
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
            "What the server is compared with; those of groups add to those of `defaults`, and a server's own list replaces all"
        ),
    ]

    private static let labels = Key(
        "labels", .named(.label, .text(.line)), "For `match`, `when`, `status --label` and `check --label`")
}
