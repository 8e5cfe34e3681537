import DriftCore
internal import Redaction

/// What the login shell printed: its own noise, and the variables between marks.
struct FirstVersionEnvironment {
    private var values: [String: SettingFact] = [:]
    /// Of every variable that has no record.
    private var remainder: UnreadableReason

    init(_ text: ArraySlice<UInt8>, nonce: String) {
        guard !text.elementsEqual("unsupported".utf8) else {
            remainder = .unsupported
            return
        }
        guard let printed = EncodedBytes.decode(text) else {
            remainder = .malformedAnswer
            return
        }
        // A login shell that runs no command prints no mark at all.
        remainder = .unsupported
        let mark = Array("driftwatch-\(nonce) ".utf8)
        var name: String?
        var value: [ArraySlice<UInt8>] = []
        for line in printed.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard line.starts(with: mark) else {
                value.append(line)
                continue
            }
            let word = VisibleText.plain(line.dropFirst(mark.count), limit: 1000)
            remainder = word == "done" ? .malformedAnswer : .readError
            if word.hasPrefix("name ") {
                name = String(word.dropFirst("name ".count))
            } else if let known = name, word == "set" {
                values[known] = .value(VisibleText.value(Array(value.joined(separator: [UInt8(ascii: "\n")]))))
                name = nil
            } else if let known = name, word == "unset" {
                values[known] = value.isEmpty ? .unset : .unreadable(.malformedAnswer)
                name = nil
            }
            value = []
        }
    }

    func fact(_ name: String) -> SettingFact { values[name] ?? .unreadable(remainder) }
}
