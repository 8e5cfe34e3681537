-- Checks, what is remembered from them, alerts, and the messages about alerts.

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
    waived_count integer not null default 0,
    due_count integer not null default 0,
    fingerprint text,
    started_at timestamptz,
    checked_at timestamptz not null,
    duration_ms integer,
    constraint one_check_per_job_and_pack unique (job_id, pack_name),
    constraint every_item_is_counted check (
        item_count = ok_count + mismatch_count + unreadable_count + waived_count + due_count),
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
comment on table checks is 'One comparison of a server with a pack. This is history: rows may be deleted at any age.';
comment on column checks.check_id is 'The check. Links contain this number.';
comment on column checks.job_id is 'The job that ran it; one check per job and pack.';
comment on column checks.schedule_name is 'The schedule of the job; null if no schedule created it.';
comment on column checks.slot_at is 'The slot of the job; null if no slot created it.';
comment on column checks.server_id is 'The server.';
comment on column checks.pack_name is 'The pack.';
comment on column checks.pack_digest is 'The version of the pack; null if none was read.';
comment on column checks.verdict is 'compliant, drifted, incomplete (nothing is wrong, but not everything could be read) or failed (the probe did not finish).';
comment on column checks.reason is 'Why it failed, such as unreachable.';
comment on column checks.item_count is 'Items of the pack that apply to the server: ok + mismatch + unreadable + waived + due.';
comment on column checks.ok_count is 'Items that are as expected, or whose difference is only information.';
comment on column checks.mismatch_count is 'Items that are not as expected.';
comment on column checks.unreadable_count is 'Items that could not be read.';
comment on column checks.waived_count is 'Items that are not as expected, which a waiver accepts.';
comment on column checks.due_count is 'Items that are not as the pack wants them only later.';
comment on column checks.fingerprint is 'Identifies what there is to say of the items: half of a sha256, in base64; the key of check_details. Null if there is nothing.';
comment on column checks.started_at is 'When the attempt that looked at the server started.';
comment on column checks.checked_at is 'When it was stored.';
comment on column checks.duration_ms is 'How long the probe and the comparison took.';

create table check_details (
    server_id text not null,
    pack_name text not null,
    fingerprint text not null,
    items jsonb not null,
    primary key (server_id, pack_name, fingerprint)
);
comment on table check_details is 'The items that are not ok, or that have a remark. Checks with the same result share one row.';
comment on column check_details.server_id is 'The server.';
comment on column check_details.pack_name is 'The pack.';
comment on column check_details.fingerprint is 'The fingerprint, as in checks.';
comment on column check_details.items is 'Each item: key, status, mismatches with expected, actual and diff, or a remark. Secrets are masked.';

