/// How one mapping of a pack or an inventory is written.
///
/// The readers take the declared keys and no others. The schemas for editors and the reference in `docs` are made of the
/// same declarations.
package struct Form: Sendable {
    /// What people call it, such as `a file`.
    package let noun: String
    /// In the order in which people are told them.
    package let keys: [Key]
    /// What depends on more than one key.
    package let rules: [Rule]
    /// Of a form that occurs in many places: its name in a schema, which has it once.
    package let schemaName: String?

    init(_ noun: String, _ keys: [Key], rules: [Rule] = [], schemaName: String? = nil) {
        self.noun = noun
        self.keys = keys
        self.rules = rules
        self.schemaName = schemaName
    }
}

/// One key of a mapping: how its value is written, and what it means.
package struct Key: Sendable {
    /// Whether the key must be there.
    package enum Presence: Sendable {
        case optional
        /// With a value.
        case required
        /// With or without a value.
        case named
    }

    package let name: String
    package let shape: Shape
    package let presence: Presence
    /// A sentence without a full stop, in Markdown.
    package let about: String

    init(_ name: String, _ shape: Shape, _ about: String) { self.init(name, shape, .optional, about) }

    init(_ name: String, _ shape: Shape, _ presence: Presence, _ about: String) {
        self.name = name
        self.shape = shape
        self.presence = presence
        self.about = about
    }
}

/// What a value may be.
package indirect enum Shape: Sendable {
    case text(TextForm)
    /// One of these words.
    case words([String])
    case boolean
    /// A boolean that can have no other value.
    case only(Bool)
    case integer(ClosedRange<Int>)
    /// A number, or a text for one that has a unit.
    case number
    /// A text, a number or a boolean.
    case scalar
    case list(Shape, mayBeEmpty: Bool, isSet: Bool)
    /// A value, or a list of such values.
    case oneOrMore(Shape)
    case mapping(Form)
    /// A mapping from names of one's own to such values.
    case named(TextForm, Shape)
    case either(Shape, Shape)

    /// The words of a type.
    static func words<Choice: RawRepresentable<String> & CaseIterable>(of type: Choice.Type) -> Shape {
        .words(Choice.allCases.map(\.rawValue))
    }

    static func list(_ element: Shape) -> Shape { .list(element, mayBeEmpty: true, isSet: false) }
    /// A list that has each value once.
    static func set(_ element: Shape, mayBeEmpty: Bool = false) -> Shape {
        .list(element, mayBeEmpty: mayBeEmpty, isSet: true)
    }
}

/// What depends on more than one key of a mapping; a key that is null is not there.
package enum Rule: Sendable {
    case atLeastOne([String])
    case exactlyOne([String])
    /// The key and the others exclude each other.
    case excludes(String, [String])
    /// The key has an effect only beside one of the others.
    case beside(String, [String])
    /// With one of these words at the key, the others have no effect; nil stands for a key that is not there.
    case without(String, [String?], [String])
    /// With this word at the key, the other one must be there.
    case needs(String, String, String)
}
