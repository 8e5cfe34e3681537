-- What became of each slot, for psql and the command line. A view is replaced in place: see v10_queue.sql.

create or replace view recent_slots as
select k.schedule_name, k.slot_at, k.fired_at, k.fired_at - k.slot_at as late, k.enqueued, k.completed_at,
       k.completed_at - k.fired_at as took, k.skipped,
       case k.skipped when 'paused' then 'the schedule was paused'
                      when 'too_old' then 'it was 12 hours old or older when a scheduler saw it'
                      when 'overtaken' then 'a scheduler saw it only when a later slot was due as well' end as why_skipped,
       k.heartbeat_at, k.heartbeat_error
from slots k
order by k.slot_at desc;
comment on view recent_slots is 'The slots that came due, the newest first: when each fired and how long its jobs took, or why it was skipped.';
comment on column recent_slots.late is 'How long after the slot a scheduler created its jobs.';
comment on column recent_slots.took is 'From then until all of its jobs were found finished.';
comment on column recent_slots.why_skipped is 'The same in words.';
