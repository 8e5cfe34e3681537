/// The kernel parameters that were asked about, by their paths below `/proc/sys`.
///
/// An answer is one line for each, `read KEY`, `unset KEY`, `denied KEY` or `secret KEY`, and then what `grep -H ''` prints
/// of the files that can be read: their lines, each after the file's path and a colon, and its errors.
struct SysctlFacts: Topic {
    static let name = "sysctl"

    private var readings: [String: Result<ConfigurationText.Reading, UnreadableReason>] = [:]

    init(_ lines: [ArraySlice<UInt8>]) {
        var values: [String: [String]] = [:]
        for line in lines {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix(Self.folder) {
                let parts = text.dropFirst(Self.folder.count).split(
                    separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                if parts.count == 2 { values[String(parts[0]), default: []].append(String(parts[1])) }
                continue
            }
            if text.hasPrefix(Self.complaint) {
                let key = text.dropFirst(Self.complaint.count).prefix { $0 != ":" }
                readings[String(key)] = .failure(.readError)
                continue
            }
            let words = text.split(separator: " ", maxSplits: 1).map(String.init)
            guard words.count == 2 else { continue }
            let reading: Result<ConfigurationText.Reading, UnreadableReason>? =
                switch words[0] {
                case "read": .success(.value(""))
                case "unset": .success(.unset)
                case "denied": .failure(.permissionDenied)
                case "secret": .failure(.secretPlace)
                default: nil
                }
            guard let reading else { continue }
            readings[words[1]] = readings[words[1]] == nil ? reading : .failure(.malformedAnswer)
        }
        for (key, lines) in values {
            if case .success(.value) = readings[key] { readings[key] = .success(.value(Self.value(lines))) }
        }
    }

    private static let folder = "/proc/sys/"
    private static let complaint = "grep: /proc/sys/"

    /// With one blank where the kernel has a tab, as people write `4096 131072 6291456`.
    private static func value(_ lines: [String]) -> String {
        lines.map { $0.split { $0 == " " || $0 == "\t" }.joined(separator: " ") }.joined(separator: "\n")
    }

    func reading(of name: SysctlName) -> Result<ConfigurationText.Reading, UnreadableReason> {
        readings[name.path] ?? .failure(.malformedAnswer)
    }
}
