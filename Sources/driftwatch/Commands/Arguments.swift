import ArgumentParser
import DriftCore
import Foundation
import Postgres

extension ServerID: ExpressibleByArgument {
    package init?(argument: String) {
        guard isWellFormedName(argument) else { return nil }
        self.init(rawValue: argument)
    }
}

extension PackName: ExpressibleByArgument {
    package init?(argument: String) {
        guard isWellFormedName(argument) else { return nil }
        self.init(rawValue: argument)
    }
}

/// A time span such as `90s`, `2m`, `12h`, `3d`.
struct TimeSpan: ExpressibleByArgument, Hashable, CustomStringConvertible {
    let seconds: Int
    let description: String

    init?(argument: String) { self.init(argument, least: 1) }

    /// `least` is a number of any unit.
    init?(_ argument: String, least: Int) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = argument.last, let unit = units[last], let number = Int(argument.dropLast()),
            (least...1_000_000).contains(number)
        else { return nil }
        seconds = number * unit
        description = argument
    }

    init(seconds: Int, description: String) {
        self.seconds = seconds
        self.description = description
    }

    var duration: Duration { .seconds(seconds) }
}

/// An instant in RFC 3339, or a time span from now, with or without a plus.
enum Deadline: ExpressibleByArgument, Hashable {
    case at(Date)
    case after(TimeSpan)

    init?(argument: String) {
        if let span = TimeSpan(argument: argument.hasPrefix("+") ? String(argument.dropFirst()) : argument) {
            self = .after(span)
        } else if let date = try? Date(argument, strategy: .iso8601) {
            self = .at(date)
        } else {
            return nil
        }
    }

    /// The instant.
    ///
    /// Spans count on the database's clock, as all that is compared with them does.
    var sql: SQL {
        switch self {
        case .at(let date): "\(date)::timestamptz"
        case .after(let span): "driftwatch.clock() + \(span.duration)::interval"
        }
    }
}
