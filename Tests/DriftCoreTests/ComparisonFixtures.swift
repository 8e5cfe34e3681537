import DriftCore

let anyDigest = SHA256Digest(of: [])

/// Judges a single expectation.
func judge(_ subject: DriftCore.Expectation.Subject, _ facts: Facts) -> ItemOutcome.Finding? {
    let pack = Pack(name: PackName(rawValue: "base"), expectations: [DriftCore.Expectation(subject)])
    return Comparison.judge(facts, against: pack, digest: anyDigest).outcomes.first?.finding
}

/// What a finding says, without the parts that every test would repeat.
enum Told: Equatable, CustomStringConvertible {
    case ok
    case wrong(MismatchType, [String: String], [String: String])
    case several([MismatchType])
    case unreadable(UnreadableReason)
    case notable(MismatchType, [String: String], [String: String])
    case notApplicable(String)

    init?(_ finding: ItemOutcome.Finding?) {
        switch finding {
        case nil: return nil
        case .ok: self = .ok
        case .unreadable(let reason): self = .unreadable(reason)
        case .notApplicable(let why): self = .notApplicable(why)
        // What is exempt is the subject of other tests.
        case .exempt: return nil
        case .notable(let mismatches): self = .notable(mismatches[0].type, mismatches[0].expected, mismatches[0].actual)
        case .wrong(let mismatches):
            if let only = mismatches.first, mismatches.count == 1 {
                self = .wrong(only.type, only.expected, only.actual)
            } else {
                self = .several(mismatches.map(\.type))
            }
        }
    }

    var description: String {
        switch self {
        case .ok: "ok"
        case .wrong(let type, let expected, let actual): "\(type.rawValue) \(expected) \(actual)"
        case .several(let types): "\(types.map(\.rawValue))"
        case .unreadable(let reason): reason.rawValue
        case .notable(let type, let expected, let actual): "notable \(type.rawValue) \(expected) \(actual)"
        case .notApplicable(let why): "not applicable: \(why)"
        }
    }
}

extension FileStatus {
    static func of(
        _ type: FileType = .file, mode: UInt16 = 0o644, owner: Account = .root, group: Account = .root, size: Int = 1
    ) -> FileStatus {
        FileStatus(type: type, mode: mode, owner: owner, group: group, size: size)
    }
}

extension Account {
    static let root = Account(name: "root", number: 0)
    static let deploy = Account(name: "deploy", number: 1000)
    static let nameless = Account(name: nil, number: 1234)
    static let digits = Account(name: "77", number: 5)
}

func link(to target: String, _ destination: FileStatus?, content: FileContent? = nil) -> FileFact {
    .present(
        FileEntry(
            status: .of(.symlink, mode: 0o777), link: .init(target: target, destination: destination),
            content: content))
}

func file(_ status: FileStatus = .of(), content: FileContent? = nil) -> FileFact {
    .present(FileEntry(status: status, content: content))
}

func text(_ text: String) -> FileContent {
    .read(SHA256Digest(of: Array(text.utf8)), bytes: Array(text.utf8))
}

func template(_ text: String) -> FileExpectation.Content {
    .template(name: "motd", bytes: Array(text.utf8))
}
