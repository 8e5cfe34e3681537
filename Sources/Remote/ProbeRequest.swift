package import DriftCore
internal import Redaction

/// What goes to the script's standard input, and what is known of the questions without asking.
///
/// Every line of it begins with `#`, so that no shell that stands where the script should can run any of it.
package struct ProbeRequest: Hashable, Sendable {
    /// Marks the answer's frame; hexadecimal.
    package let nonce: String
    package let questions: ProbeQuestions
    /// The version that the script is asked in.
    let version: Int
    /// By item number, which is a place in this list.
    let files: [ProbeQuestions.File]
    /// Names that no server's environment can hold are left out.
    let environment: [String]
    /// Whether the script's standard input stays open for another round of questions.
    let isOpen: Bool
    /// The bytes of the script's standard input, or of this round.
    package let input: [UInt8]

    /// The topics that may be answered: about packages, the script asks for those of other managers than dpkg itself.
    var topics: [TopicQuestion] {
        questions.topics + (questions.packages ? [TopicQuestion(InstalledPackages.self)] : [])
    }

    /// How the last line of an answer begins.
    var lastLine: String { "\(firstLine)end" }

    /// How the first line of an answer begins.
    var firstLine: String { "driftwatch-probe \(nonce) " }

    /// How the marks of the frame begin that a probe run by root answers in, within the other's.
    var innerNonce: String { nonce + "0" }

    /// `configUser` says whose home `~` is; the login user's where nil.
    ///
    /// The script gives up on what it has not seen when `time` has passed.
    package init(
        _ questions: ProbeQuestions, configUser: String? = nil, nonce: String = Self.freshNonce(),
        time: Duration = .seconds(26), version: Int = ProbeScript.version, isOpen: Bool = false
    ) {
        self.nonce = nonce
        self.questions = questions
        self.version = version
        files = questions.files.filter { Self.isAskable(path: $0.path) }
        environment = questions.environment.filter(Self.isAskable(variable:))
        let owner = Self.owner(configUser)
        let lines =
            version == 1
            ? Self.firstVersion(nonce, owner, files, questions.packages, environment)
            : Self.lines(nonce, owner, files, questions, environment, time)
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        self.isOpen = isOpen
        input = isOpen ? Array("#open \(bytes.count)\n".utf8) + bytes : bytes
    }

    /// The questions as the first round of a session.
    var round: BoundedProcess.Round {
        BoundedProcess.Round(input: input, firstLine: firstLine, lastLine: lastLine)
    }

    /// The same for a script that waits for another round.
    var nextRound: BoundedProcess.Round {
        var round = round
        round.input = Array("#again\n".utf8) + input
        return round
    }

    private static func lines(
        _ nonce: String, _ owner: String, _ files: [ProbeQuestions.File], _ questions: ProbeQuestions,
        _ environment: [String], _ time: Duration
    ) -> [String] {
        var lines = ["#driftwatch-probe \(nonce) \(ProbeScript.version)", "#time \(max(1, time.components.seconds))"]
        if questions.packages { lines.append("#packages") }
        lines += questions.topics.flatMap(Self.lines(of:))
        lines += environment.map { "#env \($0)" }
        let needsHome =
            files.contains { $0.path.hasPrefix("~/") }
            || questions.topics.contains { $0.arguments.contains { $0.contains(" ~/") } }
        if needsHome { lines.append("#home \(owner)") }
        for (item, file) in files.enumerated() {
            let kind =
                switch file.show {
                case _ where !file.asksContent: "s"
                case _ where !Masking.mayReadContent(of: file.path): "h"
                case .hidden: "h"
                case .worldReadable: "c"
                case .text: "t"
                }
            lines.append("#file \(item) \(kind) \(hashes(of: file)) \(file.path)")
        }
        return lines + ["#end"]
    }

    /// A topic that is asked about nothing is asked as a whole; an argument that no line can hold is left out.
    private static func lines(of question: TopicQuestion) -> [String] {
        let line = "#ask \(question.topic.name)"
        return question.arguments.isEmpty
            ? [line] : question.arguments.filter(isOneLine).map { "\(line) \($0)" }
    }

    /// As the script of version 1 reads it.
    ///
    /// It judges for itself by names alone what may be told, so it is asked for
    /// texts only where a pack allows them to be private.
    private static func firstVersion(
        _ nonce: String, _ owner: String, _ files: [ProbeQuestions.File], _ packages: Bool, _ environment: [String]
    ) -> [String] {
        var lines = ["driftwatch-probe \(nonce) 1", "owner \(owner)"]
        if packages { lines.append("packages") }
        lines += environment.map { "env \($0)" }
        for (item, file) in files.enumerated() {
            let mayTell = file.show == .text && Masking.mayReadContent(of: file.path)
            let kind = !file.asksContent ? "s" : mayTell ? "c" : "h"
            lines.append("file \(item) \(kind) \(hashes(of: file)) \(file.path)")
        }
        return lines + ["end"]
    }

    private static func hashes(of file: ProbeQuestions.File) -> String {
        var hashes = file.expectedHashes.map(\.hexadecimal).sorted()
        // No file has this one, so the text always comes.
        if file.needsText { hashes.append(String(repeating: "0", count: 64)) }
        return hashes.isEmpty ? "-" : hashes.joined(separator: "/")
    }

    package static func freshNonce() -> String {
        let number = UInt64.random(in: .min ... .max)
        return "d" + String(number, radix: 16)
    }

    private static func isAskable(path: String) -> Bool {
        (path.hasPrefix("/") || path.hasPrefix("~/")) && isOneLine(path)
    }

    private static func isOneLine(_ text: String) -> Bool {
        text.utf8.count < 4096 && !text.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "\n") }
    }

    private static func isAskable(variable: String) -> Bool {
        guard let first = variable.utf8.first, !first.isDigit else { return false }
        return variable.utf8.allSatisfy { $0.isAlphanumeric || $0 == UInt8(ascii: "_") }
    }

    /// A name that no account can have is sent as one that no account has.
    private static func owner(_ configUser: String?) -> String {
        guard let configUser else { return "-" }
        let isName =
            !configUser.isEmpty && !configUser.hasPrefix("-")
            && configUser.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") }
        return isName ? configUser : "::"
    }
}
