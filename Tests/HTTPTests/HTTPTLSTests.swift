import Foundation
import HTTP
import TestSupport
import Testing

/// Against `openssl s_server` with a certificate that no system trusts.
@Suite("HTTP over TLS", .timeLimit(.minutes(1)))
struct HTTPTLSTests {
    @Test func aCertificateIsTrustedOnlyByItsOwnAuthority() async throws {
        try await TLSServer.with { server in try await trusts(server) }
    }

    private func trusts(_ server: TLSServer) async throws {
        let request = HTTPRequest(url: server.url + "/secret")

        let settings = HTTPClient.Settings(certificateAuthorities: server.certificate)
        #expect(try await HTTPClient(settings: settings).send(request).status == 200)

        let error = await #expect(throws: HTTPError.self) { try await HTTPClient().send(request) }
        #expect(error?.kind == .tls)
        #expect(error.map { "\($0)".contains("secret") } == false)

        let missing = HTTPClient.Settings(certificateAuthorities: server.certificate + ".missing")
        let other = await #expect(throws: HTTPError.self) { try await HTTPClient(settings: missing).send(request) }
        #expect(other?.kind == .tls)
    }
}

/// A private `openssl s_server` on 127.0.0.1.
private struct TLSServer {
    let url: String
    let certificate: String

    /// Runs `body` with a server that is gone afterwards.
    static func with(_ body: (TLSServer) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "driftwatch-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let certificate = folder.appending(path: "certificate.pem").path
        let key = folder.appending(path: "key.pem").path
        let made = try await Tool.run([
            "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out",
            certificate,
        ])
        try #require(made.status == 0, "\(made.errorText)")
        // It says where it listens on standard output.
        let process = try await ChildProcess([
            "/bin/sh", "-c", "exec /usr/bin/openssl s_server -accept 127.0.0.1:0 -cert \"$1\" -key \"$2\" -www >&2",
            "sh",
            certificate, key,
        ])
        do {
            let said = try #require(await process.line(with: "ACCEPT 127.0.0.1:"))
            let port = said.split(separator: ":").last ?? ""
            try await body(TLSServer(url: "https://127.0.0.1:\(port)", certificate: certificate))
        } catch {
            await process.end()
            throw error
        }
        await process.end()
    }
}
