import DriftCore
import Foundation
import TestSupport
import Testing

/// A text that is not a version, in the words of each manager's own tools.
@Suite struct VersionComplaintTests {
    @Test func dpkgSaysTheSame() async throws {
        guard Tool.has("/usr/bin/dpkg") else { try Test.cancel("there is no dpkg here") }
        let fixed = [
            "latest", "v1.20", "5.2.15-2_amd64", "1.2 3", ":1", "1:", "1-", "1-1-", " 1 ", "\t1", "+1:1", "+:1", "x:1",
            "1:a", "99999999999:1", "2147483648:1", "2147483647:1", "1:1:1", "1:-1", "~1", "1:~1", "1.é", "1^2", "1 :1",
            "1: 1", "0x1:1", "1-1_1", "1.0-1+deb12u1", "1:2.39.2-1", "7.88", "1-é", "1.0*", ">=1", "1,0",
        ]
        let texts = fixed + Self.oddTexts(1500, from: "0123456789019abzA.+~~::--_^ é", seed: 0xBAD)
        let script = """
            while IFS= read -r version; do
                said=$(dpkg --validate-version "$version" 2>&1)
                status=$?
                said=${said##*has bad syntax: }
                printf '%s %s\\n' "$status" "$said"
            done
            """
        let answers = try await answers(script, texts)
        for (text, answer) in zip(texts, answers) {
            let complaint = PackageManager.dpkg.complaint(about: text)
            #expect(answer == complaint.map { "\($0.isRefusal ? 2 : 1) \($0.words)" } ?? "0 ", "\(text)")
        }
        for status in ["0", "1", "2"] { #expect(answers.count { $0.hasPrefix(status) } > 50) }
    }

    /// What rpm accepts in a dependency, we accept too, but for what can only be a slip.
    @Test func rpmSaysTheSame() async throws {
        guard Tool.has("/usr/bin/rpmspec") else { try Test.cancel("there is no rpmspec here") }
        let slips = ["the epoch is empty", "the version is empty", "the release is empty", "it contains no digit"]
        let fixed = [
            "1.0", "1.0-1.el9", "1:2.3^git1-4.fc40", "svn15878.0", "latest", "1..2", "1-2-3", "1:2:3", "a:1", ":1",
            "1:",
            "1-", "-1", "1*", "1;2",
        ]
        let texts = fixed + Self.oddTexts(400, from: "01290abzA.._+~^:--:*", seed: 0xBAD)
        let script = """
            folder=$(mktemp -d) && cd "$folder" || exit
            trap 'rm -rf "$folder"' EXIT
            while IFS= read -r version; do
                printf '%s\\n' 'Name: x' 'Version: 1' 'Release: 1' 'Summary: x' 'License: x' "Requires: y >= $version" \\
                    %description x >spec
                rpmspec -P spec 2>&1 >/dev/null | head -n 1 | sed 's/^error: line 6: //'
                echo
            done | sed '/./{N;s/\\n//;}'
            """
        let answers = try await answers(script, texts)
        for (text, answer) in zip(texts, answers) {
            let complaint = PackageManager.rpm.complaint(about: text)
            if answer.isEmpty {
                #expect(complaint.map { slips.contains($0.words) } ?? true, "\(text): \(complaint?.words ?? "")")
            } else {
                let words = try #require(complaint?.words, "\(text): \(answer)")
                #expect(answer.contains(words), "\(text): \(answer), not \(words)")
            }
        }
        #expect(answers.count(where: \.isEmpty) > 50)
        for words in ["Illegal char", "Illegal sequence", "double separator '-'", "double separator ':'", "epoch must"]
        {
            #expect(answers.contains { $0.contains(words) }, "\(words)")
        }
    }

    @Test(arguments: [
        ("", "pkgver is not allowed to be empty"), ("1.0-1", nil), ("1:1.0-1.1", nil), ("r123.abcdef-1", nil),
        ("20240101+3+gabc", nil), ("1.0", nil), ("a:1.0", "epoch must be an integer"),
        (":1.0", "epoch must be an integer"),
        ("1.0-1-1", "pkgver is not allowed to contain colons, forward slashes, hyphens or whitespace"),
        ("1:2:3", "pkgver is not allowed to contain colons, forward slashes, hyphens or whitespace"),
        ("1/2", "pkgver is not allowed to contain colons, forward slashes, hyphens or whitespace"),
        ("1 2", "pkgver is not allowed to contain colons, forward slashes, hyphens or whitespace"),
        ("1.é", "pkgver may only contain ascii characters"), ("1:-1", "pkgver is not allowed to be empty"),
        ("1.0-", "pkgrel must be of the form 'integer[.integer]'"),
        ("1.0-r1", "pkgrel must be of the form 'integer[.integer]'"),
        ("1.0-1.2.3", "pkgrel must be of the form 'integer[.integer]'"),
        ("1.0-1.", "pkgrel must be of the form 'integer[.integer]'"), ("latest", "it contains no digit"),
    ])
    func pacmanTakesWhatMakepkgTakes(text: String, words: String?) {
        #expect(PackageManager.pacman.complaint(about: text)?.words == words)
    }

    @Test(arguments: [
        "1", "1.0", "1.0a", "1.0_alpha", "1.0_rc1_p2", "1.0_git20240101-r0", "1.2.3~0123abc-r1", "0.1_pre2~1234abcd",
        "006",
        "1.0b_p1-r12",
    ])
    func apkTakes(version: String) { #expect(PackageManager.apk.complaint(about: version) == nil) }

    @Test(arguments: [
        "", "a", "v1.0", "1.", ".1", "1..2", "1.0aa", "1.0a1", "1.0A", "1.0a.1", "1.0_", "1.0_foo", "1.0_rc_", "1.0rc1",
        "1.0-1",
        "1.0-r", "1.0-r1-r2", "1.0-r1_p1", "1.0~", "1.0~xyz", "1.0~a~b", "1.0-r1~a", "1:1.0", "1.0 ", "1.0+1", "1.é",
        "latest",
    ])
    func apkRefuses(text: String) { #expect(PackageManager.apk.complaint(about: text)?.isRefusal == true) }

    /// A line of the script's answer for each text.
    private func answers(_ script: String, _ texts: [String]) async throws -> [String] {
        let said = try await Tool.run(["/bin/sh", "-c", script], input: Array(texts.map { "\($0)\n" }.joined().utf8))
        let answers = said.text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        try #require(answers.count == texts.count, "\(said.errorText)")
        return answers
    }

    /// Often not versions, and never what a command line would take for an option.
    private static func oddTexts(_ count: Int, from alphabet: String, seed: UInt64) -> [String] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let text = String(
                (0..<Int.random(in: 1...9, using: &generator)).compactMap { _ in
                    alphabet.randomElement(using: &generator)
                })
            return text.hasPrefix("-") ? "1" + text : text
        }
    }
}
