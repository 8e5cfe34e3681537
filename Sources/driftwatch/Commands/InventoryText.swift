import DriftCore
import Presentation

/// A setting that a server has, and what it comes from.
struct ResolvedSetting {
    /// As the inventory writes it.
    var key: String
    var value: String
    /// Nil where it is the default of Driftwatch.
    var origin: InventoryReasons.Origin?

    /// All that somebody set, and the address.
    static func all(of server: Server, _ reason: InventoryReasons.Server?) -> [ResolvedSetting] {
        let values: [(String, String?)] = [
            ("address", server.address), ("port", server.port.map(String.init)), ("user", server.user),
            ("config_user", server.configUser), ("connection", server.connection.rawValue), ("queue", server.queue),
            ("expect", server.expect.rawValue), ("failing_after", String(server.failingAfter)),
            ("stale_after", server.staleAfter.map(Quantity.age)),
        ]
        return values.compactMap { key, value in
            let origin = reason?.settings[key]
            guard let value, origin != nil || key == "address" else { return nil }
            return ResolvedSetting(key: key, value: value, origin: origin)
        }
    }
}

/// What each server gets, and why, as a table for each.
struct InventoryText {
    let lines: [String]

    init(_ loaded: LoadedConfiguration, _ servers: [Server]) {
        lines = servers.enumerated().flatMap { index, server in
            (index == 0 ? [] : [""]) + Self.block(server, loaded.reasons.servers[server.id])
        }
    }

    private static func block(_ server: Server, _ reason: InventoryReasons.Server?) -> [String] {
        let name = server.displayName == server.id.rawValue ? "" : " (\(server.displayName))"
        let place = reason.map { ", \($0.file):\($0.line)" } ?? ""
        let disabled = server.driftDetection ? "" : ", not checked"
        let rows = rows(server, reason)
        let widths = [0, 1].map { column in rows.map { width($0[column]) }.max() ?? 0 }
        return ["\(server.id)\(visible(name))\(visible(place))\(disabled)"]
            + rows.map { row in "  \(pad(row[0], to: widths[0]))  \(pad(row[1], to: widths[1]))  \(row[2])" }
    }

    private static func rows(_ server: Server, _ reason: InventoryReasons.Server?) -> [[String]] {
        var rows = ResolvedSetting.all(of: server, reason).map { setting in
            [setting.key, visible(setting.value), setting.origin.map { visible($0.description) } ?? "the id"]
        }
        for (key, value) in server.labels.sorted(by: { $0.key < $1.key }) {
            rows.append(["labels", visible("\(key)=\(value)"), visible(reason?.labels[key]?.description ?? "")])
        }
        for pack in server.packs { rows.append(["packs", pack.rawValue, visible(origins(of: pack, reason))]) }
        if server.packs.isEmpty { rows.append(["packs", "-", ""]) }
        // The heading stands in the first row of several.
        for index in rows.indices.reversed() where index > 0 && rows[index][0] == rows[index - 1][0] {
            rows[index][0] = ""
        }
        return rows
    }

    static func origins(of pack: PackName, _ reason: InventoryReasons.Server?) -> String {
        (reason?.packs[pack] ?? []).map(\.description).joined(separator: ", ")
    }
}

/// Groups with their servers, and servers with their packs, as trees.
struct InventoryGraph {
    private struct Tree {
        var text: String
        var branches: [Tree] = []
    }

    let lines: [String]

    init(_ loaded: LoadedConfiguration, _ servers: [Server]) {
        let shown = Set(servers.map(\.id))
        let groups = loaded.reasons.groups.compactMap { group -> Tree? in
            let members = group.servers.filter(shown.contains)
            guard !members.isEmpty || group.servers.isEmpty else { return nil }
            return Tree(text: Self.title(group), branches: members.map { Tree(text: $0.rawValue) })
        }
        var parts = [Tree(text: "servers", branches: servers.map { Self.tree($0, loaded) })]
        if !groups.isEmpty { parts.insert(Tree(text: "groups", branches: groups), at: 0) }
        lines = parts.flatMap { [$0.text] + Self.lines($0.branches, indent: "") }
    }

