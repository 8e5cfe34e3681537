/// What to look at: all that a server's packs ask, each thing once.
package struct ProbeQuestions: Hashable, Sendable {
    package struct File: Hashable, Sendable {
        package var path: String
        /// The contents that packs expect; empty if none asks for content.
        package var expectedHashes: Set<SHA256Digest>
        /// Whether the text is needed in any case, and not only where it is not one of the expected contents.
        package var needsText: Bool
        /// Which text may come back.
        package var show: FileExpectation.Show

        package init(
            path: String, expectedHashes: Set<SHA256Digest> = [], needsText: Bool = false,
            show: FileExpectation.Show = .worldReadable
        ) {
            self.path = path
            self.expectedHashes = expectedHashes
            self.needsText = needsText
            self.show = show
        }

        /// Whether anything of the content is asked for.
        package var asksContent: Bool { needsText || !expectedHashes.isEmpty }
    }

    /// In the order of their paths.
    package var files: [File]
    package var packages: Bool
    /// The names of the packages that are asked about, which others may stand in for, in order; all if it is empty.
    package var providedNames: [String]
    /// Names of environment variables, in order.
    package var environment: [String]
    /// In the order of their names.
    package var topics: [TopicQuestion]

    package init(
        files: [File] = [], packages: Bool = false, providedNames: [String] = [], environment: [String] = [],
        topics: [TopicQuestion] = []
    ) {
        self.files = files
        self.packages = packages
        self.providedNames = providedNames
        self.environment = environment
        self.topics = topics
    }
}

extension ProbeQuestions {
    /// All that `packs` ask about a server, each thing once; what this version cannot judge is not asked.
    package init(packs: [Pack], on server: ServerVariables = ServerVariables()) {
        var questions = QuestionSet()
        for expectation in packs.lazy.flatMap(\.expectations) {
            if let condition = expectation.condition {
                // Without facts, only the labels can say no.
                if case .fails = condition.answer(labels: server.labels, facts: Facts()) { continue }
                if condition.asksSystem { questions.ask(OSFacts.self) }
            }
            expectation.ask(&questions, on: server)
        }
        self = questions.inOrder
    }
}

/// Questions while they are gathered, each thing once.
struct QuestionSet {
    private var files: [ServerPath: ProbeQuestions.File] = [:]
    private var packages: Set<String> = []
    private var variables: Set<String> = []
    private var topics: [String: TopicQuestion] = [:]

    /// Asks how a path looks, and for its content where one is expected.
    mutating func ask(
        path: String, expecting hash: SHA256Digest? = nil, needsText: Bool = false, show: FileExpectation.Show
    ) {
        let path = ServerPath(path)
        var question = files[path] ?? ProbeQuestions.File(path: path.text)
        if let hash { question.expectedHashes.insert(hash) }
        question.needsText = question.needsText || needsText
        question.show = question.show.combined(with: show)
        files[path] = question
    }

    mutating func ask(package name: String) { packages.insert(name) }

    mutating func ask(variable name: String) { variables.insert(name) }

    /// Asks a topic about `argument`, or as a whole if there is none.
    mutating func ask(_ topic: any Topic.Type, about argument: String? = nil) {
        topics[topic.name, default: TopicQuestion(topic)].add(argument)
    }

    var inOrder: ProbeQuestions {
        ProbeQuestions(
            files: files.sorted { $0.key < $1.key }.map(\.value), packages: !packages.isEmpty,
            providedNames: packages.sorted(), environment: variables.sorted(),
            topics: topics.sorted { $0.key < $1.key }.map(\.value))
    }
}
