/// What Slack's error codes say about the fault, for webhooks and the Web API alike.
enum SlackErrorCode {
    enum Fault: Hashable, CaseIterable {
        case message, destination, pace, server
    }

    /// `nil` for a code that is not known: then the status decides.
    static func fault(of code: String) -> Fault? {
        if message.contains(code) { return .message }
        if destination.contains(code) || code.hasPrefix("restricted_action") { return .destination }
        if pace.contains(code) { return .pace }
        return server.contains(code) ? .server : nil
    }

    static let message: Set<String> = [
        "invalid_payload", "no_text", "invalid_blocks", "invalid_blocks_format", "invalid_attachments",
        "too_many_attachments", "user_not_found", "msg_too_long", "msg_blocks_too_long", "invalid_json",
        "json_not_object",
        "missing_text_or_fallback_or_attachments", "invalid_arguments", "markdown_text_conflict",
    ]

    static let destination: Set<String> = [
        "action_prohibited", "posting_to_general_channel_denied", "invalid_token", "team_disabled", "no_service",
        "no_service_id", "no_active_hooks", "no_team", "channel_not_found", "channel_is_archived", "is_archived",
        "not_authed", "invalid_auth", "token_revoked", "token_expired", "account_inactive", "missing_scope",
        "not_in_channel", "restricted_action", "not_allowed_token_type", "no_permission", "org_login_required",
        "ekm_access_denied", "access_denied", "two_factor_setup_required", "team_access_not_granted",
        "messages_tab_disabled", "is_inactive", "accesslimited", "enterprise_is_restricted",
    ]

    static let pace: Set<String> = ["rate_limited", "ratelimited", "message_limit_exceeded"]

    static let server: Set<String> = [
        "rollup_error", "service_unavailable", "internal_error", "fatal_error", "request_timeout",
        "team_added_to_org",
    ]
}
