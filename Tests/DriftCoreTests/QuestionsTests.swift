import DriftCore
import Testing

@Suite struct QuestionsTests {
    private func pack(_ name: String, _ subjects: [DriftCore.Expectation.Subject]) -> Pack {
        Pack(name: PackName(rawValue: name), expectations: subjects.map { DriftCore.Expectation($0) })
    }

    @Test func eachThingIsAskedOnceAndInOrder() {
        let first = SHA256Digest(of: [1])
        let questions = ProbeQuestions(packs: [
            pack(
                "a",
                [
                    .file(.init(path: "/etc/motd", content: .hash(first))),
                    .file(.init(path: "/etc/issue", mode: 0o644)),
                    .setting(.init(name: "PAGER", expected: "less", kind: .environmentVariable)),
                ]),
            pack(
                "b",
                [
                    .file(.init(path: "/etc/motd", content: .template(name: "motd", bytes: [2]))),
                    .file(.init(path: "~/x", state: .absent)),
                    .setting(.init(name: "EDITOR", expected: "vim", kind: .environmentVariable)),
                    .setting(.init(name: "PAGER", expected: "more", kind: .environmentVariable)),
                    .package(.init(name: "curl")),
                    .package(.init(name: "telnetd", state: .absent)),
                ]),
        ])
        #expect(
            questions
                == ProbeQuestions(
                    files: [
                        .init(path: "/etc/issue"),
                        .init(path: "/etc/motd", expectedHashes: [first, SHA256Digest(of: [2])]),
                        .init(path: "~/x"),
                    ],
                    packages: true, providedNames: ["curl", "telnetd"], environment: ["EDITOR", "PAGER"]))
    }

    @Test(
        arguments: [
            ([.worldReadable], .worldReadable), ([.text, .worldReadable], .text), ([.worldReadable, .text], .text),
            ([.text, .hidden], .hidden), ([.hidden, .text, .worldReadable], .hidden),
        ] as [([FileExpectation.Show], FileExpectation.Show)])
    func whoHidesWinsAndThenWhoShows(packs: [FileExpectation.Show], asked: FileExpectation.Show) {
        let questions = ProbeQuestions(
            packs: packs.map { pack("a", [.file(.init(path: "/etc/motd", content: .hash(anyDigest), show: $0))]) })
        #expect(questions.files == [.init(path: "/etc/motd", expectedHashes: [anyDigest], show: asked)])
    }

    @Test func whatCannotBeJudgedIsNotAsked() {
        let later = UnknownExpectation(section: "users", key: ItemKey(rawValue: "user:a"), item: "a", fields: [:])
        #expect(ProbeQuestions(packs: [pack("a", [.unknown(later)])]) == ProbeQuestions())
        #expect(ProbeQuestions(packs: []) == ProbeQuestions())
    }

    @Test(arguments: [FileExpectation.State.directory, .symlink, .absent])
    func onlyARegularFileIsAskedForContent(state: FileExpectation.State) {
        let wanted = FileExpectation(path: "/etc/motd", state: state, content: .template(name: "motd", bytes: []))
        #expect(ProbeQuestions(packs: [pack("a", [.file(wanted)])]).files == [.init(path: "/etc/motd")])
    }
}
