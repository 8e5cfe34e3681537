-- Messages about no single alert: reminders and the digest. Their rows in the outbox have no alert, and their payload has a
-- report: sections, each with how many entries it has and the first of them.

-- The facts that every payload has stand for Driftwatch itself.
create or replace function owe_report(target text, kind text, entries integer, report jsonb) returns void
language sql security definer set search_path = driftwatch, pg_temp
as $$
    insert into outbox (destination, kind, payload, not_before, created_at)
    values (target, kind,
            jsonb_build_object(
                'version', 1, 'kind', kind, 'alert_id', 0, 'server_id', 'driftwatch', 'server_name', 'driftwatch',
                'mismatch_count', entries, 'items', '[]'::jsonb, 'diff_path', '/',
                'opened_at', rfc3339(clock()), 'occurred_at', rfc3339(clock()), 'report', report,
                'time_zone', schedule_zone()),
            clock(), clock());
    select pg_notify('driftwatch_outbox', '');
$$;
comment on function owe_report(text, text, integer, jsonb) is 'Queues a reminder or a digest for a destination.';

-- An alert is due when nobody acknowledged it for this long since it opened or people were last reminded. Once one is due,
-- those that will be within a tenth of that time are told in the same message. An alert whose messages wait, because it is
-- muted or they cannot be delivered, is not due, nor is the alert of a canary.
create or replace function remind(after interval) returns integer
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    now constant timestamptz := clock();
    due bigint[];
    target destinations;
    report jsonb;
    entries integer;
begin
    due := array(
        select a.alert_id from alerts a
        join servers s on s.server_id = a.server_id
        where a.status = 'open' and coalesce(a.reminded_at, a.opened_at) <= now - after * 0.9
          and not s.labels @> '{"canary": "true"}'
          and not exists (
            select from outbox o where o.alert_id = a.alert_id and o.state in ('pending', 'sending'))
          and muted_by(a.server_id, a.pack_name) is null
        order by a.alert_id
        for update of a skip locked);
    if not exists (
        select from alerts a where a.alert_id = any(due) and coalesce(a.reminded_at, a.opened_at) <= now - after) then
        return 0;
    end if;
    update alerts a set reminded_at = now where a.alert_id = any(due);
    for target in select * from destinations d order by d.destination loop
        select count(*), jsonb_build_array(jsonb_build_object('section', 'unacknowledged', 'count', count(*), 'entries',
                jsonb_agg(jsonb_build_object(
                    'server_id', first.server_id, 'server_name', first.display_name, 'pack_name', first.pack_name,
                    'items', first.mismatch_count, 'since', rfc3339(first.opened_at)) order by first.opened_at, first.alert_id)
                filter (where first.place <= 10)))
        into entries, report
        from (select a.*, s.display_name, row_number() over (order by a.opened_at, a.alert_id) as place
              from alerts a join servers s on s.server_id = a.server_id
              where a.alert_id = any(due) and takes_alert(target, a.alert_id)) first;
        if entries > 0 then
            perform owe_report(target.destination, 'reminder', entries, report);
        end if;
    end loop;
    return cardinality(due);
end
$$;
comment on function remind(interval) is
    'Queues one message per destination about those of its alerts that are open and that nobody acknowledged for this long, and returns how many they are.';

-- The first slot that a new database is told of is only noted: nothing of the time before it is known.
create or replace function send_digest(slot timestamptz) returns boolean
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
declare
    now constant timestamptz := clock();
    wanted constant boolean := exists (select from digests) and slot > now - interval '12 hours';
    target destinations;
    report jsonb;
begin
    insert into digests (slot_at, noted_at, was_sent) values (slot, now, wanted) on conflict do nothing;
    if not found or not wanted then
        return false;
    end if;
    for target in select * from destinations d order by d.destination loop
        select coalesce(jsonb_agg(jsonb_build_object('section', s.section, 'count', s.entries, 'entries', s.first) order by s.place), '[]')
        into report
        from (select e.section, min(e.place) as place, count(*) as entries,
                     jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
                         'server_id', e.server_id, 'server_name', e.server_name, 'pack_name', e.pack_name, 'items', e.items,
                         'since', rfc3339(e.since))) order by e.number)
                         filter (where e.number <= 5) as first
              from (select d.*, row_number() over (partition by d.section order by d.since, d.server_id, d.pack_name) as number
                    from digest_entries d where takes_subject(target, d.server_id, d.pack_name)) e
              group by e.section) s;
        perform owe_report(target.destination, 'digest',
            (select coalesce(sum((s ->> 'count')::integer), 0)::integer from jsonb_array_elements(report) s), report);
    end loop;
    return true;
end
$$;
comment on function send_digest(timestamptz) is
    'Queues the digest that was due then, for every destination about its servers and packs. Once per time, however many schedulers ask; true if it was queued.';
