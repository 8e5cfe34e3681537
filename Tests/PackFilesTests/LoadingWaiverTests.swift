import Foundation
import PackFiles
import Testing

@testable import DriftCore

@Suite("Loading waivers")
struct LoadingWaiverTests {
    private static let full =
        "server: web-1, pack: base, item: /etc/motd, reason: new text in May, author: ann, until: 2027-05-01"

    private static func inventory(_ waivers: String...) -> String {
        """
        servers:
          - { id: web-1, packs: [base], labels: { role: web } }
          - { id: web-2, packs: [] }
        waivers:
        \(waivers.map { "  - { \($0) }" }.joined(separator: "\n"))
        """
    }

    private static let pack = """
        items:
          files: [{ path: /etc/motd }, { path: /srv }]
          packages: [{ name: curl }]
        """

    private static func load(_ text: String, pack: String = pack, now: Moment? = nil) throws -> LoadedConfiguration {
        try ConfigurationLoader.load(
            inventory: SourceFile(path: "fleet.yaml", text: text),
            packs: [SourceFile(path: "packs/base.yaml", text: pack)], now: now)
    }

    @Test func allOfItIsRead() throws {
        let second =
            "label: { role: web }, pack: base, item: \"package:curl\", reason: r, author: bob, "
            + "until: \"2027-05-01T06:00:00Z\""
        let loaded = try Self.load(Self.inventory(Self.full, second))
        #expect(loaded.warnings.map(\.message).filter { $0.contains("waiver") } == [])
        #expect(
            loaded.inventory?.waivers == [
                DeclaredWaiver(
                    .server(ServerID(rawValue: "web-1")), pack: PackName(rawValue: "base"), item: "/etc/motd",
                    reason: "new text in May", author: "ann", until: DayOrInstant("2027-05-01")),
                DeclaredWaiver(
                    .labels(["role": "web"]), pack: PackName(rawValue: "base"), item: "package:curl", reason: "r",
                    author: "bob", until: DayOrInstant("2027-05-01T06:00:00Z")),
            ])
    }

    @Test(arguments: [
        BadInput(
            inventory(full.replacing("server: web-1, ", with: "")), line: 5,
            "a waiver names either `server` or `label`"),
        BadInput(inventory(full + ", label: { role: web }"), line: 5, "a waiver names either `server` or `label`"),
        BadInput(inventory(full.replacing("server: web-1", with: "label: {}")), line: 5, "`label` is empty"),
        BadInput(inventory(full.replacing(", author: ann", with: "")), line: 5, "a waiver needs `author`"),
        BadInput(inventory(full.replacing("new text in May", with: "\" \"")), line: 5, "`reason`: is empty"),
        BadInput(
            inventory(full.replacing("2027-05-01", with: "May")), line: 5, "`May` is neither a day nor an instant"),
        BadInput(
            inventory(full.replacing("2027-05-01", with: "20270501")), line: 5, "`until` must be a text",
            "write 2027-05-01"),
        BadInput(inventory(full + ", why: x"), line: 5, "unknown key `why` in a waiver"),
        BadInput("waivers: all\nservers: []", line: 1, "`waivers` must be a list"),
    ])
    func whatIsWrongIsSaid(input: BadInput) { input.check(problems { try Self.load(input.text) }) }

    @Test func anEndThatCannotBeReadIsNotTakenForNone() throws {
        let found = problems { try Self.load(Self.inventory(Self.full.replacing("2027-05-01", with: "30d"))) }
        #expect(found.contains { $0.message.contains("neither a day nor an instant") })
        #expect(!found.contains { $0.message == "the waiver has no end" }, "\(found)")
    }

    @Test func aNameOfSeveralItemsIsAnErrorThatListsThem() throws {
        let pack = "items: { files: [{ path: /srv, state: directory }], mounts: [{ path: /srv, type: ext4 }] }"
        let text = Self.inventory(Self.full.replacing("/etc/motd", with: "/srv"))
        let found = problems { try Self.load(text, pack: pack) }.filter { $0.severity == .error }
        #expect(found.map(\.message) == ["`/srv` names several items of `base`: file:/srv, mount:/srv"])
        let keyed = Self.inventory(Self.full.replacing("/etc/motd", with: "\"mount:/srv\""))
        #expect(problems { try Self.load(keyed, pack: pack) } == [])
    }

    private static let now = Moment(instant: Date(timeIntervalSince1970: 1_800_000_000), day: "2027-01-15")

    @Test(arguments: [
        (full, []),
        (
            full.replacing("web-1", with: "web-9"),
            ["the waiver is for the server `web-9`, and there is no such server"]
        ),
        (
            full.replacing("web-1", with: "web-2"),
            ["the waiver is for the server `web-2`, and no such server has the pack `base`"]
        ),
        (
            full.replacing("server: web-1", with: "label: { role: db }"),
            ["the waiver is for servers with role=db, and there is no such server"]
        ),
        (full.replacing("/etc/motd", with: "/etc/mtd"), ["the pack `base` has no item `/etc/mtd`"]),
        (full.replacing("until: 2027-05-01", with: "until: null"), ["the waiver has no end"]),
        (full.replacing("2027-05-01", with: "2027-01-15"), ["the waiver ended 2027-01-15"]),
        (full.replacing("2027-05-01", with: "2027-01-16"), []),
        (
            full.replacing("pack: base", with: "pack: other"),
            [
                "the waiver is for the server `web-1`, and no such server has the pack `other`",
                "there is no pack `other`",
            ]
        ),
    ])
    func whatIsDoubtfulIsAWarning(waiver: String, says: [String]) throws {
        let warnings = try Self.load(Self.inventory(waiver), now: Self.now).warnings.filter { $0.line == 5 }
        #expect(warnings.map(\.message) == says)
        #expect(warnings.allSatisfy { $0.file == "fleet.yaml" })
    }
}
