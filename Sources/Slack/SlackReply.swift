package import DriftCore
package import Foundation
package import HTTP
internal import Messages

extension SlackDestination {
    /// Classifies a reply: by what its body says first, by its status second.
    package func classify(_ reply: HTTPReply, now: Date) -> DeliveryReply {
        classify(reply, SlackAnswer(reply.body), now: now)
    }

    /// Classifies a reply, and keeps what later calls need of it.
    func read(_ reply: HTTPReply, now: Date) -> SlackReply {
        let answer = SlackAnswer(reply.body)
        return SlackReply(
            classify(reply, answer, now: now), parentIsGone: answer.code.map(SlackErrorCode.isAboutTheParent) ?? false,
            channelID: answer.channelID)
    }

    private func classify(_ reply: HTTPReply, _ answer: SlackAnswer, now: Date) -> DeliveryReply {
        if answer.isAccepted, (200..<300).contains(reply.status) { return .sent(remoteID: answer.remoteID) }
        let reason = reason(reply.status, answer)
        switch fault(reply.status, answer) {
        case .message: return .badMessage(reason)
        case .destination where answer.code == nil && (200..<300).contains(reply.status): return .notUnderstood(reason)
        case .destination: return .badDestination(reason)
        // A proxy that had no reply itself.
        case .server where answer.code == nil && [504, 524].contains(reply.status): return .noReply(reason)
        case .server: return .serverError(reason)
        case .pace:
            let texts = [reply.headers["Retry-After"], answer.retryAfter]
            return .pace(RetryAfter.wait(asked: texts, date: reply.headers["Date"], now: now))
        }
    }

    /// Classifies a failure to get a whole reply: by its status if that refuses the message, else by whether the message
    /// was sent.
    package func classify(_ error: HTTPError, now: Date) -> DeliveryReply {
        if let head = error.head, !(200..<300).contains(head.status) { return classify(head, now: now) }
        let reason = line("\(error)")
        return switch error.kind {
        case .badURL: .badDestination(reason)
        // Slack's answers are short: a long one is somebody else's.
        case .tooLarge: .notUnderstood(reason)
        case .notHTTP: .unreachable(reason)
        case .resolve, .connect, .tls, .timeout, .cancelled, .other:
            error.isSent ? .noReply(reason) : .unreachable(reason)
        }
    }

    private func fault(_ status: Int, _ answer: SlackAnswer) -> SlackErrorCode.Fault {
        if let known = answer.code.flatMap(SlackErrorCode.fault) { return known }
        let isRefused = [400, 413, 422].contains(status)
        if isRefused, !answer.details.isEmpty { return .message }
        // A new code of Slack's: the row backs off alone, so that it can neither be lost at once nor hold up others.
        if answer.code != nil, isRefused || (200..<300).contains(status) { return .server }
        return switch status {
        case 429: .pace
        case 408, 425, 500...: .server
        // A redirect, a login page, a proxy: this is not Slack, and what waits must not be thrown away.
        default: .destination
        }
    }

    private func reason(_ status: Int, _ answer: SlackAnswer) -> String {
        if answer.code == nil, (200..<400).contains(status) {
            return status < 300 ? "HTTP \(status), but not an answer of Slack's" : "HTTP \(status), a redirect"
        }
        let details = answer.details.isEmpty ? "" : ": \(answer.details.joined(separator: "; "))"
        return line("HTTP \(status)\(answer.code.map { " \($0)" } ?? "")\(details)")
    }

    private func line(_ text: String) -> String { Escaping.none.fit(redact(printable(text)), 300) }
}
