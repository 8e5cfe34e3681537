package import DriftCore

/// When the next login at one address may begin.
///
/// sshd counts failed logins per client address (`PerSourcePenalties`, OpenSSH 9.8). Each failure adds to a penalty that
/// decays with time. From 15 s on, sshd refuses every login from that address until the penalty is zero. That would hit
/// all servers behind one address, above all a jump host's, and people who log in from here. So this keeps the same
/// count, and starts no login that could reach the limit.
///
/// An address that has just let us in is trusted: there only the number of places counts.
package struct LoginPacing {
    package enum Answer: Equatable {
        case begin
        /// All places are taken.
        case full
        /// Nothing may begin before this much time has passed.
        case rest(Duration)
    }

    /// sshd's defaults, and what we add to be on the safe side of its clock, which counts whole seconds.
    private static let failedLogin = Duration.seconds(5)
    private static let enforced = Duration.seconds(15)
    private static let longest = Duration.seconds(600)
    private static let margin = Duration.seconds(2)
    /// After a refusal, longer than the longest one, because sshd does not say how long it lasts.
    static let afterRefusal = longest + .seconds(60)
    /// Longer than the logins of one slot lie apart, and no reason to trust the next slot's.
    private static let trust = Duration.seconds(900)
    /// So many refusals in a row are the result of a check.
    static let patience = 3

    private let limit: Int
    private var taken = 0
    private var trustedUntil = Duration.zero
    private var refusals = 0
    /// When the debt is paid off.
    private var paidAt = Duration.zero
    /// Nothing begins before.
    private var restsUntil = Duration.zero

    package init(limit: Int) { self.limit = limit }

    /// Asks for a login at `now`, and takes its place.
    package mutating func begin(at now: Duration) -> Answer {
        if restsUntil > now { return .rest(restsUntil - now) }
        guard taken < limit else { return .full }
        let debt = max(.zero, paidAt - now)
        if trustedUntil <= now || debt > .zero {
            // As if all that are under way failed, and this one too.
            let worst = debt + Self.failedLogin * (taken + 1)
            if worst + Self.margin > Self.enforced {
                return debt > .zero ? .rest(min(debt, worst + Self.margin - Self.enforced)) : .full
            }
        }
        taken += 1
        return .begin
    }

    /// Gives the place back, where nothing was learned of this address.
    package mutating func leave() { taken = max(0, taken - 1) }

    /// Gives the place back at `now`.
    ///
    /// - Returns: The failure to report; it may not count as an attempt.
    package mutating func end(with failure: ProbeFailure?, at now: Duration) -> ProbeFailure? {
        taken = max(0, taken - 1)
        guard var failure else {
            (trustedUntil, refusals) = (now + Self.trust, 0)
            return nil
        }
        if failure.reason == .loginPenalized {
            trustedUntil = .zero
            refusals += 1
            restsUntil = max(restsUntil, now + Self.afterRefusal)
            if refusals < Self.patience { failure.retryAfter = restsUntil - now }
            return failure
        }
        let cost = Self.cost(of: failure.reason)
        guard let cost else {
            if Self.provesLogin(failure.reason) { (trustedUntil, refusals) = (now + Self.trust, 0) }
            return failure
        }
        trustedUntil = .zero
        paidAt = min(max(paidAt, now) + cost, now + Self.longest)
        // sshd refuses by now, and goes on until all is paid.
        if paidAt - now + Self.margin > Self.enforced { restsUntil = max(restsUntil, paidAt + Self.margin) }
        return failure
    }

    /// What sshd adds to the debt for a login that ended so, at the most; nil if it adds nothing.
    private static func cost(of reason: ProbeFailure.Reason) -> Duration? {
        switch reason {
        case .authenticationRefused, .moreAuthenticationNeeded, .accountRefused, .identityUnusable: failedLogin
        // We went away before we said who we are.
        case .hostKeyChanged, .hostKeyUnknown, .hostKeyRevoked, .hostCertificateInvalid, .misconfigured, .cancelled:
            .seconds(1)
        // We leave before sshd loses patience, unless its LoginGraceTime is shorter than ours.
        case .loginTimeout: .seconds(10)
        // Or a crash.
        case .loginDropped: .seconds(90)
        case .unreachable, .loginThrottled, .loginPenalized, .noPlace, .shellRefused, .probeTimeout, .tooMuchOutput,
            .truncated, .malformedAnswer, .probeOutdated:
            nil
        }
    }

    private static func provesLogin(_ reason: ProbeFailure.Reason) -> Bool {
        switch reason {
        case .shellRefused, .probeTimeout, .tooMuchOutput, .truncated, .malformedAnswer, .probeOutdated: true
        default: false
        }
    }
}
