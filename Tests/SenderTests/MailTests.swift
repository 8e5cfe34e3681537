import DriftCore
import Foundation
import HTTP
import Mail
import TestSupport
import Testing

/// What a mail server gets, and what is made of its answers.
@Suite("mail", .timeLimit(.minutes(2)))
struct MailTests {
    private static let base = URL(string: "https://drift.example.net")

    private static func destination(
        _ port: Int, security: SMTPRequest.Security = .none, login: (String, String)? = nil,
        to: [String] = ["ops@example.net", "web@example.net"]
    ) -> MailDestination {
        MailDestination(
            host: "127.0.0.1", port: port, security: security, login: login.map { (user: $0.0, password: $0.1) },
            from: "driftwatch@example.net", to: to)
    }

    private static func send(
        _ notification: OutboundNotification = notification(), to server: SMTPStandIn, login: (String, String)? = nil,
        within deadline: Duration = .seconds(10)
    ) async -> DeliveryReply {
        await MailSender(
            destination: destination(server.port, login: login), client: SMTPClient(), baseURL: base,
            deadline: deadline,
            now: { Date(timeIntervalSince1970: 1_764_285_000) }
        ).send(notification)
    }

    @Test func theMailHasItsHeadersAndItsText() async throws {
        let server = try SMTPStandIn()
        #expect(await Self.send(to: server) == .sent(remoteID: "2.0.0 queued as 7"))
        let mail = try #require(server.mails.first)
        #expect(mail.from == "driftwatch@example.net" && mail.to == ["ops@example.net", "web@example.net"])
        #expect(
            mail.headers == [
                "From: Driftwatch <driftwatch@example.net>", "To: ops@example.net, web@example.net",
                "Subject: Web 1: /etc/motd: wrong permissions", "Date: Thu, 27 Nov 2025 23:10:00 +0000",
                "Message-ID: <0e984725-c51c-4bf4-9960-e1c80e27aba0@example.net>", "Auto-Submitted: auto-generated",
                "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: base64",
            ])
        let body = mail.text.components(separatedBy: "\r\n\r\n")[1]
        let text = String(
            decoding: Data(base64Encoded: body, options: .ignoreUnknownCharacters) ?? Data(), as: UTF8.self)
        #expect(text.contains("  /etc/motd: wrong permissions") && text.contains("alert 42 · outbox 7"))
        #expect(text.contains("https://drift.example.net/servers/web-1/packs/base?check=42"))
    }

    @Test func whatFollowsAnOpeningNamesIt() async throws {
        let server = try SMTPStandIn()
        let thread = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
        _ = await Self.send(notification(thread: thread), to: server)
        _ = await Self.send(notification(thread: notification().messageID), to: server)
        #expect(server.mails.map { $0.header("In-Reply-To") } == ["<\(thread)@example.net>", nil], "none names itself")
        #expect(server.mails.map { $0.header("References") } == ["<\(thread)@example.net>", nil])
    }

    /// The step where the server does something else, what it does, and what is made of it.
    @Test(
        arguments: [
            (.greeting, .reply("554 no mail here"), .badDestination("554 no mail here")),
            (.greeting, .drop, nil), (.greeting, .silence, nil),
            (.ehlo, .drop, nil), (.auth, .reply("535 5.7.8 no"), .badDestination("535 5.7.8 no")),
            (.auth, .reply("454 4.7.0 later"), .serverError("454 4.7.0 later")),
            (.mail, .reply("550 5.7.1 not you"), .badDestination("550 5.7.1 not you")),
            (.mail, .reply("552 5.3.4 too large"), .badMessage("552 5.3.4 too large")),
            (.mail, .reply("451 4.3.0 later"), .serverError("451 4.3.0 later")), (.mail, .drop, nil),
            (.rcpt, .reply("550 5.1.1 nobody"), .badDestination("550 5.1.1 nobody")),
            (.rcpt, .reply("450 4.2.0 greylisted"), .serverError("450 4.2.0 greylisted")),
            (.data, .reply("554 5.5.1 no"), .badDestination("554 5.5.1 no")), (.data, .drop, nil),
            (.message, .reply("554 5.7.1 spam"), .badMessage("554 5.7.1 spam")),
            (.message, .reply("451-4.3.0 first\r\n451 second"), .serverError("451 4.3.0 first second")),
            (.message, .reply("421 4.3.2 closing"), .pace(.seconds(30))),
            (.rcpt, .reply("421 4.3.2 closing"), .pace(.seconds(30))),
        ] as [(SMTPStandIn.Command, SMTPStandIn.Answer, DeliveryReply?)])
    func anAnswerIsClassifiedByWhatItIsAbout(
        step: SMTPStandIn.Command, answer: SMTPStandIn.Answer, wanted: DeliveryReply?
    ) async throws {
        let server = try SMTPStandIn([step: answer])
        let reply = await Self.send(to: server, login: ("drift", "secret"), within: .seconds(3))
        if let wanted {
            #expect(reply == wanted)
        } else if case .unreachable = reply {
        } else {
            Issue.record("it was never handed over: \(reply)")
        }
    }

    /// Servers let strangers wait for the greeting, and for the answer to a wrong password.
    @Test(
        arguments: [
            ([.greeting: .lateReply(5.5, "220 stand-in")], .sent(remoteID: "2.0.0 queued as 7")),
            (
                [.greeting: .lateReply(3, "220 stand-in"), .auth: .lateReply(2.5, "535 5.7.8 no")],
                .badDestination("535 5.7.8 no")
            ),
        ] as [([SMTPStandIn.Command: SMTPStandIn.Answer], DeliveryReply)])
    func aServerMayLetAMailWait(script: [SMTPStandIn.Command: SMTPStandIn.Answer], wanted: DeliveryReply) async throws {
        let server = try SMTPStandIn(script)
        #expect(await Self.send(to: server, login: ("drift", "secret")) == wanted)
    }

    @Test(arguments: [SMTPStandIn.Answer.silence, .drop])
    func aMailThatWasHandedOverMayHaveArrived(answer: SMTPStandIn.Answer) async throws {
        let server = try SMTPStandIn([.message: answer])
        guard case .noReply = await Self.send(to: server, within: .seconds(3)) else {
            Issue.record("it may have arrived")
            return
        }
        #expect(server.mails.count == 1)
    }

    /// Nothing is said in the clear where that was not asked for.
    @Test func aServerWithoutSTARTTLSGetsNothing() async throws {
        let server = try SMTPStandIn()
        let destination = Self.destination(server.port, security: .startTLS, login: ("drift", secret))
        let reply = await MailSender(destination: destination, client: SMTPClient(), baseURL: nil).send(notification())
        guard case .unreachable(let reason) = reply else {
            Issue.record("\(reply)")
            return
        }
        #expect(reason.hasSuffix("it offers no STARTTLS"))
        #expect(server.mails.isEmpty)
    }

    @Test func aNameIsAnEncodedWordOrAscii() throws {
        let long = String(repeating: "ü", count: 100)
        for name in ["Web 1", "Wéb\r\nBcc: x@example.org", "=?UTF-8?Q?x?=", long] {
            let destination = Self.destination(25)
            let bytes = MailMessage(notification(facts(server: name)), to: destination, baseURL: nil, date: Date())
                .bytes
            let lines = String(decoding: bytes, as: UTF8.self).components(separatedBy: "\r\n")
            #expect(
                lines.allSatisfy { $0.utf8.count <= 78 && $0.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } }, "\(lines)")
            #expect(!lines.contains { $0.hasPrefix("Bcc") })
        }
    }

    @Test(arguments: [
        ("ops@example.net", true), ("a.b+c=d@mail-1.example.net", true), ("ops", false), ("@example.net", false),
        ("a b@example.net", false), ("ops@example.net\r\nDATA", false), ("<ops@example.net>", false), ("ops@-x", false),
        ("ops@example.net>", false), ("a@b@c", false), ("ops@", false), ("öps@example.net", false),
    ])
    func anAddressIsPlain(text: String, isAddress: Bool) {
        #expect(MailDestination.isAddress(text) == isAddress)
    }

    @Test func aDestinationNeverShowsItsPassword() {
        let destination = Self.destination(25, login: ("drift", secret))
        var dumped = "\(destination) \(String(reflecting: destination))"
        dump(MailSender(destination: destination, client: SMTPClient(), baseURL: nil), to: &dumped)
        #expect(!dumped.contains(secret))
        #expect("\(destination)" == "mail to ops@example.net and 1 more")
    }

    @Test func aFingerprintKnowsWhatIsChanged() {
        let key = Array("k".utf8)
        let all = [
            Self.destination(25), Self.destination(26), Self.destination(25, security: .startTLS),
            Self.destination(25, login: ("a", "b")), Self.destination(25, login: ("a", "c")),
            Self.destination(25, login: ("b", "b")), Self.destination(25, to: ["ops@example.net"]),
        ].map { $0.fingerprint(key: key) }
        #expect(Set(all).count == all.count)
        #expect(Self.destination(25).fingerprint(key: key) == all[0])
    }
}
