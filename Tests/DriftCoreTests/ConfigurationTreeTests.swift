import DriftCore
import Foundation
import TestSupport
import Testing

/// The styles with nested data.
@Suite struct ConfigurationTreeTests {
    typealias Reading = ConfigurationText.Reading

    private func text(_ text: String, _ style: ConfigurationStyle) throws -> ConfigurationText {
        try ConfigurationText(Array(text.utf8), path: "/a", style: style)
    }

    static let read: [(ConfigurationStyle, String, String, Reading)] = [
        (.json, #"{"a": {"b": [1, "x", true]}}"#, "a.b.0", .value("1")),
        (.json, #"{"a": {"b": [1, "x", true]}}"#, "a.b.1", .value("x")),
        (.json, #"{"a": {"b": [1, "x", true]}}"#, "a.b.2", .value("true")),
        (.json, #"{"a": {"b": [1, "x", true]}}"#, "a.b.3", .unset),
        (.json, #"{"a": {"b": [1, "x", true]}}"#, "a.b.00", .unset),
        (.json, #"{"a": {"b": [1, "x", true]}}"#, "a", .value(#"{"b":[1,"x",true]}"#)),
        (.json, #"{"a": {"b": 1}}"#, "a.c", .unset), (.json, #"{"a": {"b": 1}}"#, "a.b.c", .unset),
        (.json, #"{"a": 1.10, "b": null}"#, "a", .value("1.10")),
        (.json, #"{"a": 1.10, "b": null}"#, "b", .value("null")), (.json, #"{"a": 1, "a": 2}"#, "a", .value("2")),
        (.json, #"{"a.b": {"c.d": 1}}"#, "a.b.c.d", .value("1")),
        (.json, #"{"a.b": 1, "a": {"b": 2}}"#, "a.b", .value("2")),
        (.json, #"{"a": "\u00e9\ud83d\ude00\n\/"}"#, "a", .value("é😀\n/")),
        (.json, #"{"": {"": 1}}"#, ".", .value("1")),
        (.json, "[1, [2]]", "1.0", .value("2")), (.json, #"{"a": ["q\"\\"]}"#, "a", .value(#"["q\"\\"]"#)),
        (.json, #"{"a": -0.5e+10}"#, "a", .value("-0.5e+10")),

        (.yaml, "a:\n  b:\n  - x: 1\n  - 'y'\n", "a.b.0.x", .value("1")),
        (.yaml, "a:\n  b:\n  - x: 1\n  - 'y'\n", "a.b", .value(#"[{"x":1},"y"]"#)),
        (.yaml, "cluster.name: it\nnode.attr.rack: r1\n", "node.attr.rack", .value("r1")),
        (.yaml, "a: yes\nb: ~\nc:\nd: 010\n", "a", .value("yes")),
        (.yaml, "a: yes\nb: ~\nc:\nd: 010\n", "b", .value("~")), (.yaml, "a: yes\nb: ~\nc:\nd: 010\n", "c", .value("")),
        (.yaml, "a: yes\nb: ~\nc:\nd: 010\n", "d", .value("010")),
        (.yaml, "a: [x, 010, 1, true, '1']\n", "a", .value(#"["x","010",1,true,"1"]"#)),
        (.yaml, "a: |\n  x\n  y\n", "a", .value("x\ny\n")), (.yaml, "# only\n", "a", .unset), (.yaml, "", "a", .unset),
        (.yaml, "a: &x {b: 1}\nc: *x\n", "c.b", .value("1")),
        (.yaml, "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", "d.c", .value("3")),
        (.yaml, "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", "d.b", .value("1")),
        (.yaml, "a: !vault |\n  x\n", "a", .computed), (.yaml, "a: !ENV ${X}\nb: !!str 1\n", "b", .value("1")),
        (.yaml, "a: [!x 1]\n", "a", .computed), (.yaml, "a: [!x 1]\n", "a.0", .computed),
        (.yaml, "a: !x {b: 1}\n", "a.b", .computed), (.yaml, "a: \"x\\n\"\n", "a", .value("x\n")),

        (.toml, "a = 1_000\n[b.c]\nd = [1, 'x', {e = true}]\n", "a", .value("1000")),
        (.toml, "a = 1_000\n[b.c]\nd = [1, 'x', {e = true}]\n", "b.c.d.2.e", .value("true")),
        (.toml, "a = 1_000\n[b.c]\nd = [1, 'x', {e = true}]\n", "b", .value(#"{"c":{"d":[1,"x",{"e":true}]}}"#)),
        (.toml, "[[a]]\nx=1\n[[a]]\nx=2\n[a.y]\nz=3\n", "a.1.x", .value("2")),
        (.toml, "[[a]]\nx=1\n[[a]]\nx=2\n[a.y]\nz=3\n", "a.1.y.z", .value("3")),
        (.toml, "a.b.c = 0xff\n", "a.b.c", .value("255")),
        (.toml, "[plugins.\"io.x.y\"]\na = \"\"\"\nx\\\n  y\"\"\"\n", "plugins.io.x.y.a", .value("xy")),
        (.toml, "a = 1979-05-27 07:32:00Z # x\r\nb = 2.50\r\n", "a", .value("1979-05-27 07:32:00Z")),
        (.toml, "a = 1979-05-27 07:32:00Z # x\r\nb = 2.50\r\n", "b", .value("2.50")),
        (.toml, "a = '''x'y''''\n", "a", .value("x'y'")),
        (.toml, "a = \"\\u00e9\\U0001F600\\t\"\n", "a", .value("é😀\t")), (.toml, "[a]\n[a.b]\n", "a.b", .value("{}")),
    ]

    @Test(arguments: read)
    func treesAreRead(style: ConfigurationStyle, text: String, key: String, reading: Reading) throws {
        #expect(try self.text(text, style).reading(of: key) == reading)
    }

    static let malformed: [(ConfigurationStyle, String, Int?)] = [
        (.json, "{\"a\": 1,}", 1), (.json, "{'a': 1}", 1), (.json, "{\n\"a\": 01}", 2), (.json, "{\"a\": 1} x", 1),
        (.json, "", 1), (.json, "{\"a\": yes}", 1), (.json, "{\"a\": \"\n\"}", 1),
        (.json, "// x\n{}", 1), (.json, String(repeating: "[", count: 1000), 1), (.json, "{\"a\" 1}", 1),
        (.json, "{\"a\": \"\\x\"}", 1), (.json, "[1 2]", 1), (.json, "{\"a\": \"\u{1}\"}", 1),
        (.yaml, "a: 1\na: 2\n", 1), (.yaml, "a: 1\n---\nb: 2\n", 2), (.yaml, "a: [1\n", 2), (.yaml, "a:\n\t- 1\n", 2),
        (.yaml, "a: *x\n", 1), (.yaml, "a: b: c\n", 1),
        (.yaml, "a: &a [x, x]\nb: &b [" + String(repeating: "*a,", count: 25) + "]\n", nil),
        (.yaml, String(repeating: "? a\n: b\n", count: 20), nil), (.yaml, String(repeating: "[", count: 5000), 1),
        (.toml, "a = 1\na = 2\n", 2), (.toml, "[a]\n[a]\n", 2), (.toml, "a = \n", 1), (.toml, "a = x\n", 1),
        (.toml, "a = 1 b = 2\n", 1), (.toml, "a = [1\n", 2), (.toml, "[a\n", 1),
        (.toml, "a = {b = 1}\na.c = 2\n", 2), (.toml, "a = {b = 1}\n[a.c]\n", 2), (.toml, "a = 01\n", 1),
        (.toml, "a = 1__0\n", 1), (.toml, "a = \"\\q\"\n", 1), (.toml, "a = 'x\n", 1), (.toml, "= 1\n", 1),
        (.toml, "a = " + String(repeating: "[", count: 1000), 1),
        (.toml, String(repeating: "a.", count: 1000) + "a = 1\n", 1), (.toml, "a = 0x\n", 1),
        (.toml, "a = 99999999999999999999\n", 1),
    ]

    @Test(arguments: malformed)
    func whatTheStyleCannotReadIsMalformed(style: ConfigurationStyle, text: String, line: Int?) throws {
        let error = try #require(throws: ConfigurationText.Malformed.self) { try self.text(text, style) }
        #expect(error.line == line, "\(error)")
    }

    @Test(arguments: [ConfigurationStyle.json, .yaml, .toml])
    func otherEncodingsAreMalformed(style: ConfigurationStyle) {
        #expect(throws: ConfigurationText.Malformed.self) {
            try ConfigurationText(Array("# ".utf8) + [0xE9, 0x0A], path: "/a", style: style)
        }
    }

    @Test func aByteOrderMarkIsNotText() throws {
        let text = try ConfigurationText([0xEF, 0xBB, 0xBF] + Array("a=1\n".utf8), path: "/a.ini")
        #expect(text.reading(of: "a") == .value("1"))
    }

    // MARK: References

    @Test func pythonAgreesOnTOML() throws {
        var generator = SeededGenerator(seed: 0x70)
        let pieces = [
            "a", "b", ".", " = ", "=", "1", "'x'", "\"y\"", "[", "]", "[[", "]]", "{", "}", ", ", "\n", "\n", "true",
            "0x1F", "1_0", "2.5", "\"\"\"", "'''", "\\n", "# c\n", "1979-05-27", "T07:32:00Z",
            "a = 1\n", "[a]\n", "[[b]]\n", "a.b = 2\n", "b = {a = 1}\n", "-", "+", "e5", "_", "\"\\u0041\"", "\r\n",
            "\t",
        ]
        let files = (0..<20_000).map { _ in
            (0..<Int.random(in: 1...9, using: &generator)).compactMap { _ in pieces.randomElement(using: &generator) }
                .joined()
        }
        let script = """
            import json, sys
            try:
                import tomllib
            except ImportError:
                sys.exit()
            def same(value):
                if isinstance(value, dict): return {name: same(item) for name, item in value.items()}
                if isinstance(value, list): return [same(item) for item in value]
                if isinstance(value, bool): return str(value).lower()
                if isinstance(value, (str, int)): return str(value)
                return "other"
            for line in sys.stdin:
                try:
                    print(json.dumps({"a": same(tomllib.loads(json.loads(line)))}))
                except Exception as error:
                    print(json.dumps({"refused": str(error)}))
            """
        let answers = try ReferenceProgram.python(script, cases: files)
        // Python before 3.11 has none.
        if answers.isEmpty { return }
        try #require(answers.count == files.count)
        var counts = (read: 0, refused: 0)
        for (file, answer) in zip(files, answers) {
            let wanted = try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any]
            guard let tree = wanted?["a"] else {
                counts.refused += 1
                #expect(throws: ConfigurationText.Malformed.self, "\(file.debugDescription): \(answer)") {
                    try text(file, .toml)
                }
                continue
            }
            counts.read += 1
            guard let read = try? text(file, .toml) else {
                Issue.record("\(file.debugDescription) is \(answer)")
                continue
            }
            for (path, value) in leaves(tree) where value != "other" && !path.isEmpty {
                #expect(read.reading(of: path) == .value(value), "\(path) in \(file.debugDescription)")
            }
        }
        #expect(counts.read > 500 && counts.refused > 500, "\(counts)")
    }

    private func leaves(_ tree: Any, at path: String = "") -> [(String, String)] {
        let start = path.isEmpty ? "" : path + "."
        return switch tree {
        case let mapping as [String: Any]: mapping.flatMap { leaves($1, at: start + $0) }
        case let list as [Any]: list.enumerated().flatMap { leaves($1, at: start + String($0)) }
        case let text as String: [(path, text)]
        default: []
        }
    }

    @Test func pythonAgreesOnWhatIsJSON() throws {
        var generator = SeededGenerator(seed: 0x15)
        let pieces = [
            "{", "}", "[", "]", ":", ",", "\"a\"", "\"b\"", "1", "-2.5", "true", "null", " ", "\n", "\"\\n\"", "\"",
            "\\u0041",
            "e3", "0", "{\"a\":", "[1,",
        ]
        let files = (0..<20_000).map { _ in
            (0..<Int.random(in: 1...8, using: &generator)).compactMap { _ in pieces.randomElement(using: &generator) }
                .joined()
        }
        let script = """
            import json, sys
            for line in sys.stdin:
                try:
                    json.loads(json.loads(line))
                    print("read")
                except ValueError:
                    print("refused")
            """
        let answers = try ReferenceProgram.python(script, cases: files)
        try #require(answers.count == files.count)
        for (file, answer) in zip(files, answers) {
            #expect(((try? text(file, .json)) == nil ? "refused" : "read") == answer, "\(file.debugDescription)")
        }
        for answer in ["read", "refused"] { #expect(answers.count { $0 == answer } > 500) }
    }
}
