import ArgumentParser
import DriftCore
import DriftStore

/// Which servers a command is about.
struct SelectionOptions: ParsableArguments {
    @Argument(help: "The servers, by their ids.")
    var servers: [ServerID] = []

    @OptionGroup var filter: FilterOptions

    var labels: [LabelTerm] { filter.labels }
    var pack: PackName? { filter.pack }

    var selection: ServerSelection {
        ServerSelection(
            servers: servers, labels: Dictionary(labels.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 }),
            pack: pack)
    }

    /// Such as `the label role=web and the pack base`, for people.
    var words: String { filter.words }
}

/// Servers by what they have.
struct FilterOptions: ParsableArguments {
    @Option(
        name: .customLong("label"),
        help: ArgumentHelp(
            "Servers with this label; with several, those that have each of them.", valueName: "key=value"))
    var labels: [LabelTerm] = []

    @Option(help: "This pack only, and servers that are checked against it.")
    var pack: PackName?

    func validate() throws { try LabelTerm.requireOneValueEach(labels) }

    var words: String {
        (labels.map { "the label \($0.key)=\($0.value)" } + (pack.map { ["the pack \($0)"] } ?? []))
            .joined(separator: " and ")
    }
}

/// `key=value`.
struct LabelTerm: ExpressibleByArgument, Hashable {
    let key: String
    let value: String

    init?(argument: String) {
        guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex else { return nil }
        key = String(argument[..<sign])
        value = String(argument[argument.index(after: sign)...])
    }

    static func requireOneValueEach(_ labels: [LabelTerm]) throws(ValidationError) {
        if let term = labels.first(where: { term in labels.contains { $0.key == term.key && $0 != term } }) {
            throw ValidationError("--label \(term.key) is given with two values, and no server has both")
        }
    }
}

/// `a, b, c and 7 more`.
func names(_ servers: [ServerID], atMost limit: Int = 10) -> String {
    let shown = servers.prefix(limit).map(\.rawValue).joined(separator: ", ")
    return servers.count > limit ? "\(shown) and \(servers.count - limit) more" : shown
}
