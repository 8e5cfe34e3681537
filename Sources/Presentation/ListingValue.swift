package import Foundation

/// One value of a listing, for the table and for JSON.
package enum ListingValue: Sendable {
    case text(String?)
    /// Said by the database, with instants in RFC 3339.
    case told(String?)
    case number(Int64?)
    case time(Date?)
    case flag(Bool)
    case texts([String])
    case json(JSONValue)

    package static func number(_ number: Int?) -> Self { .number(number.map(Int64.init)) }

    package var json: JSONValue {
        switch self {
        case .text(let text), .told(let text): .optional(text)
        case .number(let number): .optional(number)
        case .time(let date): .optional(date)
        case .flag(let flag): .flag(flag)
        case .texts(let texts): .texts(texts)
        case .json(let value): value
        }
    }

    /// In one line and harmless to a terminal; `-` where there is nothing.
    package func shown(_ times: Times) -> String {
        switch self {
        case .text(let text): text.map { $0.isEmpty ? "-" : visible($0) } ?? "-"
        case .told(let text): Self.text(text.map(times.local)).shown(times)
        case .number(let number): number.map(String.init) ?? "-"
        case .time(let date): date.map(times.text) ?? "-"
        case .flag(let flag): flag ? "yes" : "no"
        case .texts(let texts): texts.isEmpty ? "-" : visible(texts.joined(separator: ","))
        case .json(let value): visible(value.line)
        }
    }
}
