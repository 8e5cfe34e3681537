-- The messages that show alerts at a destination, and that are edited when an alert changes.

create table alert_parents (
    destination text not null,
    alert_id bigint not null,
    channel text not null,
    channel_id text not null,
    remote_id text not null,
    shared boolean not null,
    posted_at timestamptz not null,
    primary key (destination, alert_id)
);
comment on table alert_parents is 'The message that shows an alert as it is now, where a destination can edit what it was sent. What happens to the alert later is posted in the thread below it.';
comment on column alert_parents.destination is 'The destination.';
comment on column alert_parents.alert_id is 'The alert.';
comment on column alert_parents.channel is 'The channel that it was sent to, as the settings name it. With another channel in the settings, the next message is a new one there.';
comment on column alert_parents.channel_id is 'The id of that channel: edits need it.';
comment on column alert_parents.remote_id is 'The id of the message in that channel (Slack''s ts).';
comment on column alert_parents.shared is 'It is about several alerts: it is not edited, but what happens to each is posted in its thread.';
comment on column alert_parents.posted_at is 'When it was posted. If it was deleted, another one takes its place.';
