/// An expectation in which placeholders stand for what only a server knows, such as `{{ labels.role }}`.
///
/// It is stored with them. A check reads it anew, with the server's values in their places. Its key keeps the
/// placeholders, so it is the same on all servers.
package struct TemplatedExpectation: Hashable, Sendable {
    let known: Expectation.Section
    let key: ItemKey
    /// As people see it where the server's values are not known.
    let item: String
    /// As its kind stores it, with placeholders in the texts, and templates without their hashes.
    let fields: [String: StoredValue]
    /// Each once.
    package let placeholders: Set<ServerPlaceholder>

    /// Nil if it is not one to this version.
    init?(known: Expectation.Section, key: ItemKey, item: String, fields: [String: StoredValue]) {
        var placeholders: Set<ServerPlaceholder> = []
        for text in fields.values.flatMap(\.texts) {
            guard let parsed = try? PlaceholderText(text) else { return nil }
            for name in parsed.placeholders {
                guard let placeholder = ServerPlaceholder(name) else { return nil }
                placeholders.insert(placeholder)
            }
        }
        self.known = known
        self.key = key
        self.item = item
        self.fields = fields
        self.placeholders = placeholders
        guard !placeholders.isEmpty, model != nil else { return nil }
    }

    /// The field that says that an item has placeholders; a version that knows none takes the item for unknown.
    static let mark = "expand"

    /// Of the template's text, as it is stored.
    package var templateByteCount: Int { fields["template"]?.templateBytes?.count ?? 0 }

    private var ordered: [ServerPlaceholder] { placeholders.sorted { $0.reference < $1.reference } }

    private var asksSystem: Bool { placeholders.contains(where: \.isFact) }
}

// MARK: Putting values in

extension TemplatedExpectation {
    /// Why there is nothing to judge.
    enum Fault: Error {
        /// The server has no such label, or does not say such a fact.
        case missing(ServerPlaceholder)
        /// Its value cannot stand where the pack has the placeholder.
        case unusable(ServerPlaceholder?)
        /// What it runs could not be seen.
        case unseen(UnreadableReason)
    }

    /// What is wanted of one server.
    func expanded(on server: ServerVariables, in facts: Facts) throws(Fault) -> any KnownKind {
        // In one order, so that the same is said in each check.
        for placeholder in ordered where !placeholder.isFact && server.value(of: placeholder, nil) == nil {
            throw .missing(placeholder)
        }
        var system: OSFacts?
        if asksSystem {
            switch facts.topics.seen(OSFacts.self) {
            case .success(let seen): system = seen
            case .failure(let reason): throw .unseen(reason)
            }
        }
        return try expanded { placeholder throws(Fault) in
            guard let value = server.value(of: placeholder, system) else { throw .missing(placeholder) }
            return value
        }
    }

    private func expanded(
        _ value: (ServerPlaceholder) throws(Fault) -> String
    ) throws(Fault) -> any KnownKind {
        guard let kind = Self.kind(known, try expandedFields(value)) else { throw .unusable(nil) }
        return kind
    }

    private static func kind(_ section: Expectation.Section, _ values: [String: StoredValue]) -> (any KnownKind)? {
        var fields = StoredFields(values)
        let kind = section.kind.init(&fields)
        return fields.isUnderstood ? kind : nil
    }

    private func expandedFields(
        _ value: (ServerPlaceholder) throws(Fault) -> String
    ) throws(Fault) -> [String: StoredValue] {
        var expanded: [String: StoredValue] = [:]
        for (name, field) in fields.sorted(by: { $0.key < $1.key }) {
            expanded[name] = try Self.expand(field, named: name, value)
        }
        return expanded
    }

    private static func expand(
        _ field: StoredValue, named name: String, _ value: (ServerPlaceholder) throws(Fault) -> String
    ) throws(Fault) -> StoredValue {
        switch field {
        case .text(let text): return .text(try expand(text, PlaceholderUse(field: name), value))
        case .list(let list):
            var expanded: [StoredValue] = []
            for element in list { expanded.append(try expand(element, named: name, value)) }
            return .list(expanded)
        case .object(let object):
            var expanded: [String: StoredValue] = [:]
            for (name, field) in object.sorted(by: { $0.key < $1.key }) {
                expanded[name] = try expand(field, named: name, value)
            }
            if name == "template", let bytes = StoredValue.object(expanded).templateBytes {
                expanded[text: "sha256"] = SHA256Digest(of: bytes).description
            }
            return .object(expanded)
        case .null, .flag, .whole, .number: return field
        }
    }

