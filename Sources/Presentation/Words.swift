package import DriftCore
package import Foundation

/// Spans as people read them.
package enum Age {
    /// The largest unit alone, such as `3 days`.
    package static func text(from start: Date, to end: Date) -> String {
        let seconds = max(0, Int(end.timeIntervalSince(start)))
        return switch seconds {
        case ..<60: plural(seconds, "second")
        case ..<3600: plural(seconds / 60, "minute")
        case ..<172_800: plural(seconds / 3600, "hour")
        default: plural(seconds / 86_400, "day")
        }
    }
}

/// Stored reasons, such as `permission_denied`, in words; the stored one follows, as documentation and `psql` name it.
package enum ReasonText {
    /// Why an item could not be read.
    package static func of(_ reason: UnreadableReason) -> String { "\(reason.words) (\(reason.rawValue))" }

    /// The same, as it is stored; a reason that only a later version knows goes by its own name.
    package static func of(unreadable reason: String) -> String {
        UnreadableReason(rawValue: reason).map(of) ?? reason.replacing("_", with: " ")
    }

    /// Why a check did not finish: a reason of the probe or of the queue.
    package static func of(failure reason: String?) -> String {
        let code = reason.flatMap { ProbeFailure.Reason(rawValue: $0) == nil ? nil : " (\($0))" }
        return words(failure: reason) + (code ?? "")
    }

    /// The same, without the stored reason.
    package static func words(failure reason: String?) -> String {
        guard let reason else { return "no reason is known" }
        return ProbeFailure.Reason(rawValue: reason)?.words ?? reason.replacing("_", with: " ")
    }
}

extension ProbeFailure.Reason {
    fileprivate var words: String {
        switch self {
        case .unreachable: "the server cannot be reached"
        case .loginThrottled: "sshd closed the connection before it greeted"
        case .loginTimeout: "the login took too long"
        case .loginDropped: "sshd broke off the login"
        case .loginPenalized: "sshd refuses this machine for a while"
        case .authenticationRefused: "the server accepts none of our keys"
        case .moreAuthenticationNeeded: "the server asks for more than the key"
        case .accountRefused: "the server refuses the account"
        case .identityUnusable: "the worker's own key cannot be used"
        case .hostKeyChanged: "the host key has changed"
        case .hostKeyUnknown: "the host key is unknown"
        case .hostKeyRevoked: "the host key is revoked"
        case .hostCertificateInvalid: "the host key's certificate is not valid"
        case .shellRefused: "the login shell runs no commands"
        case .probeTimeout: "the probe took too long"
        case .tooMuchOutput: "the answer was too long"
        case .truncated: "the answer broke off"
        case .malformedAnswer: "the answer made no sense"
        case .probeOutdated: "the pinned probe is too old"
        case .misconfigured: "ssh or its settings on the worker are wrong"
        case .cancelled: "the check was cancelled"
        case .noPlace: "no place was free for a login"
        }
    }
}
