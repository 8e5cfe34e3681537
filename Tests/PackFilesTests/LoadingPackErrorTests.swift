import DriftCore
import PackFiles
import Testing

@Suite("Errors in a pack")
struct LoadingPackErrorTests {
    private static let hash = "sha256:" + String(repeating: "a", count: 64)

    /// Items of one section, each on a line of its own from line 3.
    private static func items(_ section: String, _ lines: String...) -> String {
        "items:\n  \(section):\n" + lines.map { "    - \($0)\n" }.joined()
    }

    private static func file(_ fields: String, line: Int? = 3, _ says: String...) -> BadInput {
        var input = BadInput(items("files", "{ \(fields) }"), line: line)
        input.says = says
        return input
    }

    @Test(arguments: [
        BadInput("", line: 1, "packs/base.yaml:1:1: error: the file is empty"),
        BadInput("# nothing\n", line: 1, "the file is empty"),
        BadInput("- a\n", line: 1, ":1:1:", "a pack must be a mapping, not a list"),
        BadInput("name: a\n", line: 1, "a pack needs `items`", "items: {}"),
        BadInput("name: 7\nitems: {}", line: 1, ":1:7:", "`name` must be a text, not 7, a number", "quotes: \"7\""),
        BadInput("name: yes\nitems: {}", line: 1, "not yes, a boolean", "\"yes\""),
        BadInput("name: [a]\nitems: {}", line: 1, "`name` must be a text, not a list"),
        BadInput("name: \"\"\nitems: {}", line: 1, "empty text"),
        BadInput("name: \"a\\eb\"\nitems: {}", line: 1, "a character that cannot be seen, U+001B"),
        BadInput("name:\nitems: {}", line: 1, "`name` has no value"),
        BadInput("nmae: a\nitems: {}", line: 1, ":1:1:", "unknown key `nmae` in a pack", "did you mean `name`?"),
        BadInput("zebra: a\nitems: {}", line: 1, "known: name, description, extends, vars, items"),
        BadInput("\"a\\n\\ec\": a\nitems: {}", line: 1, "unknown key `a\\n\\u{1b}c`"),
        BadInput("name: a\nname: b\nitems: {}", line: 1, "the same key twice in one mapping: `name`"),
        BadInput("items: { files: [], files: [] }", line: 1, "the same key twice in one mapping: `files`"),
        BadInput("items: {}\n? [a]\n: b", line: 2, "a key of a pack must be a text"),
        BadInput("<<: { name: a }\nitems: {}", line: 1, "merge keys are not accepted"),
        BadInput("items: []", line: 1, "items must be a mapping, not a list"),
        BadInput("items: { file: [] }", line: 1, "unknown key `file` in items", "did you mean `files`?"),
        BadInput("items: { files: {} }", line: 1, "`files` must be a list, not a mapping"),
        BadInput("items: { files: [a] }", line: 1, "a file must be a mapping, not a text"),
        BadInput("name: !!int \"3\"\nitems: {}", line: 1, "`name` must be a text, not a value with a tag"),
        BadInput("name: !secret x\nitems: {}", line: 1, "not a value with a tag"),
        BadInput("items: !!set {}", line: 1, "not a value with a tag"),
        BadInput("extends: Base\nitems: {}", line: 1, "`Base` is not a pack name"),
        BadInput("extends: ../base\nitems: {}", line: 1, "is not a pack name"),
        BadInput("extends: [[a, b]]\nitems: {}", line: 1, "`extends` must be a text, not a list"),
    ])
    func ofItsOwnAreTold(input: BadInput) {
        input.check(problems { try loadPack(input.text) })
    }

