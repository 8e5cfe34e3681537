-- The servers and the packs that they are checked against. Written by `apply` and by operators; workers and the scheduler
-- change only a server's streak and its hold.

create table servers (
    server_id text primary key check (server_id ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    display_name text not null,
    address text not null,
    port integer check (port between 1 and 65535),
    ssh_user text,
    config_user text,
    connection text not null default 'ssh' check (connection in ('ssh', 'local')),
    queue text not null default 'default',
    labels jsonb not null default '{}'
        constraint labels_are_texts check (jsonb_typeof(labels) = 'object' and not labels @? '$.* ? (@.type() != "string")'),
    drift_detection_enabled boolean not null default true,
    expect text not null default 'always' check (expect in ('always', 'sometimes')),
    failing_after integer not null default 3 check (failing_after between 0 and 1000),
    stale_after interval check (stale_after > interval '0'),
    disabled_at timestamptz,
    disabled_by text,
    disabled_reason text,
    disabled_until timestamptz,
    failing_streak integer not null default 0,
    failing_since timestamptz,
    failing_reason text,
    failing_detail text,
    failing_jump_host text,
    failing_slots integer not null default 0,
    failing_alerted boolean not null default false,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    removed_at timestamptz,
    constraint failing_since_its_streak_began check (
        (failing_streak = 0) = (failing_since is null) and (failing_since is null) = (failing_reason is null)),
    constraint nothing_fails_without_a_streak check (
        failing_streak > 0
        or failing_slots = 0 and not failing_alerted and failing_detail is null and failing_jump_host is null),
    check (disabled_at is not null or (disabled_by is null and disabled_reason is null and disabled_until is null))
);
create index servers_changed on servers (updated_at);
-- queue_of, so that the names of the queues are found without reading the servers.
create index servers_by_queue on servers ((case connection when 'local' then 'local:' || server_id else queue end))
    where removed_at is null;
create index servers_on_hold on servers (disabled_until) where disabled_until is not null;
comment on table servers is 'The servers in the inventory. A removed server keeps its row, so that its history stays readable.';
comment on column servers.server_id is 'The id in the inventory. It always means the same machine.';
comment on column servers.display_name is 'The name shown to people.';
comment on column servers.address is 'Host name or IP address that is passed to ssh.';
comment on column servers.port is 'TCP port, if the inventory sets one; otherwise the ssh configuration decides.';
comment on column servers.ssh_user is 'The login user, if the inventory sets one; otherwise the ssh configuration decides.';
comment on column servers.config_user is 'The user whose home directory ~ means in packs; null: the login user.';
comment on column servers.connection is 'ssh, or local: this server is the machine of the worker started with --local ID.';
comment on column servers.queue is 'The queue of its jobs. Workers started with --queue and this name take them.';
comment on column servers.labels is 'Labels from the inventory: a map of strings.';
comment on column servers.drift_detection_enabled is 'drift_detection in the inventory. Only apply changes it.';
comment on column servers.expect is 'always, or sometimes: the server is often off, so no alert opens when it cannot be checked. Only apply changes it.';
comment on column servers.failing_after is 'After how many slots in a row without a look, or without a reading of an item that could be read before, an alert opens; 0: never. Only apply changes it.';
comment on column servers.stale_after is 'How old its last finished check may be before it is stale; null: two slots. Only apply changes it.';
comment on column servers.disabled_at is 'Since when an operator has disabled drift detection; null if nobody has.';
comment on column servers.disabled_by is 'Who disabled it.';
comment on column servers.disabled_reason is 'Why it was disabled.';
comment on column servers.disabled_until is 'When the scheduler enables it again; null: when an operator does.';
comment on column servers.failing_streak is 'How many jobs in a row could not look at the server. A job that can resets it to 0.';
comment on column servers.failing_since is 'Since when jobs cannot look at the server: the start of that streak. Null while they can.';
comment on column servers.failing_reason is 'Why the last of these jobs failed, such as unreachable.';
comment on column servers.failing_detail is 'What ssh or Driftwatch said about that failure, in one line. It comes from the network.';
comment on column servers.failing_jump_host is 'The jump host at which that job failed; null: the server itself.';
comment on column servers.failing_slots is 'How many of the jobs of slots in a row could not look at the server. Starts anew when drift detection is switched off.';
comment on column servers.failing_alerted is 'An alert was opened about this streak. If an operator has resolved it, no other opens until a job can look again.';
comment on column servers.created_at is 'When apply first stored it.';
comment on column servers.updated_at is 'When apply last changed it.';
comment on column servers.removed_at is 'When apply --prune removed it; null while it is in the inventory.';

create table packs (
    pack_name text primary key check (pack_name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    display_name text not null,
    description text,
    extends text,
    digest text not null,
    item_keys text[] not null default '{}',
    updated_at timestamptz not null
);
comment on table packs is 'The config packs as last applied.';
comment on column packs.pack_name is 'The name of the pack''s file without its extension.';
comment on column packs.display_name is 'The name shown to people.';
comment on column packs.description is 'What the pack is for.';
comment on column packs.extends is 'The parent packs, such as base, web: already merged into the resolved version.';
comment on column packs.digest is 'The current version: sha256 over everything that can change a verdict.';
comment on column packs.item_keys is 'The keys of the expectations in this version.';
comment on column packs.updated_at is 'When apply last changed it.';

create table pack_versions (
    pack_name text not null,
    digest text not null,
    resolved jsonb not null,
    first_seen_at timestamptz not null,
    replaced_at timestamptz,
    primary key (pack_name, digest)
);
comment on table pack_versions is 'The versions of each pack that were applied, with their parents merged in.';
comment on column pack_versions.pack_name is 'The pack.';
comment on column pack_versions.digest is 'The version, as in checks.pack_digest.';
comment on column pack_versions.resolved is 'The expectations that workers compare a server with.';
comment on column pack_versions.first_seen_at is 'When apply first stored it.';
comment on column pack_versions.replaced_at is 'Since when another version has been current, or the pack gone; null while it is current.';

create table assignments (
    server_id text not null references servers,
    pack_name text not null references packs,
    assigned_at timestamptz not null,
    primary key (server_id, pack_name)
);
create index assignments_by_pack on assignments (pack_name);
comment on table assignments is 'Which packs a server is checked against.';
comment on column assignments.server_id is 'The server.';
comment on column assignments.pack_name is 'The pack.';
comment on column assignments.assigned_at is 'When the pack was assigned.';

create table audit_log (
    audit_id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail jsonb not null default '{}'
);
create index audit_log_subject on audit_log (subject);
create index audit_log_by_time on audit_log (at);
comment on table audit_log is 'What operators and apply did.';
comment on column audit_log.audit_id is 'The entry, in order of writing.';
comment on column audit_log.at is 'When it was done.';
comment on column audit_log.actor is 'Who did it: the database role, or the name that the caller gave.';
comment on column audit_log.action is 'The function or command that was called.';
comment on column audit_log.subject is 'What it was done to, such as server web-1.';
comment on column audit_log.detail is 'Facts about the action, such as its reason.';
