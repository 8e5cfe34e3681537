-- Which servers are muted now, and why: the one place that decides it. Everything else asks this view, or muted_by.
--
-- After a window, messages wait until the servers have been looked at once more, so that they say what is true then. If that
-- takes longer than 15 minutes, or nobody notices the end of the window for as long, they go out.
create or replace view muted_servers as
select s.server_id, m.pack_name, m.mute_id, m.kind,
       case m.kind when 'hold' then 'held' else 'silenced' end
           || case when m.ends_at > t.now and m.ended_at is null
                   then ' until ' || rfc3339(m.ends_at)
                   else ' until the server has been looked at' end
           || ' (' || m.reason || ', by ' || m.created_by || ')' as muted_by,
       case when m.ended_at is null then m.ends_at end as until_at
from (select statement_clock() as now) t
cross join mutes m
join servers s on mute_covers(m.server_id, m.labels, s.server_id, s.labels)
where (m.ended_at is null and m.starts_at <= t.now
       and case when m.closed_at >= m.ends_at then false else m.ends_at > t.now - interval '15 minutes' end)
   or (m.closed_at > t.now - interval '15 minutes'
       and exists (
           select from drift_states d
           where d.server_id = s.server_id and (m.pack_name is null or d.pack_name = m.pack_name)
             and awaits_look(d.look_wanted_at, d.last_started_at, m.closed_at)));
comment on view muted_servers is 'The servers whose messages wait because of a hold or a silence: one row per server and mute.';
comment on column muted_servers.pack_name is 'Only messages about this pack wait; null: all about the server.';
comment on column muted_servers.muted_by is 'Why they wait, in words.';
comment on column muted_servers.until_at is 'When the window ends; null if it has ended.';

create or replace view all_mutes as
select m.mute_id, m.kind, m.server_id, m.labels, m.pack_name, m.reason, m.created_by, m.created_at, m.cron, m.lasts,
       m.starts_at, least(m.ends_at, m.ended_at) as ends_at, m.problem,
       case when m.problem is not null and m.ended_at is null then 'broken'
            when m.ended_at is not null or m.closed_at >= m.ends_at then 'ending'
            when m.starts_at <= (select statement_clock()) then 'in force'
            else 'waiting' end as state,
       (select count(*)::integer from servers s
        where mute_covers(m.server_id, m.labels, s.server_id, s.labels)
          and exists (select from assignments a
                      where a.server_id = s.server_id and (m.pack_name is null or a.pack_name = m.pack_name))) as servers
from mutes m
where m.ended_at is null
   or (m.closed_at > (select statement_clock()) - interval '15 minutes'
       and exists (
           select from drift_states d join servers s on s.server_id = d.server_id
           where awaits_look(d.look_wanted_at, d.last_started_at, m.closed_at)
             and (m.pack_name is null or d.pack_name = m.pack_name)
             and mute_covers(m.server_id, m.labels, s.server_id, s.labels)));
comment on view all_mutes is 'The holds and silences that are in force, or will be.';
comment on column all_mutes.state is 'waiting for its window, in force, ending (its servers are looked at once more), or broken: see problem.';
comment on column all_mutes.servers is 'How many servers it covers now.';