    @Test(arguments: [
        BadInput("name: a\n\tb: c", line: 2, "not YAML", "not tabs"),
        BadInput("items: {}\nname: @x", line: 2, "not YAML", "begins with @"),
        BadInput("name: a: b\nitems: {}", line: 1, "mapping values are not allowed", "between quotes"),
        BadInput("items:\n  files:\n - a", line: 3, "not YAML", "look at the indentation"),
        BadInput("name: *\nitems: {}", line: 1, "not YAML", "begins with *"),
        BadInput("name: *a\nitems: {}", line: 1, "not YAML: found undefined alias"),
        BadInput("name: !x!y z\nitems: {}", line: 1, "not YAML", "begins with !"),
        BadInput("name: \"a\nitems: {}", line: 2, "not YAML", "quoted scalar"),
        BadInput("items: {}\n---\nitems: {}", line: 2, "a second document begins here"),
        BadInput("items: {}\n...\nname: a", line: 3, "not YAML: did not find expected <document start>"),
        BadInput("name: &a x\ndescription: *a\nitems: {}", line: 2, ":2:14:", "YAML aliases are not accepted"),
        BadInput("items: &i { files: [*i] }", line: 1, "YAML aliases are not accepted"),
        BadInput("items: {}\nname: \u{1}", line: 2, ":2:7:", "a character that cannot be seen, U+0001"),
        BadInput("items: {}\nname: a\u{202E}b", line: 2, ":2:8:", "U+202E"),
        BadInput("items: {}\n\u{2028}name: x", line: 2, "U+2028"),
        BadInput("items: {}\r\n\r\nname: 7", line: 3, "a number"),
        BadInput("items: {}\nname: \"\\uD800\"", line: 2, "not YAML"),
        BadInput(String(repeating: "[", count: 5000), line: 1, "not YAML", "nesting level"),
        BadInput(String(repeating: "- ", count: 5000), line: 1, "not YAML", "nesting level"),
        BadInput(String(repeating: "a: {", count: 5000), line: 1, "not YAML"),
        BadInput("\n" + String(repeating: "? ", count: 5000), line: 2, ":2:1:", "5000 keys in the form `? key`"),
        BadInput("a: " + String(repeating: "{? ", count: 17), line: 1, ":1:5:", "17 keys in the form `? key`"),
        BadInput(String(repeating: " ", count: 1 << 20) + "a", line: nil, "the file has 1048577 bytes", "at most"),
    ])
    func ofYAMLAreTold(input: BadInput) {
        input.check(problems { try loadPack(input.text) })
    }

    @Test func bytesThatAreNotUTF8AreTold() {
        let source = SourceFile(path: "packs/base.yaml", bytes: Array("items: {}\n# caf".utf8) + [0xE9, 0x0A])
        let found = problems { try ConfigurationLoader.load(packs: [source]) }
        #expect(found.map(\.description) == ["packs/base.yaml:2: error: not UTF-8 (save the file as UTF-8)"])
    }

