internal import CLibcurl

/// A libcurl easy handle, with the connections that it keeps alive.
///
/// `@unchecked Sendable`: only the client's serial queue touches it, and `deinit` when nothing else can any more.
@safe final class EasyHandle: @unchecked Sendable {
    private(set) var handle: UnsafeMutableRawPointer?

    /// `curl_global_init` is to be called once, before anything else.
    private static let isInitialised = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK

    init() {
        unsafe handle = Self.isInitialised ? curl_easy_init() : nil
    }

    deinit {
        close()
    }

    func close() {
        if let handle = unsafe handle { unsafe curl_easy_cleanup(handle) }
        unsafe handle = nil
    }

    /// Blocks until the reply is whole, or failed, or `isCancelled`, which is asked about once a second.
    func perform(
        _ request: HTTPRequest, until deadline: ContinuousClock.Instant, _ settings: HTTPClient.Settings,
        isCancelled: @escaping () -> Bool
    ) -> Result<HTTPReply, HTTPError> {
        let host: String
        switch hostAndPort(of: request.url) {
        case .success(let found): host = found
        case .failure(let error): return .failure(error)
        }
        guard let handle = unsafe handle else {
            return .failure(HTTPError(.cancelled, host: host, detail: "the client is closed"))
        }
        let remaining = deadline - .now
        guard remaining > .zero else {
            return .failure(HTTPError(.timeout, host: host, detail: "the deadline passed before its turn"))
        }
        guard request.headers.allSatisfy({ isWellFormedHeader($0.0, $0.1) }) else {
            return .failure(HTTPError(.other, host: host, detail: "a header is not well-formed"))
        }

        let source = BodySource(request.method == .post ? request.body : [])
        let receiver = Receiver(maximumBody: request.maximumReply, isCancelled: isCancelled)
        var list: UnsafeMutablePointer<curl_slist>?
        defer {
            // Nothing of this request stays, least of all pointers to what ends with it; connections do.
            unsafe curl_easy_reset(handle)
            unsafe curl_slist_free_all(list)
        }
        // Without this, libcurl asks the server before a longer body, and waits a second for those that do not answer.
        unsafe list = curl_slist_append(list, "Expect:")
        for (name, value) in request.headers {
            // A header with an empty value is sent only when it ends in a semicolon.
            unsafe list = curl_slist_append(list, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        unsafe set(handle, request)
        unsafe set(handle, settings, remaining)
        _ = unsafe driftwatch_curl_set_list(handle, CURLOPT_HTTPHEADER, list)

        return withExtendedLifetime((receiver, source)) {
            if request.method == .post { unsafe send(handle, from: source) }
            unsafe receive(handle, into: receiver)
            let code = unsafe curl_easy_perform(handle)
            var status = 0
            _ = unsafe driftwatch_curl_status(handle, &status)
            guard code == CURLE_OK else {
                // It wanted to send again what was sent over a kept connection, and could not.
                let isSent = unsafe code == CURLE_SEND_FAIL_REWIND || hasSent(source.body.count, handle)
                // Interim replies, and a proxy's, are not the server's.
                let head = isSent && status >= 200 ? HTTPReply(status: status, headers: receiver.headers) : nil
                return .failure(
                    error(code, host: host, isTooLarge: receiver.isTooLarge, isSent: isSent, head: head))
            }
            return .success(HTTPReply(status: status, headers: receiver.headers, body: receiver.body))
        }
    }

    /// Whether libcurl got past the connection (proxy and TLS included) and handed all of the body to the network.
    func hasSent(_ body: Int, _ handle: UnsafeMutableRawPointer) -> Bool {
        var (began, sent) = (curl_off_t(0), curl_off_t(0))
        _ = unsafe driftwatch_curl_get_offset(handle, CURLINFO_PRETRANSFER_TIME_T, &began)
        _ = unsafe driftwatch_curl_get_offset(handle, CURLINFO_SIZE_UPLOAD_T, &sent)
        return began > 0 && sent >= body
    }

    private func set(_ handle: UnsafeMutableRawPointer, _ request: HTTPRequest) {
        _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_URL, request.url)
        _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        switch request.method {
        case .get:
            _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_HTTPGET, 1)
        case .post:
            _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_POST, 1)
            _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_POSTFIELDSIZE, request.body.count)
        }
    }

    func set(_ handle: UnsafeMutableRawPointer, _ settings: HTTPClient.Settings, _ remaining: Duration) {
        _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        // Otherwise the deadline waits for a name server that does not answer.
        _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_QUICK_EXIT, 1)
        _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_TIMEOUT_MS, milliseconds(remaining))
        let connectTimeout = milliseconds(min(settings.connectTimeout, remaining))
        _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, connectTimeout)
        _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_USERAGENT, settings.userAgent)
        if !settings.usesProxy { _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_NOPROXY, "*") }
        if let file = settings.certificateAuthorities {
            _ = unsafe driftwatch_curl_set_string(handle, CURLOPT_CAINFO, file)
        }
    }

    /// The handle keeps an unowned reference to `source` until `perform` resets it.
    func send(_ handle: UnsafeMutableRawPointer, from source: BodySource) {
        _ = unsafe driftwatch_curl_set_context(
            handle, CURLOPT_READDATA, Unmanaged.passUnretained(source).toOpaque())
        _ = unsafe driftwatch_curl_set_reader(handle) { room, size, count, context in
            guard let room = unsafe room, let context = unsafe context else { return 0 }
            let piece = unsafe Unmanaged<BodySource>.fromOpaque(context).takeUnretainedValue().next(size * count)
            unsafe UnsafeMutableRawBufferPointer(start: room, count: size * count).copyBytes(from: piece)
            return piece.count
        }
    }

    /// The handle keeps an unowned reference to `receiver` until `perform` resets it.
    func receive(_ handle: UnsafeMutableRawPointer, into receiver: Receiver) {
        let context = unsafe Unmanaged.passUnretained(receiver).toOpaque()
        _ = unsafe driftwatch_curl_set_context(handle, CURLOPT_WRITEDATA, context)
        _ = unsafe driftwatch_curl_set_context(handle, CURLOPT_HEADERDATA, context)
        _ = unsafe driftwatch_curl_set_context(handle, CURLOPT_XFERINFODATA, context)
        _ = unsafe driftwatch_curl_set_long(handle, CURLOPT_NOPROGRESS, 0)
        // Returning less than was offered makes libcurl end the transfer.
        _ = unsafe driftwatch_curl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
            let receiver = unsafe Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
            let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            return unsafe receiver.take(body: buffer) ? size * count : 0
        }
        _ = unsafe driftwatch_curl_set_receiver(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            guard let bytes = unsafe bytes, let context = unsafe context else { return 0 }
            let receiver = unsafe Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
            let buffer = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
            return unsafe receiver.take(header: buffer) ? size * count : 0
        }
        _ = unsafe driftwatch_curl_set_progress(handle) { context, _, _, _, _ in
            guard let context = unsafe context else { return 0 }
            return unsafe Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue().shouldStop ? 1 : 0
        }
    }
}