    private static func title(_ group: InventoryReasons.Group) -> String {
        let terms = group.match.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.joined(separator: "|"))" }
        let match = terms.isEmpty ? "every server" : terms.joined(separator: ", ")
        let packs = group.packs.isEmpty ? "" : " → \(group.packs.map(\.rawValue).joined(separator: ", "))"
        return visible("\(group.name) (\(match))\(packs)")
    }

    private static func tree(_ server: Server, _ loaded: LoadedConfiguration) -> Tree {
        var seen: Set<PackName> = []
        let packs = server.packs.map { pack in
            var tree = tree(pack, loaded, &seen)
            tree.text += visible(" (\(InventoryText.origins(of: pack, loaded.reasons.servers[server.id])))")
            return tree
        }
        return Tree(text: server.id.rawValue, branches: packs)
    }

    /// What a pack extends is shown where it comes first.
    private static func tree(_ pack: PackName, _ loaded: LoadedConfiguration, _ seen: inout Set<PackName>) -> Tree {
        guard seen.insert(pack).inserted else { return Tree(text: pack.rawValue) }
        return Tree(text: pack.rawValue, branches: loaded.parents(of: pack).map { tree($0, loaded, &seen) })
    }

    private static func lines(_ branches: [Tree], indent: String) -> [String] {
        branches.enumerated().flatMap { index, tree in
            let isLast = index == branches.count - 1
            return [indent + (isLast ? "└─ " : "├─ ") + tree.text]
                + lines(tree.branches, indent: indent + (isLast ? "   " : "│  "))
        }
    }
}

/// The same for scripts.
struct InventoryJSON {
    let value: JSONValue

    init(_ loaded: LoadedConfiguration, _ servers: [Server]) {
        let shown = Set(servers.map(\.id))
        value = .object([
            ("servers", .list(servers.map { Self.server($0, loaded) })),
            (
                "groups",
                .list(
                    loaded.reasons.groups.map { group in
                        .object([
                            ("group_name", .text(group.name)),
                            (
                                "match",
                                .object(group.match.sorted { $0.key < $1.key }.map { ($0.key, .texts($0.value)) })
                            ),
                            ("packs", .texts(group.packs.map(\.rawValue))),
                            ("servers", .texts(group.servers.filter(shown.contains).map(\.rawValue))),
                        ])
                    })
            ),
        ])
    }

    private static func server(_ server: Server, _ loaded: LoadedConfiguration) -> JSONValue {
        let reason = loaded.reasons.servers[server.id]
        let settings = ResolvedSetting.all(of: server, reason)
        return .object([
            ("server_id", .text(server.id.rawValue)), ("display_name", .text(server.displayName)),
            ("file", .optional(reason?.file)), ("line", .optional(reason?.line)),
            ("address", .text(server.address)), ("port", .optional(server.port)), ("user", .optional(server.user)),
            ("config_user", .optional(server.configUser)), ("connection", .text(server.connection.rawValue)),
            ("queue", .text(server.queue)), ("expect", .text(server.expect.rawValue)),
            ("failing_after", .number(Int64(server.failingAfter))), ("stale_after_s", .optional(server.staleAfter)),
            ("drift_detection", .flag(server.driftDetection)),
            ("labels", .object(server.labels.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })),
            ("groups", .texts(reason?.groups ?? [])),
            (
                "packs",
                .list(
                    server.packs.map { pack in
                        .object([
                            ("pack_name", .text(pack.rawValue)),
                            ("from", .texts((reason?.packs[pack] ?? []).map(\.description))),
                            ("extends", .texts(loaded.parents(of: pack).map(\.rawValue))),
                        ])
                    })
            ),
            (
                "from",
                .object(
                    settings.compactMap { setting in setting.origin.map { (setting.key, .text($0.description)) } }
                        + server.labels.keys.sorted().compactMap { key in
                            reason?.labels[key].map { ("labels.\(key)", .text($0.description)) }
                        })
            ),
        ])
    }
}
