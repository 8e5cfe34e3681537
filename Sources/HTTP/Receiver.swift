/// Gathers what arrives for one request, within its caps.
class Receiver {
    /// All header lines together.
    private static let maximumHeaders = 64 * 1024

    private let maximumBody: Int
    private let isCancelled: () -> Bool
    private var headerBytes = 0
    private(set) var headers = HTTPHeaders()
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false

    init(maximumBody: Int, isCancelled: @escaping () -> Bool) {
        self.maximumBody = maximumBody
        self.isCancelled = isCancelled
    }

    var shouldStop: Bool { isCancelled() }

    /// Whether to go on.
    func take(body bytes: some Collection<UInt8>) -> Bool {
        guard bytes.count <= maximumBody - body.count else {
            isTooLarge = true
            return false
        }
        body.append(contentsOf: bytes)
        return true
    }

    /// Takes one header line, the status line and the empty last one included.
    ///
    /// Whether to go on.
    func take(header line: some Collection<UInt8>) -> Bool {
        guard hasRoom(forHeader: line.count) else { return false }
        let text = String(decoding: line, as: UTF8.self)
        // A proxy's answer to CONNECT and interim replies come first: only the last reply's headers count.
        if text.hasPrefix("HTTP/") {
            headers = HTTPHeaders()
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0.isWhitespace }
            let end = value.lastIndex { !$0.isWhitespace }.map(value.index(after:)) ?? value.startIndex
            headers.append(name: String(text[..<colon]), value: String(value[..<end]))
        }
        return true
    }

    /// Counts the bytes of a header line.
    func hasRoom(forHeader count: Int) -> Bool {
        headerBytes += count
        if headerBytes > Self.maximumHeaders { isTooLarge = true }
        return !isTooLarge
    }
}
