-- Mutes: while one is in force, the alerts that it covers open, change and resolve as ever, and their messages wait.

create table mutes (
    mute_id bigint generated always as identity primary key,
    kind text not null check (kind in ('hold', 'silence')),
    server_id text,
    labels jsonb not null default '{}'
        constraint mute_labels_are_texts check (jsonb_typeof(labels) = 'object' and not labels @? '$.* ? (@.type() != "string")'),
    pack_name text,
    reason text not null,
    created_by text not null,
    created_at timestamptz not null,
    cron text,
    lasts interval,
    time_zone text,
    problem text,
    starts_at timestamptz,
    ends_at timestamptz,
    closed_at timestamptz,
    ended_at timestamptz,
    constraint a_mute_covers_something_named check (server_id is not null or pack_name is not null or labels <> '{}'),
    constraint what_recurs_has_a_length check ((cron is null) = (lasts is null) and lasts > interval '0'),
    constraint a_hold_does_not_recur check (kind = 'silence' or cron is null),
    constraint a_window_has_two_ends check (
        (starts_at is null) = (ends_at is null) and (starts_at is not null or cron is not null) and ends_at > starts_at)
);
comment on table mutes is 'Holds and silences that are in force, or will be. A row goes 15 minutes after the end; audit_log keeps who made and ended it.';
comment on column mutes.mute_id is 'The hold or the silence.';
comment on column mutes.kind is 'hold: during a deploy, once. silence: a maintenance window, once or again and again.';
comment on column mutes.server_id is 'Covers this server only; null: any.';
comment on column mutes.labels is 'Covers servers that have each of these labels.';
comment on column mutes.pack_name is 'Covers alerts of this pack only; null: any.';
comment on column mutes.reason is 'Why.';
comment on column mutes.created_by is 'Who asked for it.';
comment on column mutes.created_at is 'When.';
comment on column mutes.cron is 'When its windows begin, in the zone of the schedule; null if it has only one.';
comment on column mutes.lasts is 'How long each window of a recurring silence lasts.';
comment on column mutes.time_zone is 'The zone in which the present window was computed.';
comment on column mutes.problem is 'Why no window can be computed from cron.';
comment on column mutes.starts_at is 'When its present or next window starts. Null until a scheduler has computed the first one.';
comment on column mutes.ends_at is 'When that window ends.';
comment on column mutes.closed_at is 'When its last window ended. Messages wait on until its servers have been looked at, 15 minutes at most.';
comment on column mutes.ended_at is 'When it ended for good.';

create table digests (
    slot_at timestamptz primary key,
    noted_at timestamptz not null,
    was_sent boolean not null
);
comment on table digests is 'The times at which a digest was due. A row keeps it from being sent twice.';
comment on column digests.slot_at is 'When it was due.';
comment on column digests.noted_at is 'When a scheduler saw that.';
comment on column digests.was_sent is 'Whether it was sent: not the first one of a new database, and none that is twelve hours old.';