create table drift_states (
    server_id text not null,
    pack_name text not null,
    state text not null default 'unknown' check (state in ('unknown', 'compliant', 'drifted')),
    since timestamptz not null,
    last_check_id bigint,
    last_checked_at timestamptz,
    last_started_at timestamptz,
    pack_digest text,
    checked_as jsonb,
    item_count integer not null default 0,
    unreadable_count integer not null default 0,
    waived_count integer not null default 0,
    due_count integer not null default 0,
    unverified text[] not null default '{}',
    unverified_contents text[] not null default '{}',
    never_compliant jsonb not null default '{}',
    look_wanted_at timestamptz,
    flapping_since timestamptz,
    equal_checks integer,
    settled_at timestamptz,
    latest_check_id bigint,
    latest_verdict text,
    latest_reason text,
    latest_checked_at timestamptz,
    shown_state text not null generated always as (
        case when state <> 'drifted' and unreadable_count > 0 then 'incomplete' else state end) stored,
    constraint equal_checks_while_flapping check ((flapping_since is null) = (equal_checks is null)),
    primary key (server_id, pack_name)
) with (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0
);
create index drift_states_shown on drift_states (shown_state, server_id, pack_name);
create index drift_states_to_look_at on drift_states (server_id) where look_wanted_at is not null;
comment on table drift_states is 'The current state of each assignment. To change it or its alert, lock its row first.';
comment on column drift_states.server_id is 'The server.';
comment on column drift_states.pack_name is 'The pack.';
comment on column drift_states.state is 'drifted if a mismatch is known; otherwise unknown if no item has been read, and compliant if one has. shown_state also counts items that could not be read.';
comment on column drift_states.since is 'Since when it has been in this state.';
comment on column drift_states.last_check_id is 'The last check that counted.';
comment on column drift_states.last_checked_at is 'When that check was stored. If the state was moved here from another pack, when that pack was checked. Stale once two slots have been due since.';
comment on column drift_states.last_started_at is 'When the attempt of that check started. A check that started earlier is only history.';
comment on column drift_states.pack_digest is 'The version of the pack in that check; null before the first check.';
comment on column drift_states.checked_as is 'The name, address and labels of the server in that check, for which placeholders of the pack stood.';
comment on column drift_states.item_count is 'Items in that check.';
comment on column drift_states.unreadable_count is 'Items that it could not read.';
comment on column drift_states.waived_count is 'Items that it found different, which a waiver accepts.';
comment on column drift_states.due_count is 'Items that it found different from what the pack wants only later.';
comment on column drift_states.unverified is 'Keys of items that have never been read. If the first check finds them wrong, it opens no alert.';
comment on column drift_states.unverified_contents is 'Keys of files whose content has never been read although the rest has, for example for lack of permission.';
comment on column drift_states.never_compliant is 'What was wrong in the first check that read it and has been wrong ever since: keys of items, each with the types of its mismatches. A hold does not clear it.';
comment on column drift_states.look_wanted_at is 'Since when a check outside the schedule is wanted: after a new assignment, a changed pack, a changed address, or the end of a hold. Null if none is wanted.';
comment on column drift_states.flapping_since is 'Since when its alerts open and resolve so often that nobody is notified about them. Null while they do not.';
comment on column drift_states.equal_checks is 'How many checks in a row have found the same since. After three the messages go on. Null while it does not flap.';
comment on column drift_states.settled_at is 'When it last stopped flapping. What was before does not count again.';
comment on column drift_states.latest_check_id is 'The newest check, whatever its verdict. It may have been deleted since.';
comment on column drift_states.latest_verdict is 'The verdict of that check: compliant, drifted, incomplete or failed.';
comment on column drift_states.latest_reason is 'Why that check failed; null if it did not.';
comment on column drift_states.latest_checked_at is 'When that check was stored.';
comment on column drift_states.shown_state is 'The state that is shown everywhere. drifted: an item is known to be wrong. incomplete: none is, but the last finished check could not read all items. compliant: all items were read and are right. unknown: no item has been read.';

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
    cause text,
    cause_detail jsonb,
    primary key (server_id, pack_name, item_key, type),
    constraint a_detail_belongs_to_a_cause check ((cause is null) = (cause_detail is null))
);
comment on table mismatches is 'The mismatches that are known now.';
comment on column mismatches.server_id is 'The server.';
comment on column mismatches.pack_name is 'The pack.';
comment on column mismatches.item_key is 'The key of the item, such as file:/etc/motd.';
comment on column mismatches.type is 'What is wrong, such as wrong_permissions.';
comment on column mismatches.item is 'The item as people see it, such as /etc/motd.';
comment on column mismatches.expected is 'What the pack expects, with secrets masked.';
comment on column mismatches.actual is 'What the server has, with secrets masked.';
comment on column mismatches.since is 'When a check first found it.';
comment on column mismatches.check_id is 'The last check that found it.';
comment on column mismatches.cause is 'Why it came about: pack (the pack expects something else since), upgrade (a package was upgraded, installed or removed) or server (anything else). Null at a first check, and where it is not known.';
comment on column mismatches.cause_detail is 'What is known of the cause: package, from and to of an upgrade; changed_at and logged_in of a change on the server.';

create table unreadables (
    server_id text not null,
    pack_name text not null,
    item_key text not null,
    item text not null,
    reason text not null,
    was_readable boolean not null,
    since timestamptz not null,
    slots integer not null default 0,
    alerted boolean not null default false,
    primary key (server_id, pack_name, item_key),
    constraint only_what_was_readable_went_dark check (was_readable or (slots = 0 and not alerted))
);
create index unreadables_dark on unreadables (server_id, pack_name, since) where was_readable;
comment on table unreadables is 'The items that the last check that counted could not read. Checks may be deleted; these rows stay.';
comment on column unreadables.server_id is 'The server.';
comment on column unreadables.pack_name is 'The pack.';
comment on column unreadables.item_key is 'The key of the item, such as file:/etc/motd.';
comment on column unreadables.item is 'The item as people see it, such as /etc/motd.';
comment on column unreadables.reason is 'Why it could not be read, such as permission_denied.';
comment on column unreadables.was_readable is 'True if it could be read before and no longer can be. False if it never could be.';
comment on column unreadables.since is 'Since when it could not be read.';
comment on column unreadables.slots is 'How many checks of slots in a row could not read it, although it could be read before.';
comment on column unreadables.alerted is 'An alert named it. If an operator has resolved that alert, no other names it until it has been read again.';

