-- What a notifier asks before it announces how it serves a destination.

create or replace function fingerprint_key_of(name text) returns uuid
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
begin
    insert into destinations (destination, next_send_at) values (name, clock()) on conflict do nothing;
    return (select d.fingerprint_key from destinations d where d.destination = name);
end
$$;
comment on function fingerprint_key_of(text) is
    'The key of the fingerprints of a destination''s secret; the destination is made where there is none.';
