internal import DriftCore
import Yams

/// How the items of one section are written.
struct ItemForm: Sendable {
    /// What one of them is called, such as `a file`.
    let noun: String
    /// Its own keys, in the order in which people are told them.
    let keys: [String]
    /// Nil, with a report, where the item is wrong in a way that leaves no expectation.
    let read: @Sendable (inout PackFileReader, Fields) -> Expectation.Subject?

    init(
        _ noun: String, keys: [String],
        read: @escaping @Sendable (inout PackFileReader, Fields) -> Expectation.Subject?
    ) {
        self.noun = noun
        self.keys = keys
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

    /// The keys that every item may have.
    static let commonKeys = ["description", "severity", "when"]
}

extension PackFileReader {
    /// Reads one item of a section; nil, with a report, where it is wrong in a way that leaves no expectation.
    mutating func item(_ node: Node, in section: Expectation.Section) -> Expectation? {
        let form = ItemForm(of: section)
        guard let fields = reader.fields(node, of: form.noun, known: form.keys + ItemForm.commonKeys) else {
            return nil
        }
        let subject = form.read(&self, fields)
        let description = description(in: fields)
        let severity: Expectation.Severity? = reader.choice("severity", in: fields)
        let condition = condition(in: fields)
        return subject.map {
            Expectation($0, description: description, severity: severity ?? .warning, condition: condition)
        }
    }

    /// Whether the item's names and values are meant exactly as they are written, odd as they look.
    ///
    /// It changes how the file is read, not what it means, so it is not part of the pack.
    mutating func isLiteral(_ fields: Fields) -> Bool { reader.boolean("literal", in: fields) ?? false }
}
