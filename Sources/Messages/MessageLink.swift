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
    /// Of a resolution it leads to what is true when it is followed: the check that the alert was about is over. Where the
    /// server or its pack is gone, nothing is left but the alert.
    ///
    /// Of the base URL only scheme, host, port and path are used: a password in it stays here.
    init(_ facts: NotificationFacts, baseURL: URL?, escaping: Escaping) {
        guard !facts.isAboutWhatIsGone else {
            let alert = facts.alertID
            self.init(
                path: "/alerts/\(alert)", orCommand: "driftwatch alerts show \(alert)", baseURL: baseURL, escaping)
            return
        }
        let isOver = facts.resolution != nil || facts.kind == .alertAcknowledged
        let diffPath = isOver ? String(facts.diffPath.prefix { $0 != "?" }) : facts.diffPath
        let check = isOver ? nil : facts.checkID.map { " --check \($0)" }
        let server = escaping.fit(facts.serverID.rawValue, MessageText.maximumName)
        let command = facts.packName.map { pack in
            "driftwatch diff \(server) --pack \(escaping.fit(pack.rawValue, MessageText.maximumName))\(check ?? "")"
        }
        self.init(path: diffPath, orCommand: command ?? "driftwatch status \(server)", baseURL: baseURL, escaping)
    }

    /// `command` is fit for the medium already.
    init(path: String, orCommand command: String, baseURL: URL?, _ escaping: Escaping) {
        if let base = baseURL.flatMap(Self.prefix), path.hasPrefix("/"),
            let path = path.addingPercentEncoding(withAllowedCharacters: Self.allowed)
        {
            let url = escaping.fit(base + path, .max)
            if url.utf16.count <= Self.maximumLength {
                self = .page(url)
                return
            }
        }
        self = .command(command)
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
