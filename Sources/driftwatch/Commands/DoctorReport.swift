import DriftCore
import Presentation
import Remote
import Synchronization

/// What `doctor` finds, printed as it comes.
final class DoctorReport: Sendable {
    enum State: String {
        case fine = "ok"
        /// Worth knowing; nothing is broken.
        case note
        case wrong
    }

    private let console: Console
    private let faults = Mutex(0)

    init(_ console: Console) { self.console = console }

    var hasFaults: Bool { faults.withLock { $0 > 0 } }

    func add(_ subject: String, _ state: State, _ text: String, hint: String? = nil) {
        if state == .wrong { faults.withLock { $0 += 1 } }
        let colour: Console.Colour =
            switch state {
            case .fine: .green
            case .note: .yellow
            case .wrong: .red
            }
        let word = console.coloured(pad(state.rawValue, to: 5), colour)
        console.print("\(word)  \(pad(subject, to: 14))  \(visible(text))")
        if let hint { console.print("       \(pad("", to: 14))  \(visible("-> \(hint)"))") }
    }

    /// One line for a server that is well, else one for each stage that is not.
    func add(_ server: ServerID, _ diagnosis: ServerDiagnosis) {
        let passed = diagnosis.results.filter { $0.state == .ok }.map(\.stage.rawValue)
        for result in diagnosis.results where result.state == .failed {
            // Without sudo most checks work; what root alone may read stays unreadable.
            let state: State = result.stage == .sudo ? .note : .wrong
            add(server.rawValue, state, "\(result.stage.rawValue): \(result.detail)", hint: result.hint)
        }
        if diagnosis.results.allSatisfy({ $0.state != .failed || $0.stage == .sudo }) {
            add(server.rawValue, .fine, passed.joined(separator: ", "))
        }
    }
}
