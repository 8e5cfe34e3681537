import PackFiles
import Testing

@testable import driftwatch

/// A mapping that loads, of which tests change one value at a time.
struct Sample: Sendable, CustomTestStringConvertible {
    /// A value in flow style.
    indirect enum Value: Sendable {
        case yaml(String)
        case mapping([(String, Value)])
        case list([(String, Value)])
    }

    var name: String
    var form: Form
    var keys: [(String, Value)]
    /// The whole file with the mapping in it.
    var file: @Sendable (String) -> String
    var isInventory = false
    /// Whether it is one item of a pack.
    var hasItem = true

    var testDescription: String { name }

    /// The file with one value of the mapping, or of one in it, written in another way; nil leaves the key out.
    func text(_ path: [String] = [], _ value: String?) -> String { file(Self.text(keys, path[...], value)) }

    var text: String { file(Self.text(keys, [], nil)) }

    private static func text(_ keys: [(String, Value)], _ path: ArraySlice<String>, _ value: String?) -> String {
        var parts: [String] = []
        for (key, written) in keys {
            switch (key == path.first, path.count) {
            case (true, 1): if let value { parts.append("\(key): \(value)") }
            case (let isIn, _): parts.append("\(key): " + text(written, isIn ? path.dropFirst() : [], value))
            }
        }
        if path.count == 1, let key = path.first, !keys.contains(where: { $0.0 == key }), let value {
            parts.append("\(key): \(value)")
        }
        return "{ \(parts.joined(separator: ", ")) }"
    }

    private static func text(_ written: Value, _ path: ArraySlice<String>, _ value: String?) -> String {
        switch written {
        case .yaml(let yaml): yaml
        case .mapping(let keys): text(keys, path, value)
        case .list(let keys): "[\(text(keys, path, value))]"
        }
    }

    /// Every key of the mapping and of those in it, with the way to it.
    var places: [(path: [String], key: Key)] { Self.places(keys, form, []) }

    private static func places(_ keys: [(String, Value)], _ form: Form, _ path: [String]) -> [(
        path: [String], key: Key
    )] {
        keys.flatMap { name, value -> [(path: [String], key: Key)] in
            guard let key = form.keys.first(where: { $0.name == name }) else {
                Issue.record("\(form.noun) has no key \(name)")
                return []
            }
            let place = (path: path + [name], key: key)
            switch value {
            case .yaml: return [place]
            case .mapping(let inner), .list(let inner):
                guard let form = key.shape.form else { return [place] }
                return [place] + places(inner, form, path + [name])
            }
        }
    }
}

extension Shape {
    /// The mapping in it.
    var form: Form? {
        switch self {
        case .mapping(let form): form
        case .list(let element, _, _), .oneOrMore(let element), .named(_, let element): element.form
        case .either(let first, let second): first.form ?? second.form
        case .text, .words, .boolean, .only, .integer, .number, .scalar: nil
        }
    }
}

// MARK: The samples

extension Sample {
    /// Together they have every key of every form.
    static let all: [Sample] = packs + items + inventories

    private static let when: (String, Value) = (
        "when",
        .mapping([
            ("os", .yaml("debian")), ("family", .yaml("[debian, rhel]")), ("version", .yaml("\">= 12\"")),
            ("architecture", .yaml("x86_64")), ("label", .yaml("{ role: web }")),
        ])
    )
    private static let common: [(String, Value)] = [
        ("description", .yaml("Why")), ("severity", .yaml("info")), when, ("from", .yaml("2027-01-15")),
    ]
    private static let literal: (String, Value) = ("literal", .yaml("true"))
    private static let hash = String(repeating: "b", count: 64)
    private static let fingerprint = "\"SHA256:BP0jK2z04aMq0dGF0zYtwg2+BOOH6d0CHzX8m7Bt180\""