    @Test(arguments: [
        file("mode: \"0644\"", "a file needs `path`"),
        file("path: 7", "`path` must be a text"),
        file("path: null", "`path` has no value", "quotes: \"null\""),
        file("path: ~", "`path` has no value", "quotes: \"~\""),
        file("path: \"\"", "empty text"),
        file("path: etc/motd", "`etc/motd` is a relative path", "begin with / or ~/"),
        file("path: $HOME/x", "is a relative path", "variables are not expanded"),
        file("path: ./x", "is a relative path"),
        file("path: \"~bob/x\"", "the home directory of another user is not looked up"),
        file("path: /etc/../shadow", "contains `..`"),
        file("path: ~/..", "contains `..`"),
        file("path: /etc//motd", "has an empty part", "write `/etc/motd`"),
        file("path: /etc/./motd", "one that is `.`", "write `/etc/motd`"),
        file("path: /etc/", "write `/etc`"),
        file("path: \"~/\"", "has an empty part"),
        file("path: \"~/x/\"", "write `~/x`"),
        file("path: \"/a\\nb\"", "a character that cannot be seen, U+000A"),
        file("path: \"/a\\0b\"", "U+0000"),
        file("path: \"/a\\x7fb\"", "U+007F"),
        file("path: /\(String(repeating: "x", count: 256))", "a part longer than 255 bytes"),
        file("path: \(String(repeating: "/x", count: 2048))", "a text of 4096 bytes"),
        file("path: /a, mode: 0644", "`mode` must be quoted: YAML reads 0644 as a number", "write \"0644\""),
        file("path: /a, mode: 644", "must be quoted", "write \"0644\""),
        file("path: /a, mode: 0o644", "must be quoted", "write \"0644\""),
        file("path: /a, content_hash: \(hash), show: txt", "unknown value `txt`", "did you mean `text`?"),
        file("path: /a, content_hash: \(hash), show: world_readable", "unknown value", "one of text, hidden"),
        file("path: /a, content_hash: \(hash), show: true", "`show` must be a text"),
        file("path: /a, show: text", "`show` has no effect without a content to compare", "add content_hash or"),
        file("path: /a, state: directory, show: text", "`show` has no effect with state: directory"),
        file("path: /a, state: absent, show: hidden", "`show` has no effect with state: absent"),
        file("path: /a, mode: 0899", "must be quoted", "four octal digits"),
        file("path: /a, mode: \"644\"", "`644` is not a mode", "write \"0644\""),
        file("path: /a, mode: \"0888\"", "`0888` is not a mode", "four octal digits"),
        file("path: /a, mode: \"00644\"", "`00644` is not a mode"),
        file("path: /a, mode: \"+644\"", "`+644` is not a mode"),
        file("path: /a, mode: u=rw", "`u=rw` is not a mode"),
        file("path: /a, mode: true", "`mode` must be a text, not true, a boolean"),
        file("path: /a, moed: \"0644\"", "unknown key `moed` in a file", "did you mean `mode`?"),
        file("path: /a, owner: 0", "`owner` must be a text, not 0, a number", "\"0\""),
        file("path: /a, owner: -x", "`-x` is not an account"),
        file("path: /a, owner: \"root:root\"", "`root:root` is not an account", "owner and group are separate keys"),
        file("path: /a, state: dir", "unknown value `dir`", "one of file, directory, symlink, absent"),
        file("path: /a, state: simlink, target: b", "did you mean `symlink`?"),
        file("path: /a, content_hash: abc", "`abc` is not a content hash", "sha256:"),
        file("path: /a, content_hash: \(String(repeating: "a", count: 64))", "put sha256: before it"),
        file("path: /a, content_hash: \"sha256:abc\"", "is not a SHA-256"),
        file("path: /a, content_hash: \"md5:d41d8cd98f00b204e9800998ecf8427e\"", "is not a content hash"),
        file("path: /a, content_hash: \"sha256:\(String(repeating: "g", count: 64))\"", "is not a SHA-256"),
        file("path: /a, content_hash:", "`content_hash` has no value"),
        file(
            "path: /a, template: motd, content_hash: \"sha256:\(String(repeating: "a", count: 64))\"",
            "a file has one of `content_hash`, `template`, `content`"),
        file("path: /a, template: /etc/passwd", "is not below packs/templates"),
        file("path: /a, template: \"~/x\"", "is not below packs/templates"),
        file("path: /a, template: ../../etc/passwd", "leads out of packs/templates"),
        file("path: /a, template: a/../b", "leads out of packs/templates"),
        file("path: /a, template: ./motd", "is not a template name"),
        file("path: /a, template: \"a\\0b\"", "U+0000"),
        file("path: /a, template: modt", "the template `modt` does not exist", "did you mean `motd`?"),
        file("path: /a, template: other", "does not exist", "looked for packs/templates/other"),
        file("path: /a, template: link", "the template `link` is a symbolic link"),
        file("path: /a, template: huge", "the template `huge` has 262145 bytes", "use content_hash"),
        file("path: /a, target: b", "`target` has no effect with state: file", "state: symlink"),
        file("path: /a, state: symlink", "a symlink needs `target`"),
        file("path: /a, state: symlink, target: null", "a symlink needs `target`"),
        file("path: /a, state: symlink, target: \"\"", "empty text"),
        file("path: /a, state: symlink, target: b, mode: \"0777\"", "`mode` has no effect with state: symlink"),
        file("path: /a, state: symlink, target: b, template: motd", "`template` has no effect"),
        file("path: /a, state: absent, mode: \"0644\"", "`mode` has no effect with state: absent"),
        file("path: /a, state: absent, owner: root", "`owner` has no effect with state: absent"),
        file("path: /a, state: absent, template: motd", "`template` has no effect with state: absent"),
        file("path: /a, state: directory, template: motd", "`template` has no effect with state: directory"),
        file("path: /a, state: directory, target: b", "`target` has no effect with state: directory"),
        file("path: /a, description: 7", "`description` must be a text"),
        BadInput(items("files", "path: /a", "path: /b", "path: /a"), line: 5, "`/a` appears twice", "first on line 3"),
        BadInput(items("files", "path: /a\n      mdoe: x"), line: 4, ":4:7:", "did you mean `mode`?"),
    ])
    func ofFilesAreTold(input: BadInput) {
        let templates: [String: TemplateSource] = [
            "motd": .bytes([]), "link": .unusable("is a symbolic link"),
            "huge": .bytes([UInt8](repeating: 0, count: (256 << 10) + 1)),
        ]
        input.check(problems { try loadPack(input.text, templates: templates) })
    }

