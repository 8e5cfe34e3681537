/// The server's own clock: `now SECONDS` since 1970.
struct ClockFacts: Topic {
    static let name = "clock"

    /// Nil if the answer makes no sense.
    private(set) var now: Int?

    init(_ lines: [ArraySlice<UInt8>]) {
        guard let line = lines.first, lines.count == 1 else { return }
        let text = String(decoding: line, as: UTF8.self)
        guard text.hasPrefix("now "), let seconds = Int(text.dropFirst(4)), seconds > 0 else { return }
        now = seconds
    }
}
