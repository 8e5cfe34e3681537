-- PostgreSQL lets everybody execute a new function, and these run as the schema's owner. So calling one needs a grant.
-- The functions that views call stay open, because they run with the reader's rights; so does the one that names the
-- actor. They only read.
revoke execute on all functions in schema driftwatch from public;
grant execute on function clock(), statement_clock(), rfc3339(timestamptz), queue_of(text), queue_of(text, text, text),
    server_is_eligible(text), own_actor(text), may_name_actors(), on_hold(timestamptz, timestamptz),
    is_alive(text, timestamptz), is_held_by(xid, xid), serves(text, text, timestamptz, text[], text),
    is_overdue(timestamptz, timestamptz, timestamptz), stale_before(text) to public;
