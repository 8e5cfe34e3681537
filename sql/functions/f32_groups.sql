-- What goes out together. Notifications about the same thing have the same group_key: those of one kind go out as one message.
-- A mass change is found within seconds or minutes, so what a slot's check causes waits a little for company. All that one
-- slot causes takes at most five messages of a kind: if it changed in more ways than that, the most common ones have
-- messages of their own, and the last message sums up the rest.

create or replace function hash_of(variadic parts text[]) returns text
language sql immutable
as $$ select left(encode(sha256(convert_to(array_to_string(parts, e'\x1f', e'\x1e'), 'UTF8')), 'hex'), 20) $$;
comment on function hash_of(text[]) is 'A hash of texts in their order: 20 hexadecimal digits.';

create or replace function message_of_slot_after(name text, of_kind text, schedule text, slot timestamptz, above uuid) returns uuid
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select o.message_id from outbox o
    where o.destination = name and o.schedule_name = schedule and o.slot_at = slot and o.kind = of_kind and o.tried
      and o.message_id > coalesce(above, '00000000-0000-0000-0000-000000000000')
    order by o.message_id limit 1
$$;
comment on function message_of_slot_after(text, text, text, timestamptz, uuid) is 'The next message that a slot has taken, in the order of their ids.';

-- Jumps from message to message, however many notifications they hold.
create or replace function messages_of_slot(name text, of_kind text, schedule text, slot timestamptz) returns integer
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    with recursive message (id, number) as (
        select message_of_slot_after(name, of_kind, schedule, slot, null), 1
        union all
        select message_of_slot_after(name, of_kind, schedule, slot, m.id), m.number + 1
        from message m where m.id is not null and m.number < 5)
    select count(m.id)::integer from message m
$$;
comment on function messages_of_slot(text, text, text, timestamptz) is
    'How many messages of a kind a slot has taken at a destination; 5 stands for that many or more.';

-- The slot's end frees what waits: see complete_slots. What a person asks for has priority 10, and waits for nothing.
create or replace function wait_for_company(name text, of_kind text, check_no bigint) returns interval
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select coalesce((
        select case when j.priority <= 10 or s.completed_at is not null then interval '0'
                    when messages_of_slot(name, of_kind, c.schedule_name, c.slot_at) >= 4 then interval '5 minutes'
                    else interval '30 seconds' end
        from checks c
        join jobs j on j.job_id = c.job_id
        left join slots s on s.schedule_name = c.schedule_name and s.slot_at = c.slot_at
        where c.check_id = check_no), interval '0')
$$;
comment on function wait_for_company(text, text, bigint) is
    'How long a notification that a check causes waits for others of its slot.';

-- The caller holds the destination's row. A message that may have been delivered is repeated as it was, so that people
-- recognise it: what has been tried goes only with what it was tried with. Anything else takes along what is about the same
-- thing, even if that still waits for company. One message holds 1000 notifications at most.
create or replace function next_message(name text, now timestamptz) returns bigint[]
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
declare
    due outbox;
begin
    select * into due from outbox o
    where o.destination = name and o.state = 'pending' and o.not_before <= now and is_next(o)
    order by o.not_before, o.outbox_id
    limit 1;
    if not found then
        return null;
    elsif due.tried then
        return array(
            select o.outbox_id from outbox o
            where o.message_id = due.message_id and o.destination = name and o.state = 'pending' and o.not_before <= now
              and is_next(o));
    elsif has_parent(due) then
        return array[due.outbox_id];
    elsif due.slot_at is not null then
        return message_of_slot(due);
    end if;
    return due.outbox_id || array(
        select o.outbox_id from outbox o
        where o.destination = name and o.state = 'pending' and not o.tried and o.group_key = due.group_key
          and o.kind = due.kind and o.outbox_id <> due.outbox_id and is_next(o)
          and not has_parent(o)
        order by o.outbox_id
        limit 999);
end
$$;
comment on function next_message(text, timestamptz) is
    'The notifications that go out next to a destination, as one message; null if none is due.';

-- While the slot lasts, one of its five messages is kept for what is still to come.
create or replace function message_of_slot(due outbox) returns bigint[]
language plpgsql stable security definer set search_path = driftwatch, pg_temp
as $$
declare
    taken constant integer := messages_of_slot(due.destination, due.kind, due.schedule_name, due.slot_at);
    most constant integer := case when exists (
        select from slots s
        where s.schedule_name = due.schedule_name and s.slot_at = due.slot_at and s.completed_at is not null) then 5 else 4 end;
begin
    return array(
        with ready as materialized (
            select o.outbox_id, coalesce(o.group_key, o.outbox_id::text) as subject from outbox o
            where o.schedule_name = due.schedule_name and o.slot_at = due.slot_at and o.destination = due.destination
              and o.kind = due.kind and o.state = 'pending' and not o.tried and is_next(o)
              and not has_parent(o)
            order by o.outbox_id <> due.outbox_id, o.outbox_id
            limit 10000),
        ways as (select r.subject, count(*) as size, min(r.outbox_id) as oldest from ready r group by r.subject),
        -- Null: all that there is.
        chosen as (
            select case when taken + count(*) <= most then coalesce(due.group_key, due.outbox_id::text)
                        when taken < most - 1 then (array_agg(w.subject order by w.size desc, w.oldest))[1] end as subject
            from ways w)
        select r.outbox_id from ready r cross join chosen c
        where c.subject is null or r.subject = c.subject
        order by r.outbox_id
        limit 1000);
end
$$;
comment on function message_of_slot(outbox) is
    'The next message about what a slot found: about one change, or about all that is left.';

create or replace function is_next(o outbox) returns boolean
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select not exists (
        select from outbox earlier
        where earlier.alert_id = o.alert_id and earlier.seq < o.seq and earlier.destination = o.destination
          and earlier.state in ('pending', 'sending'))
      and not exists (
        select from alerts a where a.alert_id = o.alert_id and muted_by(a.server_id, a.pack_name) is not null)
$$;
comment on function is_next(outbox) is
    'Whether no earlier notification of the same alert to the same destination waits, and no hold or silence covers the alert.';
