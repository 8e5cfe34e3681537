import Redaction
import Testing

@testable import DriftCore

/// What a whole check may tell.
@Suite struct MaskingCheckTests {
    private static let canaries = ["c4n4ry-Expected", "c4n4ry-Actual"]

    /// `§` is where a canary goes.
    static let files: [(path: String, text: String)] = [
        ("/etc/app.ini", "[db]\nhost = h\npassword = §\nport = 1\n"),
        ("/etc/app.yaml", "a: 1\ncredentials:\n  user: u\n  x: §\n  list:\n    - §\nb: 2\n"),
        ("/etc/block.yaml", "a: 1\nsecret: |\n  line\n  §\nb: 2\n"),
        ("/etc/app.json", "{\n  \"a\": 1,\n  \"api_key\": \"§\",\n  \"b\": {\"token\": \"§\"}\n}\n"),
        ("/etc/app.env", "A=b\nexport PGPASSWORD='§'\nDATABASE_URL=postgres://u:§@h/d\nB=c\n"),
        ("/etc/key.txt", "x\n-----BEGIN RSA PRIVATE KEY-----\na\nb\nc\nd\ne\n§\nf\n-----END RSA PRIVATE KEY-----\ny\n"),
        ("/etc/unit.service", "[Service]\nEnvironment=\"API_TOKEN=§\" \"A=b\"\nExecStart=/bin/x --token §\n"),
        ("/etc/nginx.conf", "proxy_set_header Authorization \"Bearer §\";\nproxy_pass http://u:§@h;\n"),
        ("/etc/slack.conf", "webhook https://hooks.slack.com/services/T/B/§\n"),
        ("/etc/web.xml", "<a>\n<password>§</password>\n<secret>\n§\n</secret>\n</a>\n"),
        ("/etc/wp.php", "define( 'DB_PASSWORD', '§' );\n$password = \"§\";\n"),
        ("/etc/deploy.yaml", "env:\n- name: DB_PASSWORD\n  value: §\n- name: A\n  value: b\n"),
        ("/etc/redis.conf", "port 1\nrequirepass §\n"),
        ("/etc/crlf.ini", "a=b\r\npassword=§\r\n"),
        ("/etc/last.ini", "a=b\npassword=§"),
        ("/etc/multi.sh", "TOKEN=\"a\n§\nb\"\nC=d\n"),
        ("/etc/shadow", "root:§:1:2\n"),
        ("~/.pgpass", "h:1:d:u:§\n"),
        ("/etc/ssl/private/x.conf", "§\n"),
    ]

    private static func check(_ files: [(path: String, text: String)]) -> Check {
        let wanted = files.map { path, text in
            DriftCore.Expectation(
                .file(.init(path: path, content: .template(name: "t", bytes: filled(text, canaries[0])))))
        }
        let facts = files.map { path, text in
            let bytes = filled(text, canaries[1])
            return (ServerPath(path), file(content: .read(SHA256Digest(of: bytes), bytes: bytes)))
        }
        return Comparison.judge(
            Facts(files: Dictionary(uniqueKeysWithValues: facts)),
            against: Pack(name: PackName(rawValue: "base"), expectations: wanted), digest: anyDigest)
    }

    private static func filled(_ text: String, _ canary: String) -> [UInt8] {
        Array(text.replacing("§", with: canary).utf8)
    }

