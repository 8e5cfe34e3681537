-- The health of the queue, for psql.
--
-- A view is replaced in place, so that grants on it and other people's views over it stay. New columns go at the end, and
-- no column changes its name or type.

-- Each part reads an index that holds nothing but its jobs. The names of the servers' queues are found one after the other.
create or replace view queue_health as
with recursive of_servers (queue) as (
    (select queue_of(s.server_id, s.connection, s.queue) from servers s where s.removed_at is null order by 1 limit 1)
    union all
    select (select queue_of(s.server_id, s.connection, s.queue) from servers s
            where s.removed_at is null and queue_of(s.server_id, s.connection, s.queue) > o.queue order by 1 limit 1)
    from of_servers o where o.queue is not null
), live (queue, available, waiting, running, available_since, running_since) as materialized (
    select j.queue, count(*), 0, 0, min(j.run_at), null::timestamptz
    from jobs j where j.state = 'available' and j.rescues = 0 group by j.queue
    union all
    select j.queue, count(*), 0, 0, min(j.run_at), null
    from jobs j where j.state = 'available' and j.rescues > 0 group by j.queue
    union all
    select j.queue, 0, count(*), 0, null, null
    from jobs j where j.state in ('scheduled', 'retryable') group by j.queue
    union all
    select j.queue, 0, 0, count(*), null, min(j.claimed_at)
    from jobs j where j.state = 'running' group by j.queue)
select q.queue,
       p.paused_at,
       coalesce(l.available, 0) as available,
       coalesce(l.waiting, 0) as waiting,
       coalesce(l.running, 0) as running,
       (select statement_clock()) - l.available_since as oldest_available,
       (select statement_clock()) - l.running_since as longest_running,
       (select count(*) from workers w where serves(w.state, w.last_seen_at, w.queues, q.queue)) as workers_alive
from (select queue from queues
      union select queue from of_servers where queue is not null
      union select queue from live) q
left join queues p on p.queue = q.queue
left join (
    select live.queue, sum(live.available)::bigint as available, sum(live.waiting)::bigint as waiting,
           sum(live.running)::bigint as running, min(live.available_since) as available_since,
           min(live.running_since) as running_since
    from live group by live.queue) l on l.queue = q.queue
order by q.queue;
comment on view queue_health is 'One row per queue: depth, age, workers.';
comment on column queue_health.queue is 'The queue.';
comment on column queue_health.paused_at is 'Since when it has been paused; null while it is not.';
comment on column queue_health.available is 'Jobs that a worker could claim now.';
comment on column queue_health.waiting is 'Jobs that are not due yet.';
comment on column queue_health.running is 'Jobs that a worker is running.';
comment on column queue_health.oldest_available is 'How long the oldest available job has waited.';
comment on column queue_health.longest_running is 'How long the oldest running job has run.';
comment on column queue_health.workers_alive is 'Running workers that serve it and were seen within the last minute.';

-- A row that another session holds is skipped by everybody else, without a word. Its xmax names the transaction (see
-- is_held_by), and pg_locks the session. Of sessions of other roles, only members of pg_read_all_stats see the time and the statement.
create or replace view lock_holders as
select l.transactionid as holder, l.pid, coalesce(a.usename, p.owner) as usename,
       coalesce(a.xact_start, p.prepared) as since, a.state, a.query as last_query,
       case when p.gid is not null then 'the prepared transaction ' || p.gid
            else 'the session with pid ' || l.pid end
       || coalesce(' of ' || coalesce(a.usename, p.owner), '')
       || coalesce(' (' || nullif(a.application_name, '') || ')', '')
       || coalesce(' since ' || rfc3339(coalesce(a.xact_start, p.prepared)), '')
       || coalesce(', which ran: ' || left(regexp_replace(a.query, '\s+', ' ', 'g'), 100), '') as description
from pg_locks l
left join pg_stat_activity a on a.pid = l.pid
left join pg_prepared_xacts p on p.transaction = l.transactionid
where l.locktype = 'transactionid' and l.mode = 'ExclusiveLock';
comment on view lock_holders is 'The transactions that may hold a row, and the sessions that began them. is_held_by(xmax, holder) says whether it holds a row.';
comment on column lock_holders.holder is 'The transaction.';
comment on column lock_holders.pid is 'The session: select pg_terminate_backend(pid) ends it. Null for a prepared transaction.';
comment on column lock_holders.usename is 'The role that began it.';
comment on column lock_holders.since is 'When the transaction began; null if that is hidden from this role.';
comment on column lock_holders.state is 'What the session does, such as idle in transaction.';
comment on column lock_holders.last_query is 'The last statement of the session.';
comment on column lock_holders.description is 'All of that in one sentence.';

