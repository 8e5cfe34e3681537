-- The queue: schedules and their slots, the jobs of each slot, the workers, and the attempts at each job.

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
    paused_reason text,
    updated_at timestamptz not null,
    check (spread >= interval '0')
);
comment on table schedules is 'When checks are due. These rows decide; environment variables only set their first value.';
comment on column schedules.schedule_name is 'The schedule. This version creates only one, named default.';
comment on column schedules.cron is 'The cron expression: five fields.';
comment on column schedules.time_zone is 'The time zone of the cron expression.';
comment on column schedules.spread is 'The jobs of a slot start over this span of time, each server always at the same point in it.';
comment on column schedules.next_slot_at is 'The next slot; null until a scheduler has computed it.';
comment on column schedules.following_slot_at is 'The slot after next_slot_at; null until a scheduler has computed it.';
comment on column schedules.last_slot_at is 'The slot that fired last.';
comment on column schedules.last_due_at is 'The last slot that was due, whether it fired or was too old when a scheduler saw it.';
comment on column schedules.due_before_last_at is 'The slot that was due before last_due_at, fired or not.';
comment on column schedules.paused_at is 'Since when its slots are skipped; null while it is not paused.';
comment on column schedules.paused_by is 'Who paused it.';
comment on column schedules.paused_reason is 'Why it was paused.';
comment on column schedules.updated_at is 'When somebody last set it. While next_slot_at is null, the next slot is the first one after this.';

create table slots (
    schedule_name text not null,
    slot_at timestamptz not null,
    fired_at timestamptz,
    enqueued integer not null,
    superseded integer not null default 0,
    completed_at timestamptz,
    skipped text check (skipped in ('paused', 'too_old', 'overtaken')),
    heartbeat_at timestamptz,
    heartbeat_due_at timestamptz,
    heartbeat_failures integer not null default 0,
    heartbeat_error text,
    primary key (schedule_name, slot_at),
    constraint fired_or_skipped check ((fired_at is null) = (skipped is not null))
);
create index slots_open on slots (slot_at) where completed_at is null;
comment on table slots is 'The slots that came due. Each fires once or is skipped.';
comment on column slots.schedule_name is 'The schedule.';
comment on column slots.slot_at is 'When the slot was due.';
comment on column slots.fired_at is 'When a scheduler created its jobs; null if it was skipped.';
comment on column slots.enqueued is 'How many jobs were created.';
comment on column slots.superseded is 'How many waiting jobs of older slots were cancelled in favour of its own.';
comment on column slots.completed_at is 'When all of its jobs were found finished, or when it was skipped.';
comment on column slots.heartbeat_at is 'When the heartbeat after it was delivered.';
comment on column slots.heartbeat_due_at is 'Its heartbeat is not sent before this: another scheduler is sending it, or the last attempt failed.';
comment on column slots.heartbeat_failures is 'How many attempts failed.';
comment on column slots.heartbeat_error is 'Why the last attempt failed.';
comment on column slots.skipped is 'Why it did not fire. paused: the schedule was paused. too_old: it was 12 hours old or older when a scheduler saw it. overtaken: a scheduler saw it only when a later slot was due as well. Null if it fired.';

create table queues (
    queue text primary key,
    paused_at timestamptz,
    paused_by text,
    paused_reason text
);
comment on table queues is 'Queues that are or were paused. A queue without a row is not paused.';
comment on column queues.queue is 'The queue, as in servers.queue.';
comment on column queues.paused_at is 'Since when no job is claimed from it; null while it is not paused.';
comment on column queues.paused_by is 'Who paused it.';
comment on column queues.paused_reason is 'Why it was paused.';

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
    last_error text,
    requested_by text,
    created_at timestamptz not null,
    finished_at timestamptz,
    -- The server first: this index also finds a server's jobs.
    constraint one_job_per_slot_and_server unique (server_id, schedule_name, slot_at),
    constraint slot_has_a_schedule check ((schedule_name is null) = (slot_at is null)),
    constraint finished_when_over check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
    constraint running_under_a_lease check (
        state <> 'running' or (lease_token is not null and lease_expires_at is not null and worker_id is not null))
) with (
    -- Renewing a lease changes no indexed column. With free room on the page it stays a heap-only update.
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2000
);
create index jobs_claim on jobs (queue, priority, run_at, job_id) where state = 'available' and rescues = 0;
create index jobs_claim_rescued on jobs (queue, priority, run_at, job_id) where state = 'available' and rescues > 0;
create index jobs_promote on jobs (run_at) where state in ('scheduled', 'retryable');
create index jobs_running on jobs (job_id) where state = 'running';
-- A job without finished_at is live.
create index jobs_live on jobs (server_id) where finished_at is null;
create index jobs_of_open_slots on jobs (schedule_name, slot_at) where finished_at is null;
create unique index one_live_manual_job_per_server on jobs (kind, server_id)
    where slot_at is null and finished_at is null;
