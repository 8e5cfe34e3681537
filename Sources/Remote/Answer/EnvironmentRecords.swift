import DriftCore
internal import Redaction

/// What an answer says of the login shell's environment.
struct EnvironmentRecords {
    private enum Ending: Equatable {
        case complete
        case failed(UnreadableReason)
    }

    private var values: [String: SettingFact] = [:]
    private var ending: Ending?

    /// Reads `NAME=value`, in which newlines travel as 001.
    mutating func add(_ text: ArraySlice<UInt8>) {
        guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else { return }
        let value = text[(equals + 1)...].map { $0 == 1 ? UInt8(ascii: "\n") : $0 }
        add(text[..<equals], .value(VisibleText.value(value)))
    }

    /// Reads the name of a variable that is not set.
    mutating func addUnset(_ name: ArraySlice<UInt8>) { add(name, .unset) }

    private mutating func add(_ bytes: ArraySlice<UInt8>, _ fact: SettingFact) {
        let name = String(decoding: bytes, as: UTF8.self)
        // Programs do not agree which of two values counts.
        values[name] = values[name].map { $0 == fact ? fact : .unreadable(.malformedAnswer) } ?? fact
    }

    /// Reads how the login shell ended.
    mutating func end(_ text: ArraySlice<UInt8>) {
        let new: Ending =
            switch String(decoding: text.prefix(16), as: UTF8.self) {
            case "complete": .complete
            case "unsupported": .failed(.unsupported)
            case "slow": .failed(.slow)
            case "error": .failed(.readError)
            default: .failed(.malformedAnswer)
            }
        ending = ending.map { $0 == new ? new : .failed(.malformedAnswer) } ?? new
    }

    /// Values of an environment that was not printed to its end prove nothing.
    func fact(_ name: String) -> SettingFact {
        guard let ending else { return .unreadable(.malformedAnswer) }
        if case .failed(let reason) = ending { return .unreadable(reason) }
        return values[name] ?? .unreadable(.malformedAnswer)
    }
}
