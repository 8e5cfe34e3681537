package import DriftCore
package import Foundation
internal import Messages
package import Presentation

/// The JSON that a webhook gets, version 1.
///
/// Each member is declared once, with its meaning, its values, and where its value comes from: the document and its JSON Schema
/// are made from the same table, so they cannot disagree. A member that has nothing to say is left out. Later programs may add
/// members; they change the version if they take one away or let it mean something else.
package enum NotificationForm {
    package static let version = 1

    package static func document(of notification: OutboundNotification, baseURL: URL?) -> JSONValue {
        object(whole, Message(notification: notification, baseURL: baseURL))
    }

    /// A JSON Schema of draft 7.
    package static let schema: JSONValue = .object(
        [
            ("$schema", .text("http://json-schema.org/draft-07/schema#")),
            ("title", .text("Notification of Driftwatch to a webhook, version \(version)")),
        ] + members(of: whole))

    /// A message and how it is rendered.
    private struct Message {
        let notification: OutboundNotification
        let baseURL: URL?

        func text(of part: OutboundNotification.Part) -> MessageText {
            MessageText(part.facts, outboxID: part.outboxID, baseURL: baseURL, escaping: .none)
        }
    }

    /// One notification of a message.
    private struct Part {
        let facts: NotificationFacts
        let outboxID: Int64
        let text: MessageText
        let isPlain: Bool

        var isRight: Bool { facts.resolution?.isProven == true }
    }

    // MARK: The table

    private static let whole: [Member<Message>] = [
        Member("version", "Of this form of the document", .constant(version)) { _ in .number(Int64(version)) },
        Member("delivery", "The id of the message. A repetition has the same", .text) {
            .text($0.notification.messageID)
        },
        Member(
            "event", "What happened",
            .words(NotificationFacts.Kind.allCases.filter { !$0.isOnlyAnEdit }.map(\.rawValue))
        ) {
            .text($0.notification.facts.kind.rawValue)
        },
        Member("text", "The same in a line for people", .text) { message in
            let first = message.text(of: message.notification.first).summary
            let more = message.notification.others.count
            return .text(more > 0 ? "\(first) · and \(more) more" : first)
        },
        Member(
            "notifications", "What happened to each alert; several that belong together come in one message",
            .list(.object(part))
        ) { message in
            .list(
                message.notification.parts.map {
                    object(
                        part,
                        Part(
                            facts: $0.facts, outboxID: $0.outboxID, text: message.text(of: $0),
                            isPlain: message.notification.form == .plain))
                })
        },
    ]

    private static let part: [Member<Part>] = [
        Member("notification", "Its number in the outbox", .integer) { .number($0.outboxID) },
        Member("occurred_at", "When it happened", .time) { .text($0.facts.occurredAt) },
        Member("text", "The same in a line for people", .text) { .text($0.text.summary) },
        Member("url", "The page about it, if the notifier knows where the pages are", .text, isOptional: true) {
            if case .page(let url) = $0.text.link { .text(url) } else { nil }
        },
        Member("alert", "The alert; a test and a report have none", .object(alert), isOptional: true) {
            [.test, .reminder, .digest].contains($0.facts.kind) ? nil : object(alert, $0)
        },
        Member("server", "The server", .object(server)) { object(server, $0) },
        Member(
            "pack", "The pack's id; none in a test, a report, and if the server cannot be checked", .text,
            isOptional: true
        ) {
            $0.facts.kind == .test ? nil : text($0.facts.packName?.rawValue)
        },
        Member(
            "items",
            "The first ten items that are new, or, of an end, that the alert was about; an entry for each difference. Left out of a message that is sent "
                + "once more because the first form of it was refused", .list(.object(item)), isOptional: true
        ) { part in
            part.isPlain ? nil : .list(part.facts.items.map { object(item, $0) })
        },
    ]

    private static let alert: [Member<Part>] = [
        Member("id", "Its number", .integer) { .number($0.facts.alertID) },
        Member("opened_at", "When it opened", .time) { .text($0.facts.openedAt) },
        Member(
            "wrong_count", "Items that are wrong, or cannot be read, as far as is known: 0 once they are right again",
            .integer
        ) { .number(Int64($0.isRight ? 0 : $0.facts.mismatchCount)) },
        Member("resolved_count", "Of what is right again: items that had been wrong", .integer, isOptional: true) {
            $0.isRight ? number($0.facts.mismatchCount) : nil
        },
        Member("difference_count", "In how many ways they are wrong", .integer, isOptional: true) { part in
            part.facts.differenceCount.map { .number(Int64(part.isRight ? 0 : $0)) }
        },
        Member("never_compliant_count", "How many of the wrong items were never right", .integer, isOptional: true) {
            number($0.facts.neverCompliantCount)
        },
        Member("added_count", "How many of the items are new", .integer, isOptional: true) {
            number($0.facts.addedCount)
        },
        Member("previous_count", "How many items were wrong before", .integer, isOptional: true) {
            number($0.facts.previousCount)
        },
        Member("acknowledged_by", "Who acknowledged it", .text, isOptional: true) { text($0.facts.acknowledgedBy) },
        Member(
            "resolution", "Why it was resolved", .words(NotificationFacts.Resolution.allCases.map(\.rawValue)),
            isOptional: true
        ) { text($0.facts.resolution?.rawValue) },
        Member("actor", "Who did it", .text, isOptional: true) { text($0.facts.actor) },
        Member("comment", "What that person says", .text, isOptional: true) { text($0.facts.comment) },
        Member("item_count", "Of a resolution as compliant: items in the check", .integer, isOptional: true) {
            number($0.facts.itemCount)
        },
        Member("unreadable_count", "How many of them could not be read", .integer, isOptional: true) {
            number($0.facts.unreadableCount)
        },
        Member(
            "opening_undelivered", "Whether the message of the opening was given up", .flag, isOptional: true
        ) { $0.facts.openingUndelivered.map(JSONValue.flag) },
        Member(
            "opening_folded", "Whether it was over before its opening could be sent, so that only this message is",
            .flag, isOptional: true
        ) { $0.facts.openingFolded.map(JSONValue.flag) },
    ]

    private static let server: [Member<Part>] = [
        Member("id", "Its id in the inventory; of a test, the machine that sent it", .text) {
            .text($0.facts.serverID.rawValue)
        },
        Member("name", "Its name for people", .text) { .text($0.facts.serverName) },
        Member("labels", "Its labels", .texts) { part in
            .object((part.facts.labels ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })
        },
    ]

    private static let item: [Member<NotificationFacts.Item>] = [
        Member("type", "What is wrong, such as wrong_permissions", .text) { .text($0.type) },
        Member("item", "The item, such as /etc/motd", .text) { .text($0.item) },
        Member("description", "What the pack says that it is for", .text, isOptional: true) { text($0.description) },
        Member("expected", "What the pack expects, without secrets", .texts, isOptional: true) { texts($0.expected) },
        Member("actual", "What the server has, without secrets", .texts, isOptional: true) { texts($0.actual) },
        Member(
            "lines", "The first lines that differ: - before what is expected, + before what is there", .list(.text),
            isOptional: true
        ) { $0.lines.map(JSONValue.texts) },
    ]

    private static func text(_ text: String?) -> JSONValue? { text.map(JSONValue.text) }
    private static func number(_ number: Int?) -> JSONValue? { number.map { .number(Int64($0)) } }
    private static func texts(_ texts: [String: String]?) -> JSONValue? {
        texts.map { .object($0.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) }) }
    }

    // MARK: What is made from it

    private static func object<Source>(_ members: [Member<Source>], _ source: Source) -> JSONValue {
        .object(members.compactMap { member in member.value(source).map { (member.name, $0) } })
    }

    fileprivate static func members<Source>(of members: [Member<Source>]) -> [(String, JSONValue)] {
        [
            ("type", .text("object")),
            (
                "properties",
                .object(members.map { ($0.name, .object([("description", .text($0.about))] + $0.shape.schema)) })
            ),
            ("required", .texts(members.filter { !$0.isOptional }.map(\.name))),
        ]
    }
}