create table alerts (
    alert_id bigint generated always as identity primary key,
    alert_type text not null default 'config_drift' check (alert_type in ('config_drift', 'check_failing')),
    severity text not null default 'warning' check (severity in ('warning')),
    server_id text not null,
    pack_name text,
    status text not null default 'open' check (status in ('open', 'acknowledged', 'resolved')),
    title text not null,
    message text not null,
    mismatch_count integer not null,
    diff_path text not null,
    check_id bigint,
    opened_at timestamptz not null,
    updated_at timestamptz not null,
    acknowledged_at timestamptz,
    acknowledged_by text,
    acknowledged_until timestamptz,
    reminded_at timestamptz,
    resolved_at timestamptz,
    resolved_by text,
    resolution text check (resolution in ('compliant', 'waived', 'due', 'recovered', 'manual', 'disabled', 'unassigned', 'removed', 'settings')),
    last_seq integer not null default 0,
    constraint drift_is_from_a_pack check (alert_type <> 'config_drift' or (pack_name is not null and check_id is not null)),
    constraint acknowledged_by_somebody check (
        (acknowledged_at is null) = (acknowledged_by is null) and (acknowledged_at is not null or acknowledged_until is null)
        and case status when 'open' then acknowledged_at is null when 'acknowledged' then acknowledged_at is not null else true end),
    constraint resolved_with_a_resolution check (
        (status = 'resolved') = (resolved_at is not null) and (resolved_at is null) = (resolution is null))
);
create unique index one_unresolved_alert on alerts (server_id, pack_name, alert_type) nulls not distinct
    where status <> 'resolved';
create index alerts_by_time on alerts (opened_at);
create index alerts_of_assignment on alerts (server_id, pack_name, alert_id);
create index alerts_resolved on alerts (resolved_at) where resolved_at is not null;
comment on table alerts is 'Alerts, one unresolved at most per server, pack and type: open, then perhaps acknowledged, then resolved.';
comment on column alerts.alert_id is 'The alert.';
comment on column alerts.alert_type is 'config_drift: something on the server is no longer as its pack expects. check_failing: slots cannot look at the server, or, with a pack, can no longer read items of it.';
comment on column alerts.severity is 'Always warning.';
comment on column alerts.server_id is 'The server.';
comment on column alerts.pack_name is 'The pack; null if the server as a whole cannot be checked.';
comment on column alerts.status is 'open, acknowledged (a person has seen it) or resolved.';
comment on column alerts.title is 'The title, with the server''s name.';
comment on column alerts.message is 'One sentence: the pack and the number of items, or why the server cannot be checked.';
comment on column alerts.mismatch_count is 'Items known to be wrong. Of check_failing: items that can no longer be read; 0 if the server cannot be checked.';
comment on column alerts.diff_path is 'The path of the page with the difference, or of the server''s page, relative to the dashboard''s address.';
comment on column alerts.check_id is 'The check that the page shows. If the alert moved to another pack, the last check of the old pack. Null if the server cannot be checked.';
comment on column alerts.opened_at is 'When it opened.';
comment on column alerts.updated_at is 'When the alert last changed.';
comment on column alerts.acknowledged_at is 'When a person acknowledged it.';
comment on column alerts.acknowledged_by is 'Who acknowledged it.';
comment on column alerts.acknowledged_until is 'When the acknowledgement ends by itself; null: never.';
comment on column alerts.reminded_at is 'When people were last reminded of it.';
comment on column alerts.resolved_at is 'When it was resolved.';
comment on column alerts.resolved_by is 'Who resolved it; driftwatch if the server complies, or can be checked, again.';
comment on column alerts.resolution is 'Why it was resolved: compliant, recovered (the server, or its items, can be checked again), waived (what is still wrong is accepted), due (it is wanted only later), manual, disabled, unassigned, removed, or settings (failing_after or expect changed).';
comment on column alerts.last_seq is 'The number of its last event.';

create table alert_events (
    alert_id bigint not null,
    seq integer not null,
    event text not null check (event in ('opened', 'updated', 'recounted', 'moved', 'acknowledged', 'reopened', 'resolved', 'flapping', 'settled')),
    at timestamptz not null,
    actor text not null,
    detail jsonb not null default '{}',
    primary key (alert_id, seq)
);
comment on table alert_events is 'The history of each alert. Rows are only added.';
comment on column alert_events.alert_id is 'The alert.';
comment on column alert_events.seq is 'The number of the event, from 1. Its message in the outbox has the same number.';
comment on column alert_events.event is 'What happened.';
comment on column alert_events.at is 'When it happened.';
comment on column alert_events.actor is 'Who did it: a person, or driftwatch itself.';
comment on column alert_events.detail is 'Facts about the event, such as counts, new items or a comment.';

