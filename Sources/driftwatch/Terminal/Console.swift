import Foundation
import Presentation
import Synchronization

/// Standard output and standard error, in whole lines.
struct Console: Sendable {
    /// Whether people read the output as it comes.
    let isTerminal: Bool
    /// Coloured on a terminal, where `NO_COLOR` is not set.
    let palette: Palette
    private let loss = Loss()

    init(environment: [String: String]) {
        isTerminal = isatty(STDOUT_FILENO) == 1
        let declined = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        palette = Palette(hasColour: isTerminal && !declined && environment["TERM"] != "dumb")
    }

    /// Prints to standard output.
    ///
    /// If the reader has gone (`| head`), that is not an error; for any other failure see ``lost``.
    func print(_ line: String = "") {
        attempt { try deliver(line) }
    }

    /// Prints the text as it is, without a line break after it.
    func print(_ text: TextSpool) {
        attempt { try text.forEachPart { try FileHandle.standardOutput.write(contentsOf: $0) } }
    }

    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
            if cause.domain == NSPOSIXErrorDomain, cause.code == EPIPE { return }
            loss.reason.withLock { $0 = $0 ?? cause.localizedFailureReason ?? cause.localizedDescription }
        }
    }

    /// Why something did not get printed: a full disk, say.
    var lost: String? { loss.reason.withLock { $0 } }

    func print(lines: [String]) {
        guard !lines.isEmpty else { return }
        print(lines.joined(separator: "\n"))
    }

    /// Prints to standard error.
    func note(_ line: String) { try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8)) }

    /// Prints what has to arrive.
    ///
    /// - Throws: If standard output cannot be written: a full disk, a reader that has gone.
    func deliver(_ line: String) throws { try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8)) }

    private final class Loss: Sendable {
        let reason = Mutex<String?>(nil)
    }

    typealias Colour = Palette.Colour

    func coloured(_ text: String, _ colour: Colour?) -> String { palette.coloured(text, colour) }
}
