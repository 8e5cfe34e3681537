-- The queue: slots that come due, the jobs they make, who works on them, and what became of each attempt.

create table schedules (
    schedule_name text primary key,
    cron text not null,
    time_zone text not null,
    spread interval not null default interval '0',
    next_slot_at timestamptz,
    following_slot_at timestamptz,
    last_slot_at timestamptz,
    last_due_at timestamptz,
    due_before_last_at timestamptz,
    paused_at timestamptz,
    paused_by text,
    updated_at timestamptz not null,
    check (spread >= interval '0')
);
comment on table schedules is 'When checks come due. This row is the truth; environment variables only seed it.';
comment on column schedules.schedule_name is 'default is the only one that this version makes.';
comment on column schedules.cron is 'Five cron fields.';
comment on column schedules.time_zone is 'The named zone that the fields are read in.';
comment on column schedules.spread is 'Jobs of a slot start spread over this long, each server always at the same point.';
comment on column schedules.next_slot_at is 'The slot that comes due next; null until a scheduler has looked at the row.';
comment on column schedules.following_slot_at is 'The slot after that one; null until a scheduler has looked at the row.';
comment on column schedules.last_slot_at is 'The slot that fired last.';
comment on column schedules.last_due_at is 'The slot that came due last, whether it fired or was too old by the time a scheduler looked.';
comment on column schedules.due_before_last_at is 'The slot that came due before that one, in the same sense.';
comment on column schedules.paused_at is 'Since when no slot fires; null while they do.';
comment on column schedules.paused_by is 'Who paused it.';
comment on column schedules.updated_at is 'When cron or time zone last changed.';

create table slots (
    schedule_name text not null,
    slot_at timestamptz not null,
    fired_at timestamptz not null,
    enqueued integer not null,
    completed_at timestamptz,
    primary key (schedule_name, slot_at)
);
create index slots_open on slots (slot_at) where completed_at is null;
comment on table slots is 'The due instants that fired, each once.';
comment on column slots.schedule_name is 'The schedule.';
comment on column slots.slot_at is 'The due instant.';
comment on column slots.fired_at is 'When a scheduler made its jobs.';
comment on column slots.enqueued is 'How many jobs it made.';
comment on column slots.completed_at is 'When the last of them was seen to be finished.';

create table queues (
    queue text primary key,
    paused_at timestamptz,
    paused_by text,
    paused_reason text
);
comment on table queues is 'Queues that are, or were, paused. A queue without a row runs.';
comment on column queues.queue is 'The name that servers.queue gives.';
comment on column queues.paused_at is 'Since when nothing is claimed from it; null while it runs.';
comment on column queues.paused_by is 'Who paused it.';
comment on column queues.paused_reason is 'Why.';

create table jobs (
    job_id bigint generated always as identity primary key,
    queue text not null default 'default',
    kind text not null,
    server_id text,
    schedule_name text,
    slot_at timestamptz,
    state text not null default 'available' check (state in (
        'scheduled', 'available', 'running', 'retryable', 'succeeded', 'failed', 'cancelled')),
    priority smallint not null default 100,
    run_at timestamptz not null,
    attempt integer not null default 0,
    max_attempts integer not null default 3 check (max_attempts > 0),
    rescues integer not null default 0,
    retry_of bigint,
    lease_token uuid,
    worker_id text,
    claimed_at timestamptz,
    lease_expires_at timestamptz,
    deadline_at timestamptz,
    cancel_requested_at timestamptz,
    payload jsonb not null default '{}' check (pg_column_size(payload) <= 65536),
    last_error text,
    requested_by text,
    created_at timestamptz not null,
    finished_at timestamptz,
    constraint one_job_per_slot_and_server unique (schedule_name, slot_at, server_id),
    constraint slot_has_a_schedule check ((schedule_name is null) = (slot_at is null)),
    constraint finished_when_over check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
    constraint running_under_a_lease check (
        state <> 'running' or (lease_token is not null and lease_expires_at is not null and worker_id is not null))
) with (
    -- Renewals touch no indexed column: with room on the page they stay heap-only updates.
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2000
);
create index jobs_claim on jobs (queue, priority, run_at, job_id) where state = 'available' and rescues = 0;
create index jobs_claim_rescued on jobs (queue, priority, run_at, job_id) where state = 'available' and rescues > 0;
create index jobs_promote on jobs (run_at) where state in ('scheduled', 'retryable');
create index jobs_running on jobs (job_id) where state = 'running';
create index jobs_live on jobs (server_id) where state in ('scheduled', 'available', 'running', 'retryable');
create unique index one_live_manual_job_per_server on jobs (kind, server_id)
    where slot_at is null and state in ('scheduled', 'available', 'running', 'retryable');
