-- What was seen, what is remembered of it, and what people are told.

create table checks (
    check_id bigint generated always as identity primary key,
    job_id bigint not null,
    schedule_name text,
    slot_at timestamptz,
    server_id text not null,
    pack_name text not null,
    pack_digest text,
    verdict text not null check (verdict in ('compliant', 'drifted', 'incomplete', 'failed')),
    reason text,
    item_count integer not null default 0,
    ok_count integer not null default 0,
    mismatch_count integer not null default 0,
    unreadable_count integer not null default 0,
    fingerprint text,
    started_at timestamptz,
    checked_at timestamptz not null,
    duration_ms integer,
    constraint one_check_per_job_and_pack unique (job_id, pack_name),
    constraint every_item_is_counted check (item_count = ok_count + mismatch_count + unreadable_count),
    constraint verdict_follows_from_the_counts check (
        case verdict
            when 'compliant' then mismatch_count = 0 and unreadable_count = 0
            when 'drifted' then mismatch_count > 0
            when 'incomplete' then mismatch_count = 0 and unreadable_count > 0
            else reason is not null
        end)
);
create index checks_of_assignment on checks (server_id, pack_name, check_id desc);
create index checks_by_time on checks (checked_at);
comment on table checks is 'One comparison of one server with one pack. History: rows may be deleted at any age.';
comment on column checks.check_id is 'The check, as links name it.';
comment on column checks.job_id is 'The job that made it; one check per job and pack.';
comment on column checks.schedule_name is 'The schedule; null when a person asked for it.';
comment on column checks.slot_at is 'The slot; null when a person asked for it.';
comment on column checks.server_id is 'The server.';
comment on column checks.pack_name is 'The pack.';
comment on column checks.pack_digest is 'The version of the pack; null where none was read.';
comment on column checks.verdict is 'compliant, drifted, incomplete (nothing proven wrong, not everything seen) or failed (the probe did not finish).';
comment on column checks.reason is 'Why it failed, such as unreachable.';
comment on column checks.item_count is 'Expectations in the pack: ok + mismatch + unreadable.';
comment on column checks.ok_count is 'Met.';
comment on column checks.mismatch_count is 'Proven not met.';
comment on column checks.unreadable_count is 'Could not be judged.';
comment on column checks.fingerprint is 'sha256 over what is not ok; the key of check_details. Null where all is ok.';
comment on column checks.started_at is 'When the attempt began that looked.';
comment on column checks.checked_at is 'When it was written.';
comment on column checks.duration_ms is 'How long the look and the comparison took.';

create table check_details (
    server_id text not null,
    pack_name text not null,
    fingerprint text not null,
    items jsonb not null,
    first_seen_at timestamptz not null,
    primary key (server_id, pack_name, fingerprint)
);
comment on table check_details is 'The items that are not ok, stored once for all checks that found the same.';
comment on column check_details.server_id is 'The server.';
comment on column check_details.pack_name is 'The pack.';
comment on column check_details.fingerprint is 'As in checks.';
comment on column check_details.items is 'Key, status, mismatches with expected, actual and diff; masked.';
comment on column check_details.first_seen_at is 'When it was first found so.';

create table drift_states (
    server_id text not null,
    pack_name text not null,
    state text not null default 'unknown' check (state in ('unknown', 'compliant', 'drifted')),
    since timestamptz not null,
    last_check_id bigint,
    last_checked_at timestamptz,
    last_started_at timestamptz,
    pack_digest text,
    item_count integer not null default 0,
    unreadable_count integer not null default 0,
    unverified text[] not null default '{}',
    unverified_contents text[] not null default '{}',
    look_wanted_at timestamptz,
    primary key (server_id, pack_name)
) with (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0
);
create index drift_states_to_look_at on drift_states (server_id) where look_wanted_at is not null;
comment on table drift_states is 'What is remembered of each assignment. Locked by whoever changes it or its alert.';
comment on column drift_states.server_id is 'The server.';
comment on column drift_states.pack_name is 'The pack.';
comment on column drift_states.state is 'drifted while a mismatch is remembered, else unknown while nothing was judged, else compliant.';
comment on column drift_states.since is 'Since when it has been in this state.';
comment on column drift_states.last_check_id is 'The check that was last taken into account.';
comment on column drift_states.last_checked_at is 'When, or of a memory that came from another pack, when that was checked; older than two slots is stale.';
comment on column drift_states.last_started_at is 'When its attempt began: a check that began earlier is only history.';
comment on column drift_states.pack_digest is 'The version of the pack that this check compared with; null before the first.';
comment on column drift_states.item_count is 'Expectations that this check was about.';
comment on column drift_states.unreadable_count is 'Those of them that it could not judge.';
comment on column drift_states.unverified is 'Keys of expectations that were never judged: their first look alerts nobody.';
comment on column drift_states.unverified_contents is 'Keys of files whose content alone was never judged, for want of permission, say.';
comment on column drift_states.look_wanted_at is 'Since when a check out of turn is wanted: assigned, the pack changed, the server is found elsewhere, a hold ended. Null where none is.';