    private static let packs = [
        Sample(
            name: "pack", form: .pack,
            keys: [
                ("name", .yaml("Base")), ("description", .yaml("x")), ("extends", .yaml("[other]")),
                ("vars", .yaml("{ port: 443, name: web }")), ("items", .yaml("{}")),
            ], file: { $0 }, hasItem: false),
        Sample(
            name: "items", form: .items, keys: Form.items.keys.map { ($0.name, .yaml("[]")) },
            file: { "items: \($0)" }, hasItem: false),
    ]

    private static let items: [Sample] = [
        item(
            "files",
            [
                ("path", .yaml("/etc/motd")), ("state", .yaml("file")), ("mode", .yaml("\"0644\"")),
                ("owner", .yaml("root")),
                ("group", .yaml("root")), ("template", .yaml("motd")), ("contains", .yaml("[a, { regex: b }]")),
                ("lacks", .list([("regex", .yaml("c"))])), ("min_size", .yaml("1MiB")), ("max_age", .yaml("26h")),
                ("optional", .yaml("true")), ("show", .yaml("text")), literal,
            ] + common),
        item("files", [("path", .yaml("/etc/motd")), ("max_mode", .yaml("\"0644\"")), ("content", .yaml("\"a\\n\""))]),
        item("files", [("path", .yaml("/etc/motd")), ("content_hash", .yaml("\"sha256:\(hash)\""))]),
        item("files", [("path", .yaml("/etc/os-release")), ("state", .yaml("symlink")), ("target", .yaml("../usr"))]),
        item("files", [("glob", .yaml("\"/etc/*\"")), ("at_least", .yaml("1")), ("owner", .yaml("root"))]),
        item(
            "files",
            [
                ("path", .yaml("/etc/cron.d")), ("state", .yaml("directory")),
                ("only", .yaml("[e2scrub_all, \"php*\"]")),
                (
                    "tree",
                    .mapping([("max_mode", .yaml("\"0755\"")), ("owner", .yaml("root")), ("group", .yaml("root"))])
                ),
            ]),
        item(
            "packages",
            [
                ("name", .yaml("nginx")), ("state", .yaml("present")), ("version", .yaml("1.22.*")),
                ("min_version", .yaml("\"1.22\"")), ("max_version", .yaml("\"1.23\"")), ("held", .yaml("true")),
                literal,
            ] + common),
        item(
            "settings",
            [
                ("key", .yaml("Port")), ("type", .yaml("config")), ("expected", .yaml("\"22\"")),
                ("file", .yaml("/etc/ssh/sshd_config")), ("style", .yaml("space")), ("show", .yaml("text")), literal,
            ] + common),
        item(
            "settings",
            [
                ("key", .yaml("vm.swappiness")), ("type", .yaml("sysctl")), ("one_of", .yaml("[\"1\", \"10\"]")),
                ("min", .yaml("1")), ("max", .yaml("10")), ("matches", .yaml("\"^1\"")),
            ]),
        item(
            "services",
            [("name", .yaml("ssh.service")), ("enabled", .yaml("true")), ("running", .yaml("true"))] + common),
        item("kernel", [("module", .yaml("usb-storage")), ("state", .yaml("absent"))] + common),
        item(
            "users",
            [
                ("name", .yaml("deploy")), ("state", .yaml("present")), ("uid", .yaml("1001")), ("gid", .yaml("1001")),
                ("group", .yaml("deploy")), ("shell", .yaml("/bin/bash")), ("home", .yaml("/home/deploy")),
                ("groups", .yaml("[www-data]")), ("locked", .yaml("true")), ("expired", .yaml("false")), literal,
            ] + common),
        item("users", [("uid", .yaml("0")), ("only", .yaml("[root]"))]),
        item(
            "users",
            [
                ("name", .yaml("root")),
                (
                    "authorized_keys",
                    .mapping([("only", .yaml("[\(fingerprint)]")), ("contains", .yaml("[\(fingerprint)]"))])
                ),
            ]),
        item(
            "groups",
            [
                ("name", .yaml("sudo")), ("state", .yaml("present")), ("gid", .yaml("27")),
                ("members", .yaml("[alice]")),
                ("only", .yaml("[alice, bob]")), literal,
            ] + common),
        item(
            "certificates",
            [
                ("path", .yaml("/etc/ssl/site.pem")), ("min_days", .yaml("21")), ("names", .yaml("[www.example.net]")),
                ("issuer", .yaml("R10")), literal,
            ] + common),
        item("system", [("clock", .yaml("synchronised"))] + common),
        item("system", [("reboot_required", .yaml("false"))]),
        item(
            "mounts",
            [
                ("path", .yaml("/tmp")), ("state", .yaml("present")), ("type", .yaml("tmpfs")),
                ("options", .yaml("[nodev]")),
            ] + common),
        item("ports", [("listen", .yaml("\"tcp *:443\""))] + common),
        item(
            "ports",
            [
                ("only", .yaml("[\"tcp *:443\"]")), ("protocols", .yaml("[tcp]")), ("loopback", .yaml("true")),
            ]),
    ]