create index jobs_finished on jobs (finished_at) where finished_at is not null;
comment on table jobs is
    'The queue. scheduled -> available -> running -> succeeded | failed | cancelled, by way of retryable after a passing fault. The last three are for good: a retry is a new job.';
comment on column jobs.job_id is 'The job.';
comment on column jobs.queue is 'Which workers may claim it; local:ID for a server that only its own machine''s worker can look at.';
comment on column jobs.kind is 'What to do; drift_check is all there is.';
comment on column jobs.server_id is 'Whom to do it to.';
comment on column jobs.schedule_name is 'The schedule whose slot made it; null when a person asked for it.';
comment on column jobs.slot_at is 'The slot that made it; null when a person asked for it.';
comment on column jobs.state is 'Where it stands.';
comment on column jobs.priority is 'Smaller runs first: 10 for what a person waits for, 50 for first checks, 100 for slots.';
comment on column jobs.run_at is
    'Not before; of what is due, the earliest goes first. A slot''s job takes it over from the job of its server that it supersedes.';
comment on column jobs.attempt is 'How often it was claimed, less the claims that were handed back.';
comment on column jobs.max_attempts is 'After how many attempts a passing fault is the result.';
comment on column jobs.rescues is 'How often its worker was lost; the third time fails it.';
comment on column jobs.retry_of is 'The finished job that this one repeats.';
comment on column jobs.lease_token is 'The fence: who does not hold this token may not write. Kept when the job is over, so that a worker whose commit''s reply was lost can ask.';
comment on column jobs.worker_id is 'Who holds it, or held it last.';
comment on column jobs.claimed_at is 'Since when.';
comment on column jobs.lease_expires_at is 'Until when, unless renewed. Not indexed, on purpose.';
comment on column jobs.deadline_at is 'When it counts as stuck even though its lease is renewed.';
comment on column jobs.cancel_requested_at is 'When somebody asked to cancel it; its worker learns of it with the next renewal.';
comment on column jobs.payload is 'Facts for the handler.';
comment on column jobs.last_error is 'What the last attempt said, in one line.';
comment on column jobs.requested_by is 'Who asked for it; null for slots.';
comment on column jobs.created_at is 'When it was enqueued.';
comment on column jobs.finished_at is 'When it was over.';

create table job_attempts (
    job_id bigint not null,
    lease_token uuid not null,
    attempt integer not null,
    worker_id text not null,
    started_at timestamptz not null,
    ended_at timestamptz,
    outcome text check (outcome in (
        'succeeded', 'failed', 'retry', 'cancelled', 'interrupted', 'no_place', 'lease_expired', 'deadline')),
    error_class text,
    error text,
    primary key (job_id, lease_token)
) with (
    autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);
create index job_attempts_started on job_attempts (started_at);
comment on table job_attempts is 'One row per claim: who tried, and how it ended.';
comment on column job_attempts.job_id is 'The job.';
comment on column job_attempts.lease_token is 'The token of that claim.';
comment on column job_attempts.attempt is 'Its number; a handed back attempt''s number is used again.';
comment on column job_attempts.worker_id is 'Who.';
comment on column job_attempts.started_at is 'From when.';
comment on column job_attempts.ended_at is 'Until when; null while it runs.';
comment on column job_attempts.outcome is 'How it ended; null while it runs.';
comment on column job_attempts.error_class is 'A word from a small set, such as unreachable; also of a success that found that it could not look.';
comment on column job_attempts.error is 'One line for people.';

create table workers (
    worker_id text primary key,
    process text not null check (process in ('scheduler', 'worker', 'notifier', 'web')),
    host text not null,
    pid integer not null,
    version text not null,
    concurrency integer,
    state text not null default 'running' check (state in ('running', 'draining', 'stopped')),
    queues text[] not null default '{}',
    account text,
    settings jsonb not null default '{}',
    started_at timestamptz not null,
    last_seen_at timestamptz not null
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
create index workers_seen on workers (process, last_seen_at);
comment on table workers is 'The processes, for people and health checks. Leases do not hang on these rows.';
comment on column workers.worker_id is 'host:pid:start, unique.';
comment on column workers.process is 'Which of the long-running commands.';
comment on column workers.host is 'Where it runs.';
comment on column workers.pid is 'Its process id there.';
comment on column workers.version is 'Its version.';
comment on column workers.concurrency is 'How many jobs at once; null for other processes.';
comment on column workers.state is 'running, draining (claims nothing more) or stopped.';
comment on column workers.queues is 'The queues that a worker serves.';
comment on column workers.account is 'The account of its machine that it runs as.';
comment on column workers.settings is 'The files with which a worker logs in, for doctor; never a secret.';
comment on column workers.started_at is 'Since when.';
comment on column workers.last_seen_at is 'When it last wrote here, every 20 seconds or sooner.';