create table mismatches (
    server_id text not null,
    pack_name text not null,
    item_key text not null,
    type text not null,
    item text not null,
    expected jsonb not null,
    actual jsonb not null,
    since timestamptz not null,
    check_id bigint not null,
    first_look boolean not null default false,
    primary key (server_id, pack_name, item_key, type)
);
comment on table mismatches is 'What is known to be wrong now.';
comment on column mismatches.server_id is 'The server.';
comment on column mismatches.pack_name is 'The pack.';
comment on column mismatches.item_key is 'The expectation, such as file:/etc/motd.';
comment on column mismatches.type is 'In which way, such as wrong_permissions.';
comment on column mismatches.item is 'The same for people, such as /etc/motd.';
comment on column mismatches.expected is 'What the pack wants, masked.';
comment on column mismatches.actual is 'What the server has, masked.';
comment on column mismatches.since is 'When it was first seen so.';
comment on column mismatches.check_id is 'The check that saw it last.';
comment on column mismatches.first_look is 'It was wrong when it was first looked at: it never complied, so it alerted nobody.';

create table unreadables (
    server_id text not null,
    pack_name text not null,
    item_key text not null,
    item text not null,
    reason text not null,
    was_readable boolean not null,
    since timestamptz not null,
    primary key (server_id, pack_name, item_key)
);
comment on table unreadables is 'What the check that was last taken into account could not judge. The checks may be gone; this stays.';
comment on column unreadables.server_id is 'The server.';
comment on column unreadables.pack_name is 'The pack.';
comment on column unreadables.item_key is 'The expectation, such as file:/etc/motd.';
comment on column unreadables.item is 'The same for people, such as /etc/motd.';
comment on column unreadables.reason is 'Why, such as permission_denied.';
comment on column unreadables.was_readable is 'It had been judged before: it went dark. False where it never could be judged.';
comment on column unreadables.since is 'Since when.';

create table alerts (
    alert_id bigint generated always as identity primary key,
    alert_type text not null default 'config_drift' check (alert_type in ('config_drift')),
    severity text not null default 'warning' check (severity in ('warning')),
    server_id text not null,
    pack_name text not null,
    status text not null default 'open' check (status in ('open', 'acknowledged', 'resolved')),
    title text not null,
    message text not null,
    mismatch_count integer not null,
    diff_path text not null,
    check_id bigint not null,
    opened_at timestamptz not null,
    updated_at timestamptz not null,
    acknowledged_at timestamptz,
    acknowledged_by text,
    resolved_at timestamptz,
    resolved_by text,
    resolution text check (resolution in ('compliant', 'manual', 'disabled', 'unassigned', 'removed')),
    last_seq integer not null default 0,
    constraint resolved_with_a_resolution check (
        (status = 'resolved') = (resolved_at is not null) and (resolved_at is null) = (resolution is null))
);
create unique index one_unresolved_alert_per_assignment on alerts (server_id, pack_name, alert_type)
    where status <> 'resolved';
create index alerts_by_time on alerts (opened_at);
comment on table alerts is 'One story of something that went wrong: open, perhaps acknowledged, resolved.';
comment on column alerts.alert_id is 'The alert.';
comment on column alerts.alert_type is 'config_drift: a server that complied no longer does.';
comment on column alerts.severity is 'warning.';
comment on column alerts.server_id is 'The server.';
comment on column alerts.pack_name is 'The pack.';
comment on column alerts.status is 'open, acknowledged (a person has seen it) or resolved.';
comment on column alerts.title is 'Names the server.';
comment on column alerts.message is 'Names the pack and the number of items.';
comment on column alerts.mismatch_count is 'Items known to be wrong.';
comment on column alerts.diff_path is 'The page that shows the difference, below the dashboard''s address.';
comment on column alerts.check_id is 'The check that page shows; of an alert that moved, the last one of the pack that it moved from.';
comment on column alerts.opened_at is 'When it opened.';
comment on column alerts.updated_at is 'When anything of it last changed.';
comment on column alerts.acknowledged_at is 'When a person took note.';
comment on column alerts.acknowledged_by is 'Who.';
comment on column alerts.resolved_at is 'When it ended.';
comment on column alerts.resolved_by is 'Who ended it; driftwatch itself where the server complies again.';
comment on column alerts.resolution is 'How it ended.';
comment on column alerts.last_seq is 'The number of its last event.';