create table destinations (
    destination text primary key,
    kind text not null default 'slack' check (kind in ('slack', 'webhook', 'email', 'console')),
    settings jsonb not null default '{}',
    packs text[] not null default '{}',
    labels jsonb not null default '{}',
    severities text[] not null default '{}',
    paused_at timestamptz,
    paused_reason text,
    held_at timestamptz,
    held_by text,
    held_reason text,
    unserved_reason text,
    next_send_at timestamptz not null,
    next_probe_at timestamptz,
    failures integer not null default 0,
    recent_replies interval[] not null default '{}',
    last_attempt_at timestamptz,
    fingerprint_key uuid not null default gen_random_uuid(),
    secret_fingerprint text,
    lease_token uuid,
    lease_expires_at timestamptz,
    notifier_id text,
    constraint held_by_somebody check ((held_at is null) = (held_by is null) and (held_at is null) = (held_reason is null)),
    -- Everything else could be a secret.
    constraint only_known_settings check (
        settings - '{url_file,token_file,key_file,password_file,channel,api_url,host,port,tls,from,to,user}'::text[] = '{}')
) with (
    -- Few rows, and every message updates one.
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200
);
comment on table destinations is 'Where messages are sent. One notifier at a time serves a destination, so that messages keep their order and their pace.';
comment on column destinations.destination is 'The destination. default is the one of the notifier''s own settings; people add the others.';
comment on column destinations.kind is 'How messages are sent: slack, webhook, email or console.';
comment on column destinations.settings is 'Where and how, and the paths of the files with the secrets, which the notifier reads. No secret. Empty for default.';
comment on column destinations.packs is 'It takes alerts of these packs; empty: of all.';
comment on column destinations.labels is 'It takes alerts of servers that have each of these labels.';
comment on column destinations.severities is 'It takes alerts of these severities; empty: of all.';
comment on column destinations.paused_at is 'Since when the destination has refused everything, for example for a wrong secret or an archived channel. Messages wait. Null while it is not paused.';
comment on column destinations.paused_reason is 'What the destination answered.';
comment on column destinations.held_at is 'Since when a person has paused it. Messages wait until a person resumes it. Null if nobody has.';
comment on column destinations.held_by is 'Who paused it.';
comment on column destinations.held_reason is 'Why that person paused it.';
comment on column destinations.unserved_reason is 'Why a notifier could not begin to send to it, for example because the file with its secret cannot be read. Means nothing while another notifier sends.';
comment on column destinations.next_send_at is 'Nothing is sent before this: to keep the pace, to honour Retry-After, or because the destination could not be reached.';
comment on column destinations.next_probe_at is 'When one message is tried despite the pause.';
comment on column destinations.failures is 'How many times in a row it could not be reached or did not reply.';
comment on column destinations.recent_replies is 'How long the replies to the last five attempts took, the newest first; null: no reply came.';
comment on column destinations.last_attempt_at is 'When the newest of these attempts ended.';
comment on column destinations.fingerprint_key is 'The key for the fingerprint of the secret.';
comment on column destinations.secret_fingerprint is 'A keyed fingerprint: it shows that the secret has changed, never what it is.';
comment on column destinations.lease_token is 'The fence: only the notifier with this token may settle messages.';
comment on column destinations.lease_expires_at is 'When the notifier''s lease ends.';
comment on column destinations.notifier_id is 'The notifier that holds the lease, or held it last.';

