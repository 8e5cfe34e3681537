-- The health of the queue, for psql.
--
-- A view is replaced in place, so that grants on it and other people's views over it stay. New columns go at the end, and
-- no column changes its name or type.

create or replace view queue_health as
select q.queue,
       p.paused_at,
       count(j.job_id) filter (where j.state = 'available') as available,
       count(j.job_id) filter (where j.state in ('scheduled', 'retryable')) as waiting,
       count(j.job_id) filter (where j.state = 'running') as running,
       clock() - min(j.run_at) filter (where j.state = 'available') as oldest_available,
       clock() - min(j.claimed_at) filter (where j.state = 'running') as longest_running,
       (select count(*) from workers w
        where w.process = 'worker' and q.queue = any(w.queues) and w.state = 'running'
          and is_alive(w.state, w.last_seen_at)) as workers_alive
from (select queue from queues
      union select queue_of(server_id) from servers where removed_at is null
      union select queue from jobs where state in ('scheduled', 'available', 'running', 'retryable')) q
left join queues p on p.queue = q.queue
left join jobs j on j.queue = q.queue and j.state in ('scheduled', 'available', 'running', 'retryable')
group by q.queue, p.paused_at
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

create or replace view queue_stuck as
select j.job_id, j.queue, j.kind, j.server_id, j.state, j.worker_id, j.attempt, j.rescues, j.claimed_at,
       j.lease_expires_at, j.deadline_at,
       case when j.state = 'running' and j.lease_expires_at <= clock() then 'its lease has expired; a worker will take it back'
            when j.state = 'running' then 'it ran past its deadline; a worker will take it back'
            when q.paused_at is not null then 'its queue is paused' || coalesce(': ' || q.paused_reason, '')
            when j.state <> 'available' then 'it is due, but no running worker has made it available'
            else 'no running worker serves its queue' end as why
from jobs j
left join queues q on q.queue = j.queue
where (j.state = 'running' and (j.lease_expires_at <= clock() or j.deadline_at <= clock()))
   or (j.state in ('scheduled', 'available', 'retryable') and j.run_at < clock() - interval '60 seconds'
       and (j.state <> 'available' or q.paused_at is not null
            or not exists (
                select from workers w
                where w.process = 'worker' and j.queue = any(w.queues) and w.state = 'running'
                  and is_alive(w.state, w.last_seen_at))))
order by j.job_id;
comment on view queue_stuck is 'Jobs that do not move, and why.';
comment on column queue_stuck.why is 'Why the job does not move.';

create or replace view recent_failures as
select a.started_at, a.ended_at, a.job_id, j.server_id, a.attempt, a.outcome, a.error_class, a.error, a.worker_id,
       j.state as job_state
from job_attempts a
join jobs j on j.job_id = a.job_id
where (a.outcome in ('failed', 'retry', 'lease_expired', 'deadline') or a.error_class is not null)
  and a.ended_at > clock() - interval '7 days'
order by a.ended_at desc;
comment on view recent_failures is 'Attempts of the last week that did not succeed, or found that a server cannot be looked at, newest first.';
comment on column recent_failures.attempt is 'The number of the attempt.';
comment on column recent_failures.job_state is 'The state of the job now.';

create or replace view upcoming_slots as
select s.schedule_name, s.cron, s.time_zone, s.next_slot_at, s.next_slot_at - clock() as due_in, s.last_slot_at, s.paused_at,
       (select count(*) from servers v where server_is_eligible(v.server_id)) as eligible_servers,
       is_overdue(s.next_slot_at, s.updated_at, s.paused_at) as overdue, stale_before(s.schedule_name) as stale_before
from schedules s
order by s.next_slot_at;
comment on view upcoming_slots is 'When each schedule is due next, and for how many servers.';
comment on column upcoming_slots.due_in is 'Time until the slot is due. Negative: it is overdue, and no scheduler has fired it.';
comment on column upcoming_slots.overdue is 'The slot has waited for a scheduler for more than two minutes, or nobody has computed it for that long.';
comment on column upcoming_slots.stale_before is 'A verdict older than this is stale: two slots have been due since.';
comment on column upcoming_slots.eligible_servers is 'How many servers would get a job if it fired now.';
