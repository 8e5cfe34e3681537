import HTTPTypes
import Hummingbird

/// Refuses what these pages have no use for.
struct ReadOnly: RouterMiddleware {
    typealias Context = BasicRequestContext

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get || request.method == .head else { throw PageError.otherMethod }
        return try await next(request, context)
    }
}

/// Refuses requests that were meant for another host.
///
/// Who listens on this machine alone trusts whoever is on it. A page from elsewhere is there too, in a browser, and may
/// give its own name the address 127.0.0.1 to read what is here; the name stays in `Host`.
struct OwnNames: RouterMiddleware {
    typealias Context = BasicRequestContext

    private let isBoundToLoopback: Bool
    private let publicHost: String?

    init(boundTo host: String, publicHost: String?) {
        isBoundToLoopback = Self.isLoopback(host)
        self.publicHost = publicHost?.lowercased()
    }

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard admits(request.head.authority) else { throw PageError.otherHost }
        return try await next(request, context)
    }

    /// `authority` is a host with or without a port; every browser sends one, simple health checks may not.
    func admits(_ authority: String?) -> Bool {
        guard isBoundToLoopback, let authority else { return true }
        let host = Self.host(of: authority.lowercased())
        return Self.isLoopback(host) || host == publicHost
    }

    private static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[authority.index(after: authority.startIndex)..<end])
        }
        return String(authority.prefix { $0 != ":" })
    }

    private static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.wholeMatch(of: #/127(\.\d{1,3}){3}/#) != nil
    }
}
