-- What a notifier needs before it announces its destination.

create or replace function fingerprint_key_of(name text) returns uuid
language plpgsql security definer set search_path = driftwatch, pg_temp
as $$
begin
    insert into destinations (destination, next_send_at) values (name, clock()) on conflict do nothing;
    return (select d.fingerprint_key from destinations d where d.destination = name);
end
$$;
comment on function fingerprint_key_of(text) is
    'The key for the fingerprint of a destination''s secret. Creates the destination if there is none.';

create or replace function is_served(name text, by_kind text, fingerprint text) returns boolean
language sql stable security definer set search_path = driftwatch, pg_temp
as $$
    select exists (
        select from destinations d
        where d.destination = name and d.kind = by_kind and d.secret_fingerprint is not distinct from fingerprint)
$$;
comment on function is_served(text, text, text) is
    'Whether the notifiers send to a destination in this way, and with the secret of this fingerprint.';
