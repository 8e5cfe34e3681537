import Foundation
import Logging
import Synchronization
import Testing

@testable import driftwatch

/// How a line of the log looks.
@Suite
struct LogFormatTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
        var output: LogOutput { LogOutput { line in self.all.withLock { $0.append(line) } } }
    }

    private static func log(_ handler: @escaping (String, LogOutput) -> any LogHandler) -> [String] {
        let lines = Lines()
        var logger = Logger(label: "driftwatch.worker") { handler($0, lines.output) }
        logger[metadataKey: "job.id"] = "7"
        logger[metadataKey: "server.id"] = "web-1"
        logger.warning("lease lost", metadata: ["error": "a \"b\"\nc", "message": "x"])
        return lines.all.withLock(\.self)
    }

    private static let instant = Date(timeIntervalSince1970: 0)

    @Test
    func asJSONEachFactHasAKeyOfItsOwn() throws {
        let lines = Self.log { JSONLogHandler(label: $0, level: .info, output: $1, now: { Self.instant }) }
        #expect(lines.count == 1 && lines[0].hasSuffix("}\n"))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: String])
        #expect(
            object == [
                "time": "1970-01-01T00:00:00.000Z", "level": "warning", "logger": "driftwatch.worker",
                "message": "lease lost", "metadata.message": "x", "job.id": "7", "server.id": "web-1",
                "error": "a \"b\"\nc",
            ])
    }

    @Test
    func asTextEachFactIsOneWordOrQuoted() {
        let lines = Self.log { TextLogHandler(label: $0, level: .info, output: $1, now: { Self.instant }) }
        #expect(lines.count == 1)
        let line = lines.first ?? ""
        #expect(line.hasPrefix("1970-01-01T00:00:00.000Z warning worker: lease lost error=\"a \\\"b\\\""), "\(line)")
        #expect(line.hasSuffix(" job.id=7 message=x server.id=web-1\n"), "\(line)")
    }
}
