import Foundation
import TestSupport

/// Keys and certificates for simulated servers, made once by the tools that the servers' administrators use.
struct CredentialPool {
    struct Key {
        var line: String
        /// As `ssh-keygen -lf` prints it.
        var fingerprint: String
    }

    struct Site {
        var text: String
        /// Days until the first certificate of the file expires; negative if it has.
        var days: Int
        var names: [String]
        var issuer: String
        /// Whether each certificate was issued by the next one.
        var isChain = true
    }

    let keys: [Key]
    let hostKey: String
    let sites: [Site]
    /// What `sha256sum` prints for each text.
    let hashes: [String: String]

    static let shared = Task { try await make() }

    private static func make(hashing texts: [String] = SimulatedServer.texts) async throws -> CredentialPool {
        let folder = FileManager.default.temporaryDirectory.path + "/driftwatch-pool-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (index, text) in texts.enumerated() {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/text\(index)"))
        }
        let script = """
            exec 2>&1
            set -e
            for i in 1 2 3 4 5 6; do ssh-keygen -q -t ed25519 -N '' -C "person $i" -f key$i; done
            for i in 1 2 3 4 5 6; do ssh-keygen -lf key$i.pub; done >prints
            ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.pem" -days "$3" -subj "/CN=$2/O=Trust $2"; }
            ca one R10 4000; ca two E5 40
            leaf() {
                openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
                printf 'subjectAltName=%s\\n' "$3" >"$1.ext"
                openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -out "$1.pem" -extfile "$1.ext" $4 $5
            }
            leaf year one 'DNS:www.example.net,DNS:example.net' -days 365
            leaf week one 'DNS:www.example.net' -days 7
            leaf wild two 'DNS:*.example.net,IP:192.0.2.7' -days 90
            leaf old one 'DNS:www.example.net' -days -1
            sha256sum text? >sums
            """
        let said = try await Tool.run(script: script, in: folder)
        func text(_ name: String) throws -> String {
            guard let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) else {
                throw TestServerError(description: "\(name) was not made: \(said)")
            }
            return text
        }
        let prints = try text("prints").split(separator: "\n").map { String($0.split(separator: " ")[1]) }
        let keys = try prints.enumerated().map { index, print in
            Key(line: try text("key\(index + 1).pub").trimmingCharacters(in: .newlines), fingerprint: print)
        }
        let sums = try text("sums").split(separator: "\n").map { String($0.prefix(64)) }
        let (one, two) = (try text("one.pem"), try text("two.pem"))
        let year = try text("year.pem")
        return CredentialPool(
            keys: keys, hostKey: try text("key1"),
            sites: [
                Site(text: year + one, days: 364, names: ["www.example.net", "example.net"], issuer: "R10"),
                Site(text: try text("week.pem") + one, days: 6, names: ["www.example.net"], issuer: "R10"),
                // The chain ends before the site's own certificate.
                Site(
                    text: try text("wild.pem") + two, days: 39, names: ["a.example.net", "192.0.2.7"], issuer: "E5"),
                Site(text: try text("old.pem"), days: -1, names: ["www.example.net"], issuer: "R10"),
                Site(
                    text: year + two, days: 39, names: ["www.example.net", "example.net"], issuer: "R10",
                    isChain: false),
            ], hashes: Dictionary(uniqueKeysWithValues: zip(texts, sums)))
    }
}