    @Test func noCanaryLeavesAnyFile() throws {
        let check = Self.check(Self.files)
        #expect(check.mismatchCount == Self.files.count)
        let json = try check.detailsJSON()
        for canary in Self.canaries { #expect(!json.contains(canary)) }
        let dump = String(describing: check)
        for canary in Self.canaries { #expect(!dump.contains(canary)) }
        // Were there no canary to leak, this would prove nothing.
        #expect(Self.filled(Self.files[0].text, Self.canaries[0]).count > 20)
    }

    @Test(arguments: files.dropLast(3).map(\.path))
    func aChangedSecretStillShowsAsAChange(path: String) throws {
        let check = Self.check(Self.files.filter { $0.path == path })
        let diff = try #require(check.mismatches.first?.diff)
        let lines = diff.split(separator: "\n").dropFirst(2)
        #expect(lines.contains { $0.hasPrefix("-") && $0.contains(Masking.mask) })
        #expect(lines.contains { $0.hasPrefix("+") && $0.contains(Masking.mask) })
    }

    @Test(arguments: files.suffix(3).map(\.path))
    func ofSecretFilesNotEvenTheHashIsTold(path: String) throws {
        let check = Self.check(Self.files.filter { $0.path == path })
        let mismatch = try #require(check.mismatches.first)
        #expect(mismatch.diff == nil)
        #expect(mismatch.expected == ["template": "t"])
        #expect(mismatch.actual == ["note": "the content differs, and is not shown"])
    }

    @Test func aLinkToASecretFileIsOne() throws {
        let facts = Facts(files: ["/etc/motd": link(to: "../etc/shadow", .of(), content: text("c4n4ry"))])
        let wanted = FileExpectation(path: "/etc/motd", content: template("x"))
        guard case .wrong(let mismatches) = judge(.file(wanted), facts) else {
            Issue.record("the content differs")
            return
        }
        #expect(mismatches.first?.actual == ["note": "the content differs, and is not shown"])
        #expect(mismatches.first?.diff == nil)
    }

    /// With the hash of a file of which all but the secret is known, secrets can be tried one by one.
    @Test func theHashOfATextWithSecretsIsThatOfWhatIsShown() throws {
        func digest(_ text: String) -> String {
            SHA256Digest(of: Array(text.replacing("§", with: Masking.mask).dropLast().utf8)).description
        }
        let (path, text) = Self.files[0]
        let wanted = FileExpectation(path: path, content: template(text.replacing("§", with: "c4n4ry1")))
        let there = text.replacing("§", with: "c4n4ry2").replacing("port = 1", with: "port = 2")
        let bytes = Array(there.utf8)
        let facts = Facts(files: [ServerPath(path): file(content: .read(SHA256Digest(of: bytes), bytes: bytes))])
        guard case .wrong(let mismatches) = judge(.file(wanted), facts) else {
            Issue.record("the content differs")
            return
        }
        #expect(mismatches.first?.expected == ["template": "motd", "masked_content_hash": digest(text)])
        let shown = text.replacing("port = 1", with: "port = 2")
        #expect(mismatches.first?.actual == ["masked_content_hash": digest(shown)])
    }

    /// Two equal hashes, and two equal lines, would say that nothing differs.
    @Test func aDifferenceInSecretsAloneIsSaid() throws {
        let mismatch = try #require(Self.check([Self.files[0]]).mismatches.first)
        #expect(mismatch.expected == ["template": "t"])
        #expect(mismatch.actual == ["note": "line 3 differs in what is not shown"])
        #expect(
            mismatch.diff?.hasSuffix(
                "-password = ‹masked›\n+password = ‹masked›\n\\ Line 3 differs in what is not shown\n port = 1\n")
                == true)
    }

    /// No body comes of a large file, of one among many, or of one that is changing.
    @Test(
        arguments: [
            (nil, "only the hash was compared: the server did not send the text"),
            (Array("other".utf8), "changed while it was read"), ([0, 1], "binary"),
        ] as [([UInt8]?, String)])
    func withoutATextToMaskTheHashesOfSecretsStayHidden(bytes: [UInt8]?, note: String) throws {
        let digest = SHA256Digest(of: note == "binary" ? [0, 1] : Array("password=c4n4ry\n".utf8))
        let wanted = FileExpectation(path: "/etc/x", content: template("password=secret\n"))
        let finding = judge(.file(wanted), Facts(files: ["/etc/x": file(content: .read(digest, bytes: bytes))]))
        guard case .wrong(let mismatches) = finding else {
            Issue.record("the content differs")
            return
        }
        let shown = SHA256Digest(of: Array("password=\(Masking.mask)".utf8)).description
        #expect(mismatches.first?.expected == ["template": "motd", "masked_content_hash": shown])
        #expect(mismatches.first?.actual == ["note": note])
    }

    @Test(arguments: [FileEntry.RealPath.elsewhere("/etc/ppp/chap-secrets"), .unknown])
    func aSecretFileBehindManyLinksIsOne(realPath: FileEntry.RealPath) {
        let entry = FileEntry(
            status: .of(.symlink), link: .init(target: "hop", destination: .of()), content: text("c4n4ry"),
            realPath: realPath)
        let wanted = FileExpectation(path: "/etc/motd", content: template("x"))
        guard case .wrong(let mismatches) = judge(.file(wanted), Facts(files: ["/etc/motd": .present(entry)])) else {
            Issue.record("the content differs")
            return
        }
        #expect(mismatches.first?.actual == ["note": "the content differs, and is not shown"])
        #expect(mismatches.first?.diff == nil)
    }

    @Test func aLineThatIsSecretOnOneSideIsSecretOnBoth() throws {
        // The file lost the first line of its key: alone, what is left looks like nothing.
        let wanted = "a\n-----BEGIN RSA PRIVATE KEY-----\nc4n4ry one\nc4n4ry two\n-----END RSA PRIVATE KEY-----\n"
        let there = "a\nc4n4ry two\nb\nc4n4ry one\n"
        for (expected, actual) in [(wanted, there), (there, wanted)] {
            let bytes = Array(actual.utf8)
            let finding = judge(
                .file(.init(path: "/etc/x", content: template(expected))),
                Facts(files: ["/etc/x": file(content: .read(SHA256Digest(of: bytes), bytes: bytes))]))
            guard case .wrong(let mismatches) = finding else {
                Issue.record("the content differs")
                return
            }
            let diff = try #require(mismatches.first?.diff)
            #expect(!diff.contains("c4n4ry"))
            #expect(diff.contains("RSA PRIVATE KEY"))
        }
    }

    @Test(
        arguments: [
            (
                "API_TOKEN", "c4n4ry1", .value("c4n4ry2"),
                .wrong(
                    .wrongSetting, ["value": Masking.mask],
                    ["value": Masking.mask, "note": "differs in what is not shown"])
            ),
            ("API_TOKEN", "c4n4ry1", .unset, .wrong(.wrongSetting, ["value": Masking.mask], ["state": "unset"])),
            ("API_TOKEN", "c4n4ry1", .value(""), .wrong(.wrongSetting, ["value": Masking.mask], ["value": ""])),
            (
                "DATABASE_URL", "postgres://u:c4n4ry1@a/", .value("postgres://u:c4n4ry2@b/"),
                .wrong(
                    .wrongSetting, ["value": "postgres://u:\(Masking.mask)@a/"],
                    ["value": "postgres://u:\(Masking.mask)@b/"])
            ),
            (
                "DATABASE_URL", "postgres://u:c4n4ry1@a/", .value("postgres://u:c4n4ry22@a/"),
                .wrong(
                    .wrongSetting, ["value": "postgres://u:\(Masking.mask)@a/"],
                    ["value": "postgres://u:\(Masking.mask)@a/", "note": "differs in what is not shown"])
            ),
            (
                "EDITOR", "vim", .value("\u{1B}]0;x\u{7}\n\u{202E}"),
                .wrong(
                    .wrongSetting, ["value": "vim"],
                    [
                        "value": "␛]0;x␇␊‹U+202E›",
                        "note": "␛ is an escape character; ␇ is the control character U+0007; ␊ is a line feed; "
                            + "‹U+202E› is RIGHT-TO-LEFT OVERRIDE",
                    ])
            ),
            (
                "EDITOR", String(repeating: "a", count: 2000), .value(String(repeating: "a", count: 2000) + "b"),
                .wrong(
                    .wrongSetting, ["value": "‹1920 characters›" + String(repeating: "a", count: 80)],
                    [
                        "value": "‹1920 characters›" + String(repeating: "a", count: 80) + "b",
                        "note": "value first differs at character 2001",
                    ])
            ),
        ] as [(String, String, SettingFact, Told)])
    func settingsAreMaskedAndSafe(key: String, expected: String, fact: SettingFact, told: Told) {
        let wanted = SettingExpectation(name: key, expected: expected, kind: .environmentVariable)
        #expect(Told(judge(.setting(wanted), Facts(environment: [key: fact]))) == told)
    }

    @Test func theServersWordsAreMadeSafe() {
        let target = Told(
            judge(
                .file(.init(path: "/x", state: .symlink, target: "y")),
                Facts(files: ["/x": link(to: "\u{1B}https://u:c4n4ry@h", nil)])))
        #expect(
            target
                == .wrong(
                    .wrongTarget, ["target": "y"],
                    ["target": "␛https://u:\(Masking.mask)@h", "note": "␛ is an escape character"]))
        let owner = Told(
            judge(
                .file(.init(path: "/x", owner: "root")),
                Facts(files: ["/x": file(.of(owner: Account(name: "a\nb", number: 1)))])))
        #expect(owner == .wrong(.wrongOwner, ["owner": "root"], ["owner": "a␊b", "note": "␊ is a line feed"]))
    }
}
