import Foundation
import HTTP
import Testing

/// Against `openssl s_server` with a certificate that no system trusts.
@Suite("HTTP over TLS", .timeLimit(.minutes(1)))
struct HTTPTLSTests {
    @Test func aCertificateIsTrustedOnlyByItsOwnAuthority() async throws {
        let server = try TLSServer()
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

/// A private `openssl s_server` on 127.0.0.1; it ends with its last reference.
private final class TLSServer {
    let url: String
    let certificate: String
    private let folder: URL
    private let process = Process()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "driftwatch-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appending(path: "certificate.pem").path
        let key = folder.appending(path: "key.pem").path
        let request = Process()
        request.executableURL = URL(filePath: "/usr/bin/openssl")
        request.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ]
        request.standardError = FileHandle.nullDevice
        try request.run()
        request.waitUntilExit()

        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = Pipe()
        try process.run()
        // It says `ACCEPT 127.0.0.1:PORT` once it listens.
        var said = ""
        var port: Substring?
        while port == nil {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { throw POSIXError(.ECONNREFUSED) }
            said += String(decoding: data, as: UTF8.self)
            port = said.firstMatch(of: #/ACCEPT 127\.0\.0\.1:(\d+)\n/#)?.1
        }
        url = "https://127.0.0.1:\(port ?? "")"
    }

    deinit {
        process.terminate()
        try? FileManager.default.removeItem(at: folder)
    }
}
