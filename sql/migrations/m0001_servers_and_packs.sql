-- What is watched, and against what. Only `apply` and operators write here.

create table servers (
    server_id text primary key check (server_id ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    display_name text not null,
    address text not null,
    port integer check (port between 1 and 65535),
    ssh_user text,
    config_user text,
    connection text not null default 'ssh' check (connection in ('ssh', 'local')),
    queue text not null default 'default',
    labels jsonb not null default '{}',
    drift_detection_enabled boolean not null default true,
    disabled_at timestamptz,
    disabled_by text,
    disabled_reason text,
    disabled_until timestamptz,
    failing_streak integer not null default 0,
    failing_since timestamptz,
    failing_reason text,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    removed_at timestamptz,
    constraint failing_since_its_streak_began check (
        (failing_streak = 0) = (failing_since is null) and (failing_since is null) = (failing_reason is null)),
    check (disabled_at is not null or (disabled_by is null and disabled_reason is null and disabled_until is null))
);
create index servers_on_hold on servers (disabled_until) where disabled_until is not null;
comment on table servers is 'The machines under watch. The inventory declares them; a removed one keeps its row for its history.';
comment on column servers.server_id is 'The id that the inventory gives, for ever the same machine.';
comment on column servers.display_name is 'What people are shown.';
comment on column servers.address is 'Host name or IP address that ssh is given.';
comment on column servers.port is 'TCP port, only where the inventory sets one: else ssh''s own configuration decides.';
comment on column servers.ssh_user is 'Who logs in, only where the inventory sets it: else ssh''s own configuration decides.';
comment on column servers.config_user is 'Whose home ~ is in packs; the login user where null.';
comment on column servers.connection is 'ssh, or local: the machine of a worker started with --local ID.';
comment on column servers.queue is 'Which workers can reach it: those started with --queue of this name.';
comment on column servers.labels is 'Free words of the inventory, a map of strings.';
comment on column servers.drift_detection_enabled is 'What the inventory declares; only apply writes it.';
comment on column servers.disabled_at is 'Since when an operator holds drift detection off; null where nobody does.';
comment on column servers.disabled_by is 'Who put the hold.';
comment on column servers.disabled_reason is 'Why.';
comment on column servers.disabled_until is 'When the scheduler ends the hold; null: when an operator ends it.';
comment on column servers.failing_streak is 'Jobs in a row whose probe did not finish; a job that reaches the server sets it to 0.';
comment on column servers.failing_since is 'Since when the server cannot be looked at: when that streak began; null while it can.';
comment on column servers.failing_reason is 'Why the last job of that streak failed, such as unreachable.';
comment on column servers.created_at is 'When the inventory first named it.';
comment on column servers.updated_at is 'When apply last changed it.';
comment on column servers.removed_at is 'When apply --prune took it out; null while it is watched.';

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
comment on column packs.pack_name is 'The stem of the pack''s file.';
comment on column packs.display_name is 'What people are shown.';
comment on column packs.description is 'What the pack is for.';
comment on column packs.extends is 'The parent pack, already merged into the resolved version.';
comment on column packs.digest is 'Which version is in force: sha256 over all that changes a judgement.';
comment on column packs.item_keys is 'The keys of the expectations of this version.';
comment on column packs.updated_at is 'When apply last changed it.';

create table pack_versions (
    pack_name text not null,
    digest text not null,
    resolved jsonb not null,
    first_seen_at timestamptz not null,
    primary key (pack_name, digest)
);
comment on table pack_versions is 'Every version of every pack that was ever applied, with its parent merged in.';
comment on column pack_versions.pack_name is 'The pack.';
comment on column pack_versions.digest is 'The version, as checks name it.';
comment on column pack_versions.resolved is 'The expectations, as workers compare them.';
comment on column pack_versions.first_seen_at is 'When apply first stored it.';

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
comment on column assignments.assigned_at is 'Since when.';

create table audit_log (
    audit_id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    action text not null,
    subject text not null,
    detail jsonb not null default '{}'
);
comment on table audit_log is 'What operators and apply did.';
comment on column audit_log.audit_id is 'Order of writing.';
comment on column audit_log.at is 'When.';
comment on column audit_log.actor is 'Who: the database role, or the name that the caller gave.';
comment on column audit_log.action is 'The function or command.';
comment on column audit_log.subject is 'What it was done to, such as server web-1.';
comment on column audit_log.detail is 'The rest.';