create table outbox (
    outbox_id bigint generated always as identity primary key,
    alert_id bigint,
    seq integer,
    destination text not null,
    kind text not null check (kind in (
        'drift_detected', 'drift_changed', 'drift_resolved', 'alert_acknowledged', 'alert_refreshed', 'check_failing',
        'check_recovered', 'items_unreadable', 'items_readable', 'reminder', 'digest', 'drift_flapping',
        'drift_settled')),
    payload jsonb not null,
    state text not null default 'pending' check (state in ('pending', 'sending', 'sent', 'folded', 'dead')),
    attempt integer not null default 0,
    doubtful_attempts integer not null default 0,
    tried boolean not null generated always as (attempt > 0 or doubtful_attempts > 0) stored,
    plain boolean not null default false,
    not_before timestamptz not null,
    muted_until timestamptz,
    group_key text,
    schedule_name text,
    slot_at timestamptz,
    message_id uuid not null default gen_random_uuid(),
    lease_token uuid,
    lease_expires_at timestamptz,
    last_error text,
    created_at timestamptz not null,
    sent_at timestamptz,
    remote_id text,
    constraint one_notification_per_event unique (alert_id, seq, destination),
    constraint of_an_event_or_of_none check (
        (alert_id is null) = (seq is null) and (alert_id is null) = (kind in ('reminder', 'digest'))),
    constraint sent_when_sent check ((state = 'sent') = (sent_at is not null)),
    constraint sending_under_a_lease check (state <> 'sending' or lease_token is not null)
) with (
    fillfactor = 80,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0
);
create index outbox_waiting on outbox (destination, outbox_id) where state = 'pending';
create index outbox_due on outbox (destination, not_before, outbox_id) where state = 'pending';
create index outbox_groups on outbox (destination, group_key, outbox_id) where state = 'pending' and not tried;
create index outbox_of_slot on outbox (schedule_name, slot_at, destination, kind, outbox_id)
    where state = 'pending' and not tried and slot_at is not null;
create index outbox_messages_of_slot on outbox (destination, schedule_name, slot_at, kind, message_id)
    where tried and slot_at is not null;
create index outbox_of_group on outbox (group_key) where group_key is not null;
create index outbox_of_message on outbox (message_id);
create index outbox_sending on outbox (destination) where state = 'sending';
create index outbox_dead on outbox (destination, created_at) where state = 'dead';
create index outbox_done on outbox (created_at) where state in ('sent', 'folded', 'dead');
comment on table outbox is 'Notifications to send. Each is stored in the same transaction as its alert, and is sent at least once, in order per alert. Several may go out as one message.';
comment on column outbox.outbox_id is 'The notification, in order of writing.';
comment on column outbox.alert_id is 'The alert; null for a reminder or a digest.';
comment on column outbox.seq is 'The event of the alert that it is about.';
comment on column outbox.destination is 'Where it is sent.';
comment on column outbox.kind is 'drift_detected, drift_changed, drift_resolved, check_failing, check_recovered, items_unreadable, items_readable, drift_flapping (no more messages for now), drift_settled or alert_acknowledged; alert_refreshed: the alert''s own message is edited and nothing else is said; or, about no single alert, reminder or digest.';
comment on column outbox.payload is 'The facts, with a version number. The text is written when it is sent.';
comment on column outbox.state is 'pending, sending, sent, folded (nothing had to be sent: last_error says why), or dead: given up, because it was refused or too many attempts had no reply.';
comment on column outbox.attempt is 'Number of attempts. Attempts that were too fast or could not reach the destination do not count.';
comment on column outbox.doubtful_attempts is 'Attempts that may have delivered it without our knowing: no reply came, or it could not be stored. It is sent at most three times in this way. Counts from the claim; a reply takes it back.';
comment on column outbox.tried is 'An attempt counted, or may have delivered it. From then on it goes out only with the notifications of its message.';
comment on column outbox.plain is 'Send it as plain text, because the full form was refused.';
comment on column outbox.not_before is 'It is not sent before this.';
comment on column outbox.muted_until is 'When the hold or the silence ended for which it waited last. delivery_health counts from then.';
comment on column outbox.group_key is 'What it is about, as a hash. Notifications of the same kind and key that wait together go out as one message. Null: it goes alone.';
comment on column outbox.schedule_name is 'The schedule of its slot; null if no slot caused it.';
comment on column outbox.slot_at is 'The slot whose check caused it: it waits for others of the same slot, for 30 seconds at most, or for 5 minutes after four messages. Null if no slot caused it.';
comment on column outbox.message_id is 'The message that it went out in, or goes out in again: globally unique, and the same in every repetition. People recognise a repetition by the alert and the outbox_id, which each message contains.';
comment on column outbox.lease_token is 'The token of the claim that is sending it, or sent it last.';
comment on column outbox.lease_expires_at is 'After this time it is sent again.';
comment on column outbox.last_error is 'The error of the last attempt.';
comment on column outbox.created_at is 'When it was queued.';
comment on column outbox.sent_at is 'When the destination accepted it.';
comment on column outbox.remote_id is 'The id that the destination gave it.';

-- Alerts queue messages for it even before a notifier has run.
insert into destinations (destination, next_send_at) values ('default', 'epoch');
