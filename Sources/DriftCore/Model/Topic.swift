/// One thing that a probe can be asked, beside files, packages and the environment.
///
/// A part of the probe with the same name answers it in lines, which belong to the topic alone: what a program
/// prints is sent as it is, and read here.
package protocol Topic: Hashable, Sendable {
    /// The word of the protocol: lower-case letters.
    static var name: String { get }

    /// Reads an answer that is whole; its lines are hostile, without their newlines.
    ///
    /// Linear in their number. Contradictions and nonsense must come out as unreadable, for one item or for all.
    init(_ lines: [ArraySlice<UInt8>])

    /// The same, where the login user was denied a part: `rootLines` are what root said then; nil because of `denial`.
    ///
    /// If a topic does not say otherwise, root's answer takes the place of the other.
    init(_ lines: [ArraySlice<UInt8>], asRoot rootLines: [ArraySlice<UInt8>]?, denial: UnreadableReason)
}

extension Topic {
    package init(_ lines: [ArraySlice<UInt8>], asRoot rootLines: [ArraySlice<UInt8>]?, denial: UnreadableReason) {
        self.init(rootLines ?? lines)
    }
}

/// What a topic is asked.
package struct TopicQuestion: Hashable, Sendable {
    package let topic: any Topic.Type
    /// In order; empty for a topic that is asked as a whole.
    package private(set) var arguments: [String] = []

    package init(_ topic: any Topic.Type, about arguments: [String] = []) {
        self.topic = topic
        self.arguments = arguments
    }

    mutating func add(_ argument: String?) {
        guard let argument else { return }
        // The first place whose argument does not come before it.
        var (low, high) = (arguments.startIndex, arguments.endIndex)
        while low < high {
            let middle = (low + high) / 2
            if arguments[middle].precedesBytewise(argument) { low = middle + 1 } else { high = middle }
        }
        guard low == arguments.endIndex || argument.precedesBytewise(arguments[low]) else { return }
        arguments.insert(argument, at: low)
    }

    package static func == (left: Self, right: Self) -> Bool {
        left.topic == right.topic && left.arguments == right.arguments
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(topic.name)
        hasher.combine(arguments)
    }
}

/// The answers to topics.
package struct TopicAnswers: Hashable, Sendable {
    private enum Answer: Hashable {
        case read(Box)
        case unreadable(UnreadableReason)
    }

    private struct Box: Hashable {
        var facts: any Topic

        static func == (left: Self, right: Self) -> Bool { AnyHashable(left.facts) == AnyHashable(right.facts) }
        func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(facts)) }
    }

    private var answers: [String: Answer] = [:]

    package init() {}

    /// Takes in what the lines of an answer say.
    package mutating func read(
        _ topic: any Topic.Type, _ lines: [ArraySlice<UInt8>], asRoot rootLines: [ArraySlice<UInt8>]?,
        denial: UnreadableReason
    ) {
        answers[topic.name] = .read(Box(facts: topic.init(lines, asRoot: rootLines, denial: denial)))
    }

    /// Takes in what the lines of a whole answer say.
    package mutating func read(_ topic: any Topic.Type, _ lines: [ArraySlice<UInt8>]) {
        answers[topic.name] = .read(Box(facts: topic.init(lines)))
    }

    package mutating func miss(_ topic: any Topic.Type, because reason: UnreadableReason) {
        answers[topic.name] = .unreadable(reason)
    }

    /// What was seen of a topic, or why nothing was.
    func seen<Facts: Topic>(_ topic: Facts.Type) -> Result<Facts, UnreadableReason> {
        switch answers[topic.name] {
        case .read(let box): (box.facts as? Facts).map { .success($0) } ?? .failure(.malformedAnswer)
        case .unreadable(let reason): .failure(reason)
        case nil: .failure(.malformedAnswer)
        }
    }
}
