-- Which servers are checked, and through which queue. Every function and view that asks this asks here, for all servers at
-- once. A server that was removed has no packs: remove_server takes them away.
create or replace view eligible_servers as
select s.server_id, queue_of(s.server_id, s.connection, s.queue) as queue
from servers s
where s.drift_detection_enabled
  and not on_hold(s.disabled_at, s.disabled_until)
  and exists (select from assignments a where a.server_id = s.server_id);
comment on view eligible_servers is 'The servers that are checked: in the inventory, switched on, not on hold, and with packs.';
comment on column eligible_servers.queue is 'The queue of its jobs: servers.queue, or local:ID.';
