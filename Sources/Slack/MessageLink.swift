internal import DriftCore
internal import Foundation

/// Where a message sends its reader.
package enum MessageLink: Hashable, Sendable {
    /// An absolute URL, percent-encoded, so that neither `|` nor `>` can end it early in a message.
    case page(String)
    /// A command line that shows the same.
    case command(String)

    /// Longer URLs give way to the command.
    static let maximumLength = 600

    /// Joins the base URL and the path of the facts; without a usable base URL it is the command.
    ///
    /// Of a resolution it leads to what is true when it is followed: the check that the alert was about is over.
    ///
    /// Of the base URL only scheme, host, port and path are used: a password in it stays here.
    init(_ facts: NotificationFacts, baseURL: URL?, escaping: Escaping) {
        let isOver = facts.kind == .driftResolved
        let diffPath = isOver ? String(facts.diffPath.prefix { $0 != "?" }) : facts.diffPath
        if let base = baseURL.flatMap(Self.prefix), diffPath.hasPrefix("/"),
            let path = diffPath.addingPercentEncoding(withAllowedCharacters: Self.allowed)
        {
            let url = escaping.fit(base + path, .max)
            if url.utf16.count <= Self.maximumLength {
                self = .page(url)
                return
            }
        }
        let check = isOver ? nil : facts.checkID.map { " --check \($0)" }
        let server = escaping.fit(facts.serverID.rawValue, MessageText.maximumName)
        let pack = escaping.fit(facts.packName.rawValue, MessageText.maximumName)
        self = .command("driftwatch diff \(server) --pack \(pack)\(check ?? "")")
    }

    var text: String {
        switch self {
        case .page(let url): url
        case .command(let command): command
        }
    }

    private static let allowed = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/?=&%:@,;+")

    private static func prefix(of url: URL) -> String? {
        guard let whole = URLComponents(url: url, resolvingAgainstBaseURL: true),
            let scheme = whole.scheme?.lowercased(), scheme == "http" || scheme == "https",
            let host = whole.host, !host.isEmpty
        else { return nil }
        var kept = URLComponents()
        kept.scheme = scheme
        kept.host = host
        kept.port = whole.port
        let path = whole.path.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
        let end = path.lastIndex { $0 != "/" }.map(path.index(after:)) ?? path.startIndex
        return kept.string.map { $0 + path[..<end] }
    }
}
