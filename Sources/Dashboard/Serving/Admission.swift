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
/// The pages have no login: where they listen decides who may read them. A web page from elsewhere gets around that in
/// the browser of somebody who may: its own name, given the address of this machine for a moment, leads here (DNS
/// rebinding). The browser still sends that name in `Host`.
struct OwnNames: RouterMiddleware {
    typealias Context = BasicRequestContext

    /// Says only that this process is well, to monitoring that may know it by any name.
    static let openPath = "/healthz"

    private let admitsAddresses: Bool
    private let names: Set<String>

    /// `names` are those that people use; the name or address that is listened on is one as well.
    init(boundTo host: String, names: Set<String>) {
        admitsAddresses = !HostName.isLoopback(host)
        self.names = Set(names.union([host]).map(Self.plain))
    }

    @concurrent
    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard request.uri.path == Self.openPath || admits(request.head.authority) else { throw PageError.otherHost }
        return try await next(request, context)
    }

    /// `authority` is a host with or without a port; every browser sends one, simple tools may not.
    func admits(_ authority: String?) -> Bool {
        guard let authority else { return true }
        let host = Self.plain(Self.host(of: authority))
        return HostName.isLoopback(host) || names.contains(host) || (admitsAddresses && HostName.isAddress(host))
    }

    private static func host(of authority: String) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return String(authority[authority.index(after: authority.startIndex)..<end])
        }
        return String(authority.prefix { $0 != ":" })
    }

    /// A dot at the end of a name changes nothing, nor do capitals.
    private static func plain(_ host: String) -> String {
        host.lowercased().hasSuffix(".") ? String(host.lowercased().dropLast()) : host.lowercased()
    }
}
