import CLibpq

/// What libpq gets to open a connection: the user's connection string, with our defaults for what it does not set.
///
/// Our defaults also replace the values in a service file, because libpq reads that later. Put timeouts into the connection
/// string instead.
struct ConnectionOptions {
    private(set) var pairs: [(keyword: String, value: String)]
    /// `host:port/database`, safe to show.
    let target: String
    private let password: String?

    init(_ settings: DatabaseSettings) throws(DatabaseError) {
        let given = try Self.parse(settings.conninfo)
        try Self.refuseMisread(settings.conninfo, given)
        let surroundings = unsafe Self.take(PQconndefaults())
        func known(_ keyword: String) -> String? { given[keyword] ?? surroundings[keyword] }

        var wanted = given
        for (keyword, value) in Self.defaults(settings) where known(keyword) == nil { wanted[keyword] = value }
        // Texts are decoded as UTF-8, so the user cannot choose another encoding.
        wanted["client_encoding"] = "UTF8"
        if settings.pooler == .none {
            // Of two settings of one name, the server takes the later: the user's own.
            wanted["options"] = "\(Self.sessionOptions(settings)) \(known("options") ?? "")"
        }
        pairs = wanted.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        password = known("password")

        let hosts = (known("host") ?? known("hostaddr") ?? "localhost").split(separator: ",")
        let ports = (known("port") ?? "5432").split(separator: ",")
        let places = hosts.enumerated().map { "\($1):\($0 < ports.count ? ports[$0] : ports.last ?? "5432")" }
        target = "\(places.joined(separator: ","))/\(known("dbname") ?? known("user") ?? "")"
    }

    private static func defaults(_ settings: DatabaseSettings) -> [String: String] {
        var defaults = [
            "fallback_application_name": settings.applicationName,
            // A peer that vanished is noticed within a minute, idle or not.
            "keepalives": "1", "keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3",
            "tcp_user_timeout": "30000",
        ]
        if settings.connectTimeout > .zero {
            let milliseconds = settings.connectTimeout.roundedUpMilliseconds
            defaults["connect_timeout"] = String(max(2, (milliseconds + 999) / 1000))
        }
        return defaults
    }

    /// The session settings, which no pooler in transaction mode would keep.
    static func sessionOptions(_ settings: DatabaseSettings) -> String {
        settings.serverTimeouts.map { "-c \($0)=\($1)" }.joined(separator: " ")
    }

    private static func parse(_ conninfo: String) throws(DatabaseError) -> [String: String] {
        guard !conninfo.utf8.contains(0) else {
            throw DatabaseError(.settings, "the connection string holds a NUL character")
        }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = unsafe PQconninfoParse(conninfo, &message) else {
            let text = unsafe message.map { unsafe String(cString: $0) } ?? ""
            unsafe PQfreemem(message)
            throw DatabaseError(.settings, "the connection string cannot be read: \(redactingQuotes(text))")
        }
        return unsafe take(options)
    }

    /// An address in which a character of the password has split it: libpq reads the rest of the password as host, port
    /// or database, and would print it.
    private static func refuseMisread(_ conninfo: String, _ given: [String: String]) throws(DatabaseError) {
        let ports = (given["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
        var isMisread = !ports.allSatisfy { $0.isEmpty || UInt16($0) != nil }
        if let scheme = conninfo.firstRange(of: "://") {
            let place = conninfo[scheme.upperBound...].prefix { $0 != "?" }
            let ats = place.indices.filter { place[$0] == "@" }
            isMisread = isMisread || ats.count > 1 || ats.contains { place[..<$0].contains("/") }
        }
        guard isMisread else { return }
        throw DatabaseError(
            .settings,
            "the connection string cannot be read: in a URI, each of / @ : ? # in the user or the password is written as "
                + "%2F %40 %3A %3F %23, and a port is a number")
    }

    /// The options that have a value; frees the list.
    private static func take(_ options: UnsafeMutablePointer<PQconninfoOption>?) -> [String: String] {
        guard var option = unsafe options else { return [:] }
        defer { unsafe PQconninfoFree(options) }
        var values: [String: String] = [:]
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe values[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return values
    }

    /// libpq's message about a failed connection, on one line, without the password.
    func describe(_ message: String) -> String {
        var text = message.split(separator: "\n").map { $0.drop(while: \.isWhitespace) }.joined(separator: "; ")
        if let password, !password.isEmpty { text.replace(password, with: "***") }
        return "cannot connect to \(target): \(text)"
    }
}

/// `text` without what stands between its first and its last quote: libpq quotes parts of the connection
/// string there, and a part may be the password.
private func redactingQuotes(_ text: String) -> String {
    let line = text.split(separator: "\n").joined(separator: " ")
    guard let first = line.firstIndex(of: "\""), let last = line.lastIndex(of: "\"") else { return line }
    return line[...first] + "…" + line[last...]
}

extension DatabaseSettings {
    /// The server's settings of our timeouts, in milliseconds, where 0 is "none".
    var serverTimeouts: [(setting: String, milliseconds: Int64)] {
        [
            ("statement_timeout", statementTimeout), ("lock_timeout", lockTimeout),
            ("idle_in_transaction_session_timeout", idleInTransactionTimeout),
        ]
        .map { ($0, min(Int64(Int32.max), max(0, $1.roundedUpMilliseconds))) }
    }
}
