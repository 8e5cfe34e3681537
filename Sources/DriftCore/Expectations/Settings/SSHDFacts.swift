/// What `sshd -T` prints: the values that are in force, one keyword and its value on a line.
///
/// The last line is `= 0`, the status of sshd; the only one is `absent` if there is no sshd.
struct SSHDFacts: Topic {
    static let name = "sshd"

    private var values: [String: String] = [:]
    private var isWhole = false
    let isAbsent: Bool

    init(_ lines: [ArraySlice<UInt8>]) {
        isAbsent = lines.count == 1 && lines[0].elementsEqual("absent".utf8)
        guard let last = lines.last, last.elementsEqual("= 0".utf8) else { return }
        isWhole = true
        for line in lines.dropLast() {
            let text = String(decoding: line, as: UTF8.self)
            let end = text.firstIndex(of: " ") ?? text.endIndex
            let (keyword, value) = (text[..<end].lowercased(), text[end...].dropFirst())
            // A list has a line for each of its items.
            values[keyword] = values[keyword].map { "\($0) \(value)" } ?? String(value)
        }
    }

    func reading(of keyword: String) -> Result<ConfigurationText.Reading, UnreadableReason> {
        guard isWhole else { return .failure(.readError) }
        return .success(values[keyword.lowercased()].map { .value($0) } ?? .unset)
    }
}
