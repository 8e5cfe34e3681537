-- PostgreSQL lets everybody execute a new function, and these run as the schema's owner. So calling one needs a grant.
-- The functions that views call stay open, because they run with the reader's rights; so does the one that names the
-- actor. They only read.
revoke execute on all functions in schema driftwatch from public;
grant execute on function clock(), rfc3339(timestamptz), queue_of(text), server_is_eligible(text), own_actor(text),
    may_name_actors(), on_hold(timestamptz, timestamptz), shown_state(text, integer), is_alive(text, timestamptz),
    is_overdue(timestamptz, timestamptz, timestamptz), stale_before(text) to public;
