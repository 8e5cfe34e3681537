-- PostgreSQL lets everybody execute a new function, and the verbs run as the schema's owner: nobody may call one without
-- a grant. What the views compute with is asked of whoever reads them, so that stays open, as is what name to act under.
-- All of it only reads.
revoke execute on all functions in schema driftwatch from public;
grant execute on function clock(), rfc3339(timestamptz), queue_of(text), server_is_eligible(text), own_actor(text),
    may_name_actors(), on_hold(timestamptz, timestamptz), shown_state(text, integer), is_alive(text, timestamptz),
    is_overdue(timestamptz, timestamptz, timestamptz), stale_before(text) to public;
