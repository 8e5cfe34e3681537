internal import CLibcurl

extension EasyHandle {
    /// Blocks until the server has answered the mail, or it failed, or `isCancelled`, which is asked about once a second.
    func perform(
        _ request: SMTPRequest, until deadline: ContinuousClock.Instant, _ settings: HTTPClient.Settings,
        isCancelled: @escaping () -> Bool
    ) -> SMTPReport {
        let host = request.host.contains(":") ? "[\(request.host)]:\(request.port)" : "\(request.host):\(request.port)"
        func failed(_ kind: HTTPError.Kind, _ detail: String) -> SMTPReport {
            SMTPReport(answers: [], error: HTTPError(kind, host: host, detail: detail), isSent: false)
        }
        guard let handle = unsafe handle else { return failed(.cancelled, "the client is closed") }
        let remaining = deadline - .now
        guard remaining > .zero else { return failed(.timeout, "the deadline passed before its turn") }
        // What follows one of these characters would be another command.
        let addresses = [request.host, request.from] + request.to
        guard !request.to.isEmpty,
            addresses.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } })
        else { return failed(.badURL, "an address has characters that no address may have") }

        let source = BodySource(request.message)
        let transcript = Transcript(isCancelled: isCancelled)
        var recipients: UnsafeMutablePointer<curl_slist>?
        defer {
            unsafe curl_easy_reset(handle)
            unsafe curl_slist_free_all(recipients)
        }
        for address in request.to { unsafe recipients = curl_slist_append(recipients, "<\(address)>") }
        unsafe set(handle, settings, remaining)
        unsafe set(handle, request, host: host, remaining)
        _ = unsafe driftwatch_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)

        return withExtendedLifetime((transcript, source)) {
            unsafe send(handle, from: source)
            unsafe receive(handle, into: transcript)
            let code = unsafe curl_easy_perform(handle)
            let isSent = source.isGiven && transcript.answers.contains { $0.code == 354 }
            guard code != CURLE_OK else { return SMTPReport(answers: transcript.answers, error: nil, isSent: true) }
            return SMTPReport(
                answers: transcript.answers,
                error: error(code, host: host, isTooLarge: transcript.isTooLarge, isSent: isSent, head: nil),
                isSent: isSent)
        }
    }

    private func set(
        _ handle: UnsafeMutableRawPointer, _ request: SMTPRequest, host: String, _ remaining: Duration
    ) {
        let scheme = request.security == .implicit ? "smtps" : "smtp"
        _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_URL, "\(scheme)://\(host)")
        _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps")
        // With STARTTLS, nothing but the greeting is said before the connection is encrypted.
        let level = request.security == .none ? CURLUSESSL_NONE : CURLUSESSL_ALL
        _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_USE_SSL, Int(level.rawValue))
        if let login = request.login {
            _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_USERNAME, login.user)
            _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_PASSWORD, login.password)
        }
        _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_MAIL_FROM, "<\(request.from)>")
        _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_UPLOAD, 1)
        _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_INFILESIZE, request.message.count)
        // Otherwise it waits two minutes for the answer to QUIT.
        _ = unsafe driftwatch_curl_set_long(
            handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, milliseconds(remaining) / 1000))
    }
}

/// Gathers a mail server's answers.
private final class Transcript: Receiver {
    private(set) var answers: [SMTPReport.Answer] = []
    private var isOpen = false

    init(isCancelled: @escaping () -> Bool) {
        super.init(maximumBody: 0, isCancelled: isCancelled)
    }

    /// Takes one line of an answer: three digits, `-` if more lines follow, and text.
    override func take(header line: some Collection<UInt8>) -> Bool {
        guard hasRoom(forHeader: line.count) else { return false }
        let text = String(decoding: line, as: UTF8.self)
        // 221 answers QUIT, which comes after all that matters.
        guard let code = Int(text.prefix(3)), code >= 100, code != 221 else { return true }
        let rest = text.dropFirst(3)
        let words = rest.dropFirst().trimmed
        if isOpen, let last = answers.indices.last, answers[last].code == code {
            if !words.isEmpty { answers[last].text += " " + words }
        } else {
            answers.append(SMTPReport.Answer(code: code, text: words))
        }
        isOpen = rest.hasPrefix("-")
        return true
    }
}

extension Substring {
    fileprivate var trimmed: String {
        let text = drop { $0.isWhitespace }
        return text.lastIndex { !$0.isWhitespace }.map { String(text[...$0]) } ?? ""
    }
}