create or replace view queue_stuck as
with holders as materialized (select * from lock_holders)
select j.job_id, j.queue, j.kind, j.server_id, j.state, j.worker_id, j.attempt, j.rescues, j.claimed_at,
       j.lease_expires_at, j.deadline_at,
       case when h.description is not null then 'its row is held by ' || h.description
            when j.lease_expires_at <= t.now then 'its lease has expired; a worker will take it back'
            when j.state = 'running' then 'it ran past its deadline; a worker will take it back'
            when q.paused_at is not null then 'its queue is paused' || coalesce(': ' || q.paused_reason, '')
            when j.state <> 'available' then 'it is due, but no running worker has made it available'
            else 'no running worker serves its queue' end as why,
       h.pid as blocker_pid, j.schedule_name
from (select statement_clock() as now) t
cross join jobs j
left join queues q on q.queue = j.queue
-- A claim or an end holds rows for a moment.
left join lateral (
    select * from holders h
    where j.xmax <> 0 and is_held_by(j.xmax, h.holder) and coalesce(h.since < t.now - interval '10 seconds', true)
    limit 1) h on true
where j.finished_at is null
  and (j.lease_expires_at <= t.now or j.deadline_at <= t.now
       or (j.state <> 'running' and j.run_at < t.now - interval '60 seconds'
           and (h.holder is not null or j.state <> 'available' or q.paused_at is not null
                or j.queue not in (
                    select unnest(w.queues) from workers w
                    where serves(w.state, w.last_seen_at, w.queues, w.queues[1])))))
order by j.job_id;
comment on view queue_stuck is 'Jobs that do not move, and why.';
comment on column queue_stuck.why is 'Why the job does not move.';
comment on column queue_stuck.blocker_pid is 'The session that holds the job''s row; null if none does.';

create or replace view attempts as
select a.job_id, a.attempt, a.worker_id, a.started_at, a.ended_at, a.outcome, a.error_class, a.error, j.server_id, w.host,
       a.ended_at - a.started_at as took
from job_attempts a
left join jobs j on j.job_id = a.job_id
left join workers w on w.worker_id = a.worker_id
union all
select j.job_id, j.attempt, j.worker_id, j.claimed_at, j.finished_at, nullif(j.state, 'running'), null, null, j.server_id,
       w.host, j.finished_at - j.claimed_at
from jobs j
left join workers w on w.worker_id = j.worker_id
where j.state in ('running', 'succeeded')
  and not exists (select from job_attempts a where a.job_id = j.job_id and a.lease_token = j.lease_token);
comment on view attempts is 'One row per claim: which worker looked at which server, and how that ended.';
comment on column attempts.ended_at is 'When it ended; null while it runs.';
comment on column attempts.outcome is 'How it ended; null while it runs.';
comment on column attempts.server_id is 'The server. Null if the job is not kept any more.';
comment on column attempts.host is 'The machine of the worker. Null if its row is not kept any more.';
comment on column attempts.took is 'From the claim to the end.';

create or replace view recent_failures as
select a.started_at, a.ended_at, a.job_id, j.server_id, a.attempt, a.outcome, a.error_class, a.error, a.worker_id,
       j.state as job_state
from job_attempts a
join jobs j on j.job_id = a.job_id
where (a.outcome in ('failed', 'retry', 'lease_expired', 'deadline') or a.error_class is not null)
  and a.ended_at > (select statement_clock()) - interval '7 days'
order by a.ended_at desc;
comment on view recent_failures is 'Attempts of the last week that did not succeed, or found that a server cannot be looked at, newest first.';
comment on column recent_failures.attempt is 'The number of the attempt.';
comment on column recent_failures.job_state is 'The state of the job now.';

create or replace view upcoming_slots as
select s.schedule_name, s.cron, s.time_zone, s.next_slot_at, s.next_slot_at - (select statement_clock()) as due_in, s.last_slot_at, s.paused_at,
       (select count(*) from eligible_servers) as eligible_servers,
       is_overdue(s.next_slot_at, s.updated_at, s.paused_at) as overdue, stale_before(s.schedule_name) as stale_before,
       h.description as held_by, s.spread, s.paused_by, s.paused_reason,
       (select k.enqueued from slots k where k.schedule_name = s.schedule_name and k.slot_at = s.last_slot_at) as last_slot_jobs
from schedules s
left join lateral (select * from lock_holders h where s.xmax <> 0 and is_held_by(s.xmax, h.holder) limit 1) h on true
order by s.next_slot_at;
comment on view upcoming_slots is 'When each schedule is due next, and for how many servers.';
comment on column upcoming_slots.due_in is 'Time until the slot is due. Negative: it is overdue, and no scheduler has fired it.';
comment on column upcoming_slots.overdue is 'The slot has waited for a scheduler for more than two minutes, or nobody has computed it for that long.';
comment on column upcoming_slots.stale_before is 'A verdict older than this is stale: two slots have been due since.';
comment on column upcoming_slots.held_by is 'The session that holds the schedule''s row: no scheduler can fire a slot until it ends. Null if none does.';
comment on column upcoming_slots.last_slot_jobs is 'How many jobs the last slot created. Null if it is not kept any more.';
comment on column upcoming_slots.eligible_servers is 'How many servers would get a job if it fired now.';
