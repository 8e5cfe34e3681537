import DriftCore
import Foundation
import PackFiles
import TestSupport
import Testing

/// What `ansible-inventory` says of the same files.
@Suite("Reading inventories as Ansible does")
struct AnsibleAgreementTests {
    /// How a host is reached, and in which groups it is.
    private struct Host: Hashable, CustomStringConvertible {
        var address: String
        var port: Int?
        var user: String?
        var groups: Set<String>

        var description: String { "\(address) \(port ?? 0) \(user ?? "-") \(groups.sorted())" }
    }

    private struct Listing: Decodable {
        struct Group: Decodable {
            var hosts: [String]?
            var children: [String]?
        }

        struct Meta: Decodable {
            var hostvars: [String: [String: Value]]
        }

        /// A text, or another value as a text.
        struct Value: Decodable {
            var text: String

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self.text = text
                } else if let number = try? container.decode(Int.self) {
                    text = String(number)
                } else {
                    text = "?"
                }
            }
        }

        var meta: Meta
        var groups: [String: Group] = [:]

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            meta = try container.decode(Meta.self, forKey: Key(stringValue: "_meta"))
            for key in container.allKeys where key.stringValue != "_meta" {
                groups[key.stringValue] = try container.decode(Group.self, forKey: key)
            }
        }

        func hosts(below group: String) -> Set<String> {
            let found = groups[group]
            return (found?.children ?? []).reduce(into: Set(found?.hosts ?? [])) { $0.formUnion(hosts(below: $1)) }
        }
    }

    private static func run(_ text: String, named name: String, _ arguments: [String]) async throws -> Tool.Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ansible-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return try await Tool.run(
            ["/usr/bin/env", "ansible-inventory", "-i", file.path, "--list"] + arguments,
            environment: [
                "PATH": path, "HOME": folder.path, "LC_ALL": "C.UTF-8",
                "ANSIBLE_INVENTORY_ENABLED": name.hasSuffix(".yml") ? "yaml" : "ini",
                "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
            ])
    }

    private static func theirs(_ text: String, named name: String) async throws -> [String: Host] {
        let result = try await run(text, named: name, [])
        #expect(result.status == 0, "\(text)\n\(result.errorText)")
        let listing = try JSONDecoder().decode(Listing.self, from: Data(result.output))
        let names = Set(listing.groups.values.flatMap { $0.hosts ?? [] })
        let members = Dictionary(
            uniqueKeysWithValues: listing.groups.keys.filter { $0 != "all" && $0 != "ungrouped" }.map {
                ($0, listing.hosts(below: $0))
            })
        return Dictionary(
            uniqueKeysWithValues: names.map { name in
                let variables = listing.meta.hostvars[name] ?? [:]
                // Ansible's ssh takes the older names, where they are set.
                func value(_ key: String) -> String? {
                    (variables["ansible_ssh_\(key)"] ?? variables["ansible_\(key)"])?.text
                }
                let host = Host(
                    address: value("host") ?? name, port: value("port").flatMap { Int($0) }, user: value("user"),
                    groups: Set(members.filter { $0.value.contains(name) }.keys))
                return (name, host)
            })
    }

    private static func ours(_ text: String, named name: String) throws -> [String: Host] {
        let servers = try loadAnsible(text, named: name).inventory?.servers ?? []
        return Dictionary(
            uniqueKeysWithValues: servers.map { server in
                #expect(server.labels.values.allSatisfy { $0 == "member" })
                let host = Host(
                    address: server.address, port: server.port, user: server.user, groups: Set(server.labels.keys))
                return (server.displayName, host)
            })
    }

    private static let examples: [(name: String, text: String)] = [
        (
            "hosts",
            """
            # Ungrouped
            mail.example.com
            ; another comment
            alias ansible_host=192.0.2.50 ansible_port=5555   # behind a gate
            web-[01:05:2].example.net:2200 ansible_user="deploy"
            db-[a:c].example.com
            node[:2]x[0:1]

            [Web-Servers]
            web-03.example.net ansible_user='other' ansible_port="22"
            cut#off

            [atlanta]
            host1 http_port=80 maxRequestsPerChild=808
            host2 ansible_ssh_user=old ansible_user=new
            [raleigh]  # a comment
            host2
            host3

            [southeast:children]
            atlanta
            raleigh # another
            [southeast:vars]
            ansible_user = 'south'
            ansible_port=2022
            [usa:children]
            southeast
            northwest
            [northwest]
            [raleigh:vars]
            ansible_user=raleigh
            [usa:vars]
            ansible_user=usa
            ansible_host=usa.example.net
            [all:vars]
            ansible_user=everyone
            ansible_port = 99
            [ungrouped:vars]
            ansible_user=nobody
            """
        ),
        (
            "hosts",
            "[z]\nh1\n[a]\nh1\n[m]\nh1\n[z:vars]\nansible_user=z\n[a:vars]\nansible_user=a\n[m:vars]\nansible_user=m\n"
                + "[all:vars]\nansible_user=all\n[late:children]\nz\n[a:vars]\nansible_group_priority=9\nansible_port=7"
        ),
        ("hosts", "h:22\n[g]\nh:33\n[g2]\nk:44 ansible_port=55\nk:66\n[g3]\nk ansible_port=77\n"),
        (
            "hosts",
            "'a' x=\"1 2\" ansible_user=\\x\nb\"\"c y='#' ansible_host=\"d\"'e' # ansible_user=z\n"
                + "[g]\nb''c\tz=\"a\\\"b\"\n"
        ),
        (
            "hosts.yml",
            """
            all:
              hosts:
                mail.example.com:
                h[01:03]:2222: { ansible_user: x }
              vars: { ansible_user: everyone }
              children:
                web:
                  hosts: { h02: { ansible_port: "23" }, w: { ansible_host: 192.0.2.1 } }
                  children:
                    inner: { hosts: { v: }, vars: { ansible_user: inner } }
                  vars: { ansible_user: web, ansible_host: web.example.net }
                empty:
                one: { hosts: single }
            inner:
              hosts: { w: }
            other:
              children: { web: }
              vars: { ansible_port: 77, ansible_group_priority: 10 }
            """
        ),
        ("hosts.yml", "ungrouped:\n  hosts: { a: , b: }\n  vars: { ansible_user: u }\ng:\n  hosts: { b: }\n"),
    ]

    @Test(arguments: examples.indices)
    func agreesOnExamples(index: Int) async throws {
        let (name, text) = Self.examples[index]
        let (theirs, ours) = (try await Self.theirs(text, named: name), try Self.ours(text, named: name))
        #expect(ours == theirs && !ours.isEmpty)
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func agreesOnWhatChanceWrites(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let written = AnsibleGenerator(&random)
        for (name, text) in [("hosts", written.ini(&random)), ("hosts.yml", written.yaml())] {
            let (theirs, ours) = (try await Self.theirs(text, named: name), try Self.ours(text, named: name))
            #expect(ours == theirs && !ours.isEmpty, "\(text)")
        }
    }

    /// The way out that the hints name.
    @Test func whatItExportsAsYAMLGivesTheSame() async throws {
        let text = Self.examples[0].text
        let exported = try await Self.run(text, named: "hosts", ["--yaml"])
        #expect(try Self.ours(exported.text, named: "hosts.yml") == Self.ours(text, named: "hosts"))
    }

    @Test(arguments: [
        ("hosts", "[a:child]"), ("hosts", "[a:children]\nb"), ("hosts", "[a:vars]\nx=1"), ("hosts", "[a b]"),
        ("hosts", "a b"), ("hosts", "a x='"), ("hosts", "a\\"), ("hosts", "a[01:9]"), ("hosts", "a[1]"),
        ("hosts", "a[1:9:0]"), ("hosts", "b\na[1:"), ("hosts", "b\na:"), ("hosts", "a[1"),
        ("hosts", "[a:children]\nall\n[b]\nx"), ("hosts", "[a:vars]\nx\n[a]"),
        ("hosts", "[a:children]\nb\n[b:children]\na"), ("hosts", "[a:children]\na"),
        ("hosts", "[a:children]\nb c\n[b]"),
        ("hosts.yml", "[a]"), ("hosts.yml", "plugin: x"), ("hosts.yml", "all: { hosts: [a] }"), ("hosts.yml", ""),
        ("hosts.yml", "a: { children: { b: { children: { a: } } } }"), ("hosts.yml", "all: { hosts: { a: b } }"),
    ])
    func bothRefuse(name: String, text: String) async throws {
        #expect(try await Self.run(text, named: name, []).status != 0)
        #expect(problems { try loadAnsible(text, named: name) }.contains { $0.severity == .error })
    }
}
