internal import Foundation
internal import Synchronization

/// A mail server that answers by script, also wrongly, and keeps what it is given.
///
/// It listens on 127.0.0.1. It speaks in the clear.
///
/// It stops when it is released. Threads of its own do the blocking.
package final class SMTPStandIn: Sendable {
    package enum Command: String, Hashable, Sendable, CaseIterable {
        case greeting, ehlo, auth, mail, rcpt, data
        /// The end of the mail itself.
        case message
    }

    package enum Answer: Hashable, Sendable {
        /// One line, or several with CR and LF between them.
        case reply(String)
        /// The same after so many seconds.
        case lateReply(Double, String)
        case silence
        /// Closes the connection.
        case drop
        /// The whole command comes back, after a code.
        case echo(Int)
    }

    package struct Mail: Hashable, Sendable {
        package var from: String
        package var to: [String]
        /// As it came, without the doubled dots.
        package var text: String

        /// Each header with its continuation lines.
        package var headers: [String] {
            let head = text.components(separatedBy: "\r\n\r\n")[0]
            return head.replacing("\r\n ", with: " ").components(separatedBy: "\r\n")
        }

        package func header(_ name: String) -> String? {
            headers.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
        }
    }

    package let port: Int
    private let stopper: Mutex<Socket?>
    private let log: Log

    private final class Log: Sendable {
        let mails = Mutex<[Mail]>([])
    }

    /// Answers as a mail server does, but where `script` has something else.
    package init(_ script: [Command: Answer] = [:]) throws {
        let listener = try Socket.listening()
        port = try listener.port()
        let (stop, stopper) = try Socket.pair()
        let log = Log()
        self.stopper = Mutex(stopper)
        self.log = log
        Thread.detachNewThread {
            while listener.waitForInput(orEndOf: stop, for: nil) == .ready {
                guard let connection = listener.accept() else { continue }
                Thread.detachNewThread {
                    var session = Session(socket: connection, stop: stop, script: script) { mail in
                        log.mails.withLock { $0.append(mail) }
                    }
                    session.serve()
                }
            }
        }
    }

    deinit { stopper.withLock { $0 = nil } }

    /// Every whole mail, whatever was answered to it.
    package var mails: [Mail] { log.mails.withLock { $0 } }
}

/// One client of a stand-in.
private struct Session {
    let socket: Socket
    let stop: Socket
    let script: [SMTPStandIn.Command: SMTPStandIn.Answer]
    let keep: (SMTPStandIn.Mail) -> Void
    private var buffer = ""
    private var mail = SMTPStandIn.Mail(from: "", to: [], text: "")

    init(
        socket: Socket, stop: Socket, script: [SMTPStandIn.Command: SMTPStandIn.Answer],
        keep: @escaping (SMTPStandIn.Mail) -> Void
    ) {
        self.socket = socket
        self.stop = stop
        self.script = script
        self.keep = keep
    }

    mutating func serve() {
        guard answer(.greeting, "220 stand-in", to: "") else { return }
        while let line = readLine() {
            let upper = line.uppercased()
            let goesOn: Bool
            if upper.hasPrefix("EHLO") || upper.hasPrefix("HELO") {
                goesOn = answer(.ehlo, "250-stand-in\r\n250-AUTH PLAIN\r\n250 SIZE 10000000", to: line)
            } else if upper.hasPrefix("AUTH") {
                goesOn = authenticate(line)
            } else if upper.hasPrefix("MAIL FROM:") {
                mail = SMTPStandIn.Mail(from: address(line), to: [], text: "")
                goesOn = answer(.mail, "250 ok", to: line)
            } else if upper.hasPrefix("RCPT TO:") {
                mail.to.append(address(line))
                goesOn = answer(.rcpt, "250 ok", to: line)
            } else if upper == "DATA" {
                guard answer(.data, "354 go on", to: line) else { return }
                guard (script[.data] ?? .reply("354")) == .reply("354") else { continue }
                guard let text = readMail() else { return }
                mail.text = text
                keep(mail)
                goesOn = answer(
                    .message, "250 2.0.0 queued as 7", to: String(text.prefix(200).replacing("\r\n", with: " ")))
            } else {
                _ = socket.send(Array("221 bye\r\n".utf8))
                return
            }
            if !goesOn { return }
        }
    }

    private mutating func authenticate(_ line: String) -> Bool {
        var line = line
        // Without an initial response the client waits to be asked.
        if line.split(separator: " ").count == 2 {
            guard socket.send(Array("334 \r\n".utf8)), let response = readLine() else { return false }
            line += " " + response
        }
        return answer(.auth, "235 welcome", to: line)
    }

    /// Whether the session goes on.
    private func answer(_ command: SMTPStandIn.Command, _ usual: String, to line: String) -> Bool {
        switch script[command] ?? .reply(usual) {
        case .reply(let text): return socket.send(Array("\(text)\r\n".utf8))
        case .lateReply(let seconds, let text):
            // The client is to wait this long, on a clock that libcurl does not let anyone pass in.
            Thread.sleep(forTimeInterval: seconds)
            return socket.send(Array("\(text)\r\n".utf8))
        case .echo(let code): return socket.send(Array("\(code) \(line)\r\n".utf8))
        case .drop: return false
        case .silence:
            // The client's end, or ours.
            _ = socket.waitForInput(orEndOf: stop, for: nil)
            return false
        }
    }

    private func address(_ line: String) -> String {
        line.firstMatch(of: /<(.*?)>/).map { String($0.1) } ?? ""
    }

    private mutating func readMail() -> String? {
        var lines: [String] = []
        while let line = readLine() {
            if line == "." { return lines.joined(separator: "\r\n") + "\r\n" }
            lines.append(line.hasPrefix(".") ? String(line.dropFirst()) : line)
        }
        return nil
    }

    private mutating func readLine() -> String? {
        while true {
            if let end = buffer.range(of: "\r\n") {
                defer { buffer.removeSubrange(..<end.upperBound) }
                return String(buffer[..<end.lowerBound])
            }
            guard socket.waitForInput(orEndOf: stop, for: nil) == .ready else { return nil }
            let bytes = socket.receive()
            if bytes.isEmpty { return nil }
            buffer += String(decoding: bytes, as: UTF8.self)
        }
    }
}
