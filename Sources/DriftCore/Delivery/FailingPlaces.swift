/// Where servers are that cannot be checked: what they have in common, or in which places most of them are.
///
/// A place is a jump host, an address or a network, never a guess: of a host name, no network is known.
package struct FailingPlaces: Hashable, Sendable {
    package enum Place: Hashable, Sendable, Comparable {
        /// All of them failed there.
        case jumpHost(String)
        case address(String)
        /// The first three numbers of an IPv4 address: `192.0.2`.
        case network(String)
    }

    /// Some of the servers, and where they are.
    package struct Part: Hashable, Sendable {
        package var place: Place
        package var count: Int

        package init(place: Place, count: Int) {
            self.place = place
            self.count = count
        }
    }

    /// Places with two servers or more, the largest first; each server counts in one: its jump host, else its address if it
    /// shares that, else its network.
    package let parts: [Part]
    /// How many servers are in none of them.
    package let elsewhere: Int
    /// The host of the worker, if one tried all of them.
    package let workerHost: String?

    package init(_ servers: [NotificationFacts.Failing]) {
        let addresses = Dictionary(grouping: servers.filter { $0.jumpHost == nil }.compactMap(\.address)) { $0 }
        var counts: [Place: Int] = [:]
        for server in servers {
            if let jump = server.jumpHost {
                counts[.jumpHost(jump), default: 0] += 1
            } else if let address = server.address, addresses[address, default: []].count > 1 {
                counts[.address(address), default: 0] += 1
            } else if let network = server.address.flatMap(Self.network) {
                counts[.network(network), default: 0] += 1
            }
        }
        parts = counts.filter { $0.value > 1 }.map { Part(place: $0.key, count: $0.value) }
            .sorted { ($1.count, $0.place) < ($0.count, $1.place) }
        elsewhere = servers.count - parts.reduce(0) { $0 + $1.count }
        let hosts = Set(servers.map(\.workerHost))
        workerHost = hosts.count == 1 && servers.count > 1 ? hosts.first ?? nil : nil
    }

    /// The one place where all of them are.
    package var common: Place? { parts.count == 1 && elsewhere == 0 ? parts[0].place : nil }

    private static func network(_ address: String) -> String? {
        let numbers = address.split(separator: ".", omittingEmptySubsequences: false)
        guard numbers.count == 4,
            numbers.allSatisfy({ number in
                (1...3).contains(number.utf8.count) && number.utf8.allSatisfy { (48...57).contains($0) }
                    && UInt8(number) != nil
            })
        else { return nil }
        return numbers.prefix(3).joined(separator: ".")
    }
}
