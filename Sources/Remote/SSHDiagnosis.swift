import DriftCore
internal import Redaction

/// Tells from what `ssh` printed why it did not get in.
enum SSHDiagnosis {
    /// `lines` are standard error, which begins with ssh's own words and may hold the server's banner.
    static func failure(_ lines: [String], loggedIn: Bool) -> ProbeFailure {
        let said = words(of: lines)
        for rule in rules {
            guard let line = said.last(where: rule.matches) else { continue }
            // Once we are in, only these tell of the session itself.
            if loggedIn && !rule.afterLogin { continue }
            return ProbeFailure(rule.reason, detail: rule.detail ?? line)
        }
        let last = said.last ?? "ssh ended without a word"
        return ProbeFailure(loggedIn ? .truncated : .unreachable, detail: last)
    }

    /// What stands on standard error but for ssh's account of its work.
    static func words(of lines: [String]) -> [String] {
        lines.map { VisibleText.plain($0.utf8, limit: 300).trimmingSpaces }.filter { line in
            !line.isEmpty
                && !["Authenticated to ", "Transferred: ", "Bytes per second: "].contains { line.hasPrefix($0) }
        }
    }

    private struct Rule {
        var reason: ProbeFailure.Reason
        var prefixes: [String] = []
        var parts: [String] = []
        var detail: String?
        var afterLogin = false

        func matches(_ line: String) -> Bool {
            prefixes.contains { line.hasPrefix($0) } || parts.contains { line.contains($0) }
        }
    }

    /// From the most to the least telling.
    private static let rules = [
        Rule(
            reason: .misconfigured,
            prefixes: [
                "command-line: line ", "Can't open user config file", "unknown key type", "Bad owner or permissions on",
            ],
            parts: ["Bad configuration option", "terminating, ", "bad permissions: ignore key"]),
        Rule(
            reason: .hostKeyChanged, parts: ["REMOTE HOST IDENTIFICATION HAS CHANGED", "REVOKED HOST KEY DETECTED"],
            detail: "the server's host key is not the one in known_hosts"),
        Rule(
            reason: .hostKeyUnknown, parts: ["Host key verification failed."],
            detail: "the server's host key is not in known_hosts"),
        Rule(reason: .misconfigured, prefixes: ["Load key "]),
        Rule(reason: .misconfigured, prefixes: ["Unable to negotiate with "]),
        Rule(
            reason: .authenticationRefused,
            parts: [": Permission denied (", "Too many authentication failures", "No supported authentication methods"]),
        Rule(
            reason: .unreachable, prefixes: ["ssh: Could not resolve hostname ", "ssh: connect to host "],
            parts: [
                "stdio forwarding failed", "open failed: connect failed", "open failed: administratively prohibited",
            ]),
        Rule(reason: .unreachable, parts: ["banner line contains invalid", "invalid format", "No SSH identification"]),
        Rule(reason: .loginTimeout, parts: ["timed out during banner exchange"]),
        Rule(reason: .shellRefused, parts: ["request failed on channel"], afterLogin: true),
        Rule(
            reason: .loginThrottled,
            prefixes: ["kex_exchange_identification: ", "ssh_exchange_identification: ", "banner exchange: "],
            parts: ["Exceeded MaxStartups", "Not allowed at this time"]),
        Rule(reason: .loginTimeout, prefixes: ["Timeout, server ", "Connection to "], parts: ["Connection timed out"]),
        Rule(
            reason: .loginThrottled,
            prefixes: [
                "Connection closed by ", "Connection reset by ", "ssh_dispatch_run_fatal: ",
                "Received disconnect from ",
            ]),
    ]
}

extension String {
    var trimmingSpaces: String {
        var text = self[...]
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
