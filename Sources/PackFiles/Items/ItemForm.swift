internal import DriftCore
import Yams

/// How the items of one section are written.
struct ItemForm: Sendable {
    /// Its own keys, then those that every item may have.
    let form: Form
    /// Nil, with a report, where the item is wrong in a way that leaves no expectation.
    let read: @Sendable (inout PackFileReader, Fields) -> Expectation.Subject?

    init(
        _ noun: String, _ keys: [Key], rules: [Rule] = [],
        read: @escaping @Sendable (inout PackFileReader, Fields) -> Expectation.Subject?
    ) {
        form = Form(noun, keys + Form.everyItem.keys, rules: rules)
        self.read = read
    }

    init(of section: Expectation.Section) {
        self =
            switch section {
            case .files: .file
            case .packages: .package
            case .settings: .setting
            case .services: .service
            case .kernel: .module
            case .users: .user
            case .groups: .group
            case .certificates: .certificate
            case .system: .system
            case .mounts: .mount
            case .ports: .port
            }
    }

}

extension Form {
    /// What every item may have.
    package static let everyItem = Form(
        "every item",
        [
            Key("description", .text(.prose), "What the item is for; people see it beside a difference"),
            Key(
                "severity", .words(of: Expectation.Severity.self),
                "`warning` (the default), or `info`: a difference is shown, and is neither drift nor an alert"),
            Key("when", .mapping(.condition), "To which servers the item applies; without it, to all"),
            Key(
                "from", .text(.dayOrInstant),
                "From when the item counts; until then a difference is shown as due, and is neither drift nor an alert. A day begins in the schedule's time zone"
            ),
        ])

    /// The keys of an item that others do not have.
    package var own: Form {
        Form(noun, keys.filter { key in !Self.everyItem.keys.contains { $0.name == key.name } }, rules: rules)
    }
}

extension Key {
    /// Of items whose names and values are taken as they are written.
    static let literal = Key(
        "literal", .boolean, "`true`: names and values that look like mistakes are meant as they are written")
}

extension PackFileReader {
    /// Reads one item of a section; nil, with a report, where it is wrong in a way that leaves no expectation.
    mutating func item(_ node: Node, in section: Expectation.Section) -> Expectation? {
        let form = ItemForm(of: section)
        guard let fields = reader.fields(node, of: form.form) else { return nil }
        let subject = form.read(&self, fields)
        let description = description(in: fields)
        let severity: Expectation.Severity? = reader.choice("severity", in: fields)
        let condition = condition(in: fields)
        let start = dayOrInstant("from", in: fields)
        if start != nil, severity == .info {
            reader.warn(
                "`from` has no effect beside `severity: info`", at: fields["from"]?.position,
                hint: "a difference of the item never counts; remove one of them")
        }
        return subject.map {
            Expectation(
                $0, description: description, severity: severity ?? .warning, condition: condition, start: start)
        }
    }

    private mutating func dayOrInstant(_ key: String, in fields: Fields) -> DayOrInstant? {
        reader.text(key, in: fields, where: Grammar.dayOrInstant).flatMap(DayOrInstant.init)
    }

    /// Whether the item's names and values are meant exactly as they are written, odd as they look.
    ///
    /// It changes how the file is read, not what it means, so it is not part of the pack.
    mutating func isLiteral(_ fields: Fields) -> Bool { reader.boolean("literal", in: fields) ?? false }
}
