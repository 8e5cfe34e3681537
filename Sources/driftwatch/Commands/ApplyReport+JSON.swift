import DriftCore
import DriftStore
import Presentation

extension ApplyReport {
    /// What `apply --json` prints: only what changes, and what was kept.
    func json(dryRun: Bool) -> JSONValue {
        .object([
            ("dry_run", .flag(dryRun)),
            ("packs", .list(packs.filter { $0.change != .unchanged }.map(Self.json))),
            ("servers", .list(servers.filter { $0.change != .unchanged }.map(Self.json))),
            ("waivers", .list(waivers.map(Self.json))),
            ("alerts", .list(alerts.map(Self.json))),
            ("schedule", schedule.map(Self.json) ?? .null),
            ("kept_packs", .texts(keptPacks.map(\.rawValue))),
            ("kept_servers", .texts(keptServers.map(\.rawValue))),
            ("checks", .texts(checks.map(\.rawValue))),
            ("needs_yes", .flag(wantsConfirmation)),
        ])
    }

    private static func json(_ pack: PackLine) -> JSONValue {
        .object([
            ("pack_name", .text(pack.name.rawValue)), ("change", .text(pack.change.rawValue)),
            ("item_count", .optional(pack.itemCount)), ("items", .list(pack.items.map(json))),
        ])
    }

    private static func json(_ item: ItemChange) -> JSONValue {
        .object([
            ("change", .text(item.kind.rawValue)), ("key", .text(item.key.rawValue)), ("kind", .text(item.noun)),
            ("item", .text(item.item)),
            (
                "fields",
                .list(
                    item.fields.map {
                        .object([("name", .text($0.name)), ("old", .optional($0.old)), ("new", .optional($0.new))])
                    })
            ),
        ])
    }

    private static func json(_ server: ServerLine) -> JSONValue {
        let fields = server.replacements.map {
            JSONValue.object([("name", .text($0.name)), ("old", .optional($0.old)), ("new", .optional($0.new))])
        }
        return .object([
            ("server_id", .text(server.id.rawValue)), ("change", .text(server.change.rawValue)),
            ("fields", .list(fields)), ("assigned", .texts(server.assigned.map(\.rawValue))),
            ("unassigned", .texts(server.unassigned.map(\.rawValue))),
        ])
    }

    private static func json(_ waiver: WaiverLine) -> JSONValue {
        .object([
            ("change", .text(waiver.change.rawValue)), ("server_id", .optional(waiver.server?.rawValue)),
            (
                "labels",
                waiver.labels.map { .object($0.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) }) } ?? .null
            ),
            ("pack_name", .text(waiver.pack.rawValue)), ("item", .text(waiver.item)),
            ("servers", .texts(waiver.servers.map(\.rawValue))),
        ])
    }

    private static func json(_ alert: AlertLine) -> JSONValue {
        var fields: [(String, JSONValue)] = [
            ("alert_id", .optional(alert.id)), ("alert_type", .text(alert.type.rawValue)),
            ("server_id", .text(alert.server.rawValue)),
            ("pack_name", .optional(alert.pack?.rawValue)), ("mismatch_count", .number(Int64(alert.itemCount))),
        ]
        switch alert.fate {
        case .closes(let resolution): fields += [("change", .text("closes")), ("resolution", .text(resolution))]
        case .moves(let pack): fields += [("change", .text("moves")), ("from_pack", .text(pack.rawValue))]
        case .opens: fields += [("change", .text("opens"))]
        case .recounts(let count): fields += [("change", .text("recounts")), ("previous_count", .number(Int64(count)))]
        }
        return .object(fields)
    }

    private static func json(_ schedule: ScheduleSetting) -> JSONValue {
        .object([
            ("cron", .text(schedule.cron)), ("time_zone", .text(schedule.timeZone)),
            ("spread_s", schedule.spreadSeconds.map { .number(Int64($0)) } ?? .null),
        ])
    }
}