    private static func expand(
        _ text: String, _ use: PlaceholderUse, _ value: (ServerPlaceholder) throws(Fault) -> String
    ) throws(Fault) -> String {
        guard let parsed = try? PlaceholderText(text) else { throw .unusable(nil) }
        guard !parsed.placeholders.isEmpty else { return text }
        var expanded = ""
        for part in parsed.parts {
            switch part {
            case .text(let text): expanded += text
            case .placeholder(let name):
                guard let placeholder = ServerPlaceholder(name) else { throw .unusable(nil) }
                let value = try value(placeholder)
                guard let written = use.written(value) else { throw .unusable(placeholder) }
                expanded += written
                guard expanded.utf8.count <= PlaceholderUse.byteLimit else { throw .unusable(placeholder) }
            }
        }
        guard use.allows(expanded) else { throw .unusable(nil) }
        return expanded
    }
}

// MARK: Without a server

extension TemplatedExpectation {
    /// It with stand-ins, to ask its kind what does not depend on a server; nil if no stand-ins fit.
    private var model: (any KnownKind)? { model(factsRound: 0) }

    private func model(factsRound: Int) -> (any KnownKind)? {
        let numbers = Dictionary(
            ordered.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return StandIn.allCases.lazy.compactMap { standIn in
            try? expanded { placeholder throws(Fault) in
                standIn.text(for: placeholder, numbers[placeholder] ?? 0, round: placeholder.isFact ? factsRound : 0)
            }
        }.first
    }

    /// Whether what it asks of a server depends on what the server answers to it.
    fileprivate var asksAboutFacts: Bool {
        let questions = [0, 1].map { round in
            var questions = QuestionSet()
            model(factsRound: round)?.ask(&questions)
            var asked = questions.inOrder
            // A hash that is asked for is only that of a text to compare with.
            for index in asked.files.indices {
                asked.files[index].needsText = asked.files[index].asksContent
                asked.files[index].expectedHashes = []
            }
            return asked
        }
        return questions[0] != questions[1]
    }
}

extension TemplatedExpectation: ExpectationKind {
    var section: String { known.rawValue }
    var noun: String { model?.noun ?? section }

    var stored: [String: StoredValue] {
        var stored = fields
        stored[flag: Self.mark] = true
        return stored
    }

    var unshownFields: Set<String> { model?.unshownFields ?? Set(fields.keys) }

    /// Of a server of which nothing is known; see ``ask(_:on:)``.
    func ask(_ questions: inout QuestionSet) { ask(&questions, on: ServerVariables()) }

    /// Of a server of which nothing is known; see ``Expectation/kind(on:in:)``.
    func evidence(in facts: Facts) -> Evidence { .unreadable(.missingVariable) }

    var needs: [PackConflicts.Need] { model?.needs ?? [] }
    func whyUnmet(_ need: PackConflicts.Need.Thing) -> String? { model?.whyUnmet(need) }

    /// Asks what has to be known of one server, as far as it can be judged there.
    func ask(_ questions: inout QuestionSet, on server: ServerVariables) {
        let asked = StandIn.allCases.lazy.compactMap { standIn in
            try? expanded { placeholder throws(Fault) in
                if placeholder.isFact { return standIn.text(for: placeholder, 0) }
                guard let value = server.value(of: placeholder, nil) else { throw .missing(placeholder) }
                return value
            }
        }.first
        asked?.ask(&questions)
        if asksSystem { questions.ask(OSFacts.self) }
    }

    /// What two sides want that can never both be met, whatever the values are.
    ///
    /// What has a placeholder on one side may be the same as the other side's, so only the rest counts.
    static func contradiction(
        _ one: any ExpectationKind, _ other: any ExpectationKind
    ) -> PackConflicts.Contradiction? {
        let sides = [one, other].map { $0 as? Self }
        guard let section = sides.compactMap(\.self).first?.known, one.section == other.section else { return nil }
        var fields = [one, other].map { ($0 as? Self)?.fields ?? $0.stored }
        for name in Set(fields[0].keys).union(fields[1].keys) where fields[0][name] != fields[1][name] {
            let isOpen = fields.contains { $0[name]?.texts.contains { $0.utf8.contains(UInt8(ascii: "{")) } ?? false }
            if isOpen { for index in fields.indices { fields[index][name] = nil } }
        }
        let kinds = fields.compactMap { fields in
            Self(known: section, key: one.key, item: one.item, fields: fields)?.model ?? kind(section, fields)
        }
        guard kinds.count == 2 else { return nil }
        return PackConflicts.contradiction(kinds[0].subject, kinds[1].subject)
    }
}

// MARK: From a pack file

extension Expectation {
    /// Why an expectation cannot have its placeholders back.
    package enum TemplatingFault: Error {
        /// Some of its text would be taken for a placeholder, or for a stand-in.
        case ambiguous
        /// What is asked of the server depends on `facts`.
        case asksAboutFacts
    }

