import Synchronization

/// What a writer was given.
final class Written: Sendable {
    private let log = Mutex<[String]>([])

    var all: [String] { log.withLock { $0 } }

    func append(_ text: String) { log.withLock { $0.append(text) } }
}
