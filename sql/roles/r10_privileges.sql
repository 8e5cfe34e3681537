-- Who may call what, and who may read what: the one table of privileges.
--
-- A function that is called only by other functions has the role `nobody`; one that views call with their reader's rights, and
-- that only reads, has `public`. Names stand for all functions of that name.
--
-- Tables are read by functions and views alone, which run as the owner: a relation `*` means every view. The two tables that
-- name the schema's version are the exception. A binary reads them before it knows which views there are.

create or replace view role_privileges (role_name, kind, object_name) as
select r.role_name, l.kind, o.object_name
from (values
    ('public', 'function',
        'clock statement_clock rfc3339 queue_of server_is_eligible own_actor may_name_actors on_hold is_alive is_held_by serves
         is_overdue stale_before count_of_items waiver_in_force schedule_zone schedule_day servers_waived mute_covers awaits_look
         items_named'),
    ('nobody', 'function',
        'raise_lease_lost write_audit refuse acting_as backoff place_in_spread start_in_spread unwanted_jobs
         jobs_ended end_attempt state_after look_still_wanted refuse_unknown unknown_name note_look want_look
         requeue_unsettled next_message is_next takes_alert takes_subject remember_parent has_parent items_to_show edits_messages
         is_only_an_edit cut_values message_of_slot message_of_slot_after messages_of_slot wait_for_company hash_of
         why_not_checked enqueue_now add_alert_event owe_notification names_of wrong_now wrong_items drift_message
         diff_path pack_path recount settle_alert lock_alert stop_watching unassign lift_hold move_memory
         move_alert move_never_compliant lock_schedule split_alert replace_pack_versions
         failed_long_enough failing_step failing_facts failing_message last_failing keep_company settle_failing dark_title dark_items
         dark_message settle_dark settle_checking correct_schedules correct_waits correct_past_times may_lie_ahead
         muted_by add_mute close_window reopen_alert owe_report instant_of item_named key_shown look_at_waived
         opens_alert ends_alert still_wrong count_names first_ten merged_facts fold_away fold_two fold_waiting
         tell_about_flapping turns_of_item flapping_turns is_only_flapping'),
    ('every process', 'function', 'register_worker touch_worker'),
    ('every role', 'relation', 'schema_info schema_migrations'),
    ('every process', 'relation', 'all_processes metrics'),
    ('driftwatch_scheduler', 'function',
        'lock_due_schedules waiting_schedules move_slot skip_slots times_ahead correct_times advance_schedule fire_slot seed_schedule requeue_jobs end_holds enqueue_looks
         complete_slots close_windows end_acknowledgements remind send_digest claim_heartbeat settle_heartbeat lock_unplanned_silences plan_silence forget_workers forget_checks forget_jobs forget_alerts forget_records'),
    ('driftwatch_worker', 'function',
        'claim_jobs promote_jobs renew_leases settle_job release_job job_state_under rescue_jobs held_jobs begin_effects
         lock_assignments record_check remember open_alert update_alert recount_alert close_alert
         turns_of note_flapping tell_flapping tell_settled'),
    ('driftwatch_worker', 'relation', 'all_servers all_assignments all_packs all_pack_versions known_mismatches
        known_unreadables waived_items'),
    ('driftwatch_notifier', 'function',
        'announce_destination announce_added_destination destinations_to_serve report_unserved fingerprint_key_of
         claim_outbox parent_of settle_outbox release_destination'),
    ('driftwatch_web', 'relation', '*'),
    ('driftwatch_web', 'function', 'hold_alerts end_mute'),
    ('driftwatch_reader', 'relation', '*'),
    ('driftwatch_operator', 'relation', '*'),
    ('driftwatch_operator', 'function',
        'enqueue_check enqueue_checks acknowledge_alert resolve_alert disable_drift_detection enable_drift_detection
         redrive_outbox add_destination pause_destination resume_destination remove_destination hold_alerts silence_alerts silence_alerts_again end_mute
         set_schedule begin_apply apply_server apply_pack finish_apply remove_server
         remove_pack carry_out forget_items lock_alerts_of lock_servers servers_to_look_at enqueue_looks requeue_jobs
         retry_job cancel_job pause_queue resume_queue pause_schedule resume_schedule
         fingerprint_key_of is_served add_waiver end_waiver apply_waivers')
) l (who, kind, names)
cross join lateral regexp_split_to_table(l.names, '\s+') o (object_name)
cross join lateral (
    select l.who where l.who not like 'every %'
    union all
    select p from unnest('{driftwatch_scheduler,driftwatch_worker,driftwatch_notifier,driftwatch_web}'::text[]) p
    where l.who like 'every %'
    union all
    select p from unnest('{driftwatch_reader,driftwatch_operator}'::text[]) p
    where l.who = 'every role') r (role_name);
comment on view role_privileges is 'Who may call and read what: one row per role and function, table or view.';
comment on column role_privileges.role_name is 'The role; public for everybody, nobody for what only other functions call.';
comment on column role_privileges.kind is 'function: may execute it. relation: may select from it.';
comment on column role_privileges.object_name is 'The function, table or view; * for all views.';