    @Test(arguments: [
        BadInput(items("packages", "{ min_version: \"1\" }"), line: 3, "a package needs `name`"),
        BadInput(items("packages", "curl"), line: 3, "a package must be a mapping, not a text"),
        BadInput(items("packages", "{ name: \"curl=7\" }"), line: 3, "is not a package name", "goes into min_version"),
        BadInput(items("packages", "{ name: \"libc6:\" }"), line: 3, "is not a package name", "libc6:i386"),
        BadInput(items("packages", "{ name: \"libc6:i386:x\" }"), line: 3, "is not a package name"),
        BadInput(items("packages", "{ name: \":i386\" }"), line: 3, "is not a package name"),
        BadInput(items("packages", "{ name: -x }"), line: 3, "`-x` is not a package name"),
        BadInput(items("packages", "{ name: curl, release: \"1\" }"), line: 3, "unknown key `release` in a package"),
        BadInput(
            items("packages", "{ name: curl, version: \">= 1\" }"), line: 3, "is not a version", "min_version and"),
        BadInput(items("packages", "{ name: curl, min_version: \"1.*\" }"), line: 3, "is not a version"),
        BadInput(
            items("packages", "{ name: curl, held: \"yes\" }"), line: 3, "`held` must be true or false", "write true"),
        BadInput(
            items("packages", "{ name: curl, min_version: \"2.0\", max_version: \"1.9\" }"), line: 3,
            "`max_version` `1.9` is older than `min_version` `2.0`", "no version can be both"),
        BadInput(
            items("packages", "{ name: telnetd, state: absent, held: true }"), line: 3,
            "`held` has no effect with state: absent"),
        BadInput(items("packages", "{ name: a, min_version: 1.10 }"), line: 3, "not 1.10, a number", "\"1.10\""),
        BadInput(items("packages", "{ name: a, min_version: 7 }"), line: 3, "not 7, a number"),
        BadInput(items("packages", "{ name: a, min_version: 1e3 }"), line: 3, "a number"),
        BadInput(items("packages", "{ name: a, min_version: 1:30 }"), line: 3, "a number", "\"1:30\""),
        BadInput(items("packages", "{ name: a, min_version: \">= 7\" }"), line: 3, "is not a version", "no operators"),
        BadInput(items("packages", "{ name: a, state: gone }"), line: 3, "unknown value `gone`", "present, absent"),
        BadInput(
            items("packages", "{ name: ab, state: absent, min_version: \"1\" }"), line: 3,
            "`min_version` has no effect with state: absent"),
        BadInput(items("packages", "name: a", "name: b", "name: a"), line: 5, "`a` appears twice", "line 3"),
        BadInput(items("settings", "{ key: A, expected: b }"), line: 3, "a setting needs `type`", "env_var, config"),
        BadInput(items("settings", "{ key: A, expected: b, type: env }"), line: 3, "unknown value `env`"),
        BadInput(items("settings", "{ key: A, type: env_var }"), line: 3, "it is not said what the value must be"),
        BadInput(items("settings", "{ expected: b, type: env_var }"), line: 3, "a setting needs `key`"),
        BadInput(items("settings", "{ key: A, expected: no, type: env_var }"), line: 3, "a boolean", "quotes: \"no\""),
        BadInput(items("settings", "{ key: A, expected: 0, type: env_var }"), line: 3, "a number", "quotes: \"0\""),
        BadInput(items("settings", "{ key: A, expected: 0x1F, type: env_var }"), line: 3, "a number"),
        BadInput(items("settings", "{ key: A, expected: -.inf, type: env_var }"), line: 3, "a number"),
        BadInput(items("settings", "{ key: A, expected: null, type: env_var }"), line: 3, "has no value"),
        BadInput(items("settings", "{ key: A, expected: \"a\\nb\", type: env_var }"), line: 3, "U+000A"),
        BadInput(items("settings", "{ key: $A, expected: b, type: env_var }"), line: 3, "without the $"),
        BadInput(
            items("settings", "{ key: 1A, expected: b, type: env_var }"), line: 3, "is not an environment variable"),
        BadInput(items("settings", "{ key: \"A=b\", expected: b, type: env_var }"), line: 3, "is not an environment"),
        BadInput(items("settings", "{ key: a b, expected: b, type: sysctl }"), line: 3, "is not a sysctl key"),
        BadInput(items("settings", "{ key: A, expected: b, type: config }"), line: 3, "of type config needs `file`"),
        BadInput(
            items("settings", "{ key: A, expected: b, type: config, file: sshd_config }"), line: 3, "relative path"),
        BadInput(
            items("settings", "{ key: A, expected: b, type: env_var, file: /a }"), line: 3,
            "`file` has no effect with type: env_var"),
        BadInput(
            items("settings", "{ key: A, expected: b, type: env_var }", "{ key: A, expected: c, type: env_var }"),
            line: 4, "`A` appears twice"),
        BadInput(items("services", "{ enabled: true }"), line: 3, "a service needs `name`"),
        BadInput(items("services", "{ name: ssh.service }"), line: 3, "a service needs `enabled` or `running`"),
        BadInput(items("services", "{ name: ssh, enabled: true }"), line: 3, "which kind", "write `ssh.service`"),
        BadInput(
            items("services", "{ name: ssh.services, enabled: true }"), line: 3, "which kind",
            "did you mean `ssh.service`?"),
        BadInput(
            items("services", "{ name: a.b.tiemr, enabled: true }"), line: 3, "which kind",
            "did you mean `a.b.timer`?"),
        BadInput(items("services", "{ name: x.conf, enabled: true }"), line: 3, "which kind", "write `x.conf.service`"),
        BadInput(
            items("services", "{ name: getty@.service, running: false }"), line: 3,
            "is a template, which never runs itself, so running: false would never be wrong",
            "such as `getty@x.service`"),
        BadInput(items("services", "{ name: \"a b.service\", enabled: true }"), line: 3, "is not a unit name"),
        BadInput(items("services", "{ name: \"@a.service\", enabled: true }"), line: 3, "is not a unit name"),
        BadInput(items("services", "{ name: ssh.service, enabled: yes }"), line: 3, "must be true or false", "true"),
        BadInput(items("services", "{ name: ssh.service, running: \"true\" }"), line: 3, "without quotes"),
        BadInput(items("services", "{ name: ssh.service, running: 1 }"), line: 3, "must be true or false"),
    ])
    func ofOtherItemsAreTold(input: BadInput) {
        input.check(problems { try loadPack(input.text) })
    }

