import HTTPTypes
import Hummingbird
import Logging
import Postgres
internal import Redaction

/// Why there is no page to show.
enum PageError: Error, Equatable {
    case malformedName, malformedCheck, malformedPage, malformedGroup, noServer, noAssignment, noCheck, noAlert,
        noGroup, otherHost, otherMethod

    var status: HTTPResponse.Status {
        switch self {
        case .malformedName, .malformedCheck, .malformedPage, .malformedGroup: .badRequest
        case .noServer, .noAssignment, .noCheck, .noAlert, .noGroup: .notFound
        case .otherHost: .misdirectedRequest
        case .otherMethod: .methodNotAllowed
        }
    }

    var headers: HTTPFields { self == .otherMethod ? [.allow: "GET, HEAD"] : [:] }

    var text: String {
        switch self {
        case .malformedName: "No server or pack can have this name."
        case .malformedCheck: "A check is named by a number."
        case .malformedPage: "Pages are counted from 1."
        case .malformedGroup: "A group of alerts has a key of 20 hexadecimal digits."
        case .noServer: "There is no server with this name."
        case .noAssignment: "This server was never checked against this pack."
        case .noCheck: "There is no check with this number for this server and pack."
        case .noAlert: "There is no alert with this number."
        case .noGroup: "There is no alert of this group, or none is kept any more."
        case .otherHost:
            "Driftwatch is not set up for this host name. Add it with DRIFTWATCH_BASE_URL or DRIFTWATCH_WEB_NAMES."
        case .otherMethod: "These pages can only be read."
        }
    }
}

/// Turns every error into a page that says what is wrong, without internal details.
struct ErrorPages: RouterMiddleware {
    typealias Context = BasicRequestContext

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as PageError {
            var response = Page.error(refusal.status, refusal.text)
            response.headers.append(contentsOf: refusal.headers)
            return response
        } catch let error as HTTPError {
            return Page.error(
                error.status,
                error.status == .notFound ? "This page does not exist." : "This request cannot be understood.")
        } catch let error as DatabaseError where error.isTransient {
            context.logger.warning("a page without a database", metadata: ["error.label": "\(error.label)"])
            return Page.error(.serviceUnavailable, "The database does not answer. Try again in a moment.")
        } catch  where !Task.isCancelled {
            // Its text may hold what a server said, so the log gets the kind of error only.
            let label = (error as? DatabaseError)?.label ?? "\(type(of: error))"
            context.logger.error(
                "a page failed",
                metadata: ["error.label": "\(label)", "http.path": "\(VisibleText.page(request.uri.path))"])
            return Page.error(.internalServerError, "This page cannot be made. The log of web says more.")
        }
    }
}

/// Headers that keep a page to itself: no script, nothing from elsewhere, no frame, no copy in a cache.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = BasicRequestContext

    private static let fields: [(HTTPField.Name, String)] = {
        let named = [
            (
                "Content-Security-Policy",
                "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
            ("Cache-Control", "no-store"),
        ]
        return named.compactMap { name, value in HTTPField.Name(name).map { ($0, value) } }
    }()

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        for (name, value) in Self.fields { response.headers[name] = value }
        return response
    }
}
