import Cron
import Foundation
import Presentation

/// How a value is written.
struct SettingKind<Value: Sendable>: Sendable {
    /// What stands for the value in `--help`.
    let form: String
    /// Completes "… is not".
    let wanted: String
    /// Nil for a text that is not a value.
    let read: @Sendable (String) -> Value?
    /// The text of a value.
    let show: @Sendable (Value) -> String
    /// Why a text is not a value, where more can be said than what is wanted.
    var fault: @Sendable (String) -> SettingError.Reason? = { _ in nil }

    init(
        _ form: String, wanted: String, show: @escaping @Sendable (Value) -> String = { "\($0)" },
        read: @escaping @Sendable (String) -> Value?
    ) {
        self.form = form
        self.wanted = wanted
        self.read = read
        self.show = show
    }
}

extension SettingKind<String> {
    /// Any text.
    static func text(_ form: String) -> Self { Self(form, wanted: "a text") { $0 } }

    /// The path of a file.
    static var readableFile: Self {
        Self("file", wanted: "the path of a file that exists and may be read") { path in
            FileManager.default.isReadableFile(atPath: path) ? path : nil
        }
    }

    /// A person, who is never mistaken for the program itself.
    static var person: Self {
        Self(
            "name",
            wanted: "a person's name: at most 100 visible characters, and not \(programName), which stands for the "
                + "program itself"
        ) { text in
            text.count <= 100 && text == visible(text) && text != programName ? text : nil
        }
    }
}

extension SettingKind<Int> {
    static func count(_ range: ClosedRange<Int>, of unit: String? = nil) -> Self {
        let what = unit.map { "a whole number of \($0)" } ?? "a whole number"
        return Self("count", wanted: "\(what) from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension SettingKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of a few words, in any case.
    static func choice(form: String = "how") -> Self {
        let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
        return Self(form, wanted: "one of \(words)", show: \.rawValue) { Value(rawValue: $0.lowercased()) }
    }
}

extension SettingKind<Duration> {
    /// A time span; a bare number is one of seconds.
    static func span(_ seconds: ClosedRange<Int>) -> Self {
        Self(
            "span", wanted: "a time span from \(seconds.lowerBound)s to \(seconds.upperBound)s",
            show: { "\($0.components.seconds)s" },
            read: { text in
                let span = TimeSpan(text, least: 0) ?? TimeSpan("\(text)s", least: 0)
                return span.flatMap { seconds.contains($0.seconds) ? $0.duration : nil }
            })
    }
}

extension SettingKind<Duration?> {
    /// How long history is kept; nil stands for ever.
    static var retention: Self {
        Self(
            "span", wanted: "a time span of at least 1d, such as 90d, or forever",
            show: { $0.map { "\($0.components.seconds / 86_400)d" } ?? "forever" },
            read: { text in
                if text == "forever" { return .some(nil) }
                return TimeSpan(argument: text).flatMap { $0.seconds >= 86_400 ? .some($0.duration) : nil }
            })
    }
}

extension SettingKind<Duration?> {
    /// A time span of at least an hour; nil stands for never.
    static var orOff: Self {
        Self(
            "span", wanted: "a time span of at least 1h, such as 3d, or off",
            show: { $0.map { "\($0.components.seconds / 3600)h" } ?? "off" },
            read: { text in
                if text == "off" { return .some(nil) }
                return TimeSpan(argument: text).flatMap { $0.seconds >= 3600 ? .some($0.duration) : nil }
            })
    }
}

extension SettingKind<CronExpression?> {
    /// Nil stands for never.
    static var orOff: Self {
        var kind = Self(
            "cron", wanted: "a cron expression of five fields, such as 0 8 * * mon, or off",
            show: { $0?.description ?? "off" },
            read: { $0 == "off" ? .some(nil) : (try? CronExpression($0)).map(Optional.some) })
        kind.fault = { text in
            do throws(CronError) { _ = try CronExpression(text) } catch {
                return (error.message, error.hint.isEmpty ? "or off" : "\(error.hint); or off")
            }
            return nil
        }
        return kind
    }
}

extension SettingKind<Set<String>> {
    /// Names or addresses without a port, separated by commas or spaces.
    static var hosts: Self {
        Self(
            "hosts", wanted: "a list of hosts without ports, such as drift, drift.example.net",
            show: { $0.isEmpty ? "–" : $0.sorted().joined(separator: ",") },
            read: { text in
                let hosts = text.lowercased().split { $0 == "," || $0 == " " }
                let isList = hosts.allSatisfy {
                    $0.wholeMatch(of: #/[a-z0-9]([a-z0-9._-]*[a-z0-9])?|[0-9a-f:]+/#) != nil
                }
                return isList && !hosts.isEmpty ? Set(hosts.map(String.init)) : nil
            })
    }
}

extension SettingKind<URL> {
    /// Where people find the pages, whose own links begin at the root.
    static var baseURL: Self {
        Self(
            "address",
            wanted: "an http or https address without user, path, query and fragment, such as https://drift.example.net"
        ) { text in
            guard text.unicodeScalars.allSatisfy({ $0 > " " && $0 < "\u{7f}" }),
                let parts = URLComponents(string: text),
                ["http", "https"].contains(parts.scheme?.lowercased()), let host = parts.host, !host.isEmpty,
                parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil,
                ["", "/"].contains(parts.path), parts.port.map({ (1...65535).contains($0) }) ?? true
            else { return nil }
            return parts.url
        }
    }
}

extension SettingKind<ListenAddress> {
    static var listenAddress: Self {
        Self(
            "host:port", wanted: "a host and a port, as 127.0.0.1:8080, [::1]:8080 or :8080",
            read: ListenAddress.init(text:))
    }
}

/// Where a process listens.
struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Without a host, all addresses of the machine.
    init?(text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("[") && host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        guard host.unicodeScalars.allSatisfy({ $0 > " " && $0 < "\u{7f}" && $0 != "/" }) else { return nil }
        self.init(host: host.isEmpty ? "0.0.0.0" : host, port: port)
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
