import DriftCore
import Testing

@Suite struct PlaceholderTextTests {
    @Test(
        arguments: [
            ("", []), ("plain { text }}", [.text("plain { text }}")]), ("{{ a }}", [.placeholder("a")]),
            ("{{a}}", [.placeholder("a")]),
            ("x {{  labels.a/b-c  }}\n", [.text("x "), .placeholder("labels.a/b-c"), .text("\n")]),
            ("{{ a }}{{ b }}", [.placeholder("a"), .placeholder("b")]),
            ("é{{ a }}}", [.text("é"), .placeholder("a"), .text("}")]),
            ("a{", [.text("a{")]),
        ] as [(String, [PlaceholderText.Part])])
    func isReadInParts(text: String, parts: [PlaceholderText.Part]) throws {
        #expect(try PlaceholderText(text).parts == parts)
    }

    @Test(arguments: [
        ("é {{ a b }}", "`{{ a b }}` is not a placeholder", 3), ("{{}}", "`{{}}` is not a placeholder", 0),
        ("{{{ a }}}", "`{{{ a }}` is not a placeholder", 0), ("a{{ b", "`{{` without `}}`", 1),
        ("{{", "`{{` without `}}`", 0), ("{{ \(String(repeating: "a", count: 200)) }}", "`{{` without `}}`", 0),
        ("{{ a\n}}", "`{{ a", 0), ("{{ é }}", "`{{ é }}` is not a placeholder", 0),
        ("{{ $x }}", "is not a placeholder", 0), ("{{ a | b }}", "is not a placeholder", 0),
    ])
    func otherBracesAreRefused(text: String, message: String, offset: Int) {
        do throws(PlaceholderText.Fault) {
            _ = try PlaceholderText(text)
            Issue.record("accepted")
        } catch {
            #expect(error.message.contains(message))
            #expect(error.offset == offset)
        }
    }

    @Test func aMegabyteOfBracesTakesLinearTime() {
        let half = String(repeating: "{{ a }}", count: 70_000)
        #expect((try? PlaceholderText(half))?.parts.count == 70_000)
        #expect(throws: PlaceholderText.Fault.self) {
            try PlaceholderText(half + String(repeating: "{", count: 500_000))
        }
    }

    @Test(arguments: [
        "server.id", "server.name", "server.address", "labels.a.b", "facts.os.id", "facts.os.version",
        "facts.architecture",
    ])
    func whatAServerKnowsIsReadAndWrittenAlike(name: String) {
        #expect(ServerPlaceholder(name)?.reference == name)
    }

    @Test(arguments: ["", "port", "server", "server.port", "labels", "labels.", "facts.kernel"])
    func othersAreNotOfTheServer(name: String) {
        #expect(ServerPlaceholder(name) == nil)
    }
}
