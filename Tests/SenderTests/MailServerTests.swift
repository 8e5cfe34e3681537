import DriftCore
import Foundation
import HTTP
import Mail
import TestSupport
import Testing

/// Against a mail server that is not ours, Python's `aiosmtpd`, which reads the mails with Python's `email`.
@Suite("mail to aiosmtpd", .timeLimit(.minutes(2)))
struct MailServerTests {
    struct Received: Decodable {
        var from: String
        var to: [String]
        var isEncrypted: Bool
        var user: String?
        var headers: [String: String]
        var text: String
        var defects: [String]
    }

    private static let script = """
        import asyncio, email, email.policy, json, ssl, sys
        from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
        mode, certificate, key = sys.argv[1:]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        class Handler:
            async def handle_DATA(self, server, session, envelope):
                mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
                said = {"from": envelope.mail_from, "to": envelope.rcpt_tos,
                        "isEncrypted": server.transport.get_extra_info("ssl_object") is not None,
                        "user": getattr(session, "who", None), "headers": {k: str(v) for k, v in mail.items()},
                        "text": mail.get_content(), "defects": [str(d) for d in mail.defects]}
                print("mail " + json.dumps(said), file=sys.stderr, flush=True)
                return "250 2.0.0 queued as 7"
        def authenticate(server, session, envelope, mechanism, data):
            good = data == LoginPassword(b"drift", b"canary-7f3a91c2")
            if good: session.who = "drift"
            return AuthResult(success=good, handled=good)
        async def main():
            loop = asyncio.get_running_loop()
            def session():
                return SMTP(Handler(), loop=loop, tls_context=context if mode == "starttls" else None,
                            require_starttls=mode == "starttls", authenticator=authenticate, auth_required=True,
                            auth_require_tls=mode == "starttls")
            server = await loop.create_server(session, "127.0.0.1", 0, ssl=context if mode == "implicit" else None)
            print("port", server.sockets[0].getsockname()[1], file=sys.stderr, flush=True)
            await server.serve_forever()
        asyncio.run(main())
        """

    private static func withServer(
        _ security: SMTPRequest.Security,
        _ body: (_ port: Int, _ certificate: String, ChildProcess) async throws -> Void
    ) async throws {
        let python = "/usr/bin/python3"
        guard try await Tool.run([python, "-c", "import aiosmtpd"]).status == 0 else {
            try Test.cancel("Python has no aiosmtpd here")
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "driftwatch-mail-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = (folder.appending(path: "c.pem").path, folder.appending(path: "k.pem").path)
        let made = try await Tool.run([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
            certificate,
        ])
        try #require(made.status == 0, "\(made.errorText)")
        let process = try await ChildProcess([
            python, "-W", "ignore", "-c", script, security.rawValue, certificate, key,
        ])
        do {
            let port = try #require(await process.line(with: "port ")?.split(separator: " ").last.flatMap { Int($0) })
            try await body(port, certificate, process)
        } catch {
            await process.end()
            throw error
        }
        await process.end()
    }

    private static func send(
        _ notification: OutboundNotification, _ port: Int, _ security: SMTPRequest.Security,
        password: String = secret, trusting certificate: String?
    ) async -> DeliveryReply {
        let destination = MailDestination(
            host: "127.0.0.1", port: port, security: security, login: ("drift", password),
            from: "driftwatch@example.net", to: ["ops@example.net", "web@example.net"])
        return await MailSender(
            destination: destination, client: SMTPClient(certificateAuthorities: certificate), baseURL: nil
        ).send(notification)
    }

    private static func received(_ process: ChildProcess) async throws -> Received {
        let line = try #require(await process.line(with: "mail {"))
        let start = try #require(line.firstIndex(of: "{"))
        return try JSONDecoder().decode(Received.self, from: Data(line[start...].utf8))
    }

    @Test(arguments: [SMTPRequest.Security.startTLS, .implicit])
    func aMailArrivesEncryptedAndWhole(security: SMTPRequest.Security) async throws {
        try await Self.withServer(security) { port, certificate, process in
            let name = "Wéb 1 👩‍👩‍👧‍👦 of the second floor, behind the door"
            #expect(
                await Self.send(notification(facts(server: name)), port, security, trusting: certificate)
                    == .sent(remoteID: "2.0.0 queued as 7"))
            let mail = try await Self.received(process)
            #expect(mail.isEncrypted && mail.user == "drift" && mail.defects == [])
            #expect(mail.from == "driftwatch@example.net" && mail.to == ["ops@example.net", "web@example.net"])
            #expect(mail.headers["Subject"]?.hasPrefix("Wéb 1 👩‍👩‍👧‍👦 of") == true, "\(mail.headers)")
            #expect(mail.headers["To"] == "ops@example.net, web@example.net")
            #expect(mail.headers["Message-ID"] == "<0e984725-c51c-4bf4-9960-e1c80e27aba0@example.net>")
            #expect(mail.text.contains(name) && mail.text.contains("/etc/motd: wrong permissions"))
        }
    }

    /// Some of what is hostile would end the mail or add a header.
    @Test func hostileTextsArriveAsTexts() async throws {
        try await Self.withServer(.startTLS) { port, certificate, process in
            var generator = SeededGenerator(seed: 3)
            for _ in 0..<10 {
                let sent = await Self.send(
                    notification(hostileFacts(using: &generator)), port, .startTLS, trusting: certificate)
                #expect(sent == .sent(remoteID: "2.0.0 queued as 7"))
                let mail = try await Self.received(process)
                #expect(mail.defects == [] && mail.headers["Bcc"] == nil && mail.to.count == 2)
                #expect(mail.headers.count == 9, "\(mail.headers)")
                #expect(mail.text.contains("alert 42 · outbox 7"))
            }
        }
    }

    @Test func aWrongPasswordIsADestinationThatRefuses() async throws {
        try await Self.withServer(.startTLS) { port, certificate, _ in
            let reply = await Self.send(
                notification(), port, .startTLS, password: "canary-wrong", trusting: certificate)
            guard case .badDestination(let reason) = reply else {
                Issue.record("\(reply)")
                return
            }
            #expect(reason.hasPrefix("535") && !reason.contains("canary"))
        }
    }

    @Test(arguments: [SMTPRequest.Security.startTLS, .implicit])
    func aServerThatNobodyTrustsGetsNothing(security: SMTPRequest.Security) async throws {
        try await Self.withServer(security) { port, _, process in
            let reply = await Self.send(notification(), port, security, trusting: nil)
            guard case .unreachable = reply else {
                Issue.record("\(reply)")
                return
            }
        }
    }
}