    private static func item(_ section: String, _ keys: [(String, Value)]) -> Sample {
        let form = Form.items.keys.first { $0.name == section }?.shape.form
        return Sample(name: "\(section): \(keys[0].0)", form: form ?? .everyItem, keys: keys) {
            "items: { \(section): [\($0)] }"
        }
    }

    private static let shared: [(String, Value)] = [
        ("port", .yaml("22")), ("user", .yaml("driftwatch")), ("config_user", .yaml("app")),
        ("connection", .yaml("ssh")), ("queue", .yaml("dmz")), ("packs", .yaml("[base]")),
        ("failing_after", .yaml("3")), ("expect", .yaml("sometimes")), ("stale_after", .yaml("14d")),
    ]
    private static let labels: (String, Value) = ("labels", .yaml("{ role: web }"))

    private static let inventories = [
        Sample(
            name: "inventory", form: .inventory,
            keys: [
                (
                    "schedule",
                    .mapping([
                        ("cron", .yaml("\"0 6 * * *\"")), ("time_zone", .yaml("Europe/Berlin")),
                        ("spread", .yaml("10m")),
                    ])
                ),
                ("include", .yaml("[more.yaml]")), ("ansible", .yaml("hosts")),
                (
                    "waivers",
                    .list([
                        ("server", .yaml("web-1")), ("pack", .yaml("base")), ("item", .yaml("/etc/motd")),
                        ("reason", .yaml("old")), ("author", .yaml("ann")), ("until", .yaml("2027-02-01")),
                    ])
                ),
                ("defaults", .mapping(shared + [labels])), ("groups", .yaml("{ web: { match: {} } }")),
                (
                    "servers",
                    .list(
                        [("id", .yaml("web-1")), ("name", .yaml("Web 1")), ("address", .yaml("192.0.2.17"))] + shared
                            + [labels, ("also", .yaml("[base]")), ("drift_detection", .yaml("true")), literal])
                ),
            ], file: { $0 }, isInventory: true, hasItem: false),
        Sample(
            name: "group", form: Form.inventory.keys.first { $0.name == "groups" }?.shape.form ?? .inventory,
            keys: [("match", .yaml("{ role: [web, proxy] }"))] + shared,
            file: { "{ servers: [], groups: { web: \($0) } }" }, isInventory: true, hasItem: false),
        Sample(
            name: "waiver for labels",
            form: Form.inventory.keys.first { $0.name == "waivers" }?.shape.form ?? .inventory,
            keys: [
                ("label", .yaml("{ role: web }")), ("pack", .yaml("base")), ("item", .yaml("/etc/motd")),
                ("reason", .yaml("old")), ("author", .yaml("ann")),
            ], file: { "{ servers: [], waivers: [\($0)] }" }, isInventory: true, hasItem: false),
    ]
}