    /// Puts placeholders where their stand-ins are.
    ///
    /// The expectation was read from a file in which `count` placeholders had been replaced.
    package func templated(
        _ standIns: [(text: String, placeholder: ServerPlaceholder)], count: Int
    ) throws(TemplatingFault) -> Expectation {
        let kind = subject.kind
        let values = Dictionary(standIns.map { ($0.placeholder, $0.text) }, uniquingKeysWith: { first, _ in first })
        var found = 0
        func restored(_ text: String) -> String {
            standIns.reduce(text) { text, standIn in
                text.replacing(standIn.text, with: PlaceholderText.written(standIn.placeholder.reference))
            }
        }
        func restored(_ value: StoredValue) -> StoredValue {
            switch value {
            case .text(let text):
                found += standIns.reduce(0) { $0 + text.ranges(of: $1.text).count }
                return .text(restored(text))
            case .list(let list): return .list(list.map { restored($0) })
            case .object(let object): return .object(object.mapValues { restored($0) })
            case .null, .flag, .whole, .number: return value
            }
        }
        var fields = kind.stored.mapValues { restored($0) }
        if case .object(var template) = fields["template"], template[text: "text"] != nil {
            template["sha256"] = nil
            fields["template"] = .object(template)
        }
        guard found == count, let section = Section(rawValue: kind.section),
            let templated = TemplatedExpectation(
                known: section, key: ItemKey(rawValue: restored(kind.key.rawValue)), item: restored(kind.item),
                fields: fields),
            let again = try? templated.fieldsAgain({ values[$0] }), again == kind.stored
        else { throw .ambiguous }
        if templated.asksAboutFacts { throw .asksAboutFacts }
        var expectation = self
        expectation.subject = .templated(templated)
        return expectation
    }

    /// What judges it on one server.
    func kind(
        on server: ServerVariables, in facts: Facts
    ) throws(TemplatedExpectation.Fault) -> any ExpectationKind {
        guard case .templated(let templated) = subject else { return subject.kind }
        return try templated.expanded(on: server, in: facts)
    }

    /// Asks what has to be known to judge it on one server.
    func ask(_ questions: inout QuestionSet, on server: ServerVariables) {
        if case .templated(let templated) = subject {
            templated.ask(&questions, on: server)
        } else {
            subject.kind.ask(&questions)
        }
    }
}

extension TemplatedExpectation {
    fileprivate func fieldsAgain(
        _ value: (ServerPlaceholder) -> String?
    ) throws(Fault) -> [String: StoredValue] {
        try expandedFields { placeholder throws(Fault) in
            guard let value = value(placeholder) else { throw .missing(placeholder) }
            return value
        }
    }
}

extension Result<any ExpectationKind, TemplatedExpectation.Fault> {
    func evidence(in facts: Facts) -> Evidence {
        switch self {
        case .success(let kind): kind.evidence(in: facts)
        case .failure(let fault): .unreadable(fault)
        }
    }
}

extension Evidence {
    fileprivate static func unreadable(_ fault: TemplatedExpectation.Fault) -> Evidence {
        switch fault {
        case .missing(let placeholder):
            let what = PlaceholderText.written(placeholder.reference)
            return .unreadable(
                .missingVariable,
                remark: placeholder.isFact ? "the server does not say \(what)" : "the server has no \(what)")
        case .unusable(let placeholder):
            let what = placeholder.map { "of " + PlaceholderText.written($0.reference) } ?? "of one of its placeholders"
            return .unreadable(.unusableVariable, remark: "the server's value \(what) cannot stand in this item")
        case .unseen(let reason): return .unreadable(reason)
        }
    }
}

extension StoredValue {
    /// All texts in it.
    var texts: [String] {
        switch self {
        case .text(let text): [text]
        case .list(let list): list.flatMap(\.texts)
        case .object(let object): object.values.flatMap(\.texts)
        case .null, .flag, .whole, .number: []
        }
    }
}