create index jobs_finished on jobs (finished_at) where finished_at is not null;
comment on table jobs is
    'The queue. scheduled -> available -> running -> succeeded | failed | cancelled, with retryable in between after a temporary fault. The last three are final: a retry is a new job.';
comment on column jobs.job_id is 'The job.';
comment on column jobs.queue is 'The workers that serve this queue may claim it. local:ID: only the worker on that server itself.';
comment on column jobs.kind is 'What to do: always drift_check.';
comment on column jobs.server_id is 'The server to check.';
comment on column jobs.schedule_name is 'The schedule that created it; null if no schedule did.';
comment on column jobs.slot_at is 'The slot that created it; null if no slot did.';
comment on column jobs.state is 'scheduled, available, running, retryable, succeeded, failed or cancelled.';
comment on column jobs.priority is 'Smaller runs first: 10 if a person asked, 50 for the check after a change, 100 for slots.';
comment on column jobs.run_at is
    'The job does not start before this; of the jobs that are due, the earliest starts first. A slot''s job inherits it from the waiting job that it replaces.';
comment on column jobs.attempt is 'How often it was claimed, without the claims that were handed back.';
comment on column jobs.max_attempts is 'After this many attempts a temporary fault fails the job.';
comment on column jobs.rescues is 'How often its worker was lost or its deadline passed. The third time fails it.';
comment on column jobs.retry_of is 'The finished job that this one repeats.';
comment on column jobs.lease_token is 'The fence: only the worker with this token may write. It stays when the job is finished, so that a worker that lost the reply to its commit can ask what happened.';
comment on column jobs.worker_id is 'The worker that holds it, or held it last.';
comment on column jobs.claimed_at is 'When it was last claimed.';
comment on column jobs.lease_expires_at is 'When the lease ends unless it is renewed; null unless it is running. Deliberately not indexed.';
comment on column jobs.deadline_at is 'When it is taken back even if its lease is renewed; null unless it is running.';
comment on column jobs.cancel_requested_at is 'When somebody asked to cancel it. Its worker sees this at the next renewal.';
comment on column jobs.last_error is 'The error of the last attempt, in one line.';
comment on column jobs.requested_by is 'Who asked for it; null for slots.';
comment on column jobs.created_at is 'When it was enqueued.';
comment on column jobs.finished_at is 'When it finished.';

create table job_attempts (
    job_id bigint not null,
    lease_token uuid not null,
    attempt integer not null,
    worker_id text not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    outcome text not null check (outcome in (
        'succeeded', 'failed', 'retry', 'cancelled', 'interrupted', 'no_place', 'lease_expired', 'deadline')),
    error_class text,
    error text,
    primary key (job_id, lease_token)
) with (
    autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0
);
create index job_attempts_failed on job_attempts (ended_at)
    where outcome in ('failed', 'retry', 'lease_expired', 'deadline') or error_class is not null;
comment on table job_attempts is 'The attempts that ended otherwise than in a plain success. A running attempt and a plain success are in the row of their job; the view attempts shows all.';
comment on column job_attempts.job_id is 'The job.';
comment on column job_attempts.lease_token is 'The token of the claim.';
comment on column job_attempts.attempt is 'The number of the attempt. The number of an attempt that was handed back is used again.';
comment on column job_attempts.worker_id is 'The worker.';
comment on column job_attempts.started_at is 'When it started.';
comment on column job_attempts.ended_at is 'When it ended.';
comment on column job_attempts.outcome is 'How it ended.';
comment on column job_attempts.error_class is 'The kind of fault, such as unreachable. Also set if the job succeeded but could not look at the server.';
comment on column job_attempts.error is 'The error, in one line.';

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
comment on table workers is 'The running processes, for people and health checks. Leases do not depend on these rows.';
comment on column workers.worker_id is 'host:pid:start, unique.';
comment on column workers.process is 'What kind of process it is, such as worker or notifier.';
comment on column workers.host is 'The machine that it runs on.';
comment on column workers.pid is 'Its process id on that machine.';
comment on column workers.version is 'Its version.';
comment on column workers.concurrency is 'How many jobs a worker runs at once; null for other processes.';
comment on column workers.state is 'running, draining (claims nothing more) or stopped.';
comment on column workers.queues is 'The queues that a worker serves.';
comment on column workers.account is 'The user account that it runs as.';
comment on column workers.settings is 'The files that a worker uses to log in, for doctor. Never a secret.';
comment on column workers.started_at is 'When it started.';
comment on column workers.last_seen_at is 'When it last updated this row: at least every 20 seconds.';
