internal import Redaction

/// Where a socket waits for others: a protocol, an address and a port.
package struct ListenAddress: Hashable, Sendable {
    package enum Transport: String, Sendable, CaseIterable {
        case tcp, udp
    }

    package enum Host: Hashable, Sendable {
        /// Any address of any family.
        case any
        /// Four bytes.
        case version4([UInt8])
        /// Sixteen bytes.
        case version6([UInt8])
    }

    package var transport: Transport
    package var host: Host
    package var port: Int

    init(_ transport: Transport, _ host: Host, _ port: Int) {
        self.transport = transport
        self.port = port
        // An IPv4 address that an IPv6 socket is bound to.
        if case .version6(let bytes) = host,
            bytes.prefix(12).elementsEqual([UInt8](repeating: 0, count: 10) + [255, 255])
        {
            self.host = .version4(Array(bytes.suffix(4)))
        } else {
            self.host = host
        }
    }

    /// Reads `tcp 0.0.0.0:443`, `udp [::1]:53` or `tcp *:22`; nil for other texts.
    package init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, let transport = Transport(rawValue: String(words[0])),
            let colon = words[1].lastIndex(of: ":"), let port = Self.port(words[1][words[1].index(after: colon)...]),
            let host = Self.host(words[1][..<colon])
        else { return nil }
        self.init(transport, host, port)
    }

    private static func port(_ text: Substring) -> Int? {
        guard text.utf8.allSatisfy(\.isDigit), text.utf8.first != UInt8(ascii: "0"), let port = Int(text),
            (1...65535).contains(port)
        else { return nil }
        return port
    }

    private static func host(_ text: Substring) -> Host? {
        if text == "*" { return .any }
        if text.hasPrefix("["), text.hasSuffix("]") {
            return IPAddress.version6(String(text.dropFirst().dropLast())).map(Host.version6)
        }
        return IPAddress.version4(String(text)).map(Host.version4)
    }

    /// As it is written in packs.
    package var text: String {
        let address =
            switch host {
            case .any: "*"
            case .version4(let bytes): bytes.map(String.init).joined(separator: ".")
            case .version6(let bytes): "[\(IPAddress.text(version6: bytes))]"
            }
        return "\(transport.rawValue) \(address):\(port)"
    }

    /// Whether it is bound to no address in particular.
    var isWildcard: Bool {
        switch host {
        case .any: true
        case .version4(let bytes), .version6(let bytes): bytes.allSatisfy { $0 == 0 }
        }
    }

    /// Whether only programs of the same machine can reach it.
    var isLoopback: Bool {
        switch host {
        case .any: false
        case .version4(let bytes): bytes.first == 127
        case .version6(let bytes): bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
        }
    }

    /// Whether all that reaches `other` also reaches this one: it is the same, or the wildcard of its family.
    func covers(_ other: Self) -> Bool {
        guard transport == other.transport, port == other.port else { return false }
        switch (host, other.host) {
        case (.any, _): return true
        case (.version4, .version4), (.version6, .version6): return isWildcard || host == other.host
        default: return false
        }
    }
}

/// Addresses of both families, as texts and bytes.
enum IPAddress {
    static func version4(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let bytes = parts.compactMap { part -> UInt8? in
            guard part.utf8.allSatisfy(\.isDigit), part == "0" || part.utf8.first != UInt8(ascii: "0") else {
                return nil
            }
            return UInt8(part)
        }
        return parts.count == 4 && bytes.count == 4 ? bytes : nil
    }

    static func version6(_ text: String) -> [UInt8]? {
        var text = text
        // The last four bytes may be written as an IPv4 address.
        if text.contains("."), let colon = text.lastIndex(of: ":") {
            guard let tail = version4(String(text[text.index(after: colon)...])) else { return nil }
            let words = [Int(tail[0]) << 8 | Int(tail[1]), Int(tail[2]) << 8 | Int(tail[3])]
            text = text[...colon] + words.map { String($0, radix: 16) }.joined(separator: ":")
        }
        let halves = text.split(separator: "::", omittingEmptySubsequences: false)
        guard halves.count <= 2 else { return nil }
        var words: [[UInt8]] = []
        for half in halves {
            var bytes: [UInt8] = []
            for word in half.isEmpty ? [] : half.split(separator: ":", omittingEmptySubsequences: false) {
                guard word.utf8.count <= 4, word.utf8.allSatisfy({ $0.isASCIIHexDigit }),
                    let number = UInt16(word, radix: 16)
                else { return nil }
                bytes += [UInt8(number >> 8), UInt8(number & 0xFF)]
            }
            words.append(bytes)
        }
        let count = words.reduce(0) { $0 + $1.count }
        if halves.count == 1 { return count == 16 ? words[0] : nil }
        return count <= 14 ? words[0] + [UInt8](repeating: 0, count: 16 - count) + words[1] : nil
    }

    /// As RFC 5952 writes it: the longest run of zeros is `::`.
    static func text(version6 bytes: [UInt8]) -> String {
        let words = stride(from: 0, to: bytes.count, by: 2).map { Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]) }
        var longest = 0..<0
        var start = 0
        for place in 0...words.count where place == words.count || words[place] != 0 {
            if place - start > max(1, longest.count) { longest = start..<place }
            start = place + 1
        }
        func joined(_ words: ArraySlice<Int>) -> String { words.map { String($0, radix: 16) }.joined(separator: ":") }
        guard !longest.isEmpty else { return joined(words[...]) }
        return joined(words[..<longest.lowerBound]) + "::" + joined(words[longest.upperBound...])
    }
}

extension UInt8 {
    fileprivate var isASCIIHexDigit: Bool {
        isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(self)
    }
}
