internal import DriftCore

/// Warns of servers that lack a label for which one of their packs has a placeholder.
struct MissingLabels {
    let packs: [PackName: Pack]
    let places: PackConflicts.Places

    /// One warning for each label of a pack, at the first item that has it.
    func problems(of servers: [Server]) -> [Problem] {
        packs.sorted { $0.key < $1.key }.flatMap { name, pack in
            let assigned = servers.filter { $0.packs.contains(name) }
            return assigned.isEmpty ? [] : problems(in: pack, on: assigned)
        }
    }

    private func problems(in pack: Pack, on servers: [Server]) -> [Problem] {
        var told: Set<String> = []
        return pack.expectations.flatMap { expectation in
            labels(in: expectation).compactMap { label -> Problem? in
                let lacking = servers.filter { server in
                    server.labels[label] == nil && applies(expectation, to: server)
                }
                guard !lacking.isEmpty, told.insert(label).inserted else { return nil }
                let place = places[pack.name]?[expectation.key]
                let names = lacking.prefix(3).map(\.id.rawValue).joined(separator: ", ")
                let more = lacking.count > 3 ? " and \(lacking.count - 3) more" : ""
                return Problem(
                    .warning, file: place?.file ?? "pack \(pack.name)", line: place?.line,
                    message: "\(quoted(PlaceholderText.written(ServerPlaceholder.label(label).reference)))"
                        + " has no value on \(names)\(more), so the item cannot be judged there",
                    hint: "give the servers that label, or the item a when: { label: … }")
            }
        }
    }

    private func labels(in expectation: Expectation) -> [String] {
        guard case .templated(let templated) = expectation.subject else { return [] }
        return templated.placeholders.compactMap { if case .label(let name) = $0 { name } else { nil } }.sorted()
    }

    private func applies(_ expectation: Expectation, to server: Server) -> Bool {
        expectation.condition?.labels.allSatisfy { server.labels[$0.key] == $0.value } ?? true
    }
}
