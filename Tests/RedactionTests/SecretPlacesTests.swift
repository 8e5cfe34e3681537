import Redaction
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite struct SecretPlacesTests {
    /// What a shell makes of the same lists, path by path.
    private static let script = """
        secret() {
            rest=$1 left=\(SecretPlaces.backupDepth)
            while :; do
                case $rest in
                \(SecretPlaces.exceptions.joined(separator: "|"))) return 1 ;;
                \(SecretPlaces.patterns.joined(separator: "|"))) return 0 ;;
                esac
                [ "$left" -gt 0 ] || return 1
                left=$((left - 1))
                case $rest in
                \(SecretPlaces.backupSuffixes.map { "?*'\($0)') rest=${rest%'\($0)'} ;;" }.joined(separator: "\n"))
                *) return 1 ;;
                esac
            done
        }
        while IFS= read -r path; do
            if secret "$path"; then echo 1; else echo 0; fi
        done
        """

    private static func path(using generator: inout SeededGenerator) -> String {
        let pieces =
            (SecretPlaces.patterns + SecretPlaces.exceptions).map { $0.replacing("*", with: "") }
            + SecretPlaces.backupSuffixes + [
                "/", "/etc/", "/home/u", "x", ".", "é", "\u{202E}", "a b", "$(x)", "*", "?",
            ]
        let count = Int.random(in: 1...4, using: &generator)
        var path = "/" + (0..<count).compactMap { _ in pieces.randomElement(using: &generator) }.joined()
        // Half of them are what a pattern says, so that many are secret.
        if Bool.random(using: &generator) {
            path = (SecretPlaces.patterns.randomElement(using: &generator) ?? "").replacing("*", with: "/q")
            path += SecretPlaces.backupSuffixes.randomElement(using: &generator) ?? ""
        }
        return path
    }

    @Test func theWorkerAndAShellAgree() async throws {
        var generator = SeededGenerator(seed: 0x51AC)
        let paths = (0..<4000).map { _ in Self.path(using: &generator) }
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-c", Self.script], input: .string(paths.joined(separator: "\n") + "\n"),
            output: .string(limit: 1 << 20))
        let answers = result.standardOutput.split(separator: "\n").map { $0 == "1" }
        try #require(answers.count == paths.count)
        #expect(answers.contains(true) && answers.contains(false))
        for (path, answer) in zip(paths, answers) {
            #expect(SecretPlaces.contains(path.utf8) == answer, "\(path)")
        }
    }

    /// In any other pattern the worker and a shell would disagree.
    @Test func onlyTheAsteriskIsSpecial() {
        for text in SecretPlaces.patterns + SecretPlaces.exceptions + SecretPlaces.backupSuffixes {
            #expect(
                text.utf8.allSatisfy {
                    ("a"..."z").contains(Character(Unicode.Scalar($0)))
                        || ("A"..."Z").contains(Character(Unicode.Scalar($0)))
                        || "0123456789*/._-~#@+".utf8.contains($0)
                },
                "\(text)")
        }
        #expect(Set(SecretPlaces.patterns).count == SecretPlaces.patterns.count)
    }

    @Test(.timeLimit(.minutes(1)), arguments: ["~", "/secret", "a/", ".bak", "/wg", "*", "/.ssh/config.d/"])
    func aHostilePathIsToldInTime(piece: String) {
        let path = "/" + String(repeating: piece, count: 4095 / piece.utf8.count)
        _ = SecretPlaces.contains(path.utf8)
    }

    @Test(arguments: [
        "/etc/wireguard/wg0.conf", "/etc/postfix/sasl_passwd", "/etc/mysql/debian.cnf", "/etc/shadow.bak",
        "/etc/sssd/sssd.conf", "/srv/terraform.tfstate", "/srv/terraform.tfstate.backup", "/etc/shadow.20240101",
        "/etc/app/db_password", "/etc/racoon/psk.txt", "/var/lib/rancher/k3s/server/node-token", "/etc/.shadow.swp",
        "/etc/krb5.keytab", "/etc/ssl/private/x", "/home/u/.config/gcloud/x", "/etc/cron.d/secrets", "/srv/app/.env",
        "/etc/apt/auth.conf.d/x", "/root/.docker/config.json.bak~", "/etc/NetworkManager/system-connections/x",
    ])
    func placesOfSecrets(path: String) {
        #expect(SecretPlaces.contains(path.utf8))
    }

    @Test(arguments: [
        "/etc/passwd", "/etc/passwd-", "/etc/pam.d/passwd", "/etc/pam.d/common-password", "/etc/login.defs",
        "/home/u/.ssh/config", "/etc/ssh/sshd_config", "/etc/ssl/certs/x.pem", "/etc/keyboard", "/etc/tokens.d/x",
        "/usr/share/doc/secret", "/etc/hosts.bak", "/etc/ssh/ssh_host_rsa_key.pub", "/etc/crypttab", "/etc/monkey",
        "/etc/security/pwquality.conf", "/etc/apt/trusted.gpg.d/x.asc", "/etc/default/haproxy", "/usr/bin/passwd",
    ])
    func otherPlaces(path: String) {
        #expect(!SecretPlaces.contains(path.utf8))
    }
}