    @Test func allAreToldAtOnce() {
        let text = """
            nmae: x
            items:
              files:
                - { path: etc, mode: 0644 }
                - { path: /a, modus: x }
              packages:
                - { name: "?" }
              services:
                - { name: getty@.service, running: true }
            """
        let found = problems { try loadPack(text) }
        #expect(found.map(\.line) == [1, 4, 4, 5, 7, 9])
        #expect(found.map(\.severity).filter { $0 == .error }.count == 5)
    }

    @Test func stopsTellingAfterTwoHundred() {
        let services = String(repeating: "    - { name: a@.service, running: true }\n", count: 500)
        let found = problems { try loadPack("items:\n  services:\n" + services) }
        #expect(found.count { $0.severity == .error } == 201)
        #expect(found.count { $0.severity == .warning } == 201)
    }

    @Test func manyWarningsAreNoError() throws {
        let services = (1...500).map { "    - { name: a\($0)@.service, running: true }\n" }.joined()
        let (pack, warnings) = try loadPack("items:\n  services:\n" + services)
        #expect(pack.expectations.count == 500)
        #expect(warnings.count == 201)
    }

    @Test func tooManyItemsAreRefused() {
        let packages = (1...5001).map { "    - name: p\($0)\n" }.joined()
        let input = BadInput("items:\n  packages:\n" + packages, line: nil, "has 5001 items", "at most 5000")
        input.check(problems { try loadPack(input.text) })
    }

    @Test func tooManyBytesOfTemplatesAreRefused() {
        let files = (1...17).map { "    - { path: /a/\($0), template: big }\n" }.joined()
        let big = TemplateSource.bytes([UInt8](repeating: 1, count: 256 << 10))
        let input = BadInput("items:\n  files:\n" + files, line: nil, "templates have 4456448 bytes together")
        input.check(problems { try loadPack(input.text, templates: ["big": big]) })
    }
}
