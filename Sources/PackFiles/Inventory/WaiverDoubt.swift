internal import DriftCore

/// What is doubtful about waivers: they match nothing, have ended, or never end.
struct WaiverDoubt {
    let file: String
    let servers: [Server]
    let packs: [PackName: Pack]
    /// Packs of which only the name is known; nil if nobody knows which there are.
    let stored: Set<PackName>?
    /// Nil if nobody says what time it is.
    let now: Moment?

    func problems(of drafts: [WaiverDraft]) -> [Problem] { drafts.flatMap(problems) }

    private func problems(of draft: WaiverDraft) -> [Problem] {
        let waiver = draft.declaration
        var problems: [Problem] = []
        func warn(_ message: String, hint: String) {
            problems.append(
                Problem(
                    .warning, file: file, line: draft.position.line, column: draft.position.column, message: message,
                    hint: hint))
        }

        let meant = servers.filter { $0.isMeant(by: waiver.target) }
        if meant.isEmpty {
            warn("the waiver is for \(waiver.target.words), and there is no such server", hint: "it has no effect")
        } else if !meant.contains(where: { $0.packs.contains(waiver.pack) }) {
            warn(
                "the waiver is for \(waiver.target.words), and no such server has the pack \(quoted(waiver.pack.rawValue))",
                hint: "it has no effect")
        }
        if let pack = packs[waiver.pack] {
            let keys = pack.expectations.filter { waiver.names($0) }.map(\.key.rawValue)
            if keys.isEmpty {
                warn(
                    "the pack \(quoted(waiver.pack.rawValue)) has no item \(quoted(waiver.item))",
                    hint: didYouMean(waiver.item, among: pack.expectations.map(\.item))
                        ?? "write it as driftwatch diff shows it, or by its key, such as file:/etc/motd")
            } else if keys.count > 1, !keys.contains(waiver.item) {
                problems.append(
                    Problem(
                        file: file, line: draft.position.line, column: draft.position.column,
                        message: "\(quoted(waiver.item)) names several items of \(quoted(waiver.pack.rawValue)): "
                            + keys.joined(separator: ", "), hint: "name one of them by its key"))
            }
        } else if let stored, !stored.contains(waiver.pack) {
            warn("there is no pack \(quoted(waiver.pack.rawValue))", hint: "the waiver has no effect")
        }
        switch waiver.until {
        case nil where draft.hasEnd: break
        case nil: warn("the waiver has no end", hint: "give until: and a day, such as until: 2027-02-01")
        case let until?:
            if let now, until.hasCome(at: now) {
                warn("the waiver ended \(until.text)", hint: "remove it, or give a later end")
            }
        }
        return problems
    }
}

extension DeclaredWaiver {
    fileprivate func names(_ expectation: Expectation) -> Bool {
        expectation.key == ItemKey(rawValue: item) || expectation.item == item
    }
}

extension DeclaredWaiver.Target {
    fileprivate var words: String {
        switch self {
        case .server(let id): "the server \(quoted(id.rawValue))"
        case .labels(let labels): "servers with \(labels.labelWords.joined(separator: ", "))"
        }
    }
}
