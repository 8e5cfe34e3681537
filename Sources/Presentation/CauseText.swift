package import DriftCore
import Foundation

/// Why a mismatch came about, in words; the only place where they are.
///
/// Names and versions from outside stand in them as they were stored, so each medium makes them harmless in its own way.
package enum CauseText {
    /// Nil where nothing is known that a person would want to read.
    package static func of(_ cause: Cause?, _ times: Times = Times(zone: nil)) -> String? {
        switch cause?.kind {
        case Cause.Kind.pack: "the pack changed"
        case Cause.Kind.upgrade: cause.flatMap(upgrade)
        case Cause.Kind.server: cause.flatMap { change($0, times) }
        default: nil
        }
    }

    private static func upgrade(_ cause: Cause) -> String? {
        guard let package = cause.package else { return nil }
        switch (cause.from, cause.to) {
        case (let from?, let to?) where from == to: return "explained by \(package) \(to), which was installed again"
        case (let from?, let to?): return "explained by \(package) \(from) → \(to)"
        case (nil, let to?): return "explained by \(package) \(to), which was installed"
        case (let from?, nil): return "explained by \(package) \(from), which was removed"
        case (nil, nil): return "explained by \(package)"
        }
    }

    private static func change(_ cause: Cause, _ times: Times) -> String? {
        guard let changedAt = cause.changedAt, let date = try? Date(changedAt, strategy: .iso8601) else { return nil }
        let people = cause.loggedIn ?? []
        let presence =
            switch people.count {
            case 0: ""
            case 1: ", \(people[0]) was logged in"
            default: ", \(people.joined(separator: ", ")) were logged in"
            }
        return "changed \(times.stamp(date))\(presence)"
    }
}

/// What a first look found and a second did not, in words.
package enum UnconfirmedText {
    /// Nil if both looks agree.
    package static func of(_ outcome: ItemOutcome) -> String? {
        guard !outcome.unconfirmed.isEmpty else { return nil }
        let found = outcome.unconfirmed.map { DifferenceText($0).headline }.joined(separator: "; ")
        let then = outcome.unseen == nil ? "did not find it" : "could not read it"
        return "unconfirmed: a first look found \(found); a second look moments later \(then)"
    }
}
