import DriftCore
import DriftStore
import Postgres
import Presentation

/// Something that a person named and that is not there, in the words of every command.
///
/// `driftwatch.unknown_name` has the same words for what operators' functions refuse.
enum UnknownName {
    case server(ServerID)
    case pack(PackName)
    case alert(Int64)
    case job(Int64)
    case destination(String)
    /// A check, of a pack if one was named.
    case check(Int64, of: ServerID, PackName?)
    /// A server without this pack, or without any.
    case assignment(ServerID, PackName?)

    var reason: String {
        switch self {
        case .server(let id): "there is no server \(id)"
        case .pack(let name): "there is no pack \(name)"
        case .alert(let id): "there is no alert \(id)"
        case .job(let id): "there is no job \(id)"
        case .destination(let name): "there is no destination \(name)"
        case .check(let id, let server, let pack):
            "there is no check \(id) of \(server)\(pack.map { " against \($0)" } ?? "")"
        case .assignment(let server, let pack): "\(server) is not checked against \(pack?.rawValue ?? "any pack")"
        }
    }

    var hint: String {
        switch self {
        case .server: "driftwatch servers list shows them all"
        case .pack: "driftwatch status shows the assigned packs"
        case .alert: "driftwatch alerts list --all shows them all"
        case .job: "driftwatch jobs list shows them all"
        case .destination: "driftwatch destination list shows them all"
        case .check(_, let server, _): "driftwatch diff \(server) shows the newest"
        case .assignment: "assign it in the inventory and run driftwatch apply"
        }
    }
}

extension CommandFailure {
    static func unknown(_ name: UnknownName) -> Self { Self(.usage, name.reason, hint: name.hint) }

    /// Refuses a server of which nothing is `found` because it does not exist; a removed one may have left something.
    static func requireKnown(
        _ server: ServerID?, unlessFound found: some Collection, in transaction: borrowing Transaction
    ) throws {
        guard let server, found.isEmpty, try ServersReader.server(server, in: transaction) == nil else { return }
        throw unknown(.server(server))
    }
}
