import DriftCore
import Foundation
import PackFiles
import Testing

@testable import driftwatch

/// One set of rules for YAML: the settings file is read as packs and the inventory are.
@Suite
struct SettingsFileTests {
    /// `KEY` stands for a key whose value is a text: `description` of a pack, `keep_events` of the settings, which are
    /// equally long.
    static let hostile = [
        "KEY: a\nKEY: b", "KEY: a\nKEYx: b", "KEY: a\n<<: { KEY: b }", "KEY: &a x", "KEY: *a", "KEY: &a x\nother: *a",
        "KEY: !secret x", "KEY: !!int \"3\"", "KEY: [a]", "KEY: { a: b }", "KEY: yes", "- KEY", "just a text",
        "KEY: a\n---\nKEY: b", "KEY: \"a", "KEY: a: b", "KEY: a\n\tb: c", "KEY: @x", "KEY: a\u{202E}b",
        "KEY: \"a\\0\": b", "? [a]\n: b", "!!set { KEY }", "KEY: a\n\u{A0} b: c", "{KEY: a", "KEY: 0644", "KEY: 1.10",
        String(repeating: "[", count: 5000), "a: " + String(repeating: "{? ", count: 17),
        String(repeating: " ", count: 1 << 20) + "a",
    ]

    @Test(arguments: hostile.indices)
    func whatAPackMayNotSayASettingsFileMayNotEither(index: Int) throws {
        let text = Self.hostile[index]
        let pack = try #require(throws: ConfigurationProblems.self) {
            _ = try ConfigurationLoader.load(
                packs: [SourceFile(path: "x.yaml", text: text.replacing("KEY", with: "description"))])
        }
        let settings = try #require(throws: SettingsFileProblems.self) {
            _ = try SettingsFile(bytes: Array(text.replacing("KEY", with: "keep_events").utf8), path: "x.yaml")
        }
        // A pack needs `items`, and each shows the keys that it knows; a settings file shows no value.
        let told = pack.errors.filter { !$0.message.contains("needs `items`") }
            .map { Self.common($0, key: "description") }
        #expect(!told.isEmpty)
        #expect(settings.problems.map { Self.common($0, key: "keep_events") } == told, "\(text.prefix(40))")
    }

    private static func common(_ problem: Problem, key: String) -> String {
        let hint = problem.hint?.replacing(key, with: "KEY").replacing(/known: .*/, with: "known: …")
            .replacing(/between quotes: .*/, with: "between quotes")
        let message = problem.message.replacing(key, with: "KEY").replacing("the settings", with: "a pack")
            .replacing(/, not \S+, a/, with: ", not a")
        return "\(problem.line ?? 0):\(problem.column ?? 0): \(message) (\(hint ?? ""))"
    }

    @Test
    func bytesThatAreNotUTF8AreRefusedByBoth() throws {
        let bytes = Array("name: a\n".utf8) + [0xFF]
        let pack = try #require(throws: ConfigurationProblems.self) {
            _ = try ConfigurationLoader.load(packs: [SourceFile(path: "x.yaml", bytes: bytes)])
        }
        let settings = try #require(throws: SettingsFileProblems.self) {
            _ = try SettingsFile(bytes: bytes, path: "x.yaml")
        }
        #expect("\(settings)" == "\(pack)")
    }

    static let wrong = [
        ("log_levle: info\n", "s.yaml:1:1: error: unknown key `log_levle` in the settings (did you mean `log_level`?)"),
        ("slack:\n  chanel: x\n", "s.yaml:2:3: error: unknown key `chanel` in `slack` (did you mean `channel`?)"),
        (
            "slack: { x: y }\n",
            "s.yaml:1:10: error: unknown key `x` in `slack` (known: api_url, bot_token, bot_token_file, channel, "
                + "webhook_url, webhook_url_file)"
        ),
        (
            "log_level: info\nlog: { level: debug }\n",
            "s.yaml:2:8: error: `log_level` is set twice (first on line 1)"
        ),
        ("slack: x\n", "s.yaml:1:8: error: `slack` must be a mapping, not a text (key: value)"),
        ("slack:\nnotify: slack\n", "s.yaml:1:7: error: `slack` must be a mapping, not nothing (key: value)"),
        (
            "a: 1\nb: 2\n",
            "s.yaml:1:1: error: unknown key `a` in the settings|s.yaml:2:1: error: unknown key `b` in the settings"
        ),
    ]

    @Test(arguments: wrong.indices)
    func everyProblemIsNamedByItsPlace(index: Int) throws {
        let (text, expected) = Self.wrong[index]
        let error = try #require(throws: SettingsFileProblems.self) {
            _ = try SettingsFile(bytes: Array(text.utf8), path: "s.yaml")
        }
        let lines = expected.split(separator: "|")
        #expect(error.problems.count == lines.count)
        for (problem, line) in zip(error.problems, lines) { #expect("\(problem)".hasPrefix(line), "\(problem)") }
    }

    @Test(arguments: [
        "slack_bot_token: 0canary", "slack_bot_token: 1e10777", "slack_bot_token: &canary", "slack_bot_token: [canary]",
        "slack_bot_token: *canary", "slack_bot_token: &canary x\nslack_channel: *canary", "slack_bot_token: !canary x",
        "slack_bot_token: \"canary", "slack_bot_token: canary: x", "slack_bot_token: @canary",
    ])
    func noErrorShowsAValue(text: String) {
        do {
            let file = try SettingsFile(bytes: Array(text.utf8), path: "s.yaml")
            #expect(file.values["slack_bot_token"]?.text == "0canary")
        } catch {
            #expect(!"\(error)".contains("canary") && !"\(error)".contains("10777"), "\(error)")
        }
    }

    @Test
    func theProgramEndsWithAUsageErrorThatNamesEachLine() async throws {
        try await withFolder(["s.yaml": "log_levle: info\nslack: { chanel: x }\n"]) { folder in
            let result = try await Program.run(["status", "--config", "\(folder)/s.yaml"])
            #expect(result.status == 2)
            #expect(result.errors.contains("\(folder)/s.yaml:1:1: error: unknown key `log_levle` in the settings"))
            #expect(result.errors.contains("\(folder)/s.yaml:2:10: error: unknown key `chanel` in `slack`"))
        }
    }
}
