/// What Slack's error codes say about the fault, for webhooks and the Web API alike.
enum SlackErrorCode {
    enum Fault: Hashable, CaseIterable {
        case message, destination, pace, server
    }

    /// Whether the message that was to be edited, or replied to, cannot be: then a new one takes its place.
    ///
    /// Its channel may be gone too, and another one have its name.
    static func isAboutTheParent(_ code: String) -> Bool {
        parent.contains(code) || ["channel_not_found", "is_archived", "not_in_channel"].contains(code)
    }

    /// `nil` for a code that is not known: then the status decides.
    static func fault(of code: String) -> Fault? {
        // Without a parent to blame, the row backs off alone.
        if parent.contains(code) { return .server }
        if message.contains(code) { return .message }
        if destination.contains(code) || code.hasPrefix("restricted_action") { return .destination }
        if pace.contains(code) { return .pace }
        return server.contains(code) ? .server : nil
    }

    /// Of `chat.update`, and of replies.
    static let parent: Set<String> = [
        "message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found", "cannot_reply_to_message",
        "no_dual_broadcast_content_update", "streaming_state_conflict", "restricted_action_thread_locked",
        "restricted_action_non_threadable_channel",
    ]

    static let message: Set<String> = [
        "invalid_payload", "no_text", "invalid_blocks", "invalid_blocks_format", "invalid_attachments",
        "too_many_attachments", "user_not_found", "msg_too_long", "msg_blocks_too_long", "invalid_json",
        "json_not_object",
        "missing_text_or_fallback_or_attachments", "invalid_arguments", "markdown_text_conflict", "block_mismatch",
        "attachment_payload_limit_exceeded", "invalid_arg_name", "invalid_array_arg", "invalid_charset",
        "invalid_form_data", "invalid_post_type", "missing_post_type",
    ]

    static let destination: Set<String> = [
        "action_prohibited", "posting_to_general_channel_denied", "invalid_token", "team_disabled", "no_service",
        "no_service_id", "no_active_hooks", "no_team", "channel_not_found", "channel_is_archived", "is_archived",
        "not_authed", "invalid_auth", "token_revoked", "token_expired", "account_inactive", "missing_scope",
        "not_in_channel", "restricted_action", "not_allowed_token_type", "no_permission", "org_login_required",
        "ekm_access_denied", "access_denied", "two_factor_setup_required", "team_access_not_granted",
        "messages_tab_disabled", "is_inactive", "accesslimited", "enterprise_is_restricted", "deprecated_endpoint",
        "method_deprecated", "as_user_not_supported",
    ]

    static let pace: Set<String> = ["rate_limited", "ratelimited", "message_limit_exceeded"]

    static let server: Set<String> = [
        "rollup_error", "service_unavailable", "internal_error", "fatal_error", "request_timeout",
        "team_added_to_org", "update_failed", "external_channel_migrating",
    ]
}
