import DriftCore
import Presentation
import Remote
import Synchronization

/// What `doctor` finds, printed as it comes, or as JSON when it is all there.
final class DoctorReport: Sendable {
    enum State: String, Sendable {
        case fine = "ok"
        /// Worth knowing; nothing is broken.
        case note
        case wrong
    }

    private struct Finding: Sendable {
        var subject: String
        var stage: String?
        var state: State
        var text: String
        var hint: String?
    }

    private let console: Console
    private let asJSON: Bool
    private let findings = Mutex<[Finding]>([])

    init(_ console: Console, asJSON: Bool) {
        self.console = console
        self.asJSON = asJSON
    }

    var hasFaults: Bool { findings.withLock { $0.contains { $0.state == .wrong } } }

    func add(_ subject: String, _ state: State, _ text: String, hint: String? = nil) {
        add(Finding(subject: subject, state: state, text: text, hint: hint))
    }

    private func add(_ finding: Finding) {
        findings.withLock { $0.append(finding) }
        guard !asJSON else { return }
        let colour: Console.Colour =
            switch finding.state {
            case .fine: .green
            case .note: .yellow
            case .wrong: .red
            }
        let word = console.coloured(pad(finding.state.rawValue, to: 5), colour)
        let text = finding.stage.map { "\($0): \(finding.text)" } ?? finding.text
        console.print("\(word)  \(pad(finding.subject, to: 14))  \(visible(text))")
        if let hint = finding.hint { console.print("       \(pad("", to: 14))  \(visible("-> \(hint)"))") }
    }

    /// One line for a server without faults, otherwise one for each stage with a fault.
    ///
    /// Without `vouches`, a server without faults is only a note: the workers log in differently.
    func add(_ server: ServerID, _ diagnosis: ServerDiagnosis, vouches: Bool) {
        let blind = diagnosis.results.filter { $0.state == .skipped && !$0.detail.isEmpty && $0.stage != .sudo }
        if let first = blind.first {
            let stages = blind.map(\.stage.rawValue).joined(separator: ", ")
            add(Finding(subject: server.rawValue, stage: stages, state: .note, text: first.detail))
        }
        for result in diagnosis.results where result.state == .failed {
            // Without sudo most checks work; what root alone may read stays unreadable.
            add(
                Finding(
                    subject: server.rawValue, stage: result.stage.rawValue,
                    state: result.stage == .sudo ? .note : .wrong,
                    text: result.detail, hint: result.hint))
        }
        guard diagnosis.results.allSatisfy({ $0.state != .failed || $0.stage == .sudo }) else { return }
        let passed = diagnosis.results.filter { $0.state == .ok }.map { result in
            result.detail.isEmpty ? result.stage.rawValue : "\(result.stage.rawValue) \(result.detail)"
        }.joined(separator: ", ")
        let isLocal = diagnosis.target.connection == .local
        add(
            server.rawValue, vouches || isLocal ? .fine : .note,
            vouches || isLocal ? passed : "fine from here, but the workers log in differently: \(passed)")
    }

    /// Prints what is printed only when all is known.
    func finish() {
        guard asJSON else { return }
        let findings = findings.withLock { $0 }
        console.print(
            JSONValue.object([
                ("well", .flag(!findings.contains { $0.state == .wrong })),
                (
                    "findings",
                    .list(
                        findings.map { finding in
                            .object([
                                ("subject", .text(finding.subject)), ("stage", .optional(finding.stage)),
                                ("state", .text(finding.state.rawValue)), ("text", .text(finding.text)),
                                ("hint", .optional(finding.hint)),
                            ])
                        })
                ),
            ]).pretty)
    }
}
