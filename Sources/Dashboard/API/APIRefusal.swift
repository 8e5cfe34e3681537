import HTTPTypes
import Hummingbird
import Presentation

/// Why the API does not do what it was asked for, as JSON: `{"error": …, "hint": …}`.
struct APIRefusal: Error, Sendable {
    var status: HTTPResponse.Status
    var message: String
    var hint: String?

    init(_ status: HTTPResponse.Status, _ message: String, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }

    var response: Response {
        let members = [("error", JSONValue.text(message))] + (hint.map { [("hint", JSONValue.text($0))] } ?? [])
        var response = Response.json(.object(members), status: status)
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

extension Response {
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        .text(value.line + "\n", "application/json", status: status)
    }
}
