/// One request.
///
/// Neither its description nor its mirror shows more than the method: URLs and headers may be secrets.
package struct HTTPRequest: Sendable {
    package enum Method: String, Hashable, Sendable {
        case get = "GET"
        case post = "POST"
    }

    package var method: Method
    /// Absolute, `http` or `https`.
    package var url: String
    /// Sent as they stand, after those that libcurl sets; a `Content-Type` belongs here.
    package var headers: [(String, String)]
    /// Sent with `POST` only.
    package var body: [UInt8]
    /// From the call of `send` to the last byte of the reply: waiting for its turn, name resolution, TLS, all of it.
    package var deadline: Duration
    /// In bytes; a longer body fails the request as soon as it passes this.
    package var maximumReply: Int

    package init(
        method: Method = .get, url: String, headers: [(String, String)] = [], body: [UInt8] = [],
        deadline: Duration = .seconds(10), maximumReply: Int = 65536
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.maximumReply = maximumReply
    }
}

extension HTTPRequest: CustomStringConvertible, CustomReflectable {
    package var description: String { "HTTPRequest(\(method.rawValue))" }
    package var customMirror: Mirror { Mirror(self, children: ["method": method]) }
}