/// A member of a JSON object.
private struct Member<Source>: Sendable {
    let name: String
    let about: String
    let shape: Shape
    let isOptional: Bool
    /// Nil leaves it out.
    let value: @Sendable (Source) -> JSONValue?

    init(
        _ name: String, _ about: String, _ shape: Shape, isOptional: Bool = false,
        value: @escaping @Sendable (Source) -> JSONValue?
    ) {
        self.name = name
        self.about = about
        self.shape = shape
        self.isOptional = isOptional
        self.value = value
    }
}

/// Which values a member may have.
private struct Shape: Sendable {
    let schema: [(String, JSONValue)]

    static let text = Shape(schema: [("type", .text("string"))])
    static let time = Shape(schema: [("type", .text("string")), ("format", .text("date-time"))])
    static let integer = Shape(schema: [("type", .text("integer"))])
    static let flag = Shape(schema: [("type", .text("boolean"))])
    static let texts = Shape(
        schema: [("type", .text("object")), ("additionalProperties", .object([("type", .text("string"))]))])

    static func constant(_ number: Int) -> Shape { Shape(schema: [("const", .number(Int64(number)))]) }
    static func words(_ words: [String]) -> Shape { Shape(schema: [("enum", .texts(words))]) }
    static func list(_ element: Shape) -> Shape {
        Shape(schema: [("type", .text("array")), ("items", .object(element.schema))])
    }
    static func object<Source>(_ members: [Member<Source>]) -> Shape {
        Shape(schema: NotificationForm.members(of: members))
    }
}
