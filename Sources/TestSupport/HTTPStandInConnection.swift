internal import Foundation

/// One client of a stand-in: reads requests and answers them until either side has had enough.
struct StandInConnection {
    private let socket: Socket
    private let number: Int
    private let shared: StandInState

    init(_ socket: Socket, _ number: Int, _ shared: StandInState) {
        self.socket = socket
        self.number = number
        self.shared = shared
    }

    func serve() {
        var buffer: [UInt8] = []
        while let request = readRequest(&buffer) {
            guard answer(shared.record(request)) else { return }
        }
    }

    /// Whether the connection is kept.
    private func answer(_ answer: SlackStandIn.Answer) -> Bool {
        switch answer {
        case .reply(let status, let body, let headers):
            return socket.send(reply(status, body, headers))
        case .replyThenClose(let status, let body):
            _ = socket.send(reply(status, body))
            return false
        case .delayed(let duration, let status, let body):
            return pause(duration) && socket.send(reply(status, body))
        case .silence:
            _ = pause(nil)
            return false
        case .drop:
            return false
        case .interim:
            _ = socket.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) && pause(nil)
            return false
        case .headAlone(let status, let headers):
            _ = socket.send(head(status, headers.merging(["Content-Length": "100"]) { $1 })) && pause(nil)
            return false
        case .drip(let interval):
            var goesOn = socket.send(head(200, ["Content-Length": "1000000"]))
            while goesOn { goesOn = pause(interval) && socket.send([0x2e]) }
            return false
        case .flood(let count):
            var left = count
            var goesOn = socket.send(head(200, ["Connection": "close"]))
            while goesOn, left > 0 {
                goesOn = socket.send([UInt8](repeating: 0x2e, count: min(left, 65536)))
                left -= 65536
            }
            return false
        }
    }

    private func reply(_ status: Int, _ body: String, _ headers: [String: String] = [:]) -> [UInt8] {
        head(status, headers.merging(["Content-Length": "\(body.utf8.count)"]) { set, _ in set }) + Array(body.utf8)
    }

    private func head(_ status: Int, _ headers: [String: String]) -> [UInt8] {
        let lines = headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
        return Array("HTTP/1.1 \(status) Stand-in\r\n\(lines)\r\n".utf8)
    }

    /// Whether the time passed with the peer still there; `nil` waits for its end.
    private func pause(_ duration: Duration?) -> Bool {
        let end = duration.map { ContinuousClock.now + $0 }
        while true {
            let left = end.map { max(.zero, $0 - .now) }
            switch socket.waitForInput(orEndOf: shared.stop, for: left) {
            case .timedOut: return true
            case .ended: return false
            // A client that waits for its reply sends nothing: this is its end.
            case .ready: return false
            }
        }
    }

    private func readRequest(_ buffer: inout [UInt8]) -> SlackStandIn.Request? {
        let separator = Array("\r\n\r\n".utf8)
        var end = buffer.firstRange(of: separator)
        while end == nil {
            guard read(into: &buffer) else { return nil }
            end = buffer.firstRange(of: separator)
        }
        guard let end else { return nil }
        let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while buffer.count < end.upperBound + length {
            guard read(into: &buffer) else { return nil }
        }
        let body = Array(buffer[end.upperBound..<end.upperBound + length])
        buffer.removeFirst(end.upperBound + length)
        return SlackStandIn.Request(
            method: String(words[0]), path: String(words[1]), headers: headers, body: body, connection: number)
    }

    private func read(into buffer: inout [UInt8]) -> Bool {
        guard socket.waitForInput(orEndOf: shared.stop, for: nil) == .ready else { return false }
        let bytes = socket.receive()
        buffer += bytes
        return !bytes.isEmpty
    }
}
