internal import CLibcurl

/// The host of a URL, with its port where the URL names one, as libcurl reads it.
///
/// - Returns: An error of kind `badURL`, without a word of the URL, when it is not `http` or `https` or holds
///   characters that libcurl would cut it at.
func hostAndPort(of text: String) -> Result<String, HTTPError> {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
        return .failure(HTTPError(.badURL, host: nil, detail: "the URL has characters that no URL may have"))
    }
    let notAbsolute = HTTPError(.badURL, host: nil, detail: "the URL is not an absolute http or https URL")
    // libcurl forgives one slash too many or too few, and would take a piece of the path for the host.
    guard text.prefixMatch(of: #/(?i)https?:\/\/[^\/]/#) != nil else { return .failure(notAbsolute) }
    guard let url = unsafe curl_url() else {
        return .failure(HTTPError(.other, host: nil, detail: "out of memory"))
    }
    defer { unsafe curl_url_cleanup(url) }

    func part(_ part: CURLUPart) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(url, part, &value, 0) == CURLUE_OK, let value = unsafe value else { return nil }
        defer { unsafe curl_free(value) }
        return unsafe String(cString: value)
    }

    guard unsafe curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK, let host = part(CURLUPART_HOST),
        !host.isEmpty
    else { return .failure(notAbsolute) }
    return .success(part(CURLUPART_PORT).map { "\(host):\($0)" } ?? host)
}
