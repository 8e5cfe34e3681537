import Synchronization

/// The output of a child process so far, shared by its readers and the timer.
///
/// Bytes are kept as they arrive. Only new bytes are searched for the last line, and errors are split into lines once.
final class Heard: Sendable {
    private struct State {
        var output: [UInt8] = []
        var lastLine: [UInt8]
        var hasBegun = false
        /// Where the line begins that has no end yet.
        var lineStart = 0
        var isComplete = false
        var errors: [String] = []
        var errorLine: [UInt8] = []
        var errorBytes = 0
        var loginInstant: ContinuousClock.Instant?
    }

    /// Bytes of standard error, and lines of it that are kept, 500 bytes of each.
    private static let errorLimit = (bytes: 1 << 16, lines: 500, line: 500)

    private let limit: Int
    private let loginSigns: [[UInt8]]
    private let firstLine: [UInt8]
    private let state: Mutex<State>

    /// `firstLine` and `lastLine` are how the lines of standard output begin that are the first and the last of an answer.
    init(limit: Int, loginSigns: [String], firstLine: String = "", lastLine: String) {
        self.limit = limit
        self.loginSigns = loginSigns.map { Array($0.utf8) }
        self.firstLine = Array(firstLine.utf8)
        state = Mutex(State(lastLine: Array(lastLine.utf8)))
    }

    var output: [UInt8] { state.withLock { $0.output } }
    /// Whether the first answer has begun.
    var hasBegun: Bool { state.withLock { $0.hasBegun } }
    var isComplete: Bool { state.withLock { $0.isComplete } }
    var errors: [String] { state.withLock { $0.errors } }
    var loginInstant: ContinuousClock.Instant? { state.withLock { $0.loginInstant } }
    var loggedIn: Bool { loginInstant != nil }

    /// Keeps bytes of standard output.
    ///
    /// - Returns: Whether there may be more.
    func addOutput(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            var searched = state.output.count
            state.output += bytes
            while let end = state.output[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = state.output[state.lineStart..<end]
                if !state.hasBegun { state.hasBegun = line.starts(with: firstLine) }
                if line.starts(with: state.lastLine) { state.isComplete = true }
                state.lineStart = end + 1
                searched = end + 1
            }
            return state.output.count <= limit
        }
    }

    /// Forgets the answer so far: another follows, which ends with another line.
    func beginRound(lastLine: String) {
        state.withLock { state in
            state.output = []
            state.lineStart = 0
            state.isComplete = false
            state.lastLine = Array(lastLine.utf8)
        }
    }

    /// Keeps bytes of standard error.
    ///
    /// - Returns: Whether there may be more.
    func addErrors(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            state.errorBytes += bytes.count
            for piece in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast() {
                state.errorLine += piece.prefix(Self.errorLimit.line)
                keepErrorLine(&state)
            }
            let start = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            state.errorLine += bytes[start...].prefix(Self.errorLimit.line)
            return state.errorBytes <= Self.errorLimit.bytes
        }
    }

    /// Keeps a last line that has no end.
    func endErrors() {
        state.withLock { state in
            if !state.errorLine.isEmpty { keepErrorLine(&state) }
        }
    }

    private func keepErrorLine(_ state: inout State) {
        let line = state.errorLine
        state.errorLine = []
        if state.loginInstant == nil, loginSigns.contains(where: { line.starts(with: $0) }) {
            state.loginInstant = .now
        }
        guard state.errors.count < Self.errorLimit.lines else { return }
        state.errors.append(String(decoding: line.prefix(Self.errorLimit.line), as: UTF8.self))
    }
}