/// A thousandth of a second at the least, as nought means no limit to libcurl.
func milliseconds(_ duration: Duration) -> Int {
    let (seconds, attoseconds) = duration.components
    guard seconds < 1_000_000 else { return 1_000_000_000 }
    return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
}

/// What follows one of these characters would be another header.
private func isWellFormedHeader(_ name: String, _ value: String) -> Bool {
    !name.isEmpty && !name.contains(":") && !(name + value).utf8.contains { $0 == 0 || $0 == 10 || $0 == 13 }
}

func error(_ code: CURLcode, host: String, isTooLarge: Bool, isSent: Bool, head: HTTPReply?) -> HTTPError {
    if isTooLarge {
        return HTTPError(.tooLarge, host: host, detail: "the reply is too large", isSent: isSent, head: head)
    }
    let kind: HTTPError.Kind =
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolve
        case CURLE_COULDNT_CONNECT, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_SEND_FAIL_REWIND, CURLE_RECV_ERROR,
            CURLE_PARTIAL_FILE,
            CURLE_PROXY:
            .connect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ISSUER_ERROR, CURLE_USE_SSL_FAILED:
            .tls
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_ABORTED_BY_CALLBACK: .cancelled
        case CURLE_URL_MALFORMAT: .badURL
        // With a URL of ours, it means that no HTTP was answered.
        case CURLE_UNSUPPORTED_PROTOCOL: .notHTTP
        default: .other
        }
    // libcurl's fixed text for the code: its error buffer might quote the URL.
    let text = unsafe String(cString: curl_easy_strerror(code))
    return HTTPError(kind, host: host, detail: "\(text) (curl \(code.rawValue))", isSent: isSent, head: head)
}
