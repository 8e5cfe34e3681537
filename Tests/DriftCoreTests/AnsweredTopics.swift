import DriftCore
import Testing

/// Judges a single expectation by the lines that answer topics, by the topic's name.
///
/// A topic that is asked about and has no lines is unreadable: its program was refused.
func told(_ subject: DriftCore.Expectation.Subject, _ lines: [String: [String]]) -> Told? {
    let pack = Pack(name: PackName(rawValue: "base"), expectations: [DriftCore.Expectation(subject)])
    var facts = Facts()
    for question in ProbeQuestions(packs: [pack]).topics {
        if let answer = lines[question.topic.name] {
            facts.topics.read(question.topic, answer.map { Array($0.utf8)[...] })
        } else {
            facts.topics.miss(question.topic, because: .sudoRefused)
        }
    }
    return Told(judge(subject, facts))
}

/// What an expectation asks topics, as `TOPIC ARGUMENT`.
func questions(_ subject: DriftCore.Expectation.Subject) -> [String] {
    let pack = Pack(name: PackName(rawValue: "base"), expectations: [DriftCore.Expectation(subject)])
    return ProbeQuestions(packs: [pack]).topics.flatMap { question in
        question.arguments.map { "\(question.topic.name) \($0)" }
    }
}
