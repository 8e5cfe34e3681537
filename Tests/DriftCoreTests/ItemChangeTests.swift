import DriftCore
import Testing

/// What a new version of a pack says otherwise.
struct ItemChangeTests {
    private static func changes(_ old: [DriftCore.Expectation], _ new: [DriftCore.Expectation]) -> [String] {
        let name = PackName(rawValue: "base")
        return ItemChange.between(Pack(name: name, expectations: old), Pack(name: name, expectations: new)).map {
            "\($0.kind) \($0.noun) \($0.item) \($0.fields.map(\.text).joined(separator: ", "))"
        }
    }

    private static func motd(_ text: String, template: String = "motd", mode: UInt16? = nil) -> DriftCore.Expectation {
        Expectation(
            .file(
                FileExpectation(
                    path: "/etc/motd", mode: mode, content: .template(name: template, bytes: Array(text.utf8)))))
    }

    @Test
    func eachItemThatIsNewGoneOrDifferentIsNamed() {
        let curl = Expectation(.package(PackageExpectation(name: "curl")))
        let newer = Expectation(.package(PackageExpectation(name: "curl", minimumVersion: "7.88")))
        let file = Expectation(.file(FileExpectation(path: "/a")))
        #expect(Self.changes([file], [file]) == [])
        #expect(Self.changes([file], [curl]) == ["removed file /a ", "added package curl "])
        #expect(Self.changes([curl], [newer]) == ["changed package curl min_version none → 7.88"])
        #expect(Self.changes([newer], [curl]) == ["changed package curl min_version 7.88 → none"])
    }

    @Test
    func aTemplateWithAnotherTextIsAChange() {
        #expect(
            Self.changes([Self.motd("hello")], [Self.motd("goodbye")]) == ["changed file /etc/motd template changed"])
        #expect(
            Self.changes([Self.motd("hello")], [Self.motd("goodbye", mode: 0o644)])
                == ["changed file /etc/motd mode none → 0644, template changed"])
    }

    @Test
    func theValueOfASettingIsNotShown() {
        func setting(_ value: String) -> DriftCore.Expectation {
            Expectation(.setting(SettingExpectation(name: "API_TOKEN", expected: value, kind: .environmentVariable)))
        }
        #expect(Self.changes([setting("s3cret")], [setting("t0ken")]) == ["changed setting API_TOKEN expected changed"])
    }
}