create table alert_events (
    alert_id bigint not null,
    seq integer not null,
    event text not null check (event in ('opened', 'updated', 'recounted', 'moved', 'acknowledged', 'resolved')),
    at timestamptz not null,
    actor text not null,
    detail jsonb not null default '{}',
    primary key (alert_id, seq)
);
comment on table alert_events is 'The story of each alert, only ever added to.';
comment on column alert_events.alert_id is 'The alert.';
comment on column alert_events.seq is 'Counts from 1; a notification of the event carries the same number.';
comment on column alert_events.event is 'What happened.';
comment on column alert_events.at is 'When.';
comment on column alert_events.actor is 'Who, or driftwatch.';
comment on column alert_events.detail is 'Counts, added items, comment.';

create table destinations (
    destination text primary key,
    kind text not null default 'slack',
    paused_at timestamptz,
    paused_reason text,
    next_send_at timestamptz not null,
    next_probe_at timestamptz,
    failures integer not null default 0,
    fingerprint_key uuid not null default gen_random_uuid(),
    secret_fingerprint text,
    lease_token uuid,
    lease_expires_at timestamptz,
    notifier_id text
) with (
    -- Few rows, each written with every message.
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200
);
comment on table destinations is 'Where notifications go. One notifier at a time holds one, so that order and pace hold.';
comment on column destinations.destination is 'default is the only one that this version makes.';
comment on column destinations.kind is 'How the notifier that serves it sends: slack or console.';
comment on column destinations.paused_at is 'Since when it has been refused for good: a wrong secret, an archived channel. Rows wait.';
comment on column destinations.paused_reason is 'What it answered.';
comment on column destinations.next_send_at is 'Nothing is sent before: pace, Retry-After, or waiting for it to come back.';
comment on column destinations.next_probe_at is 'When one message is tried although it is paused.';
comment on column destinations.failures is 'How often in a row it could not be reached.';
comment on column destinations.fingerprint_key is 'Keys the fingerprint of the secret.';
comment on column destinations.secret_fingerprint is 'Tells that the secret has changed, never what it is.';
comment on column destinations.lease_token is 'The fence of the notifier that holds it.';
comment on column destinations.lease_expires_at is 'Until when it holds it.';
comment on column destinations.notifier_id is 'Which notifier holds it, or held it last.';

create table outbox (
    outbox_id bigint generated always as identity primary key,
    alert_id bigint not null,
    seq integer not null,
    destination text not null,
    kind text not null check (kind in ('drift_detected', 'drift_changed', 'drift_resolved')),
    payload jsonb not null,
    state text not null default 'pending' check (state in ('pending', 'sending', 'sent', 'dead')),
    attempt integer not null default 0,
    plain boolean not null default false,
    not_before timestamptz not null,
    group_key text,
    message_id uuid not null default gen_random_uuid(),
    lease_token uuid,
    lease_expires_at timestamptz,
    last_error text,
    created_at timestamptz not null,
    sent_at timestamptz,
    remote_id text,
    constraint one_notification_per_event unique (alert_id, seq, destination),
    constraint sent_when_sent check ((state = 'sent') = (sent_at is not null)),
    constraint sending_under_a_lease check (state <> 'sending' or lease_token is not null)
) with (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0
);
create index outbox_waiting on outbox (destination, outbox_id) where state in ('pending', 'sending');
create index outbox_done on outbox (created_at) where state in ('sent', 'dead');
comment on table outbox is 'Messages owed. Written with the alert in one transaction, sent in order per alert, at least once.';
comment on column outbox.outbox_id is 'The message, in order of writing.';
comment on column outbox.alert_id is 'The alert.';
comment on column outbox.seq is 'The event of the alert that it tells.';
comment on column outbox.destination is 'Where to.';
comment on column outbox.kind is 'What it says.';
comment on column outbox.payload is 'Facts with a version, rendered when sent.';
comment on column outbox.state is 'pending, sending, sent, or dead: refused for good.';
comment on column outbox.attempt is 'Tries that count: not those that were only too fast or found nobody.';
comment on column outbox.plain is 'It is to go as plain text: the full form was refused.';
comment on column outbox.not_before is 'Not before.';
comment on column outbox.group_key is 'Messages that may be told together.';
comment on column outbox.message_id is 'Unique everywhere, the same for every repeat. What people see of it is the alert and the outbox_id, which each message names.';
comment on column outbox.lease_token is 'The claim under which it is being sent, or was last.';
comment on column outbox.lease_expires_at is 'After this it is sent again.';
comment on column outbox.last_error is 'What the last try met.';
comment on column outbox.created_at is 'When it was owed.';
comment on column outbox.sent_at is 'When it was accepted.';
comment on column outbox.remote_id is 'What the destination calls it.';

-- Every alert owes it a message, whether or not a notifier has ever run.
insert into destinations (destination, next_send_at) values ('default', 'epoch');
