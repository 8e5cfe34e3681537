-- What people accept: differences that are shown and count for nothing.

create table waivers (
    waiver_id bigint generated always as identity primary key,
    source text not null check (source in ('inventory', 'command')),
    server_id text,
    labels jsonb constraint labels_of_a_waiver_are_texts check (
        jsonb_typeof(labels) = 'object' and labels <> '{}' and not labels @? '$.* ? (@.type() != "string")'),
    pack_name text not null,
    item_key text not null,
    item text not null,
    reason text not null check (btrim(reason) <> ''),
    author text not null check (btrim(author) <> ''),
    until_at timestamptz,
    created_at timestamptz not null,
    ended_at timestamptz,
    ended_by text,
    constraint for_one_server_or_for_labels check ((server_id is null) <> (labels is null)),
    constraint ended_by_somebody check ((ended_at is null) = (ended_by is null))
);
create index waivers_not_ended on waivers (pack_name, server_id) where ended_at is null;
comment on table waivers is 'Differences that somebody accepts. The next check shows them as waived, and they count for nothing until the waiver ends.';
comment on column waivers.waiver_id is 'The waiver.';
comment on column waivers.source is 'inventory: from waivers in fleet.yaml, and apply ends it when it is no longer there. command: from driftwatch waivers add.';
comment on column waivers.server_id is 'The server; null if labels say which servers.';
comment on column waivers.labels is 'The labels of the servers: all of these. Null if server_id names one.';
comment on column waivers.pack_name is 'The pack.';
comment on column waivers.item_key is 'The key of the item, such as file:/etc/motd.';
comment on column waivers.item is 'The item as people see it, such as /etc/motd.';
comment on column waivers.reason is 'Why the difference is accepted.';
comment on column waivers.author is 'Who answers for it.';
comment on column waivers.until_at is 'When it ends by itself. Null: it has no end.';
comment on column waivers.created_at is 'When it was made.';
comment on column waivers.ended_at is 'When somebody ended it. Null if nobody has: then it is in force until until_at.';
comment on column waivers.ended_by is 'Who ended it.';
